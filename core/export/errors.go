package export

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// wrap marks errors of a full device or quota as evidence.ErrNoSpace.
func wrap(err error) error {
	if err != nil && !errors.Is(err, evidence.ErrNoSpace) && (errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT)) {
		return fmt.Errorf("export: %w: %w", evidence.ErrNoSpace, err)
	}
	return err
}
