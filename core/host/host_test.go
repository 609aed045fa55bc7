//go:build linux

package host_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/exhibit-forensics/exhibit/core/host"
	"github.com/exhibit-forensics/exhibit/core/host/sandbox"
	"github.com/exhibit-forensics/exhibit/evidence"
)

const (
	launcherArg = "sandbox-exec"
	// envProgram is the built test plugin, for tests run again as an ordinary user.
	envProgram = "EXHIBIT_TEST_PLUGIN"
	nobody     = 65534
)

// buildDir is where program puts the test plugin, removed in the end.
var buildDir string

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && strings.HasPrefix(os.Args[1], "sandbox-") {
		os.Exit(launch(os.Args[1], os.Args[2:]))
	}
	code := m.Run()
	userRun.end()
	if buildDir != "" {
		_ = os.RemoveAll(buildDir)
	}
	os.Exit(code)
}

// program builds the test plugin, once.
var program = sync.OnceValues(func() (string, error) {
	if path := os.Getenv(envProgram); path != "" {
		return path, nil
	}
	dir, err := os.MkdirTemp("", "exhibit-host")
	if err != nil {
		return "", err
	}
	buildDir = dir
	if err := os.Chmod(dir, 0o755); err != nil { // for tests as another user
		return "", err
	}
	path := filepath.Join(dir, "testplugin")
	build := exec.Command("go", "build", "-ldflags=-s -w", "-o", path, "./testdata/plugin")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build test plugin: %w\n%s", err, out)
	}
	return path, nil
})

func programPath(t testing.TB) string {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// loadPlugin makes a plugin directory with the test plugin under that program name.
func loadPlugin(t testing.TB, name string) *host.Plugin {
	t.Helper()
	return loadProgram(t, name, func(path string) error {
		b, err := os.ReadFile(programPath(t))
		if err != nil {
			return err
		}
		return os.WriteFile(path, b, 0o755)
	})
}

// linkPlugin is loadPlugin for tests that leave the program as it is.
func linkPlugin(t testing.TB, name string) *host.Plugin {
	t.Helper()
	if os.Getuid() != 0 { // others may not link what is not theirs
		return loadPlugin(t, name)
	}
	return loadProgram(t, name, func(path string) error { return os.Link(programPath(t), path) })
}

func loadProgram(t testing.TB, name string, program func(path string) error) *host.Plugin {
	t.Helper()
	dir := t.TempDir()
	manifest := fmt.Sprintf(`{"v":1,"name":"test-plugin","version":"1.0.0","title":"t","description":"d","licence":"MIT","protocol":1,"runtime":"exec","program":%q,"deterministic":true,
		"operations":[{"operation":"parse","accepts":[{}],"emits":["row"]},{"operation":"unpack","accepts":[{}]}]}`, name)
	if err := os.WriteFile(filepath.Join(dir, host.ManifestFile), []byte(manifest), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := program(filepath.Join(dir, name)); err != nil {
		t.Fatal(err)
	}
	p, err := host.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// fixture is a host of its own for one test, which checks in the end that nothing
// is left of it: no process, no file, no goroutine.
type fixture struct {
	*host.Host
	t   testing.TB
	dir string
	log *strings.Builder
}

func newHost(t testing.TB, change ...func(*host.Config)) *fixture {
	t.Helper()
	f := &fixture{t: t, dir: filepath.Join(t.TempDir(), "run"), log: new(strings.Builder)}
	cfg := host.Config{
		Launcher: []string{"/proc/self/exe", launcherArg}, Dir: f.dir, Processes: 2, Now: time.Now, HostVersion: "test",
		Log: slog.New(slog.NewTextHandler(&syncWriter{w: f.log}, &slog.HandlerOptions{Level: slog.LevelDebug})),
		// The machine may be busy with other tests: nothing here depends on speed.
		Limits: host.Limits{Start: 60 * time.Second, Progress: 60 * time.Second},
	}
	for _, c := range change {
		c(&cfg)
	}
	open := descriptors(t)
	h, err := host.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	f.Host = h
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		f.nothingLeft()
		now := descriptors(t)
		for end := time.Now().Add(5 * time.Second); len(now) > len(open) && time.Now().Before(end); now = descriptors(t) {
			time.Sleep(20 * time.Millisecond) // what other goroutines of the test program have open in passing
		}
		if len(now) > len(open) {
			t.Errorf("descriptors are open: %q; before: %q", now, open)
		}
		if _, ok := t.(*testing.T); ok { // a benchmark has goroutines of its own
			goleak.VerifyNone(t)
		}
	})
	return f
}

type syncWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (s *syncWriter) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.w.Write(p)
}

func (f *fixture) nothingLeft() {
	f.t.Helper()
	entries, err := os.ReadDir(f.dir)
	if err != nil || len(entries) > 0 {
		f.t.Errorf("left in the host's directory: %v, %v", entries, err)
	}
	if c := children(f.t); len(c) > 0 {
		f.t.Errorf("processes left: %v", c)
	}
}

// descriptors counts what this process has open.
func descriptors(t testing.TB) []string {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	var open []string
	for _, e := range entries {
		// The directory that was just read is among them, and gone.
		if target, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil {
			open = append(open, e.Name()+" "+target)
		}
	}
	return open
}

// children lists the process's children.
func children(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("/proc/self/task/*/children")
	if err != nil || len(files) == 0 {
		t.Fatalf("no /proc/self/task/*/children: %v", err)
	}
	var all []string
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil && !errors.Is(err, os.ErrNotExist) && !errors.Is(err, syscall.ESRCH) {
			t.Fatal(err)
		}
		all = append(all, slices.DeleteFunc(strings.Fields(string(b)), isBystander)...)
	}
	return all
}

// memory is a sink that keeps everything.
type memory struct {
	lines     []string
	infos     []host.RecordInfo
	diags     []string
	diagInfos []host.DiagnosticInfo
	arts      []*memoryArtifact
	aborted   bool
	fail      error
	block     chan struct{}
}

type memoryArtifact struct {
	host.Begin
	data     []byte
	ended    bool
	complete bool
	reason   string
	aborted  bool
}

func (m *memory) Records(lines []byte, infos []host.RecordInfo) error {
	if m.block != nil {
		<-m.block
	}
	if m.fail != nil {
		return m.fail
	}
	for _, i := range infos {
		line, ok := strings.CutSuffix(string(lines[i.Offset:i.Offset+i.Length]), "\n")
		if !ok {
			return fmt.Errorf("line at %d does not end at %d", i.Offset, i.Offset+i.Length)
		}
		m.lines = append(m.lines, line)
	}
	m.infos = append(m.infos, slices.Clone(infos)...)
	return nil
}

func (m *memory) Diagnostics(lines []byte, infos []host.DiagnosticInfo) error {
	for _, i := range infos {
		m.diags = append(m.diags, string(lines[i.Offset:i.Offset+i.Length-1]))
	}
	m.diagInfos = append(m.diagInfos, slices.Clone(infos)...)
	return nil
}

func (m *memory) Artifact(b host.Begin) (host.ArtifactWriter, error) {
	b.Steps, b.Meta = slices.Clone(b.Steps), slices.Clone(b.Meta)
	a := &memoryArtifact{Begin: b}
	m.arts = append(m.arts, a)
	return a, nil
}

func (m *memory) Abort() { m.aborted = true }

func (a *memoryArtifact) Write(p []byte) (int, error) {
	a.data = append(a.data, p...)
	return len(p), nil
}

func (a *memoryArtifact) End(complete bool, reason string) error {
	if a.ended || a.aborted {
		return errors.New("ended twice")
	}
	a.ended, a.complete, a.reason = true, complete, reason
	return nil
}

func (a *memoryArtifact) Abort() { a.aborted = true }

// inputFile makes an input.
func inputFile(t testing.TB, content string) host.Input {
	t.Helper()
	path := filepath.Join(t.TempDir(), "input")
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return host.Input{Role: "input", File: f, Size: int64(len(content)), SHA256: evidence.Sum([]byte(content))}
}

func config(t testing.TB, v map[string]any) []byte {
	t.Helper()
	b, err := evidence.Canonical(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// job is a job of the test plugin in that mode.
func job(t testing.TB, p *host.Plugin, mode string, input string) host.Job {
	t.Helper()
	return host.Job{Plugin: p, Operation: evidence.OpParse, Config: config(t, map[string]any{"mode": mode}), Inputs: []host.Input{inputFile(t, input)}}
}

// run runs j and returns all sinks, one an attempt.
func (f *fixture) run(ctx context.Context, j host.Job) (host.Result, []*memory, error) {
	return f.runWith(ctx, j, nil)
}

// runWith is run; started is called at the beginning of each attempt.
func (f *fixture) runWith(ctx context.Context, j host.Job, started func()) (host.Result, []*memory, error) {
	var sinks []*memory
	res, err := f.Run(ctx, j, func() (host.Sink, error) {
		sinks = append(sinks, new(memory))
		if started != nil {
			started()
		}
		return sinks[len(sinks)-1], nil
	})
	return res, sinks, err
}

// must runs j and returns the last sink.
func (f *fixture) must(j host.Job) (host.Result, *memory) {
	f.t.Helper()
	res, sinks, err := f.run(f.t.Context(), j)
	if err != nil {
		f.t.Fatalf("run: %v", err)
	}
	if len(sinks) == 0 {
		f.t.Fatalf("no attempt: %+v", res)
	}
	return res, sinks[len(sinks)-1]
}

// works checks that the host still does what it should, after whatever came before.
func (f *fixture) works(p *host.Plugin) {
	f.t.Helper()
	res, sink := f.must(job(f.t, p, "echo", "a\n\nb\n"))
	if res.Outcome != evidence.OutcomeComplete || len(sink.lines) != 2 || len(sink.diags) != 1 {
		f.t.Errorf("the next job: %s %q, %d records, %d diagnostics, stderr %q", res.Outcome, res.Reason, len(sink.lines), len(sink.diags), res.Stderr)
	}
}

// level returns the level a result says.
func level(t testing.TB, res host.Result) sandbox.Report {
	t.Helper()
	var r sandbox.Report
	if err := json.Unmarshal(res.Sandbox, &r); err != nil {
		t.Fatalf("sandbox %s: %v", res.Sandbox, err)
	}
	return r
}

// output runs a stock tool.
func output(t testing.TB, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
