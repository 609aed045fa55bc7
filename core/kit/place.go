package kit

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/exhibit-forensics/exhibit/core/host"
	"github.com/exhibit-forensics/exhibit/evidence"
)

// place is where a plugin lies.
type place struct {
	// plugin is the directory that is hashed and installed.
	plugin string
	// source is the one above it, "" where the plugin was named itself.
	source string
}

// pluginDir is where `plugin new` puts, below the sources, what is installed.
const pluginDir = "plugin"

// find accepts a plugin's directory and the directory of its sources.
func find(dir string) (place, error) {
	for _, p := range []place{{plugin: dir}, {plugin: filepath.Join(dir, pluginDir), source: dir}} {
		_, err := os.Stat(filepath.Join(p.plugin, host.ManifestFile))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return place{}, fmt.Errorf("kit: %w", err)
		}
		return p, p.built()
	}
	return place{}, fmt.Errorf("kit: %w: no %s in %q, nor in %q", evidence.ErrNotFound, host.ManifestFile, dir, filepath.Join(dir, pluginDir))
}

// Find returns the plugin's own directory for one that Options.Dir may name.
func Find(dir string) (string, error) {
	p, err := find(dir)
	return p.plugin, err
}

// ErrNotBuilt: the manifest's program is not there.
var ErrNotBuilt = errors.New("the plugin is not built")

func (p place) built() error {
	b, err := os.ReadFile(filepath.Join(p.plugin, host.ManifestFile))
	if err != nil {
		return fmt.Errorf("kit: %w", err)
	}
	m, err := evidence.ParsePluginManifest(b)
	if err != nil {
		return fmt.Errorf("kit: %w", err)
	}
	if _, err := os.Lstat(filepath.Join(p.plugin, filepath.FromSlash(m.Program))); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("kit: %w: %s names the program %q, which is not in %q", ErrNotBuilt, host.ManifestFile, m.Program, p.plugin)
	}
	return nil
}

// stale returns a Go source that is newer than the program, "" where none is, or
// where there are no sources beside the plugin.
func (p place) stale(program string) string {
	if p.source == "" {
		return ""
	}
	built, err := os.Stat(filepath.Join(p.plugin, filepath.FromSlash(program)))
	if err != nil {
		return ""
	}
	newer := ""
	_ = filepath.WalkDir(p.source, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != p.source && strings.HasPrefix(d.Name(), ".") {
			return fs.SkipDir
		}
		if newer == "" && modified(d).After(built.ModTime()) && isSource(d.Name()) {
			newer = name
		}
		return nil
	})
	return newer
}

func isSource(name string) bool {
	return strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") || name == "go.mod" || name == "go.sum"
}

func modified(d fs.DirEntry) time.Time {
	info, err := d.Info()
	if err != nil || !info.Mode().IsRegular() {
		return time.Time{}
	}
	return info.ModTime()
}
