package store_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// readAll uses every way of reading and returns how many entries and
// occurrences there are.
func readAll(t testing.TB, c *store.Case) (entries, occurrences int) {
	t.Helper()
	ctx := context.Background()
	size, _, err := c.Head(ctx)
	if err != nil {
		t.Fatal(err)
	}
	s, err := c.State(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if s.Size < size {
		t.Fatalf("the state is of %d entries, the head was of %d", s.Size, size)
	}
	if _, err := c.PlaceIndex(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Secret(); err != nil {
		t.Fatal(err)
	}
	collect(t, c.Work(ctx))
	return int(size), len(collect(t, c.Occurrences(ctx, "")))
}

// Beside a writer in another process a reader sees each commit, whichever of the
// two was first.
func TestReaderBesideWriter(t *testing.T) {
	c := create(t)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	early := openReader(t, c.Dir())
	if n, _ := readAll(t, early); n != 1 {
		t.Fatalf("%d entries", n)
	}
	h := helper(t, "append", c.Dir())
	if line := h.line(t); line != "open" {
		t.Fatal(line)
	}
	late := openReader(t, c.Dir())
	for i := range 20 {
		seq, _, _ := strings.Cut(h.line(t), " ")
		for name, r := range map[string]*store.Case{"early": early, "late": late} {
			size, _, err := r.Head(context.Background())
			if err != nil || size < int64(i)+2 {
				t.Fatalf("%s reader: %d entries, %v; entry %s was acknowledged", name, size, err, seq)
			}
			readAll(t, r)
		}
	}
	h.kill(t)
	// The writer was killed: what it left is read without being recovered.
	for _, r := range []*store.Case{early, late, openReader(t, c.Dir())} {
		if n, o := readAll(t, r); n < 21 || o != n-1 {
			t.Fatalf("%d entries, %d occurrences", n, o)
		}
	}
}

// A reader changes nothing: neither in a case that was closed, nor in one whose
// writer was killed, nor where another program removed the transaction log.
func TestReaderLeavesNoTrace(t *testing.T) {
	for name, prepare := range map[string]func(*testing.T, string) int{
		"closed": func(t *testing.T, dir string) int {
			c := open(t, dir)
			appendTo(t, c, received(t, c, "EX-001", "f", "x"))
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
			return 2
		},
		"writer killed": killed,
		"log removed": func(t *testing.T, dir string) int {
			for _, end := range []string{"-wal", "-shm"} {
				if err := os.Remove(filepath.Join(dir, "case.db"+end)); err != nil {
					t.Fatal(err)
				}
			}
			return 1
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := create(t)
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
			want := prepare(t, c.Dir())
			before := housekept(listing(t, c.Dir()))
			r := openReader(t, c.Dir())
			if n, _ := readAll(t, r); n != want {
				t.Errorf("%d entries, want %d", n, want)
			}
			if err := r.Close(); err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(before, housekept(listing(t, c.Dir()))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// housekept leaves out when the owner of the log's files was last set: SQLite sets
// it, to the same one, whenever root opens a log that holds something.
func housekept(files map[string]string) map[string]string {
	for name, s := range files {
		if os.Geteuid() == 0 && (strings.HasSuffix(name, "case.db-wal") || strings.HasSuffix(name, "case.db-shm")) {
			files[name] = s[:strings.LastIndexByte(s, ' ')]
		}
	}
	return files
}

// killed lets a writer append and kills it; it returns how many entries there
// must be.
func killed(t *testing.T, dir string) int {
	t.Helper()
	h := helper(t, "append", dir)
	for range 6 { // "open" and five entries
		if h.line(t) == "" {
			t.Fatal("the writer ended")
		}
	}
	n := 6 + len(h.kill(t))
	// One more may have become durable before it was said.
	c := openReader(t, dir)
	size, _, err := c.Head(context.Background())
	if err != nil || int(size) < n || int(size) > n+1 {
		t.Fatalf("%d entries, %v; %d were acknowledged", size, err, n)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	return int(size)
}

// Without case.db-shm a log with content cannot be read without writing; its
// content must not be left out in silence.
func TestReaderSaysWhyNot(t *testing.T) {
	c := create(t)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	killed(t, c.Dir())
	if err := os.Remove(filepath.Join(c.Dir(), "case.db-shm")); err != nil {
		t.Fatal(err)
	}
	if _, err := store.OpenReader(context.Background(), c.Dir()); err == nil || !strings.Contains(err.Error(), "case.db-wal") {
		t.Fatal(err)
	}
	// A writer recovers it, after which it can be read.
	w := open(t, c.Dir())
	if n, _ := readAll(t, w); n < 6 {
		t.Fatalf("%d entries", n)
	}
}

// At rest reading goes without locks. A writer that only commits does not touch
// what is being read; one that ends rewrites it, and that is noticed.
func TestReaderNoticesAWriter(t *testing.T) {
	ctx := context.Background()
	c := create(t)
	for range 3 {
		appendTo(t, c, received(t, c, "EX-001", "f", "x"))
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	r := openReader(t, c.Dir())
	during := func(act func()) error {
		n := 0
		for _, err := range r.Occurrences(ctx, "") {
			if err != nil {
				return err
			}
			if n++; n == 1 {
				act()
			}
		}
		if n != 3 {
			t.Errorf("%d occurrences", n)
		}
		return nil
	}
	var w *store.Case
	if err := during(func() { w = open(t, c.Dir()); appendTo(t, w, note("x")) }); err != nil {
		t.Fatalf("while a writer began: %v", err)
	}
	if n, _ := readAll(t, r); n != 5 {
		t.Fatalf("%d entries beside the writer", n)
	}
	if err := errors.Join(r.Close(), w.Close()); err != nil {
		t.Fatal(err)
	}
	r = openReader(t, c.Dir())
	err := during(func() {
		w := open(t, c.Dir())
		appendTo(t, w, note("x"))
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	})
	if !errors.Is(err, evidence.ErrChanged) {
		t.Fatalf("while a writer came and went: %v", err)
	}
	if n, _ := readAll(t, r); n != 6 {
		t.Fatalf("%d entries after the writer", n)
	}
}

// On a read-only filesystem and in a directory of somebody else a case is read,
// closed or left by a killed writer.
func TestReaderOnReadOnlyMedium(t *testing.T) {
	for _, state := range []string{"closed", "killed"} {
		t.Run(state, func(t *testing.T) {
			c := create(t)
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
			want := 1
			if state == "killed" {
				want = killed(t, c.Dir())
			}
			inNamespace(t, "read-only", c.Dir(), func(out []byte) {
				if got := strings.TrimSpace(string(out)); got != "entries "+itoa(int64(want))+"\nwriting: read-only" {
					t.Errorf("got %q, want %d entries", got, want)
				}
			})
		})
	}
}

// inNamespace runs a helper as root of its own user and mount namespace.
func inNamespace(t *testing.T, what, dir string, check func(out []byte)) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, helperFlag, what, dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out, err := cmd.CombinedOutput()
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EINVAL) {
		t.Skipf("no user namespaces here: %v", err)
	}
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	check(out)
}
