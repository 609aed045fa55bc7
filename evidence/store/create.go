package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/google/uuid"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/blob"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
)

// stagingPrefix begins the name of a case that is being made.
const stagingPrefix = ".exhibit-init-"

// Create makes a case in dir, which does not exist yet or is an empty directory,
// writes entry 0 and opens it for writing. The case is built aside, as
// .exhibit-init-<name> next to dir (inside, where dir exists), and moved into
// place when it is whole and durable: dir holds a case that opens, or none. What
// an earlier attempt left aside is removed. It fails with evidence.ErrExists
// where dir holds anything.
func Create(ctx context.Context, dir string, o Options, in Init) (*Case, error) {
	c, err := create(ctx, dir, o, in)
	if err != nil {
		return nil, fmt.Errorf("store: create %q: %w", dir, classify(err))
	}
	return c, nil
}

func create(ctx context.Context, dir string, o Options, in Init) (*Case, error) {
	if err := errors.Join(o.check(), custody.CheckLab(in.Lab), ctx.Err()); err != nil {
		return nil, err
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	exists, err := checkVacant(dir)
	if err != nil {
		return nil, err
	}
	staging := filepath.Join(filepath.Dir(dir), stagingPrefix+filepath.Base(dir))
	if exists {
		// Not replaced by a rename: it may be somebody's current directory.
		staging = filepath.Join(dir, stagingPrefix+filepath.Base(dir))
	}
	lock, err := stage(staging)
	if err != nil {
		return nil, err
	}
	err = build(ctx, staging, o, in)
	if err == nil {
		err = moveIn(staging, dir, exists)
	}
	if err != nil {
		// Before the lock is given up, so that nobody else's attempt is removed.
		return nil, errors.Join(err, os.RemoveAll(staging), lock.Close())
	}
	return open(ctx, dir, o, lock)
}

// checkVacant reports whether dir is there, and empty but for the staging of an
// earlier attempt.
func checkVacant(dir string) (exists bool, err error) {
	names, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	for _, name := range names {
		switch name.Name() {
		case dbName:
			return false, fmt.Errorf("%w: a case is there already", evidence.ErrExists)
		case stagingPrefix + filepath.Base(dir):
		default:
			return false, fmt.Errorf("%w: the directory is not empty: it holds %q", evidence.ErrExists, name.Name())
		}
	}
	return true, nil
}

// stage makes the staging directory and locks it; one that a killed process left
// is emptied first.
func stage(staging string) (*os.File, error) {
	if err := os.Mkdir(staging, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	lock, err := acquire(staging)
	if err != nil {
		return nil, err
	}
	names, err := os.ReadDir(staging)
	for _, name := range names {
		if name.Name() != lockName && err == nil {
			err = os.RemoveAll(filepath.Join(staging, name.Name()))
		}
	}
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return lock, nil
}

// build fills the staging directory with a complete and durable case.
func build(ctx context.Context, staging string, o Options, in Init) error {
	for _, sub := range []string{checkpointsDir, secretsDir, filepath.Join(secretsDir, "keys")} {
		if err := os.Mkdir(filepath.Join(staging, sub), 0o700); err != nil {
			return err
		}
	}
	objects, err := blob.Open(filepath.Join(staging, objectsDir), true)
	if err != nil {
		return err
	}
	if err := objects.Close(); err != nil {
		return err
	}
	secret := make([]byte, secretSize)
	if _, err := io.ReadFull(o.Rand, secret); err != nil {
		return fmt.Errorf("random source: %w", err)
	}
	if err := writeDurably(filepath.Join(staging, secretsDir, fingerprintKey), secret, 0o600); err != nil {
		return err
	}
	id, err := uuid.NewRandomFromReader(o.Rand)
	if err != nil {
		return fmt.Errorf("random source: %w", err)
	}
	if err := writeFirst(ctx, staging, in.Lab+"/"+id.String(), o, in); err != nil {
		return err
	}
	for _, sub := range []string{objectsDir, checkpointsDir, secretsDir, "."} {
		if err := syncDir(filepath.Join(staging, sub)); err != nil {
			return err
		}
	}
	return nil
}

// writeFirst makes case.db with entry 0.
func writeFirst(ctx context.Context, staging, origin string, o Options, in Init) (err error) {
	steps, err := migrations()
	if err != nil {
		return err
	}
	conn, err := dialWriter(staging, "rwc")
	if err != nil {
		return err
	}
	w := newWriter(conn, o)
	w.origin = origin
	// Closing folds the log into case.db and makes it durable.
	defer func() { err = errors.Join(err, w.close()) }()
	if err := migrate(conn, 0, steps); err != nil {
		return err
	}
	now := o.Now()
	_, err = w.append(context.WithoutCancel(ctx), &batch{Batch: Batch{
		Kind: "create", Start: now, End: now,
		Plain: map[string]any{"format": strconv.Itoa(evidence.FormatVersion), "case": origin[strings.LastIndexByte(origin, '/')+1:]}, Secret: in.Secret,
	}})
	return err
}

// moveIn gives the finished case its place; case.db comes last, since it is
// what makes a directory a case.
func moveIn(staging, dir string, exists bool) error {
	if !exists {
		// Not every filesystem knows the flag. Without it a rename replaces nothing
		// either, but for an empty directory made this very moment.
		err := unix.Renameat2(unix.AT_FDCWD, staging, unix.AT_FDCWD, dir, unix.RENAME_NOREPLACE)
		if errors.Is(err, unix.EINVAL) {
			err = unix.Rename(staging, dir)
		}
		if err != nil {
			return &os.LinkError{Op: "rename", Old: staging, New: dir, Err: err}
		}
		return syncDir(filepath.Dir(dir))
	}
	names, err := os.ReadDir(staging)
	if err != nil {
		return err
	}
	slices.SortFunc(names, func(a, b fs.DirEntry) int {
		return boolInt(a.Name() == dbName) - boolInt(b.Name() == dbName)
	})
	for _, name := range names {
		if err := os.Rename(filepath.Join(staging, name.Name()), filepath.Join(dir, name.Name())); err != nil {
			return err
		}
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		return err
	}
	if err := os.Remove(staging); err != nil {
		return err
	}
	return syncDir(dir)
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}
