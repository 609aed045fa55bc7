package install

import (
	"debug/elf"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/exhibit-forensics/exhibit/core/host"
	"github.com/exhibit-forensics/exhibit/evidence"
)

// replacedDir keeps, in target, what was replaced.
const replacedDir = ".replaced"

// DirName is the directory of a plugin's name: a slash becomes a dot, which no name has.
func DirName(plugin string) string { return strings.ReplaceAll(plugin, "/", ".") }

// Runs says why the program cannot run on this computer, nil where it may.
func (s *Staged) Runs() error {
	m := s.Plugin.Manifest
	if m.Interpreter != "" {
		return nil
	}
	f, err := elf.Open(filepath.Join(s.dir, filepath.FromSlash(m.Program)))
	if err != nil {
		return fmt.Errorf("%w: program %q: %w", evidence.ErrRefused, m.Program, err)
	}
	defer func() { _ = f.Close() }()
	want := map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}[runtime.GOARCH]
	if f.Machine != want {
		return fmt.Errorf("%w: program %q is for %s, this computer is %s", evidence.ErrRefused, m.Program, f.Machine, runtime.GOARCH)
	}
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			return fmt.Errorf("%w: program %q needs libraries, and a plugin can open none; build it with CGO_ENABLED=0", evidence.ErrRefused, m.Program)
		}
	}
	return nil
}

// Before is what stands where the plugin would be installed, nil for nothing.
// What is there and is no plugin is an error.
func (s *Staged) Before() (*host.Plugin, error) {
	to := filepath.Join(s.target, DirName(s.Plugin.Manifest.Name))
	if _, err := os.Lstat(to); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	p, err := host.Load(to)
	if err != nil {
		return nil, fmt.Errorf("install: %w", err)
	}
	return p, nil
}

// Commit installs the plugin: it appears whole, durably, or not at all. What was
// there before is moved to .replaced/, whose path is returned; without replace it
// is evidence.ErrExists.
func (s *Staged) Commit(replace bool) (dir, replaced string, err error) {
	to := filepath.Join(s.target, DirName(s.Plugin.Manifest.Name))
	before, err := s.Before()
	if err != nil {
		return "", "", err
	}
	if before != nil {
		if !replace {
			return "", "", fmt.Errorf("install: %w: %s %s, %s", evidence.ErrExists, before.Manifest.Name, before.Manifest.Version, before.Digest)
		}
		if replaced, err = s.moveAway(to, before); err != nil {
			return "", "", fmt.Errorf("install: %w", err)
		}
	}
	if err := os.Rename(s.dir, to); err != nil {
		if replaced != "" {
			err = errors.Join(err, os.Rename(replaced, to))
		}
		return "", "", fmt.Errorf("install: %w", err)
	}
	if err := syncDir(s.target); err != nil {
		return "", "", fmt.Errorf("install: %w", err)
	}
	// What stands there is what was shown.
	p, err := host.Load(to)
	if err == nil && p.Digest != s.Plugin.Digest {
		err = fmt.Errorf("%w: %q changed while it was installed", evidence.ErrRefused, to)
	}
	if err != nil {
		return "", "", fmt.Errorf("install: %w", err)
	}
	return to, replaced, nil
}

func (s *Staged) moveAway(to string, before *host.Plugin) (string, error) {
	dir := filepath.Join(s.target, replacedDir)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	// Two of one digest are the same.
	away := filepath.Join(dir, DirName(before.Manifest.Name)+"-"+before.Digest.Short())
	if err := os.RemoveAll(away); err != nil {
		return "", err
	}
	return away, os.Rename(to, away)
}
