package host

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

const runPrefix = "host-"

// runDir is a host's own directory in Config.Dir, locked as long as the host
// lives. What a host that was killed left behind, the next one removes.
type runDir struct {
	path string
	lock *os.File
}

func newRunDir(parent string) (*runDir, error) {
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return nil, err
	}
	// Held while directories are made and swept: one that is not locked yet is not
	// one that was left behind.
	gate, err := lockDir(parent, unix.LOCK_EX)
	if err != nil {
		return nil, err
	}
	defer closeAll(gate)
	sweep(parent)
	path, err := os.MkdirTemp(parent, runPrefix)
	if err != nil {
		return nil, err
	}
	lock, err := lockDir(path, unix.LOCK_EX|unix.LOCK_NB)
	if err != nil {
		_ = os.Remove(path)
		return nil, err
	}
	return &runDir{path: path, lock: lock}, nil
}

func (d *runDir) close() error {
	err := os.RemoveAll(d.path)
	closeAll(d.lock)
	return err
}

// sweep removes the directories of hosts that are gone.
func sweep(parent string) {
	entries, err := os.ReadDir(parent)
	if err != nil {
		return
	}
	for _, e := range entries {
		if !e.IsDir() || !strings.HasPrefix(e.Name(), runPrefix) {
			continue
		}
		path := filepath.Join(parent, e.Name())
		if f, err := lockDir(path, unix.LOCK_EX|unix.LOCK_NB); err == nil {
			_ = os.RemoveAll(path)
			closeAll(f)
		}
	}
}

func lockDir(path string, how int) (*os.File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	raw, err := f.SyscallConn()
	if err != nil {
		closeAll(f)
		return nil, err
	}
	var flockErr error
	if err := raw.Control(func(fd uintptr) { flockErr = unix.Flock(int(fd), how) }); err != nil {
		flockErr = err
	}
	if flockErr != nil {
		closeAll(f)
		return nil, fmt.Errorf("lock %q: %w", path, flockErr)
	}
	return f, nil
}
