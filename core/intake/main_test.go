package intake_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/exhibit-forensics/exhibit/core/intake"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// The test binary doubles as a process that adds a path to a case, to be killed
// or to run as another user: EXHIBIT_INTAKE_HELPER holds {"case", "path"}.
func TestMain(m *testing.M) {
	if arg := os.Getenv("EXHIBIT_INTAKE_HELPER"); arg != "" {
		os.Exit(helper(arg))
	}
	goleak.VerifyTestMain(m)
}

type helperArgs struct{ Case, Path string }

type helperReport struct {
	Report  intake.Report
	Notices []intake.Notice
}

func helper(arg string) int {
	var a helperArgs
	if err := json.Unmarshal([]byte(arg), &a); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	ctx := context.Background()
	c, err := store.Open(ctx, a.Case, storeOptions())
	if errors.Is(err, evidence.ErrNoCase) {
		c, err = store.Create(ctx, a.Case, storeOptions(), store.Init{Lab: "lab"})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	var out helperReport
	o := intake.Options{Now: time.Now, Notice: func(n intake.Notice) { out.Notices = append(out.Notices, n) }}
	out.Report, err = intake.Add(ctx, c, o, intake.Request{Path: a.Path})
	if err = errors.Join(err, c.Close()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if err := json.NewEncoder(os.Stdout).Encode(out); err != nil {
		return 1
	}
	return 0
}

// helperCommand returns a command that adds path, run by the user with that id.
func helperCommand(t *testing.T, dir, path string, uid int) *exec.Cmd {
	t.Helper()
	arg, err := json.Marshal(helperArgs{dir, path})
	if err != nil {
		t.Fatal(err)
	}
	program := "/proc/self/exe"
	if uid != os.Getuid() {
		program = copyProgram(t)
	}
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), "EXHIBIT_INTAKE_HELPER="+string(arg))
	if uid != os.Getuid() {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}}
	}
	return cmd
}

// copyProgram puts the test binary where another user may execute it.
func copyProgram(t *testing.T) string {
	t.Helper()
	in, err := os.Open("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	name := filepath.Join(openDir(t), "program")
	out, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY, 0o755)
	if err == nil {
		_, err = io.Copy(out, in)
		err = errors.Join(err, out.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// openDir makes a directory into which every user can write.
func openDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := errors.Join(os.Chmod(dir, 0o777), os.Chmod(filepath.Dir(dir), 0o755)); err != nil {
		t.Fatal(err)
	}
	return dir
}

func storeOptions() store.Options {
	start := time.Now()
	return store.Options{
		Now: time.Now, Rand: rand.Reader,
		Clock:       func() custody.Clock { return custody.Clock{Source: "system"} },
		Monotonic:   func() time.Duration { return time.Since(start) },
		LocalOffset: func() string { return "+00:00" },
		Tool:        custody.Tool{Name: "intake.test", Version: "0", Protocol: 1, OS: "linux", Arch: "amd64"},
	}
}

// newCase makes a case that is closed with the test.
func newCase(t *testing.T) *store.Case {
	t.Helper()
	c, err := store.Create(t.Context(), filepath.Join(t.TempDir(), "case"), storeOptions(), store.Init{Lab: "lab"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// recorder collects notices.
type recorder struct{ notices []intake.Notice }

func (r *recorder) options() intake.Options {
	return intake.Options{Now: time.Now, Notice: func(n intake.Notice) { r.notices = append(r.notices, n) }}
}

func (r *recorder) of(c intake.Concern) []string {
	var out []string
	for _, n := range r.notices {
		if n.Concern == c {
			out = append(out, n.Path)
		}
	}
	slices.Sort(out)
	return out
}

func add(t *testing.T, c *store.Case, r intake.Request) (intake.Report, *recorder) {
	t.Helper()
	rec := &recorder{}
	rep, err := intake.Add(t.Context(), c, rec.options(), r)
	if err != nil {
		t.Fatal(err)
	}
	return rep, rec
}

// occurrences of an item by path.
func occurrences(t *testing.T, c *store.Case, item string) map[string]evidence.Occurrence {
	t.Helper()
	out := map[string]evidence.Occurrence{}
	for o, err := range c.Occurrences(t.Context(), item) {
		if err != nil {
			t.Fatal(err)
		}
		if _, twice := out[o.Path.Bytes()]; twice {
			t.Errorf("%q occurs twice", o.Path.Bytes())
		}
		out[o.Path.Bytes()] = o
	}
	return out
}

// content reads an artifact back through the store.
func content(t *testing.T, c *store.Case, d evidence.Digest) []byte {
	t.Helper()
	a, err := c.Artifact(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	obj, err := c.Blobs().Reader(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	defer obj.Close()
	b, err := io.ReadAll(io.NewSectionReader(obj, 0, a.Size))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

func keys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
