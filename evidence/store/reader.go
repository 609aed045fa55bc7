package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// errClosedReader: a method was called after Close.
var errClosedReader = errors.New("the case is closed")

// errNoIndex: the transaction log holds something and its index is gone.
var errNoIndex = errors.New("the case cannot be read without writing")

// reader hands out read transactions, each a snapshot of the last commit.
//
// Outside a writer's process it must neither create nor change case.db-wal and
// case.db-shm. While the log holds something, both are there, and SQLite reads
// them without initialising them. While it is absent or empty all is in case.db,
// which is then read as immutable: no other file is opened and no lock taken. So
// it is checked afterwards that case.db has not changed meanwhile, which takes a
// writer that begins, commits, and folds its log back.
type reader struct {
	dir string
	// beside: in the process of the writer, whose connection keeps the files alive.
	beside bool

	mu     sync.Mutex
	db     *sql.DB
	frozen *stamp
	old    []*sql.DB
	closed bool
}

// stamp is what changes about case.db when it is written to.
type stamp struct {
	size, mtime, ctime int64
	inode              uint64
}

func stampOf(dir string) (stamp, error) {
	name := filepath.Join(dir, dbName)
	var st syscall.Stat_t
	if err := syscall.Stat(name, &st); err != nil {
		return stamp{}, &os.PathError{Op: "stat", Path: name, Err: err}
	}
	return stamp{size: st.Size, mtime: st.Mtim.Nano(), ctime: st.Ctim.Nano(), inode: st.Ino}, nil
}

// walHeader is how many bytes of case.db-wal come before the first frame
// (sqlite.org/fileformat.html §4.1). A reader that may not write the index turns
// in circles over a log that has no more (SQLITE_PROTOCOL after ten seconds).
const walHeader = 32

// logged reports whether the transaction log holds anything.
func logged(dir string) (bool, error) {
	info, err := os.Stat(filepath.Join(dir, dbName+"-wal"))
	if os.IsNotExist(err) {
		return false, nil
	}
	return err == nil && info.Size() > walHeader, err
}

// do runs f in a read transaction.
func (r *reader) do(ctx context.Context, f func(tx *sql.Tx) error) error {
	db, frozen, err := r.pool()
	if err != nil {
		return err
	}
	err = r.transact(ctx, db, f)
	if frozen != nil {
		now, statErr := stampOf(r.dir)
		if statErr != nil || now != *frozen {
			return errors.Join(fmt.Errorf("%w: another process wrote to the case; try again", evidence.ErrChanged), err, statErr)
		}
	}
	return err
}

func (r *reader) transact(ctx context.Context, db *sql.DB, f func(tx *sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // nothing was written: there is nothing to commit
	return f(tx)
}

// pool returns the connections to use now, and the stamp that must still hold
// afterwards where they are immutable.
func (r *reader) pool() (*sql.DB, *stamp, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, nil, errClosedReader
	}
	if r.db != nil && r.frozen == nil {
		return r.db, nil, nil
	}
	if r.db != nil {
		now, err := stampOf(r.dir)
		begun, logErr := logged(r.dir)
		if err == nil && logErr == nil && !begun && now == *r.frozen {
			return r.db, r.frozen, nil
		}
		// Transactions may still be running on it; they will find out.
		r.old = append(r.old, r.db)
		r.db, r.frozen = nil, nil
	}
	params, frozen, err := choose(r.dir)
	if r.beside {
		params, frozen, err = besideParams, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	r.db, r.frozen = sql.OpenDB(connector{dsn(r.dir, params)}), frozen
	r.db.SetMaxIdleConns(4)
	return r.db, r.frozen, nil
}

// choose returns how to read the case in dir without creating or changing a file,
// and the stamp of case.db where it is to be read as immutable. It fails with
// errNoIndex where there is no way.
func choose(dir string) (params string, frozen *stamp, err error) {
	now, err := stampOf(dir) // before the log is looked at: a writer fills that first
	if err != nil {
		return "", nil, err
	}
	if begun, err := logged(dir); err != nil {
		return "", nil, err
	} else if !begun {
		return frozenParams, &now, nil
	}
	name := filepath.Join(dir, dbName)
	if _, err := os.Stat(name + "-shm"); os.IsNotExist(err) {
		return "", nil, fmt.Errorf("%w: %q holds what is not yet in case.db, but %q is missing and reading must not create it: copy all files of the case, or open it once for writing",
			errNoIndex, name+"-wal", name+"-shm")
	} else if err != nil {
		return "", nil, err
	}
	return readerParams, nil, nil
}

func (r *reader) close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	var errs []error
	for _, db := range append(r.old, r.db) {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	r.db, r.old = nil, nil
	return errors.Join(errs...)
}
