package blob

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// syncEach is how many files or directories are synced one by one; of more, one
// syncfs is cheaper.
const syncEach = 4

// Commit gives the staged objects their names. When it returns nil they are on
// the device and stay there; the staged files are gone from tmp/. On an error
// nothing is acknowledged and all of them are discarded, though some may have
// got their names: a later Commit of the same content finds those.
//
// Content that the store has already is hashed again, not trusted and not
// replaced: where it is wrong, Commit fails with *evidence.IntegrityError naming
// the object.
func (s *Store) Commit(ctx context.Context, staged ...*Staged) error {
	err := s.commit(ctx, staged)
	for _, st := range staged {
		st.Discard()
		st.done = st.done || err == nil
	}
	if err != nil {
		return fmt.Errorf("blob: commit (%d staged): %w", len(staged), noSpace(err))
	}
	return nil
}

func (s *Store) commit(ctx context.Context, staged []*Staged) error {
	if !s.write {
		return errReadOnly
	}
	since := s.failures.Load()
	first := make(map[evidence.Digest]*Staged, len(staged)) // of each content
	var fresh []*Staged                                     // not in the store yet
	for _, st := range staged {
		if st.s != s || st.temp == "" && !st.done {
			return fmt.Errorf("object %s was discarded, or staged in another store", st.Digest.Short())
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if st.done {
			continue
		}
		if st.since != since {
			return errStale
		}
		if first[st.Digest] != nil {
			continue
		}
		first[st.Digest] = st
		switch err := s.adopt(ctx, st); {
		case errors.Is(err, fs.ErrNotExist):
			fresh = append(fresh, st)
		case err != nil:
			return err
		}
	}
	if err := s.syncContent(fresh); err != nil {
		return err
	}
	for _, st := range fresh {
		if err := s.name(ctx, st); err != nil {
			return err
		}
	}
	for _, st := range staged {
		if f := first[st.Digest]; f != nil {
			st.Stored = f.Stored
		}
		st.Discard()
	}
	if err := s.syncNames(first); err != nil {
		return err
	}
	return s.fresh(since)
}

// syncContent makes the content of the staged files durable.
func (s *Store) syncContent(staged []*Staged) error {
	all, small := false, 0
	for _, st := range staged {
		all = all || st.f == nil && !st.synced
		if st.small() {
			small++
		}
	}
	all = all || s.batches && small > syncEach
	for _, st := range staged {
		if all && st.small() {
			continue
		}
		if err := st.sync(); err != nil {
			return err
		}
	}
	if !all {
		return nil
	}
	return s.syncAll()
}

// name gives a staged file its name, or adopts the object that has it.
func (s *Store) name(ctx context.Context, st *Staged) error {
	path := s.path(st.Digest)
	err := moveNew(st.temp, path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := os.Mkdir(filepath.Dir(path), 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		err = moveNew(st.temp, path)
	}
	if errors.Is(err, fs.ErrExist) {
		return s.adopt(ctx, st)
	}
	if err == nil {
		st.moved()
	}
	return err
}

// moveNew renames a file and never overwrites. Filesystems that cannot promise
// that in one step (renameat2(2): NFS, some FUSE) get a link and an unlink.
func moveNew(from, to string) error {
	err := retry(func() error { return unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, unix.RENAME_NOREPLACE) })
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EOPNOTSUPP) {
		if err := os.Link(from, to); err != nil {
			return err
		}
		_ = retry(func() error { return unix.Unlink(from) }) // else the next Open does
		return nil
	}
	if err != nil {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
	}
	return nil
}

// syncNames makes the names of objects durable, those included that were there
// before: who linked them may not have come that far.
func (s *Store) syncNames(objects map[evidence.Digest]*Staged) error {
	dirs := map[string]bool{}
	parent := false
	s.mu.Lock()
	for d := range objects {
		prefix := d.Hex()[:2]
		dirs[prefix] = true
		parent = parent || !s.known[prefix]
	}
	s.mu.Unlock()
	if err := s.syncDirs(dirs, parent); err != nil {
		return err
	}
	s.mu.Lock()
	maps.Copy(s.known, dirs)
	s.mu.Unlock()
	return nil
}

func (s *Store) syncDirs(prefixes map[string]bool, parent bool) error {
	if s.batches && len(prefixes) > syncEach {
		return s.syncAll()
	}
	for _, prefix := range slices.Sorted(maps.Keys(prefixes)) {
		if err := s.syncDir(filepath.Join(s.dir, objectsDir, prefix)); err != nil {
			return err
		}
	}
	if parent {
		return s.syncDir(filepath.Join(s.dir, objectsDir))
	}
	return nil
}

// adopt makes st stand for the object of its content that exists, once that has
// been read and found right. It returns fs.ErrNotExist where there is none.
func (s *Store) adopt(ctx context.Context, st *Staged) error {
	f, err := openRegular(s.path(st.Digest), unix.O_NOFOLLOW)
	if err != nil {
		return err
	}
	defer f.Close()
	got, size, err := s.hashFile(ctx, f)
	if err != nil {
		return err
	}
	switch got {
	case st.Stored.SHA256:
		return nil
	case st.Digest:
		st.Stored = evidence.Stored{Encoding: evidence.StoredRaw, SHA256: got, Size: size}
		return nil
	}
	content, err := s.decodedDigest(ctx, f, size)
	if err != nil {
		return err
	}
	if content != st.Digest {
		return &evidence.IntegrityError{Object: name(st.Digest), Want: st.Digest, Got: got}
	}
	st.Stored = evidence.Stored{Encoding: evidence.StoredZstd, SHA256: got, Size: size}
	return nil
}
