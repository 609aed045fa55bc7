package store_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// acknowledged are the lines a helper printed for its appends: entry number and
// digest.
type acknowledged map[int64]evidence.Digest

func (a acknowledged) add(t testing.TB, lines []string) {
	t.Helper()
	for _, line := range lines {
		var seq int64
		var digest string
		if _, err := fmt.Sscanf(line, "%d %s", &seq, &digest); err != nil {
			continue // open, or an error
		}
		d, err := evidence.ParseDigest(digest)
		if err != nil {
			t.Fatal(err)
		}
		a[seq] = d
	}
}

// check opens the case and looks for everything that was acknowledged, with its
// object; of what was not, at most one entry a process may be there.
func (a acknowledged) check(t testing.TB, dir string, processes int) {
	t.Helper()
	ctx := context.Background()
	// A reader sees the same without recovering it.
	r := openReader(t, dir)
	before, _ := readAll(t, r)
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	c := open(t, dir)
	defer c.Close()
	size, _, err := c.Head(ctx)
	if err != nil || int(size) != before {
		t.Fatalf("%d entries, %v; %d before recovery", size, err, before)
	}
	if extra := int(size) - 1 - len(a); extra < 0 || extra > processes {
		t.Fatalf("%d entries of which %d were acknowledged, after %d processes", size-1, len(a), processes)
	}
	for le, err := range c.Entries(ctx, 1) {
		if err != nil {
			t.Fatal(err)
		}
		if _, err := custody.ParseEntry(le.Body); err != nil {
			t.Fatal(err)
		}
	}
	for seq, d := range a {
		if seq >= size {
			t.Fatalf("entry %d was acknowledged, the log has %d", seq, size)
		}
		art, err := c.Artifact(ctx, d)
		if err != nil {
			t.Fatalf("entry %d: %v", seq, err)
		}
		f, err := c.Blobs().Descriptor(ctx, art)
		if err != nil {
			t.Fatalf("entry %d: %v", seq, err)
		}
		f.Close()
	}
	if left := entries(t, filepath.Join(dir, "objects", "tmp")); len(left) > 0 {
		t.Errorf("left in objects/tmp: %q", left)
	}
	checkCommitments(t, c)
}

// Killed again and again at no particular moment, a writer loses nothing that it
// had acknowledged.
func TestKill(t *testing.T) {
	c := create(t)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	rounds := 20
	if testing.Short() {
		rounds = 4
	}
	all := acknowledged{}
	for i := range rounds {
		h := helper(t, "append", c.Dir())
		for range 1 + rand.IntN(10) {
			line := h.line(t)
			if line == "" {
				t.Fatal("the writer ended")
			}
			all.add(t, []string{line})
		}
		time.Sleep(time.Duration(rand.IntN(3000)) * time.Microsecond)
		all.add(t, h.kill(t))
		if i%5 == 4 || i == rounds-1 {
			all.check(t, c.Dir(), i+1)
		}
	}
}

// foldFirstPage does to case.db what a writer does that is killed as it begins to
// fold its log back: page 1 says how many pages there are, the others are to come.
func foldFirstPage(t *testing.T, dir string) {
	t.Helper()
	const header, frame, page = 32, 24, 4096
	log := read(t, filepath.Join(dir, "case.db-wal"))
	var first []byte
	for at := header; at+frame+page <= len(log); at += frame + page {
		if binary.BigEndian.Uint32(log[at:]) == 1 {
			first = log[at+frame : at+frame+page]
		}
	}
	name := filepath.Join(dir, "case.db")
	db := read(t, name)
	if first == nil || int(binary.BigEndian.Uint32(first[28:])) <= len(db)/page {
		t.Fatal("the log does not make the database longer")
	}
	if err := os.WriteFile(name, append(first[:page:page], db[page:]...), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Killed while its log was being folded back, a writer leaves a case.db that is
// shorter than it says. With the log it is whole.
func TestKillWhileFolding(t *testing.T) {
	for name, ways := range map[string]struct{ index, reader bool }{"read": {true, true}, "recovered": {true, false}, "recovered without index": {false, false}} {
		t.Run(name, func(t *testing.T) {
			c := create(t)
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
			want := killed(t, c.Dir())
			foldFirstPage(t, c.Dir())
			if !ways.index {
				if err := os.Remove(filepath.Join(c.Dir(), "case.db-shm")); err != nil {
					t.Fatal(err)
				}
			}
			if ways.reader {
				c = openReader(t, c.Dir())
			} else {
				c = open(t, c.Dir())
			}
			if n, _ := readAll(t, c); n != want {
				t.Errorf("%d entries, want %d", n, want)
			}
		})
	}
}

// Killed when its log had a header and no more, a writer leaves what was there
// before.
func TestKillAfterTheLogsHeader(t *testing.T) {
	c := create(t)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	killed(t, c.Dir())
	if err := os.Truncate(filepath.Join(c.Dir(), "case.db-wal"), 32); err != nil {
		t.Fatal(err)
	}
	if n, _ := readAll(t, openReader(t, c.Dir())); n != 1 {
		t.Errorf("%d entries", n)
	}
	appendTo(t, open(t, c.Dir()), note("x"))
}

// strace returns the tracer, or skips the test.
func strace(t testing.TB) string {
	t.Helper()
	path, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("no strace on this machine")
	}
	if out, err := exec.Command(path, "-o", "/dev/null", "true").CombinedOutput(); err != nil {
		t.Skipf("strace does not work here: %v: %s", err, out)
	}
	return path
}

// inject runs a helper again and again, with the n-th of the given system calls
// failing or killing it, until a run has fewer of them. strace counts for each
// thread, so a number hits several moments at different runs.
//
// A sample of the moments is taken; all of them where EXHIBIT_FAULT is set.
func inject(t *testing.T, what, calls, fault string, each func(dir string, lines []string, failed bool)) {
	tracer := strace(t)
	stride := func(n int) int { return 1 + rand.IntN(1+n/2) }
	if os.Getenv("EXHIBIT_FAULT") != "" {
		stride = func(int) int { return 1 }
	}
	template := create(t)
	if err := template.Close(); err != nil {
		t.Fatal(err)
	}
	hit := 0
	for n := 1; n < 1000; n += stride(n) {
		dir := filepath.Join(t.TempDir(), "case")
		if what != "create" {
			if err := os.CopyFS(dir, os.DirFS(template.Dir())); err != nil {
				t.Fatal(err)
			}
		}
		trace := filepath.Join(t.TempDir(), "trace")
		h := helper(t, what, dir, tracer, "-f", "-qq", "-o", trace, "-e", "trace="+calls, "-e", fmt.Sprintf("inject=%s:%s:when=%d", calls, fault, n))
		lines := h.rest(t)
		text := string(read(t, trace))
		if !strings.Contains(text, "(INJECTED)") && !strings.Contains(text, "+++ killed by SIGKILL") {
			break
		}
		hit++
		each(dir, lines, h.cmd.ProcessState.ExitCode() != 0)
	}
	if hit == 0 {
		t.Error("nothing was hit")
	}
	t.Logf("%s at %s: %d runs", fault, calls, hit)
}

const (
	syncs  = "fsync,fdatasync,syncfs"
	writes = "write,pwrite64,ftruncate,fallocate"
	names  = "link,linkat,rename,renameat,renameat2,mkdir,mkdirat,unlink,unlinkat,openat"
)

// Killed at every call that makes something durable, or that a name appears by.
func TestKillAtEveryCall(t *testing.T) {
	if testing.Short() {
		t.Skip("many processes")
	}
	for _, calls := range []string{syncs, writes, names} {
		t.Run(calls, func(t *testing.T) {
			inject(t, "append-few", calls, "signal=KILL", func(dir string, lines []string, _ bool) {
				all := acknowledged{}
				all.add(t, lines)
				all.check(t, dir, 1)
			})
		})
	}
}

// A case whose making was cut short at any call is either whole or not there, and
// can be made then.
func TestKillCreateAtEveryCall(t *testing.T) {
	if testing.Short() {
		t.Skip("many processes")
	}
	for _, calls := range []string{syncs, writes, names} {
		t.Run(calls, func(t *testing.T) {
			inject(t, "create", calls, "signal=KILL", func(dir string, lines []string, _ bool) {
				c, err := store.Open(context.Background(), dir, options())
				if err != nil {
					if len(lines) > 0 {
						t.Fatalf("%q, but: %v", lines, err)
					}
					c = createIn(t, dir)
				}
				appendTo(t, c, note("x"))
				checkCommitments(t, c)
				c.Close()
				if left := entries(t, filepath.Dir(dir)); !slices.Equal(left, []string{"case"}) {
					t.Errorf("beside the case: %q", left)
				}
			})
		})
	}
}

// Every call that makes something durable fails once: what was acknowledged is
// there, what failed was not acknowledged, and nothing was after it.
func TestErrorAtEveryCall(t *testing.T) {
	if testing.Short() {
		t.Skip("many processes")
	}
	for _, c := range []struct{ calls, fault string }{
		{syncs, "error=EIO"}, {"pwrite64,ftruncate", "error=EIO"}, {"pwrite64,ftruncate", "error=ENOSPC"}, {"linkat,renameat2,mkdirat", "error=ENOSPC"},
	} {
		t.Run(c.calls+" "+c.fault, func(t *testing.T) {
			inject(t, "append-few", c.calls, c.fault, func(dir string, lines []string, failed bool) {
				if slices.ContainsFunc(lines, func(s string) bool { return strings.HasPrefix(s, "acknowledged after") }) {
					t.Fatalf("%q", lines)
				}
				all := acknowledged{}
				all.add(t, lines)
				if len(all) < 3 && !failed {
					t.Fatalf("only %d appends and no error: %q", len(all), lines)
				}
				all.check(t, dir, 1)
			})
		})
	}
}

// The order of the calls of one append: the object and its name durable, then
// the transaction log, and only then the acknowledgement.
func TestOrderOfDurability(t *testing.T) {
	tracer := strace(t)
	c := create(t)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	trace := filepath.Join(t.TempDir(), "trace")
	h := helper(t, "append-few", c.Dir(), tracer, "-f", "-y", "-qq", "-s", "200", "-o", trace, "-e", "trace=linkat,renameat2,fsync,fdatasync,syncfs,pwrite64,write")
	if lines := h.rest(t); len(lines) != 4 {
		t.Fatalf("%q", lines)
	}
	// One letter a call: content synced, object Named, names synced, log Written,
	// log Synced, Acknowledged.
	var calls []byte
	for line := range strings.Lines(string(read(t, trace))) {
		if strings.Contains(line, "<unfinished") {
			t.Skip("calls overlapped in the trace")
		}
		synced := strings.Contains(line, "sync(") || strings.Contains(line, "syncfs(")
		switch {
		case strings.Contains(line, "linkat("), strings.Contains(line, "renameat2(") && strings.Contains(line, "/objects/"):
			calls = append(calls, 'N')
		case synced && strings.Contains(line, "/objects/tmp"), synced && strings.Contains(line, "syncfs("):
			calls = append(calls, 'c')
		case synced && strings.Contains(line, "/objects/sha256"):
			calls = append(calls, 'n')
		case synced && strings.Contains(line, "case.db-wal"):
			calls = append(calls, 'S')
		case strings.Contains(line, "pwrite64(") && strings.Contains(line, "case.db-wal"):
			calls = append(calls, 'W')
		case strings.Contains(line, "write(1<") && strings.Contains(line, "sha256:"):
			calls = append(calls, 'A')
		}
	}
	got := string(slices.Compact(calls))
	// Before the first: the log's header. After the last: closing folds the log back.
	i := strings.Index(got, "c")
	j := strings.LastIndex(got, "A")
	if i < 0 || j < 0 {
		t.Fatal(got)
	}
	for n, one := range strings.SplitAfter(got[i:j+1], "A") {
		if one != "" && one != "cNnWSA" && one != "cNnWSWSA" {
			t.Errorf("append %d: %s of %s", n, one, got)
		}
	}
}

// On a filesystem of a megabyte appends end with ErrNoSpace, in whatever place
// it is full, and go on when there is room again.
func TestFullDevice(t *testing.T) {
	inNamespace(t, "fill", t.TempDir(), func(out []byte) {
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		if last := lines[len(lines)-1]; last != "all there" {
			t.Errorf("%s", out)
		}
	})
}
