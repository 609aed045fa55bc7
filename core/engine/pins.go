package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/exhibit-forensics/exhibit/core/host"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// lockFile holds the digests of every file of every plugin the case has used.
const lockFile = "plugins.lock.json"

// checkPins refuses plugins whose bytes are not those that this case has used
// before. Only `plugin update` changes a pin, and that is an entry.
func (e *Engine) checkPins(ctx context.Context) error {
	state, err := e.c.State(ctx)
	if err != nil {
		return err
	}
	for _, p := range e.plugins {
		pin, ok := pinOf(state, p.Manifest.Name)
		if ok && pin.SHA256 != p.Digest {
			return fmt.Errorf("%w: plugin %q: its bytes changed%s: this case uses %s (version %s), found %s (version %s). Nothing was run. Try: exhibit plugin update %s",
				evidence.ErrRefused, p.Manifest.Name, e.changedFiles(p), pin.SHA256, pin.Version, p.Digest, p.Manifest.Version, p.Manifest.Name)
		}
	}
	return nil
}

func pinOf(state *store.State, name string) (store.Pin, bool) {
	i := slices.IndexFunc(state.Pins, func(p store.Pin) bool { return p.Name == name })
	if i < 0 {
		return store.Pin{}, false
	}
	return state.Pins[i], true
}

// pin records the plugins of a wave at their first use.
func (e *Engine) pin(ctx context.Context, used []*host.Plugin) error {
	state, err := e.c.State(ctx)
	if err != nil {
		return err
	}
	for _, p := range used {
		if _, ok := pinOf(state, p.Manifest.Name); ok {
			continue
		}
		if err := e.appendPin(ctx, p, "pin"); err != nil {
			return err
		}
	}
	return e.writeLock(ctx)
}

// Update makes the case use the plugin's present bytes from now on.
func (e *Engine) Update(ctx context.Context, name string) error {
	i := slices.IndexFunc(e.plugins, func(p *host.Plugin) bool { return p.Manifest.Name == name })
	if i < 0 {
		return fmt.Errorf("engine: plugin %q: %w", name, evidence.ErrNotFound)
	}
	state, err := e.c.State(ctx)
	if err != nil {
		return err
	}
	if pin, ok := pinOf(state, name); ok && pin.SHA256 == e.plugins[i].Digest {
		return e.writeLock(ctx)
	}
	if err := e.appendPin(ctx, e.plugins[i], "update"); err != nil {
		return err
	}
	return e.writeLock(ctx)
}

func (e *Engine) appendPin(ctx context.Context, p *host.Plugin, action string) error {
	_, err := e.c.Append(ctx, store.Batch{
		Kind:  "plugin",
		Plain: map[string]any{"action": action, "plugin": map[string]any{"name": p.Manifest.Name, "version": p.Manifest.Version, "sha256": p.Digest.String()}},
	})
	return err
}

// writeLock brings plugins.lock.json in line with the log. The file says which
// file of a plugin differs; the log says which digest counts.
func (e *Engine) writeLock(ctx context.Context) error {
	state, err := e.c.State(ctx)
	if err != nil {
		return err
	}
	path := filepath.Join(e.c.Dir(), lockFile)
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("engine: %w", err)
	}
	var before struct {
		Plugins map[string]json.RawMessage `json:"plugins"`
	}
	_ = json.Unmarshal(old, &before) // a damaged file is written anew; verify is who complains
	plugins := map[string]any{}
	for _, pin := range state.Pins {
		i := slices.IndexFunc(e.plugins, func(p *host.Plugin) bool { return p.Digest == pin.SHA256 })
		if i < 0 {
			if kept, ok := before.Plugins[pin.Name]; ok {
				plugins[pin.Name] = kept
			}
			continue
		}
		files := map[string]any{}
		for name, d := range e.plugins[i].Files {
			files[name] = d.Hex()
		}
		plugins[pin.Name] = map[string]any{"version": pin.Version, "sha256": pin.SHA256.String(), "files": files}
	}
	text, err := evidence.Canonical(map[string]any{"v": 1, "plugins": plugins})
	if err != nil {
		return fmt.Errorf("engine: %s: %w", lockFile, err)
	}
	if string(old) == string(text) {
		return nil
	}
	return replaceFile(path, text)
}

// replaceFile puts text at path, durably, all of it or nothing.
func replaceFile(path string, text []byte) error {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, ".new-*")
	if err != nil {
		return fmt.Errorf("engine: write %s: %w", filepath.Base(path), err)
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.Write(text)
	err = errors.Join(err, f.Chmod(0o600), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err == nil {
		var d *os.File
		if d, err = os.Open(dir); err == nil {
			err = errors.Join(d.Sync(), d.Close())
		}
	}
	if err != nil {
		return fmt.Errorf("engine: write %s: %w", filepath.Base(path), err)
	}
	return nil
}
