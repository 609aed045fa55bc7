package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// mustBeNew refuses a file that is there already; "" is none.
func mustBeNew(name string) error {
	if name == "" {
		return nil
	}
	if _, err := os.Stat(filepath.Dir(name)); err != nil {
		return &problem{what: "the directory of " + visible(name) + " cannot be used: " + reasonOf(err).Error(), state: "Nothing was written.", cause: err}
	}
	if _, err := os.Lstat(name); err == nil {
		return &problem{what: "the file is there already: " + visible(name), state: "Nothing was written.", try: "another name", cause: evidence.ErrExists}
	}
	return nil
}

// writeNew makes a file out of what write writes: all of it, durably, under its
// name, or nothing. A file that is there is never replaced.
func writeNew(name string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".exhibit-*")
	if err != nil {
		return noSpaceError(err)
	}
	w := bufio.NewWriterSize(f, 1<<16)
	err = errors.Join(write(w), w.Flush(), f.Chmod(0o644), f.Sync(), f.Close())
	if err == nil {
		if err = os.Link(f.Name(), name); errors.Is(err, fs.ErrExist) {
			err = fmt.Errorf("%w: %s", evidence.ErrExists, visible(name))
		}
	}
	return errors.Join(noSpaceError(err), os.Remove(f.Name()))
}

func writeNewBytes(name string, b []byte) error {
	return writeNew(name, func(w io.Writer) error {
		_, err := w.Write(b)
		return err
	})
}

func noSpaceError(err error) error {
	if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) {
		return fmt.Errorf("%w: %w", evidence.ErrNoSpace, err)
	}
	return err
}

func fileURL(abs string) string { return (&url.URL{Scheme: "file", Path: abs}).String() }

// limitedBuffer keeps the first bytes and drops the rest.
type limitedBuffer struct {
	b    *bytes.Buffer
	left int
}

func (l *limitedBuffer) Write(p []byte) (int, error) {
	n := min(l.left, len(p))
	l.b.Write(p[:n])
	l.left -= n
	return len(p), nil
}

func lastLine(s string) string {
	s = strings.TrimSpace(s)
	return s[strings.LastIndexByte(s, '\n')+1:]
}
