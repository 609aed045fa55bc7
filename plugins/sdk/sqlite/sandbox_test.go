package sqlite_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/exhibit-forensics/exhibit/core/host"
	"github.com/exhibit-forensics/exhibit/core/host/launch"
	"github.com/exhibit-forensics/exhibit/evidence"
)

// collected is a sink that keeps lines.
type collected struct{ records, diagnostics []string }

func (s *collected) Records(lines []byte, _ []host.RecordInfo) error {
	s.records = append(s.records, strings.Split(strings.TrimSuffix(string(lines), "\n"), "\n")...)
	return nil
}

func (s *collected) Diagnostics(lines []byte, _ []host.DiagnosticInfo) error {
	s.diagnostics = append(s.diagnostics, strings.Split(strings.TrimSuffix(string(lines), "\n"), "\n")...)
	return nil
}

func (s *collected) Artifact(host.Begin) (host.ArtifactWriter, error) {
	return nil, fmt.Errorf("an artifact")
}
func (s *collected) Abort() {}

// buildPlugin makes a plugin directory of the program in testdata.
func buildPlugin(t testing.TB) *host.Plugin {
	t.Helper()
	dir := t.TempDir()
	build := exec.Command("go", "build", "-o", filepath.Join(dir, "plugin"), "./testdata/plugin")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-trimpath -buildvcs=false")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	manifest := `{"v":1,"name":"test-sqlite","version":"1.0.0","title":"t","description":"d","licence":"MIT","protocol":1,"runtime":"exec","program":"plugin","deterministic":true,
		"operations":[{"operation":"parse","accepts":[{}],"emits":["row"]}]}`
	if err := os.WriteFile(filepath.Join(dir, host.ManifestFile), []byte(manifest), 0o644); err != nil {
		t.Fatal(err)
	}
	p, err := host.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func inputOf(t testing.TB, role string, b []byte) host.Input {
	t.Helper()
	path := filepath.Join(t.TempDir(), role)
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return host.Input{Role: role, File: f, Size: int64(len(b)), SHA256: evidence.Sum(b)}
}

// In the sandbox (no file system, no mapping of files, 1 GiB of memory, files of no
// size) a database with its log is read as it is outside.
func TestSandbox(t *testing.T) {
	if testing.Short() {
		t.Skip("short")
	}
	f := seize(t, `PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=100; CREATE TABLE message(id INTEGER PRIMARY KEY, body TEXT);
		WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 50000) INSERT INTO message SELECT i, printf('message %05d ', i*7919%50000) || hex(zeroblob(i%200)) FROM n;
		INSERT INTO message VALUES (60000, 'only in the log');`)
	h, err := host.New(host.Config{
		Launcher: launch.Argv(), Dir: filepath.Join(t.TempDir(), "run"), Processes: 1, Now: time.Now, HostVersion: "test",
		Limits: host.Limits{Start: 60 * time.Second, Progress: 60 * time.Second},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	sink := new(collected)
	job := host.Job{Plugin: buildPlugin(t), Operation: evidence.OpParse, Config: []byte("{}"), Inputs: []host.Input{inputOf(t, "input", f["input"]), inputOf(t, "wal", f["wal"])}}
	res, err := h.Run(t.Context(), job, func() (host.Sink, error) {
		*sink = collected{}
		return sink, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s", res.Sandbox)
	if !strings.Contains(string(res.Sandbox), `"seccomp"`) {
		t.Errorf("it did not run in the sandbox: %s", res.Sandbox)
	}
	if res.Outcome != evidence.OutcomeComplete || len(sink.records) != 50001 || res.Units.Declared != 50001 {
		t.Fatalf("%s %s: %d records, %+v; %v", res.Outcome, res.Reason, len(sink.records), res.Units, sink.diagnostics)
	}
	last := sink.records[len(sink.records)-1]
	if !strings.Contains(last, "only in the log") || !strings.Contains(last, `"role":"wal"`) {
		t.Errorf("%s", last)
	}
	outside := parse(t, f, tableOp("message"))
	if outside.text != strings.Join(sink.records, "\n")+"\n" {
		t.Error("the records differ from those outside of the sandbox")
	}
}
