// Package private keeps small files that nobody but this process's user may read or change,
// in directories that are as private, each there whole or not at all.
package private

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// ErrLax: others than the owner may read or change it.
var ErrLax = errors.New("not private to its owner")

// Check reports, with ErrLax, whether anyone but this process's user may read or change the file.
func Check(info fs.FileInfo) error {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || int(st.Uid) != os.Geteuid() {
		return fmt.Errorf("%w: it belongs to another user", ErrLax)
	}
	if p := info.Mode().Perm(); p&0o077 != 0 {
		return fmt.Errorf("%w: its mode is %04o", ErrLax, p)
	}
	return nil
}

// OpenDir opens a directory, and fails with ErrLax where it is not private.
func OpenDir(dir string) (*os.Root, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	info, err := root.Stat(".")
	if err == nil {
		err = Check(info)
	}
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return root, nil
}

// The sequence for every file, as in restic and Tessera: exclusive temporary
// file, write, fsync, close, link or rename, fsync of the directory. A name
// either is absent or holds the whole content; when the call returns without
// error it survives a power cut. Callers see to it that only one of them uses a
// temporary name at a time; what a crash left under it is removed by the next.

// WriteNew writes a file that must not exist: evidence.ErrExists.
func WriteNew(root *os.Root, name, temp string, b []byte) error {
	if err := writeTemp(root, temp, b); err != nil {
		return err
	}
	// A link never replaces what is there, unlike a rename.
	if err := root.Link(temp, name); err != nil {
		if errors.Is(err, fs.ErrExist) {
			err = evidence.ErrExists
		}
		return errors.Join(err, root.Remove(temp))
	}
	return errors.Join(root.Remove(temp), SyncDir(root, path.Dir(name)))
}

// Replace writes a file, over an older one where there is one.
func Replace(root *os.Root, name, temp string, b []byte) error {
	if err := writeTemp(root, temp, b); err != nil {
		return err
	}
	if err := root.Rename(temp, name); err != nil {
		return errors.Join(err, root.Remove(temp))
	}
	return SyncDir(root, path.Dir(name))
}

func writeTemp(root *os.Root, temp string, b []byte) error {
	if err := root.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) {
			err = fmt.Errorf("%w: %w", evidence.ErrNoSpace, err)
		}
		return errors.Join(err, root.Remove(temp))
	}
	return nil
}

// SyncDir makes the names in a directory durable.
func SyncDir(root *os.Root, name string) error {
	f, err := root.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// SyncPath is SyncDir of a path.
func SyncPath(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
