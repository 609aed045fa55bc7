// Package python_test checks the SDK for plugins in Python, which is no Go package.
package python_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// interpreters are those that plugins are started with, and the oldest and newest
// that a machine may have besides.
func interpreters(t *testing.T) []string {
	t.Helper()
	var out []string
	for _, name := range []string{"/usr/bin/python3", "/usr/local/bin/python3", "python3.9", "python3.14"} {
		if path, err := exec.LookPath(name); err == nil && exec.Command(path, "-c", "").Run() == nil {
			out = append(out, path)
		}
	}
	if len(out) == 0 {
		t.Skip("NOT TESTED: no python3")
	}
	return out
}

func TestUnits(t *testing.T) {
	for _, python := range interpreters(t) {
		out, err := exec.Command(python, "-B", "-W", "error::DeprecationWarning", "test_exhibit_sdk.py").CombinedOutput()
		if err != nil || !bytes.Contains(out, []byte("\nOK")) {
			t.Errorf("%s: %v\n%s", python, err, out)
		}
		t.Logf("%s: %s", python, out[bytes.LastIndex(out, []byte("Ran ")):])
	}
}

// TestCopies: an example is a plugin, whose files are all its own.
func TestCopies(t *testing.T) {
	sdk, err := os.ReadFile("exhibit_sdk.py")
	if err != nil {
		t.Fatal(err)
	}
	copies, err := filepath.Glob("examples/*/exhibit_sdk.py")
	if err != nil || len(copies) == 0 {
		t.Fatal("no examples", err)
	}
	for _, path := range copies {
		if b, err := os.ReadFile(path); err != nil || !bytes.Equal(b, sdk) {
			t.Errorf("%s differs from exhibit_sdk.py (%v): copy it anew", path, err)
		}
	}
}

// TestStandalone: `python3 plugin.py run FILE` finds the companion by itself.
func TestStandalone(t *testing.T) {
	python := interpreters(t)[0]
	cmd := exec.Command(python, "-B", "examples/android-calls/plugin.py", "run", "examples/android-calls/testdata/calllog.db", "--json")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil || stderr.String() != "complete: 15 read, 15 emitted, 0 rejected, 0 skipped\n" {
		t.Fatalf("%v %s", err, stderr.String())
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) != 15 || !strings.Contains(lines[14], `"rowid": 15`) || !strings.Contains(lines[14], `"role": "wal"`) {
		t.Errorf("%s", out)
	}
	for _, args := range [][]string{{}, {"run"}, {"run", "x", "--what"}, {"run", "x", "--operation", "redact"}} {
		cmd := exec.Command(python, append([]string{"-B", "examples/android-calls/plugin.py"}, args...)...)
		if err := cmd.Run(); cmd.ProcessState.ExitCode() != 64 {
			t.Errorf("%v: %v", args, err)
		}
	}
}
