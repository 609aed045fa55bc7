package intake

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// source is where an item comes from.
type source struct {
	// abs is the absolute path, with links resolved in all parts but the last,
	// which is no link.
	abs       string
	directory bool
}

// locate finds what path names. It refuses what cannot be an item: a symbolic
// link, which is not followed, and a special file, which has no content.
func locate(path string) (source, error) {
	if path == "" {
		return source{}, fmt.Errorf("%w: the path is empty", evidence.ErrFormat)
	}
	abs, err := resolve(path)
	if err != nil {
		return source{}, err
	}
	st, err := statAt(unix.AT_FDCWD, abs)
	if err != nil {
		return source{}, &fs.PathError{Op: "stat", Path: path, Err: err}
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		return source{abs: abs}, nil
	case unix.S_IFDIR:
		return source{abs: abs, directory: true}, nil
	case unix.S_IFLNK:
		target, _ := readLink(unix.AT_FDCWD, abs)
		return source{}, fmt.Errorf("%w: %q is a symbolic link, and links are not followed; add what it points to: %q", evidence.ErrFormat, path, target)
	case unix.S_IFBLK:
		return source{}, fmt.Errorf("%w: %q is a block device; take an image of it and add that", evidence.ErrFormat, path)
	}
	return source{}, fmt.Errorf("%w: %q is a %s and has no content to receive", evidence.ErrFormat, path, kindOf(st.Mode))
}

// resolve makes path absolute as the kernel would find it, its last part untouched.
func resolve(path string) (string, error) {
	trimmed := strings.TrimRight(path, "/")
	dir, base := filepath.Split(trimmed)
	if trimmed == "" || base == "." || base == ".." || trimmed != path {
		// A trailing slash asks for the directory itself, even behind a link.
		dir, base = path, ""
	}
	if dir == "" {
		dir = "."
	}
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return "", err
	}
	if real, err = filepath.Abs(real); err != nil {
		return "", err
	}
	return filepath.Join(real, base), nil
}

// apartFrom refuses a source that lies in the case at dir, or has it inside
// without excluding it: a case cannot receive itself.
func (s source) apartFrom(dir string, exclude []string) error {
	dir, err := resolve(strings.TrimRight(dir, "/") + "/")
	if err != nil {
		return err
	}
	if in, _ := inside(dir, s.abs); in {
		return fmt.Errorf("%w: %q is the case itself, or lies in it", evidence.ErrFormat, s.abs)
	}
	if in, rel := inside(s.abs, dir); in && !excludedAnywhere(exclude, rel) {
		return fmt.Errorf("%w: the case itself lies in %q, as %q; leave it out with --exclude %q, or keep the case elsewhere", evidence.ErrFormat, s.abs, rel, rel)
	}
	return nil
}

// inside reports whether path is dir or below it, and as what.
func inside(dir, path string) (bool, string) {
	rel, err := filepath.Rel(dir, path)
	if err != nil || rel == ".." || strings.HasPrefix(rel, "../") {
		return false, ""
	}
	return true, rel
}

// path is where the file at rel, relative to the item, is.
func (s source) path(rel string) string {
	if !s.directory {
		return s.abs
	}
	return filepath.Join(s.abs, rel)
}
