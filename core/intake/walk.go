package intake

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// found is one thing at the source.
type found struct {
	rel string // path relative to the item, bytes
	st  unix.Statx_t
	// typ is the type of the occurrence: file, directory, symlink, refused.
	typ  string
	note string
	// special: refused for what it is rather than for a failure.
	special bool
	fs      []byte
	// file is open where typ is file, unless the walk only looks.
	file *os.File
}

// walker goes through an item in a fixed order: names of a directory ascend as
// bytes, a directory comes before what is in it.
type walker struct {
	exclude []string
	// src is the item.
	src source
	// lookOnly: nothing but directories is opened.
	lookOnly bool
	// known, if set, says that a thing is recorded already and left out.
	known func(rel string, st *unix.Statx_t) bool
	// leave is a directory that is not entered: the case itself.
	leave unix.Statx_t
	// excluded and skipped count what was left out by a glob, and files left
	// out because they are known.
	excluded, skipped int64
	emit              func(context.Context, found) error
}

const openFlags = unix.O_RDONLY | unix.O_NONBLOCK | unix.O_NOFOLLOW | unix.O_CLOEXEC

// openAt opens name below dir for reading. Only the owner of a file, or root,
// may ask that its access time be left alone.
func openAt(dir int, name string, flags int) (int, error) {
	open := func(flags int) (fd int, err error) {
		err = ignoringEINTR(func() error {
			fd, err = unix.Openat(dir, name, flags, 0)
			return err
		})
		return fd, err
	}
	fd, err := open(openFlags | unix.O_NOATIME | flags)
	if errors.Is(err, unix.EPERM) {
		fd, err = open(openFlags | flags)
	}
	return fd, err
}

// walk goes through the item. It fails where the item itself is gone, or emit does.
func (w *walker) walk(ctx context.Context) error {
	abs := w.src.abs
	dir, err := unix.Open(filepath.Dir(abs), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return &fs.PathError{Op: "open", Path: filepath.Dir(abs), Err: err}
	}
	defer unix.Close(dir)
	name := filepath.Base(abs)
	if abs == "/" {
		name = "."
	}
	st, err := statAt(dir, name)
	if err != nil {
		return &fs.PathError{Op: "stat", Path: abs, Err: err}
	}
	if st.Mode&unix.S_IFMT == unix.S_IFDIR {
		return w.directory(ctx, dir, name, ".", &st)
	}
	return w.entry(ctx, dir, name, name)
}

// directory emits the directory name below parent, then what is in it.
func (w *walker) directory(ctx context.Context, parent int, name, rel string, st *unix.Statx_t) error {
	if st.Ino == w.leave.Ino && st.Dev_major == w.leave.Dev_major && st.Dev_minor == w.leave.Dev_minor {
		return w.refuse(ctx, rel, st, true, "this is the case itself")
	}
	fd, err := openAt(parent, name, unix.O_DIRECTORY)
	if err != nil {
		return w.refuse(ctx, rel, st, false, "the directory cannot be opened: "+reason(err))
	}
	f := os.NewFile(uintptr(fd), w.src.path(rel))
	defer f.Close()
	if now, err := statOf(fd); err == nil {
		*st = now
	}
	if !w.isKnown(rel, st) {
		meta, err := metadata(st, nil, xattrsOfFile(fd))
		if err != nil {
			return w.refuse(ctx, rel, st, false, reason(err))
		}
		if err := w.emit(ctx, found{rel: rel, st: *st, typ: typeDirectory, fs: meta}); err != nil {
			return err
		}
	}
	names, err := f.Readdirnames(-1)
	slices.Sort(names)
	if err != nil {
		// What could be listed is taken in all the same.
		if err := w.refuse(ctx, rel, st, false, "the directory could not be listed to its end: "+reason(err)); err != nil {
			return err
		}
	}
	for _, name := range names {
		child := name
		if rel != "." {
			child = rel + "/" + name
		}
		if excluded(w.exclude, child) {
			w.excluded++
			continue
		}
		if err := w.entry(ctx, fd, name, child); err != nil {
			return err
		}
	}
	return nil
}

// entry emits name below dir, and, if it is a directory, what is in it.
func (w *walker) entry(ctx context.Context, dir int, name, rel string) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	st, err := statAt(dir, name)
	if err != nil {
		return w.refuse(ctx, rel, nil, false, "it cannot be looked at: "+reason(err))
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFDIR:
		return w.directory(ctx, dir, name, rel, &st)
	case unix.S_IFLNK:
		target, err := readLink(dir, name)
		if err != nil {
			return w.refuse(ctx, rel, &st, false, "the symbolic link cannot be read: "+reason(err))
		}
		if w.isKnown(rel, &st) {
			return nil
		}
		meta, err := metadata(&st, &target, xattrsOf(below(dir, name)))
		if err != nil {
			return w.refuse(ctx, rel, &st, false, reason(err))
		}
		return w.emit(ctx, found{rel: rel, st: st, typ: typeSymlink, fs: meta})
	case unix.S_IFREG:
		return w.regular(ctx, dir, name, rel, st)
	}
	if w.isKnown(rel, &st) {
		return nil
	}
	return w.refuse(ctx, rel, &st, true, "a "+kindOf(st.Mode)+" has no content of its own; it was not opened")
}

func (w *walker) regular(ctx context.Context, dir int, name, rel string, st unix.Statx_t) error {
	if w.isKnown(rel, &st) {
		w.skipped++
		return nil
	}
	if w.lookOnly {
		return w.emit(ctx, found{rel: rel, st: st, typ: typeFile})
	}
	fd, err := openAt(dir, name, 0)
	if err != nil {
		return w.refuse(ctx, rel, &st, false, "the file cannot be opened: "+reason(err))
	}
	f := os.NewFile(uintptr(fd), w.src.path(rel))
	// Between looking and opening, something else may have taken the file's place.
	if st, err = statOf(fd); err != nil || st.Mode&unix.S_IFMT != unix.S_IFREG {
		_ = f.Close() // only read from
		return w.refuse(ctx, rel, &st, false, "it was replaced by something else while it was opened")
	}
	if st.Size > evidence.MaxSafeInteger {
		_ = f.Close() // only read from
		return w.refuse(ctx, rel, nil, false, "its size is beyond what the case format can state")
	}
	meta, err := metadata(&st, nil, xattrsOfFile(fd))
	if err != nil {
		_ = f.Close() // only read from
		return w.refuse(ctx, rel, &st, false, reason(err))
	}
	return w.emit(ctx, found{rel: rel, st: st, typ: typeFile, fs: meta, file: f})
}

func (w *walker) isKnown(rel string, st *unix.Statx_t) bool {
	return w.known != nil && w.known(rel, st)
}

// refuse emits something that was not read. A failure, unlike a special file,
// is counted as one.
func (w *walker) refuse(ctx context.Context, rel string, st *unix.Statx_t, special bool, note string) error {
	out := found{rel: rel, typ: typeRefused, special: special, note: note}
	if st != nil {
		out.st = *st
		out.fs, _ = metadata(st, nil, nil)
	}
	return w.emit(ctx, out)
}

// reason is an error without the path it happened at, which stands beside it.
func reason(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return strings.TrimSpace(err.Error())
}

func below(dir int, name string) string {
	return "/proc/self/fd/" + strconv.Itoa(dir) + "/" + name
}
