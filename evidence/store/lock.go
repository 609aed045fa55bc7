package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/exhibit-forensics/exhibit/evidence"
)

const lockName = "lock"

// acquire takes the writer's lock of the case in dir and leaves this process's
// id in the file for whoever finds it taken. The kernel drops the lock with the
// process, so a lock left behind by a killed one does not hold.
func acquire(dir string) (*os.File, error) {
	name := filepath.Join(dir, lockName)
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	if errors.Is(err, unix.EWOULDBLOCK) {
		err = fmt.Errorf("%w: %s writes to %q", evidence.ErrLocked, holder(f), dir)
	} else if err == nil {
		err = leavePID(f)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func leavePID(f *os.File) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err := f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

func holder(f *os.File) string {
	var b [32]byte
	n, _ := f.ReadAt(b[:], 0)
	pid, err := strconv.Atoi(strings.TrimSpace(string(b[:n])))
	if err != nil {
		return "a process that has not left its id yet"
	}
	return "process " + strconv.Itoa(pid)
}

// release empties the file first: an id in it always means a writer.
func release(f *os.File) error {
	return errors.Join(f.Truncate(0), f.Close())
}
