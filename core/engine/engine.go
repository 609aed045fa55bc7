// Package engine works through a case: it plans which plugin reads which
// artifact, executes the plan in sandboxed processes, records every outcome in the
// custody log, and goes on until nothing new appears.
//
// A run is a pure function of plugin, operation, configuration, keys and input,
// so that nothing is done twice, an interrupted engine simply goes on, and the
// log holds an intent before each wave and a result after it.
package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/exhibit-forensics/exhibit/core/host"
	"github.com/exhibit-forensics/exhibit/core/index"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// MaxDepth is how deep containers may lie within containers.
const MaxDepth = 16

// Options is what an engine needs from outside. Now and Rand are required.
type Options struct {
	// PluginDirs are searched in order; each holds one directory a plugin.
	PluginDirs []string
	Host       host.Config
	// Jobs is how many runs go on at once; the number of processors where 0.
	Jobs int
	// Only names the one plugin to run, "" for all.
	Only string
	// Retry runs again what failed or was cut short before.
	Retry bool
	// NoKeyFind leaves out looking for keys in the evidence.
	NoKeyFind bool
	// AllKeys looks for the keys of everything that may be encrypted in everything else,
	// whatever it costs.
	AllKeys bool
	// Boot names this boot of the machine, for the index.
	Boot     string
	Now      func() time.Time
	Rand     io.Reader
	Progress func(Progress)
}

// Progress is told after every finished run.
type Progress struct {
	Wave          int
	Done, Planned int
	Records       int64
	Bytes         int64
}

// Engine runs plugins over one case. Use it from one goroutine.
type Engine struct {
	c       *store.Case
	o       Options
	plugins []*host.Plugin
	host    *host.Host
	index   *index.Index
	sniffed map[seen]sniffed
	// headSize is how much of each head the plugins' manifests need.
	headSize int64
	// probed are the answers of plugins' Probes, which rest on the bytes alone.
	probed map[asked]host.ProbeResult
}

// New loads the plugins. It starts no process; Run does. Close the engine.
func New(c *store.Case, o Options) (*Engine, error) {
	if o.Jobs <= 0 {
		o.Jobs = runtime.NumCPU()
	}
	plugins, err := LoadPlugins(o.PluginDirs)
	if err != nil {
		return nil, err
	}
	if o.Only != "" && !slices.ContainsFunc(plugins, func(p *host.Plugin) bool { return p.Manifest.Name == o.Only }) {
		return nil, fmt.Errorf("engine: plugin %q: %w in %s", o.Only, evidence.ErrNotFound, strings.Join(o.PluginDirs, ", "))
	}
	return &Engine{c: c, o: o, plugins: plugins, sniffed: map[seen]sniffed{}, headSize: headSize(plugins), probed: map[asked]host.ProbeResult{}}, nil
}

// LoadPlugins reads the manifests of all plugins in dirs and hashes their files.
// Of two plugins with one name the first counts. Nothing is executed.
func LoadPlugins(dirs []string) ([]*host.Plugin, error) {
	var places []string
	for _, dir := range dirs {
		found, err := filepath.Glob(filepath.Join(escapeGlob(dir), "*", "plugin.json"))
		if err != nil {
			return nil, fmt.Errorf("engine: plugins in %q: %w", dir, err)
		}
		slices.Sort(found)
		for _, f := range found {
			places = append(places, filepath.Dir(f))
		}
	}
	// Side by side: they are tens of megabytes to hash.
	loaded, errs := make([]*host.Plugin, len(places)), make([]error, len(places))
	var wg sync.WaitGroup
	loader := host.SystemLoader() // an interpreter is hashed once for all
	for i, dir := range places {
		wg.Go(func() { loaded[i], errs[i] = loader.Load(dir) })
	}
	wg.Wait()
	var out []*host.Plugin
	for i, p := range loaded {
		if errs[i] != nil {
			return nil, fmt.Errorf("engine: plugin in %q: %w", places[i], errs[i])
		}
		if !slices.ContainsFunc(out, func(o *host.Plugin) bool { return o.Manifest.Name == p.Manifest.Name }) {
			out = append(out, p)
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("engine: plugins: %w in %s", evidence.ErrNotFound, strings.Join(dirs, ", "))
	}
	slices.SortFunc(out, func(a, b *host.Plugin) int { return strings.Compare(a.Manifest.Name, b.Manifest.Name) })
	return out, nil
}

func escapeGlob(dir string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(dir)
}

// Plugins are those that were found, by name.
func (e *Engine) Plugins() []*host.Plugin { return e.plugins }

// Close stops every plugin process.
func (e *Engine) Close() error {
	var err error
	if e.host != nil {
		err = e.host.Close()
		e.host = nil
	}
	if e.index != nil {
		err = errors.Join(err, e.index.Close())
		e.index = nil
	}
	return err
}

// start opens what only a real run needs.
func (e *Engine) start(ctx context.Context) error {
	if err := e.startHost(); err != nil {
		return err
	}
	if e.index == nil {
		x, err := index.Open(ctx, filepath.Join(e.c.Dir(), "index.db"), e.o.Boot)
		if err != nil {
			return fmt.Errorf("engine: %w", err)
		}
		e.index = x
	}
	return nil
}

// startHost readies what plugins run in. It writes nothing.
func (e *Engine) startHost() error {
	if e.host == nil {
		h, err := host.New(e.o.Host)
		if err != nil {
			return fmt.Errorf("engine: %w", err)
		}
		e.host = h
	}
	return nil
}
