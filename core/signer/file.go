package signer

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"

	"github.com/exhibit-forensics/exhibit/evidence"
	"golang.org/x/sys/unix"
)

// The sequence for every file, as in restic and Tessera: exclusive temporary
// file, write, fsync, close, link or rename, fsync of the directory. A name
// either is absent or holds the whole content; when the call returns without
// error it survives a power cut. Callers hold the directory's lock, so there is
// one temporary name, and what a crash left under it is removed by the next.

// writeNew writes a file that must not exist: evidence.ErrExists.
func writeNew(root *os.Root, name string, b []byte) error {
	temp := path.Join(path.Dir(name), tempName)
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
	return errors.Join(root.Remove(temp), syncDir(root, path.Dir(name)))
}

// replace writes a file, over an older one where there is one.
func replace(root *os.Root, name string, b []byte) error {
	temp := path.Join(path.Dir(name), tempName)
	if err := writeTemp(root, temp, b); err != nil {
		return err
	}
	if err := root.Rename(temp, name); err != nil {
		return errors.Join(err, root.Remove(temp))
	}
	return syncDir(root, path.Dir(name))
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

// subDir makes a directory in the directory, private, and durable even where an
// interrupted call made it.
func subDir(root *os.Root, name string) error {
	if err := root.Mkdir(name, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	info, err := root.Lstat(name)
	if err == nil {
		err = private(info)
	}
	if err != nil {
		return err
	}
	return syncDir(root, path.Dir(name))
}

func syncDir(root *os.Root, name string) error {
	f, err := root.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// readPrivate reads a small regular file after checking, on the descriptor it
// reads from, that it is private. It fails with evidence.ErrNotFound.
func readPrivate(root *os.Root, name string) ([]byte, error) {
	f, err := root.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, evidence.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%w: not a regular file", evidence.ErrFormat)
	}
	if err := private(info); err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(b) > maxFile {
		err = fmt.Errorf("%w: longer than %d bytes", evidence.ErrFormat, maxFile)
	}
	return b, err
}
