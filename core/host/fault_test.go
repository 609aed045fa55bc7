//go:build linux

package host_test

import (
	"context"
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/exhibit-forensics/exhibit/core/host"
	"github.com/exhibit-forensics/exhibit/core/host/sandbox"
	"github.com/exhibit-forensics/exhibit/evidence"
)

// A plugin that is stopped hangs all of go-plugin's own calls. In a namespace of its
// own it cannot stop itself; the test stops it from outside, in the middle of a job.
func TestStopped(t *testing.T) {
	h := newHost(t)
	p := loadPlugin(t, "plugin")
	j := job(t, p, "hang", "x")
	j.Limits.Progress = time.Second
	var stopped []int
	res, _, err := h.runWith(t.Context(), j, func() {
		for _, child := range children(t) {
			pid, err := strconv.Atoi(child)
			if err != nil {
				t.Error(err)
			}
			if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
				t.Error(err)
			}
			stopped = append(stopped, pid)
		}
	})
	if err != nil || res.Outcome != evidence.OutcomeFailed || res.Attempts != 2 || !strings.HasPrefix(res.Reason, "hung") || len(stopped) != 2 {
		t.Errorf("%v %+v, stopped %v", err, res, stopped)
	}
	for _, pid := range stopped {
		if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
			t.Errorf("the stopped process %d is still there: %v", pid, err)
		}
	}
	h.works(p)
}

// TestRefused: programs that may not run do not.
func TestRefused(t *testing.T) {
	h := newHost(t)
	t.Run("swapped", func(t *testing.T) {
		p := loadPlugin(t, "plugin")
		pinned := p.Files["plugin"]
		other := []byte("\x7fELF, or so it says")
		if err := os.WriteFile(p.Dir+"/plugin", other, 0o755); err != nil {
			t.Fatal(err)
		}
		refused(t, h, p, pinned.String(), evidence.Sum(other).String())
	})
	t.Run("symlink", func(t *testing.T) {
		p := loadPlugin(t, "plugin")
		if err := os.Remove(p.Dir + "/plugin"); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink("/bin/true", p.Dir+"/plugin"); err != nil {
			t.Fatal(err)
		}
		refused(t, h, p)
	})
	t.Run("gone", func(t *testing.T) {
		p := loadPlugin(t, "plugin")
		if err := os.Remove(p.Dir + "/plugin"); err != nil {
			t.Fatal(err)
		}
		refused(t, h, p)
	})
	for name, content := range map[string]string{"dynamic": "", "script": "#!/bin/sh\nexit 0\n", "text": "hello"} {
		t.Run(name, func(t *testing.T) {
			p := loadPlugin(t, "plugin")
			b := []byte(content)
			if name == "dynamic" {
				var err error
				if b, err = os.ReadFile("/bin/true"); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.WriteFile(p.Dir+"/plugin", b, 0o755); err != nil {
				t.Fatal(err)
			}
			p, err := host.Load(p.Dir)
			if err != nil {
				t.Fatal(err)
			}
			refused(t, h, p, "a program must be")
		})
	}
	h.works(loadPlugin(t, "plugin"))
}

// refused checks that p is not run, for these reasons.
func refused(t *testing.T, h *fixture, p *host.Plugin, reasons ...string) {
	t.Helper()
	res, sinks, err := h.run(t.Context(), job(t, p, "ok", ""))
	if err != nil {
		t.Fatal(err)
	}
	if !res.Refused || res.Outcome != evidence.OutcomeFailed || len(sinks) != 0 {
		t.Errorf("%+v", res)
	}
	for _, r := range reasons {
		if !strings.Contains(res.Reason, r) {
			t.Errorf("%q does not say %q", res.Reason, r)
		}
	}
	if _, err := h.Check(t.Context(), p); !errors.Is(err, evidence.ErrRefused) {
		t.Errorf("check: %v", err)
	}
}

// TestUnsealed: without sealed copies every launch hashes the file it executes.
func TestUnsealed(t *testing.T) {
	h := newHost(t)
	host.ForbidSealing(h.Host)
	p := loadPlugin(t, "plugin")
	res, _ := h.must(job(t, p, "ok", "x"))
	if r := level(t, res); slices.Contains(r.Features, sandbox.SealedProgram) || !sandbox.Reaches(r.Level, sandbox.L2) {
		t.Errorf("%+v", r)
	}
	h.works(p)
	j := job(t, p, "tries", "input")
	j.Config = config(t, map[string]any{"mode": "tries", "path": "/nonexistent", "pid": int64(os.Getpid())})
	if res, sink := h.must(j); !strings.Contains(strings.Join(sink.lines, "\n"), `{"error":"EACCES","kind":"row","what":"read /etc/passwd"}`) {
		t.Errorf("%+v %q", res, sink.lines)
	}
	// Changed while it is in use: replaced, since a running program cannot be written to.
	if err := os.Remove(p.Dir + "/plugin"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p.Dir+"/plugin", []byte("other"), 0o755); err != nil {
		t.Fatal(err)
	}
	refused(t, h, p, p.Files["plugin"].String(), evidence.Sum([]byte("other")).String())
}

// TestLevelRequired: below the level that is asked for nothing of the plugin runs.
func TestLevelRequired(t *testing.T) {
	h := newHost(t, func(c *host.Config) { c.RequireLevel = sandbox.L3 })
	host.ForbidNamespaces(h.Host)
	refused(t, h, loadPlugin(t, "exits"), "sandbox level L2, but L3 is required")
}

// TestWithoutNamespaces: the same at level L2, where the process is not the first of
// its namespace and shares the host's.
func TestWithoutNamespaces(t *testing.T) {
	h := newHost(t)
	host.ForbidNamespaces(h.Host)
	p := loadPlugin(t, "plugin")
	res, _ := h.must(job(t, p, "ok", ""))
	if r := level(t, res); r.Level != sandbox.L2 {
		t.Errorf("%+v", r)
	}
	h.works(p)
}

// TestCancel: a cancelled run returns at once and leaves nothing.
func TestCancel(t *testing.T) {
	h := newHost(t)
	p := loadPlugin(t, "plugin")
	for _, mode := range []string{"hang", "flood", "flood-events", "bomb-artifact"} {
		t.Run(mode, func(t *testing.T) {
			h.works(p) // so that starting is not what is cancelled
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			j := job(t, p, mode, "input")
			j.Config = config(t, map[string]any{"mode": mode})
			started := make(chan struct{})
			var sink *memory
			var cancelled time.Time
			go func() {
				<-started
				time.Sleep(300 * time.Millisecond)
				cancelled = time.Now()
				cancel()
			}()
			_, err := h.Run(ctx, j, func() (host.Sink, error) {
				close(started)
				sink = new(memory)
				return sink, nil
			})
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%v", err)
			}
			if took := time.Since(cancelled); took > time.Second {
				t.Errorf("took %v", took)
			}
			if !sink.aborted {
				t.Error("the sink was not told")
			}
			h.works(p)
		})
	}
}
