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

// TestFaults: whatever a plugin does, the run ends as it should, the sink is told,
// and the next job works.
func TestFaults(t *testing.T) {
	p := loadPlugin(t, "plugin")
	short := host.Limits{Start: 60 * time.Second, Progress: time.Second}
	for _, c := range []struct {
		mode     string
		n        int64
		limits   host.Limits
		outcome  evidence.Outcome
		attempts int
		reason   string
	}{
		{mode: "crash", outcome: evidence.OutcomeFailed, attempts: 2, reason: "crashed: exit status 3"},
		{mode: "panic", outcome: evidence.OutcomeFailed, attempts: 2, reason: "crashed: exit status 2"},
		{mode: "exit-0", outcome: evidence.OutcomeFailed, attempts: 2, reason: "crashed: exit status 0"},
		{mode: "hang", limits: short, outcome: evidence.OutcomeFailed, attempts: 2, reason: "hung: no progress for 1s"},
		{mode: "tick", limits: short, outcome: evidence.OutcomeFailed, attempts: 2, reason: "hung: no progress for 1s"},
		{mode: "stop-self", limits: short, outcome: evidence.OutcomeFailed, attempts: 2, reason: "hung: no progress for 1s"},
		{mode: "bomb", limits: host.Limits{Memory: 256 << 20}, outcome: evidence.OutcomeFailed, attempts: 2, reason: ""},
		{mode: "bomb-shared", limits: host.Limits{Memory: 256 << 20}, outcome: evidence.OutcomeFailed, attempts: 2, reason: "used more than 268435456 bytes of memory"},
		{mode: "files", outcome: evidence.OutcomeFailed, attempts: 2, reason: "made files in its directory"},
		{mode: "threads", outcome: evidence.OutcomeFailed, attempts: 2, reason: ""},
		{mode: "fork", outcome: evidence.OutcomeComplete, attempts: 1},
		{mode: "error", outcome: evidence.OutcomeFailed, attempts: 1, reason: "broke the protocol: Process returned Unknown: no such thing"},
		{mode: "no-done", outcome: evidence.OutcomeFailed, attempts: 1, reason: "broke the protocol: ended without Done"},
		{mode: "two-done", outcome: evidence.OutcomeFailed, attempts: 1, reason: "broke the protocol: an event after Done"},
		{mode: "keep-open", limits: short, outcome: evidence.OutcomeFailed, attempts: 1, reason: "broke the protocol: left its streams open after Done"},
		{mode: "wrong-count", outcome: evidence.OutcomeFailed, attempts: 1, reason: "broke the protocol: Done says 4 records, 5 arrived"},
		{mode: "wrong-digest", outcome: evidence.OutcomeFailed, attempts: 1, reason: "broke the protocol: Done states another digest of records than what arrived has"},
		{mode: "wrong-units", outcome: evidence.OutcomeFailed, attempts: 1, reason: "broke the protocol: units do not add up"},
		{mode: "wrong-rejects", outcome: evidence.OutcomeFailed, attempts: 1, reason: "broke the protocol: Done says 1 units were rejected, 0 diagnostics say so"},
		{mode: "wrong-key", outcome: evidence.OutcomeFailed, attempts: 1, reason: "broke the protocol: Done names a key that was not handed over"},
		{mode: "wrong-bytes", outcome: evidence.OutcomeFailed, attempts: 1, reason: "broke the protocol: Done says 1099511627776 bytes were read of 5"},
		{mode: "giant", outcome: evidence.OutcomeFailed, attempts: 1, reason: "broke the protocol: records line 1 is longer than 1048576 bytes"},
		{mode: "failed", outcome: evidence.OutcomeFailed, attempts: 1, reason: "wrong password"},
		{mode: "partial", outcome: evidence.OutcomePartial, attempts: 1, reason: "cut [31m short"},
		{mode: "slow", n: 30, limits: short, outcome: evidence.OutcomeComplete, attempts: 1},
	} {
		t.Run(c.mode, func(t *testing.T) {
			h := newHost(t)
			h.works(p)
			j := job(t, p, c.mode, "input")
			j.Limits = c.limits
			j.Config = config(t, map[string]any{"mode": c.mode, "n": c.n})
			res, sinks, err := h.run(t.Context(), j)
			if err != nil {
				t.Fatal(err)
			}
			if res.Outcome != c.outcome || res.Attempts != c.attempts || c.reason != "" && res.Reason != c.reason {
				t.Errorf("%s, %d attempts, %q; want %s, %d, %q", res.Outcome, res.Attempts, res.Reason, c.outcome, c.attempts, c.reason)
			}
			if len(sinks) != c.attempts {
				t.Errorf("%d sinks for %d attempts", len(sinks), c.attempts)
			}
			for i, s := range sinks {
				if want := c.outcome == evidence.OutcomeFailed; s.aborted != want {
					t.Errorf("sink %d aborted: %v", i, s.aborted)
				}
			}
			if c.mode == "fork" && !strings.Contains(sinks[0].lines[0], `"refused":100`) {
				t.Errorf("forked: %s", sinks[0].lines[0])
			}
			if c.mode == "crash" && (!strings.Contains(string(res.Stderr), "about to crash") || res.Exit != "exit status 3") {
				t.Errorf("stderr %q, exit %q", res.Stderr, res.Exit)
			}
			if c.mode == "panic" && !strings.Contains(string(res.Stderr), "assignment to entry in nil map") {
				t.Errorf("stderr %q", res.Stderr)
			}
			if strings.Contains(h.log.String(), "about to crash") || strings.Contains(h.log.String(), "nil map") {
				t.Errorf("the log quotes stderr: %s", h.log)
			}
			h.works(p)
		})
	}
}

// A plugin that stopped itself hangs all of go-plugin's own calls. In a namespace
// of its own it cannot; the test stops it from outside.
func TestStopped(t *testing.T) {
	h := newHost(t)
	p := loadPlugin(t, "plugin")
	h.works(p)
	idle := children(t)
	if len(idle) != 1 {
		t.Fatalf("processes: %v", idle)
	}
	pid, err := strconv.Atoi(idle[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	for !strings.Contains(output(t, "cat", "/proc/"+idle[0]+"/stat"), ") T ") {
		time.Sleep(time.Millisecond)
	}
	j := job(t, p, "echo", "x\n")
	j.Limits.Progress = time.Second
	res, _ := h.must(j) // in the stopped process, then in a fresh one
	if res.Outcome != evidence.OutcomeComplete || res.Attempts != 2 {
		t.Errorf("%s after %d attempts: %s", res.Outcome, res.Attempts, res.Reason)
	}
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("the stopped process is still there: %v", err)
	}
}

// TestStderr: bounded, and the beginning and the end are kept.
func TestStderr(t *testing.T) {
	h := newHost(t)
	j := job(t, loadPlugin(t, "plugin"), "flood-stderr", "input")
	j.Config = config(t, map[string]any{"mode": "flood-stderr", "n": int64(300)})
	res, _ := h.must(j)
	if res.Outcome != evidence.OutcomeComplete {
		t.Errorf("%s %q", res.Outcome, res.Reason)
	}
	if n := len(res.Stderr); n > 64<<10 || n < 60<<10 || !strings.Contains(string(res.Stderr), "bytes left out]") {
		t.Errorf("%d bytes of stderr kept", n)
	}
	if strings.Contains(h.log.String(), "evidence evidence") {
		t.Error("the log quotes stderr")
	}
}

// TestBeforeHandshake: programs that are no plugins.
func TestBeforeHandshake(t *testing.T) {
	h := newHost(t)
	good := loadPlugin(t, "plugin")
	for _, c := range []struct {
		program string
		start   time.Duration
		reason  string
	}{
		{"garbage", 0, "handshake: Unrecognized remote plugin message"},
		{"silent", time.Second, "did not start within 1s"},
		{"mute", time.Second, "did not start within 1s"},
		{"tcp", 0, "not a unix socket in its own directory"},
		{"elsewhere", 0, "not a unix socket in its own directory"},
		{"exits", 0, "handshake: Unrecognized remote plugin message"},
		{"crash-describe", 0, "Describe: "},
	} {
		t.Run(c.program, func(t *testing.T) {
			p := loadPlugin(t, c.program)
			j := job(t, p, "ok", "")
			j.Limits.Start = c.start
			res, sinks, err := h.run(t.Context(), j)
			if err != nil {
				t.Fatal(err)
			}
			if res.Outcome != evidence.OutcomeFailed || res.Attempts != 2 || len(sinks) != 0 || !strings.Contains(res.Reason, c.reason) || res.Refused {
				t.Errorf("%+v, %d sinks", res, len(sinks))
			}
			if c.program == "exits" && (string(res.Stderr) != "good bye\n" || res.Exit != "exit status 3") {
				t.Errorf("stderr %q, exit %q", res.Stderr, res.Exit)
			}
			if len(res.Reason) > 1<<10 {
				t.Errorf("reason of %d bytes", len(res.Reason))
			}
			h.works(good)
		})
	}
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
	t.Run("version", func(t *testing.T) {
		refused(t, h, loadPlugin(t, "liar-version"), "test-plugin 1.0.0", "test-plugin 9.9.9")
	})
	t.Run("operations", func(t *testing.T) { refused(t, h, loadPlugin(t, "liar-operations"), "[decrypt parse unpack]") })
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
	j := job(t, p, "stop-self", "")
	j.Limits.Progress = time.Second
	if res, _ := h.must(j); res.Outcome != evidence.OutcomeFailed || !strings.HasPrefix(res.Reason, "hung") {
		t.Errorf("%+v", res)
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
