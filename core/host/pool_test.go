//go:build linux

package host_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/exhibit-forensics/exhibit/core/host"
	"github.com/exhibit-forensics/exhibit/evidence"
)

// first reports whether the job ran in a process that had none before.
func first(t *testing.T, h *fixture, j host.Job) bool {
	t.Helper()
	res, sink := h.must(j)
	if res.Outcome != evidence.OutcomeComplete || len(sink.lines) != 1 {
		t.Fatalf("%+v", res)
	}
	return strings.Contains(sink.lines[0], `"first":true`)
}

// TestPool: a process serves again only for the same plugin, config and keys.
func TestPool(t *testing.T) {
	h := newHost(t)
	p := loadPlugin(t, "plugin")
	key := func(n int) host.Key {
		return host.Key{Fingerprint: fmt.Sprintf("key:%016d", n), Name: "k", Value: []byte("secret")}
	}
	plain := job(t, p, "identity", "x")
	for i, step := range []struct {
		keys   []host.Key
		config map[string]any
		first  bool
	}{
		{nil, nil, true},
		{nil, nil, false},
		{[]host.Key{key(1)}, nil, true},
		{[]host.Key{key(1)}, nil, false},
		{[]host.Key{key(1), key(2)}, nil, true},
		{[]host.Key{key(2), key(1)}, nil, false},
		{nil, map[string]any{"mode": "identity", "n": int64(1)}, true},
	} {
		j := plain
		j.Keys = step.keys
		if step.config != nil {
			j.Config = config(t, step.config)
		}
		if got := first(t, h, j); got != step.first {
			t.Errorf("step %d: first job of its process: %v", i, got)
		}
		if n := len(children(t)); n > 2 {
			t.Errorf("step %d: %d processes, 2 are allowed", i, n)
		}
	}
	// Another plugin directory with the same bytes is the same plugin.
	j := plain
	j.Plugin = loadPlugin(t, "plugin")
	if first(t, h, j) {
		first(t, h, plain)
		if first(t, h, j) {
			t.Error("the same digest got a process of its own")
		}
	}
}

// TestRecycled: a process is replaced after a number of jobs.
func TestRecycled(t *testing.T) {
	h := newHost(t)
	host.SetJobsPerProcess(h.Host, 3)
	j := job(t, loadPlugin(t, "plugin"), "identity", "x")
	var got []bool
	for range 7 {
		got = append(got, first(t, h, j))
	}
	if d := cmp.Diff([]bool{true, false, false, true, false, false, true}, got); d != "" {
		t.Error(d)
	}
}

// TestDiedIdle: a process that died in the pool is not an attempt.
func TestDiedIdle(t *testing.T) {
	h := newHost(t)
	p := loadPlugin(t, "plugin")
	h.works(p)
	for _, pid := range children(t) {
		output(t, "kill", "-9", pid)
	}
	for len(children(t)) > 0 {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(50 * time.Millisecond) // until the host has noticed
	if res, _ := h.must(job(t, p, "echo", "x\n")); res.Outcome != evidence.OutcomeComplete {
		t.Errorf("%+v", res)
	}
	// One that crashes on its second job only: the retry has a fresh process.
	j := job(t, p, "crash-once", "x")
	for want := 1; want <= 2; want++ {
		if res, _ := h.must(j); res.Outcome != evidence.OutcomeComplete || res.Attempts != want {
			t.Errorf("%s after %d attempts, want %d", res.Outcome, res.Attempts, want)
		}
	}
}

// TestParallel: many jobs at once, few processes.
func TestParallel(t *testing.T) {
	h := newHost(t)
	p := loadPlugin(t, "plugin")
	j := job(t, p, "ok", "x")
	j.Config = config(t, map[string]any{"mode": "ok", "n": int64(1000)})
	var wg sync.WaitGroup
	for range 40 {
		wg.Go(func() {
			sink := new(memory)
			res, err := h.Run(t.Context(), j, func() (host.Sink, error) { return sink, nil })
			if err != nil || res.Outcome != evidence.OutcomeComplete || len(sink.lines) != 1000 {
				t.Errorf("%v %+v %d", err, res, len(sink.lines))
			}
		})
	}
	wg.Wait()
	if n := len(children(t)); n == 0 || n > 2 {
		t.Errorf("%d processes", n)
	}
}

// TestClose: runs in progress and runs to come fail.
func TestClose(t *testing.T) {
	h := newHost(t)
	p := loadPlugin(t, "plugin")
	started, ended := make(chan struct{}), make(chan error)
	var sink memory
	go func() {
		_, err := h.Run(t.Context(), job(t, p, "hang", "x"), func() (host.Sink, error) {
			close(started)
			return &sink, nil
		})
		ended <- err
	}()
	<-started
	if err := h.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; !errors.Is(err, host.ErrClosed) || !sink.aborted {
		t.Errorf("%v, aborted %v", err, sink.aborted)
	}
	h.nothingLeft()
	if _, _, err := h.run(t.Context(), job(t, p, "ok", "x")); !errors.Is(err, host.ErrClosed) {
		t.Error(err)
	}
	if err := h.Close(); err != nil {
		t.Error(err)
	}
}

// TestTotalTime: a run that goes on and on is cut, and what it made is kept.
func TestTotalTime(t *testing.T) {
	h := newHost(t)
	j := job(t, loadPlugin(t, "plugin"), "flood", "x")
	j.Limits.Total, j.Limits.OutputBytes = 500*time.Millisecond, 1<<40
	sink := new(counter)
	res, err := h.Run(t.Context(), j, func() (host.Sink, error) { return sink, nil })
	if err != nil || res.Outcome != evidence.OutcomePartial || res.Reason != "over its limits: ran longer than 500ms" || res.Attempts != 1 {
		t.Errorf("%v %+v", err, res)
	}
	if sink.records == 0 || sink.records != res.Records.Count || sink.aborted {
		t.Errorf("%d records, result says %d, aborted %v", sink.records, res.Records.Count, sink.aborted)
	}
}

// TestSlowSink: what the host takes for itself is not the plugin's.
func TestSlowSink(t *testing.T) {
	h := newHost(t)
	p := loadPlugin(t, "plugin")
	h.works(p)
	j := job(t, p, "ok", "x")
	j.Config = config(t, map[string]any{"mode": "ok", "n": int64(20_000)}) // more than the pipe holds
	j.Limits.Progress = time.Second
	sink := &memory{block: make(chan struct{})}
	go func() {
		time.Sleep(2 * time.Second)
		close(sink.block)
	}()
	res, err := h.Run(t.Context(), j, func() (host.Sink, error) { return sink, nil })
	if err != nil || res.Outcome != evidence.OutcomeComplete || len(sink.lines) != 20_000 {
		t.Errorf("%v %+v", err, res)
	}
}

// counter is a sink that keeps nothing.
type counter struct {
	records int64
	aborted bool
}

func (c *counter) Records(_ []byte, infos []host.RecordInfo) error {
	c.records += int64(len(infos))
	return nil
}
func (c *counter) Diagnostics([]byte, []host.DiagnosticInfo) error { return nil }
func (c *counter) Artifact(host.Begin) (host.ArtifactWriter, error) {
	return nil, errors.New("no artifacts here")
}
func (c *counter) Abort() { c.aborted = true }

// TestHostDies: plugins do not outlive a host that is killed.
func TestHostDies(t *testing.T) {
	if os.Getenv("EXHIBIT_TEST_HOST") != "" { // the host to be killed
		cfg := host.Config{Launcher: []string{"/proc/self/exe", launcherArg}, Dir: os.Getenv("EXHIBIT_TEST_HOST"), Now: time.Now}
		cfg.Limits.Start = time.Minute
		h, err := host.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		if os.Getenv("EXHIBIT_TEST_FLAT") != "" {
			host.ForbidNamespaces(h)
		}
		_, _ = h.Run(context.Background(), job(t, loadPlugin(t, "plugin"), "clear-deathsig", "x"), func() (host.Sink, error) {
			return new(counter), nil
		})
		return
	}
	for _, flat := range []string{"", "1"} {
		dir := t.TempDir()
		cmd := exec.Command("/proc/self/exe", "-test.run=^TestHostDies$")
		run := filepath.Join(dir, "run")
		cmd.Env = append(os.Environ(), "TMPDIR="+dir, "EXHIBIT_TEST_HOST="+run, envProgram+"="+programPath(t), "EXHIBIT_TEST_FLAT="+flat)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		var plugins []string
		for deadline := time.Now().Add(30 * time.Second); len(plugins) == 0 && time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
			plugins = running(t, cmd.Process.Pid)
		}
		time.Sleep(300 * time.Millisecond)
		if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
		if len(plugins) != 1 {
			t.Fatalf("plugins of the host: %v", plugins)
		}
		for deadline := time.Now().Add(5 * time.Second); alive(plugins[0]); time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("the plugin %s outlived its host", plugins[0])
			}
		}
		// What it could not remove, the next host does.
		if left, err := os.ReadDir(run); err != nil || len(left) != 1 {
			t.Errorf("%v, %v", left, err)
		}
		h, err := host.New(host.Config{Launcher: []string{"/nonexistent"}, Dir: run, Now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		if err := h.Close(); err != nil {
			t.Error(err)
		}
		if left, err := os.ReadDir(run); err != nil || len(left) != 0 {
			t.Errorf("%v, %v", left, err)
		}
	}
}

// running lists the plugin processes among the children of pid: those that have
// become the program.
func running(t *testing.T, pid int) []string {
	t.Helper()
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, f := range files {
		b, _ := os.ReadFile(f)
		for _, child := range strings.Fields(string(b)) {
			if line, _ := os.ReadFile("/proc/" + child + "/cmdline"); string(line) == "plugin\x00" {
				found = append(found, child)
			}
		}
	}
	return found
}

func alive(pid string) bool {
	b, err := os.ReadFile("/proc/" + pid + "/stat")
	return err == nil && !strings.Contains(string(b), ") Z ")
}
