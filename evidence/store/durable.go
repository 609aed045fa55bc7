package store

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// unfinished begins the names of files that writeDurably has not completed.
const unfinished = ".unfinished-"

// removeUnfinished clears a directory of what a killed writeDurably left.
func removeUnfinished(dir string) error {
	names, err := os.ReadDir(dir)
	for _, name := range names {
		if strings.HasPrefix(name.Name(), unfinished) {
			err = errors.Join(err, os.Remove(filepath.Join(dir, name.Name())))
		}
	}
	return err
}

// writeDurably writes a small file that is either whole or not there, and never
// replaces one: temporary file, fsync, link, fsync of the directory.
func writeDurably(name string, b []byte, mode os.FileMode) (err error) {
	tmp, err := os.CreateTemp(filepath.Dir(name), unfinished+"*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(tmp.Name())) }()
	_, err = tmp.Write(b)
	if err == nil {
		err = tmp.Chmod(mode)
	}
	if err == nil {
		err = tmp.Sync()
	}
	if err = errors.Join(err, tmp.Close()); err != nil {
		return err
	}
	if err := os.Link(tmp.Name(), name); err != nil {
		return err
	}
	return syncDir(filepath.Dir(name))
}

// syncDir makes the names in a directory durable.
func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = unix.Fsync(int(f.Fd()))
	if err != nil {
		err = &os.PathError{Op: "fsync", Path: dir, Err: err}
	}
	return errors.Join(err, f.Close())
}
