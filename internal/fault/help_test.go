package fault_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/exhibit-forensics/exhibit/evidence/store"
	"github.com/exhibit-forensics/exhibit/internal/corpus"
)

// bench is what all disturbances share: the built program, evidence, and a case
// in which nothing was received yet. Copies of it have the same fingerprint
// secret, so that their record sets can be compared.
type bench struct {
	dir, program, evidence, blank string
	// want is what a case holds after an undisturbed add and run.
	want string
	// addTime and runTime are how long those took.
	addTime, runTime time.Duration
}

var shared *bench

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "exhibit-fault")
		if err != nil {
			panic(err)
		}
		defer func() {
			_ = exec.Command("chmod", "-R", "u+w", dir).Run()
			_ = os.RemoveAll(dir)
		}()
		if shared, err = prepare(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return m.Run()
	}())
}

func prepare(dir string) (*bench, error) {
	b := &bench{dir: dir, program: filepath.Join(dir, "bin", "exhibit"), evidence: filepath.Join(dir, "server"), blank: filepath.Join(dir, "blank")}
	if out, err := exec.Command("../../scripts/build.sh", filepath.Join(dir, "bin")).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build: %w: %s", err, out)
	}
	if err := corpus.Write(dir, corpus.Options{Seed: 11}); err != nil {
		return nil, err
	}
	for _, args := range [][]string{{"init", b.blank}, {"--case", b.blank, "layout", "add", filepath.Join(dir, "truth", "layouts.json")}} {
		if code, out := b.exhibit(args...); code != 0 {
			return nil, fmt.Errorf("%v: exit %d: %s", args, code, out)
		}
	}
	c := filepath.Join(dir, "undisturbed")
	if err := copyCase(b.blank, c); err != nil {
		return nil, err
	}
	start := time.Now()
	if code, out := b.exhibit(b.add(c)...); code != 0 {
		return nil, fmt.Errorf("add: exit %d: %s", code, out)
	}
	b.addTime = time.Since(start)
	start = time.Now()
	if code, out := b.exhibit("--case", c, "run"); code != 3 { // the cut gzip
		return nil, fmt.Errorf("run: exit %d: %s", code, out)
	}
	b.runTime = time.Since(start)
	var err error
	b.want, err = holdings(c)
	return b, err
}

func (b *bench) add(c string) []string {
	return []string{"--case", c, "add", b.evidence, "--zone", "+08:00"}
}

// exhibit runs the program to its end.
func (b *bench) exhibit(args ...string) (int, string) {
	return finish(exec.Command(b.program, args...))
}

func finish(cmd *exec.Cmd) (int, string) {
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return -1, err.Error()
	}
	return cmd.ProcessState.ExitCode(), out.String()
}

func copyCase(from, to string) error {
	if out, err := exec.Command("cp", "-a", from, to).CombinedOutput(); err != nil {
		return fmt.Errorf("cp: %w: %s", err, out)
	}
	return nil
}

// fresh copies a case for one disturbance.
func (b *bench) fresh(t *testing.T, from string) string {
	t.Helper()
	c := filepath.Join(t.TempDir(), "case")
	if err := copyCase(from, c); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = exec.Command("chmod", "-R", "u+w", c).Run() })
	return c
}

// received makes a case with the evidence in it, once.
func (b *bench) received(t *testing.T) string {
	t.Helper()
	c := filepath.Join(b.dir, "received")
	if _, err := os.Stat(c); err == nil {
		return c
	}
	if err := copyCase(b.blank, c); err != nil {
		t.Fatal(err)
	}
	if code, out := b.exhibit(b.add(c)...); code != 0 {
		t.Fatalf("add: exit %d: %s", code, out)
	}
	return c
}

// holdings lists what a case holds, without what differs between two honest runs:
// times, salts, and the order in which runs ended.
func holdings(dir string) (string, error) {
	ctx := context.Background()
	c, err := store.OpenReader(ctx, dir)
	if err != nil {
		return "", err
	}
	defer c.Close()
	lines := map[string]bool{}
	for o, err := range c.Occurrences(ctx, "") {
		if err != nil {
			return "", err
		}
		lines[fmt.Sprintf("occurrence %s %s %s", o.Item, o.Path, o.Artifact)] = true
	}
	for d, err := range c.Derivations(ctx) {
		if err != nil {
			return "", err
		}
		lines[fmt.Sprintf("derivation %s %s %v", d.Parent, d.Child, d.Complete)] = true
	}
	for row, err := range c.Runs(ctx) {
		if err != nil {
			return "", err
		}
		r := row.Run
		line := fmt.Sprintf("run %s %s %+v", r.ID, r.Outcome, r.Units)
		if r.Records != nil {
			line += " records " + r.Records.Artifact.String()
		}
		if r.Diagnostics != nil {
			line += " diagnostics " + r.Diagnostics.Artifact.String()
		}
		lines[line] = true
	}
	out := make([]string, 0, len(lines))
	for l := range lines {
		out = append(out, l)
	}
	slices.Sort(out)
	return strings.Join(out, "\n"), nil
}

// head is the log's size as a reader beside sees it, 0 where it cannot.
func head(dir string) int64 {
	ctx := context.Background()
	c, err := store.OpenReader(ctx, dir)
	if err != nil {
		return 0
	}
	defer c.Close()
	size, _, err := c.Head(ctx)
	if err != nil {
		return 0
	}
	return size
}

// recovers checks what must hold after any disturbance: nothing that was visible
// is gone, the second opinion finds no fault, and going on gives what an
// undisturbed run gives.
func (b *bench) recovers(t *testing.T, c string, seen int64, addToo bool) {
	t.Helper()
	if code, out := b.exhibit("--case", c, "verify"); code != 0 {
		t.Fatalf("after the disturbance verify exits %d:\n%s", code, out)
	}
	if now := head(c); now < seen {
		t.Fatalf("%d entries are left of %d", now, seen)
	}
	if addToo {
		if code, out := b.exhibit(b.add(c)...); code != 0 {
			// The add that was disturbed may have been complete: a second one would
			// then be another exhibit, and is refused or counted by the log.
			t.Fatalf("going on with add: exit %d:\n%s", code, out)
		}
	}
	if code, out := b.exhibit("--case", c, "run"); code != 3 {
		t.Fatalf("going on with run: exit %d:\n%s", code, out)
	}
	got, err := holdings(c)
	if err != nil {
		t.Fatal(err)
	}
	if got != b.want {
		t.Fatalf("the case differs from an undisturbed one:\n%s", difference(b.want, got))
	}
	if code, out := b.exhibit("--case", c, "verify"); code != 0 {
		t.Fatalf("in the end verify exits %d:\n%s", code, out)
	}
}

func difference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	var out []string
	for _, l := range w {
		if !slices.Contains(g, l) {
			out = append(out, "- "+l)
		}
	}
	for _, l := range g {
		if !slices.Contains(w, l) {
			out = append(out, "+ "+l)
		}
	}
	return strings.Join(out, "\n")
}

// rounds is how often a disturbance is repeated.
func rounds(short, long int) int {
	if os.Getenv("EXHIBIT_FAULT") != "" {
		return long
	}
	return short
}
