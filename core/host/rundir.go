package host

import (
	"os"
	"path/filepath"
	"strings"
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
	gate, err := lockDir(parent, true)
	if err != nil {
		return nil, err
	}
	defer closeAll(gate)
	sweep(parent)
	path, err := os.MkdirTemp(parent, runPrefix)
	if err != nil {
		return nil, err
	}
	lock, err := lockDir(path, false)
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
		if f, err := lockDir(path, false); err == nil {
			_ = os.RemoveAll(path)
			closeAll(f)
		}
	}
}
