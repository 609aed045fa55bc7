package store

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/mattn/go-sqlite3"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// ErrSuspect: an earlier write failed, so what is on the disk is not known until
// the case has been opened again. It wraps that write's error.
var ErrSuspect = errors.New("an earlier write to this case failed; open it again")

// ErrClosed: the case was closed, or opened only for reading.
var ErrClosed = errors.New("the case is not open for writing")

// classify adds the sentinel that callers branch on to an error of SQLite or of
// the system.
func classify(err error) error {
	if err == nil {
		return nil
	}
	var s sqlite3.Error
	switch {
	case errors.Is(err, evidence.ErrNoSpace), errors.Is(err, evidence.ErrIntegrity):
		return err
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("%w: %w", evidence.ErrNoSpace, err)
	case !errors.As(err, &s):
		return err
	case s.Code == sqlite3.ErrFull, s.SystemErrno == syscall.ENOSPC, s.SystemErrno == syscall.EDQUOT:
		return fmt.Errorf("%w: %w", evidence.ErrNoSpace, err)
	case s.Code == sqlite3.ErrCorrupt, s.Code == sqlite3.ErrNotADB:
		return fmt.Errorf("%w: case.db: %w", evidence.ErrIntegrity, err)
	}
	return err
}
