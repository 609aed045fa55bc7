package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// exhibit runs the program in a process of its own.
func exhibit(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("exhibit", args...)
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir(), "EXHIBIT_CASE=", "EXHIBIT_EXAMINER=")
	return cmd
}

func output(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exhibit(t, args...).Output()
	if err != nil {
		t.Fatalf("%q: %v", args, err)
	}
	return string(out)
}

// An interrupt ends the program with 130, says what is kept, and leaves a case
// in which the same command goes on.
func TestCancelled(t *testing.T) {
	dir := t.TempDir()
	k, item := filepath.Join(dir, "c"), filepath.Join(dir, "item")
	output(t, "init", k)
	large := filepath.Join(item, "large.img")
	if err := errors.Join(os.Mkdir(item, 0o755), os.WriteFile(large, nil, 0o644), os.Truncate(large, 64<<30)); err != nil {
		t.Fatal(err)
	}
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		cmd := exhibit(t, "--case", k, "add", item)
		stderr, err := cmd.StderrPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		var said bytes.Buffer
		for !strings.Contains(said.String(), "large.img") && !strings.Contains(said.String(), "EX-001") {
			if _, err := io.CopyN(&said, stderr, 1); err != nil {
				t.Fatalf("%v: %s", err, said.String())
			}
		}
		if err := cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if _, err := io.Copy(&said, stderr); err != nil {
			t.Fatal(err)
		}
		err = cmd.Wait()
		if cmd.ProcessState.ExitCode() != exitCancelled {
			t.Errorf("%v: %v\n%s", sig, err, said.String())
		}
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("%v: it took %v to end", sig, took)
		}
		if !strings.Contains(said.String(), "EX-001 is not finished") || !strings.Contains(said.String(), "Try: the same command again") {
			t.Errorf("%v: %s", sig, said.String())
		}
	}
	if err := os.Truncate(large, 10); err != nil {
		t.Fatal(err)
	}
	if out := output(t, "--case", k, "add", item); !strings.HasPrefix(out, "EX-001  ") {
		t.Error(out)
	}
	if out := output(t, "verify", k); !strings.HasPrefix(out, "INTACT") {
		t.Error(out)
	}
}

// What `log` prints as JSON and as raw bytes is what is hashed.
func TestLogIsExact(t *testing.T) {
	dir := t.TempDir()
	k := filepath.Join(dir, "c")
	output(t, "init", k, "--title", "T <&> \u2028")
	item := filepath.Join(dir, "item")
	if err := os.WriteFile(item, []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	output(t, "--case", k, "add", item, "--note", "<b>&\"")
	raw := strings.Split(strings.TrimSuffix(output(t, "--case", k, "log", "--raw"), "\n"), "\n")
	lines := strings.Split(strings.TrimSuffix(output(t, "--case", k, "log", "--json"), "\n"), "\n")
	if len(raw) != 4 || len(lines) != len(raw) {
		t.Fatalf("%d and %d lines", len(raw), len(lines))
	}
	for i, line := range lines {
		var e struct {
			Seq      int
			Leaf     string
			Entry    json.RawMessage
			Openings map[string]struct {
				Salt  string
				Value json.RawMessage
			}
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		leaf := sha256.Sum256(append([]byte{0}, raw[i]...))
		if e.Seq != i || string(e.Entry) != raw[i] || e.Leaf != hex.EncodeToString(leaf[:]) {
			t.Errorf("%d: %s\n%s", i, line, raw[i])
		}
		var entry struct{ Commit map[string]string }
		if err := json.Unmarshal(e.Entry, &entry); err != nil {
			t.Fatal(err)
		}
		if len(entry.Commit) != len(e.Openings) || len(e.Openings) < 4 {
			t.Errorf("%d: %d commitments, %d openings", i, len(entry.Commit), len(e.Openings))
		}
		for field, o := range e.Openings {
			// Written out by hand from docs/formats/custody.md; these names need no escapes.
			sum := sha256.Sum256([]byte(`["` + o.Salt + `","` + field + `",` + string(o.Value) + `]`))
			if entry.Commit[field] != hex.EncodeToString(sum[:]) {
				t.Errorf("%d: %s", i, field)
			}
		}
	}
}

// Where standard output is gone there is an error, not a success.
func TestOutputFails(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("there is no /dev/full here")
	}
	defer full.Close()
	k := filepath.Join(t.TempDir(), "c")
	output(t, "init", k)
	for _, args := range [][]string{{"status"}, {"status", "--json"}, {"log"}, {"log", "--json"}, {"log", "--raw"}, {"verify"}, {"verify", "--json"}, {"version"}, {"completion", "bash"}} {
		cmd := exhibit(t, append([]string{"--case", k}, args...)...)
		cmd.Stdout = full
		if err := cmd.Run(); cmd.ProcessState.ExitCode() == exitDone {
			t.Errorf("%q: %v", args, err)
		}
	}
}
