package blob

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// syncfsReports says whether syncfs on f's filesystem waits for all data and
// reports what could not be written: Linux 5.8 and later (commit 735e4ae5ba28),
// on filesystems that write through the page cache of their own superblock.
// Others (FUSE, overlays, network filesystems) may swallow errors.
func syncfsReports(f *os.File) bool {
	var st unix.Statfs_t
	if retry(func() error { return unix.Fstatfs(int(f.Fd()), &st) }) != nil {
		return false
	}
	if !ownFilesystem(uint32(st.Type)) {
		return false
	}
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return false
	}
	parts := strings.SplitN(unix.ByteSliceToString(u.Release[:]), ".", 3)
	if len(parts) < 2 {
		return false
	}
	major, errMajor := strconv.Atoi(parts[0])
	minor, errMinor := strconv.Atoi(strings.TrimRight(parts[1], "-+abcdefghijklmnopqrstuvwxyz"))
	return errMajor == nil && errMinor == nil && (major > 5 || major == 5 && minor >= 8)
}

// syncAll writes everything of the filesystem back. Callers take turns: an error
// is reported once, to whoever asks first.
func (s *Store) syncAll() error {
	s.syncMu.Lock()
	defer s.syncMu.Unlock()
	err := retry(func() error { return unix.Syncfs(int(s.root.Fd())) })
	if err != nil {
		s.failures.Add(1)
	}
	return os.NewSyscallError("syncfs", err)
}

// syncFile makes the content of a file, or the names in a directory, durable.
func (s *Store) syncFile(f *os.File) error {
	err := f.Sync()
	if err != nil {
		s.failures.Add(1)
	}
	return err
}

// errStale refuses what was begun before a sync failed. The failure was reported
// to another caller, and will not be again, although it may concern these bytes.
var errStale = errors.New("staged before a failed sync of the store; stage it again")

// fresh returns errStale where a sync has failed since there were so many failures.
func (s *Store) fresh(since int64) error {
	// No syncfs is under way that has failed and not yet been counted.
	s.syncMu.Lock()
	defer s.syncMu.Unlock()
	if s.failures.Load() != since {
		return errStale
	}
	return nil
}

// syncDir makes the names in a directory of the store durable.
func (s *Store) syncDir(dir string) error {
	f, err := os.OpenFile(dir, os.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return err
	}
	return errors.Join(s.syncFile(f), f.Close())
}

// retry repeats f while a signal interrupts it (EINTR), which is no failure.
func retry(f func() error) error {
	for {
		if err := f(); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

// noSpace marks errors of a full device or quota as evidence.ErrNoSpace.
func noSpace(err error) error {
	if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) {
		return fmt.Errorf("%w: %w", evidence.ErrNoSpace, err)
	}
	return err
}
