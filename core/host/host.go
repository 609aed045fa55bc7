package host

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"time"

	"github.com/exhibit-forensics/exhibit/core/host/sandbox"
)

// Config is what a Host needs from its surroundings.
type Config struct {
	// Launcher is the argv prefix that re-executes this program into sandbox.Main:
	// launch.Argv.
	Launcher []string
	// Dir is a private directory for sockets, created if missing; several hosts may
	// share it. Each process has a directory of its own below it for as long as it lives.
	Dir string
	// RequireLevel is the lowest sandbox level that may run: L3, L2 (the default), L1, L0.
	RequireLevel string
	// Limits replace the defaults where they are not zero.
	Limits Limits
	// Processes bounds the plugin processes alive at a time. Default: the number of CPUs.
	Processes int
	Now       func() time.Time
	Log       *slog.Logger
	// HostVersion is told to plugins.
	HostVersion string
	// Beside is a host whose copies of scripts' and interpreters' files this one uses
	// instead of making its own. It must be closed after this one.
	Beside *Host
}

// ErrClosed says that the host was closed while, or before, it was asked to run something.
var ErrClosed = errors.New("host: closed")

// Host starts, pools, watches and ends plugin processes. It is safe for concurrent use.
type Host struct {
	cfg      Config
	dir      *runDir
	spawner  *spawner
	programs *programs
	trees    *trees
	pool     *pool

	mu     sync.Mutex
	closed bool
	active map[int64]context.CancelCauseFunc // runs and checks in progress, by number
	last   int64
	idle   sync.Cond // active has become shorter; its lock is mu
}

// New checks cfg and returns a host without any process. It fails with
// evidence.ErrRefused on systems where no plugin can be run.
func New(cfg Config) (*Host, error) {
	if err := supported(); err != nil {
		return nil, fmt.Errorf("host: %w", err)
	}
	switch {
	case len(cfg.Launcher) == 0:
		return nil, errors.New("host: no launcher")
	case cfg.Dir == "":
		return nil, errors.New("host: no directory")
	case cfg.Now == nil:
		return nil, errors.New("host: no clock")
	}
	if cfg.RequireLevel == "" {
		cfg.RequireLevel = sandbox.L2
	}
	if !sandbox.Reaches(cfg.RequireLevel, sandbox.L0) {
		return nil, fmt.Errorf("host: no sandbox level %q", cfg.RequireLevel)
	}
	if err := cfg.Limits.check(); err != nil {
		return nil, fmt.Errorf("host: %w", err)
	}
	if cfg.Processes <= 0 {
		cfg.Processes = runtime.GOMAXPROCS(0)
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	dir, err := newRunDir(cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("host: %w", err)
	}
	h := &Host{cfg: cfg, dir: dir, spawner: newSpawner(), programs: newPrograms(), trees: newTrees(dir.path), pool: newPool(cfg.Processes), active: make(map[int64]context.CancelCauseFunc)}
	if cfg.Beside != nil {
		h.trees = cfg.Beside.trees
	}
	h.idle.L = &h.mu
	return h, nil
}

// Close ends every process and removes what is left of them. Runs in progress
// fail with ErrClosed; Close returns when they have.
func (h *Host) Close() error {
	h.mu.Lock()
	h.closed = true
	for _, cancel := range h.active {
		cancel(ErrClosed)
	}
	for len(h.active) > 0 {
		h.idle.Wait()
	}
	h.mu.Unlock()
	for _, p := range h.pool.drain() {
		p.end()
	}
	h.spawner.close()
	h.programs.close()
	if h.cfg.Beside == nil {
		h.trees.close()
	}
	if err := h.dir.close(); err != nil {
		return fmt.Errorf("host: %w", err)
	}
	return nil
}

// enter begins a piece of work that ends early when the host is closed.
func (h *Host) enter(ctx context.Context) (_ context.Context, leave func(), err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, nil, ErrClosed
	}
	ctx, cancel := context.WithCancelCause(ctx)
	h.last++
	number := h.last
	h.active[number] = cancel
	return ctx, func() {
		cancel(nil)
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.active, number)
		h.idle.Broadcast()
	}, nil
}
