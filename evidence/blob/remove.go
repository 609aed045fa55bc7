package blob

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// Remove unlinks objects and returns how many were there. When it returns without error
// that they are gone is durable; one that is not there is no error. Whoever holds one
// open reads on. Nothing is overwritten: what a device keeps of unlinked blocks is beyond
// a file system's reach.
//
// The caller has made durable why they go, and keeps anybody from committing the same
// content meanwhile.
func (s *Store) Remove(ctx context.Context, digests ...evidence.Digest) (removed int64, err error) {
	if !s.write {
		return 0, fmt.Errorf("blob: remove: %w", errReadOnly)
	}
	prefixes := map[string]bool{}
	for _, d := range digests {
		if err = ctx.Err(); err != nil {
			break
		}
		err = os.Remove(s.path(d))
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
			continue
		}
		if err != nil {
			break
		}
		removed++
		prefixes[d.Hex()[:2]] = true
	}
	if err = errors.Join(err, s.syncDirs(prefixes, false)); err != nil {
		return removed, fmt.Errorf("blob: remove: %w", err)
	}
	return removed, nil
}

// Has reports whether there is a file for an object; what it holds is not looked at.
func (s *Store) Has(d evidence.Digest) bool {
	_, err := os.Lstat(s.path(d))
	return err == nil
}
