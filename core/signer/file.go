package signer

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"

	"golang.org/x/sys/unix"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/internal/private"
)

// Callers hold the directory's lock, so there is one temporary name in each.

func temp(name string) string { return path.Join(path.Dir(name), tempName) }

// writeNew writes a file that must not exist: evidence.ErrExists.
func writeNew(root *os.Root, name string, b []byte) error {
	return private.WriteNew(root, name, temp(name), b)
}

// replace writes a file, over an older one where there is one.
func replace(root *os.Root, name string, b []byte) error {
	return private.Replace(root, name, temp(name), b)
}

// subDir makes a directory in the directory, private, and durable even where an
// interrupted call made it.
func subDir(root *os.Root, name string) error {
	if err := root.Mkdir(name, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	info, err := root.Lstat(name)
	if err == nil {
		err = private.Check(info)
	}
	if err != nil {
		return err
	}
	return private.SyncDir(root, path.Dir(name))
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
	if err := private.Check(info); err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(b) > maxFile {
		err = fmt.Errorf("%w: longer than %d bytes", evidence.ErrFormat, maxFile)
	}
	return b, err
}
