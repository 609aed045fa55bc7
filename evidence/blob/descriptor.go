package blob

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// Descriptor returns a new read-only descriptor of an artifact's content, at
// offset 0, after its digest has been compared: of a raw object as Reader does,
// of one in place at every call, of a zstd object while it is decoded into a
// file without a name, which goes when the descriptor is closed. Errors are
// those of Reader.
func (s *Store) Descriptor(ctx context.Context, a evidence.Artifact) (*os.File, error) {
	f, err := s.descriptor(ctx, a)
	if err != nil {
		return nil, fmt.Errorf("blob: open %s: %w", a.SHA256.Short(), noSpace(err))
	}
	return f, nil
}

func (s *Store) descriptor(ctx context.Context, a evidence.Artifact) (*os.File, error) {
	o, err := s.reader(ctx, a)
	if err != nil {
		return nil, err
	}
	if o.t == nil {
		return o.f, nil
	}
	defer o.Close()
	f, err := s.nameless()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	sums, err := newSums(nil)
	if err != nil {
		return nil, err
	}
	var at int64
	err = s.decodeAll(ctx, o.f, o.t, func(p []byte) error {
		sums.write(p)
		n, err := f.WriteAt(p, at)
		at += int64(n)
		return err
	})
	if err != nil {
		return nil, err
	}
	if got := sums.digest(); got != a.SHA256 {
		return nil, &evidence.IntegrityError{Object: o.name, Want: a.SHA256, Got: got}
	}
	return os.Open("/proc/self/fd/" + strconv.Itoa(int(f.Fd())))
}

// nameless creates a file without a name: below the case, or, where that is on
// a medium that cannot be written, in the system's directory for such files.
// Its mode lets nobody open it again for writing.
func (s *Store) nameless() (*os.File, error) {
	var errs []error
	for _, dir := range []string{filepath.Join(s.dir, tmpDir), os.TempDir()} {
		f, err := os.OpenFile(dir, os.O_RDWR|unix.O_TMPFILE, 0o400)
		if err == nil {
			return f, nil
		}
		errs = append(errs, err)
		if f, err = os.CreateTemp(dir, "d"); err == nil { // filesystems without O_TMPFILE
			return f, errors.Join(f.Chmod(0o400), os.Remove(f.Name()))
		}
		errs = append(errs, err)
	}
	return nil, errors.Join(errs...)
}
