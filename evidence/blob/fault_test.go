package blob_test

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/blob"
	"github.com/exhibit-forensics/exhibit/internal/slow"
)

// bytesLines yields whole lines: a killed process may leave part of one.
func bytesLines(out []byte) iter.Seq[string] {
	return func(yield func(string) bool) {
		for line := range bytes.Lines(out) {
			if s, whole := strings.CutSuffix(string(line), "\n"); whole && !yield(s) {
				return
			}
		}
	}
}

func cut(line string) (word, rest string, ok bool) { return strings.Cut(line, " ") }

// faultDir is a case-like directory with the sources the helper copies.
func faultDir(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for _, n := range []int{5000, 2 << 20} {
		writeFile(t, filepath.Join(dir, fmt.Sprintf("src-%d", n)), noise(uint64(n), n))
	}
	return dir
}

// underStrace runs the helper and returns what it printed and strace's log. It
// skips the test where strace is missing or may not trace.
func underStrace(t testing.TB, dir, scenario string, options ...string) (out, log []byte) {
	t.Helper()
	if _, err := exec.LookPath("strace"); err != nil {
		t.Skip("NOT TESTED: strace is not installed")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	logPath := filepath.Join(t.TempDir(), "strace")
	argv := append([]string{"-f", "-qq", "-y", "-s", "4096", "-e", "signal=none", "-o", logPath}, options...)
	cmd := exec.CommandContext(t.Context(), "strace", append(argv, self)...)
	cmd.Env = append(os.Environ(), "BLOB_TEST_HELPER="+scenario, "BLOB_TEST_DIR="+dir)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err = cmd.Output()
	if log, _ = os.ReadFile(logPath); len(log) == 0 && strings.Contains(stderr.String(), "ptrace") {
		t.Skipf("NOT TESTED: strace may not trace here: %s", stderr.String())
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if s := stderr.String(); strings.Contains(s, "panic") || strings.Contains(s, "goroutine ") {
		t.Fatalf("the helper crashed:\n%s", s)
	}
	return out, log
}

// assertWhole opens the store anew: every acknowledged artifact reads right,
// every name stands for its content, nothing unfinished is left.
func assertWhole(t testing.TB, dir string, acked []evidence.Artifact) {
	t.Helper()
	objects := filepath.Join(dir, "objects")
	s, err := blob.Open(objects, true)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	assertTmp(t, objects, 0)
	for _, a := range acked {
		if err := check(t.Context(), s, a); err != nil {
			t.Errorf("acknowledged, then lost: %v", err)
		}
	}
	wholeNames(t, dir)
}

// when yields the calls at which to inject: each of the first few, then ever
// fewer of those that repeat. Of all only where EXHIBIT_FAULT asks for it (./task
// fault), else a sample as well.
func when(all bool) iter.Seq[int] {
	first := 4
	if os.Getenv("EXHIBIT_FAULT") == "" {
		all, first = false, 2
	}
	return func(yield func(int) bool) {
		for n, step := 1, 1; n < 400; n += step {
			if !yield(n) {
				return
			}
			if !all && n > first {
				step = max(n/2, 1)
			}
		}
	}
}

const traced = "openat,pwrite64,ftruncate,fallocate,fsync,fdatasync,syncfs,mkdirat,mkdir,renameat2,linkat,link,unlinkat,unlink,write"

// An error of any call that matters is reported, acknowledges nothing, leaves no
// file behind, and does not keep the same objects from being committed later.
// A failed sync is not tried again.
func TestInjectedErrors(t *testing.T) {
	slow.Test(t)
	if testing.Short() {
		t.Skip("NOT TESTED: fault injection is not short")
	}
	for _, c := range []struct {
		call, errno, text string
		all               bool
	}{
		{"fsync", "EIO", "input/output error", true},
		{"syncfs", "EIO", "input/output error", true},
		{"syncfs", "ENOSPC", evidence.ErrNoSpace.Error(), true},
		{"renameat2", "EIO", "input/output error", false},
		{"renameat2", "ENOSPC", evidence.ErrNoSpace.Error(), false},
		{"mkdir,mkdirat", "ENOSPC", evidence.ErrNoSpace.Error(), false},
		{"pwrite64", "ENOSPC", evidence.ErrNoSpace.Error(), false},
		{"pwrite64", "EIO", "input/output error", false},
		{"fallocate", "ENOSPC", evidence.ErrNoSpace.Error(), false},
		{"fallocate", "EDQUOT", evidence.ErrNoSpace.Error(), false},
		{"ftruncate", "EIO", "input/output error", false},
	} {
		t.Run(c.call+"/"+c.errno, func(t *testing.T) {
			fired := 0
			for n := range when(c.all) {
				dir := faultDir(t)
				out, log := underStrace(t, dir, "batches", "-e", "trace="+traced,
					"-e", fmt.Sprintf("inject=%s:error=%s:when=%d", c.call, c.errno, n))
				acked, errs, ended := parseHelper(t, out)
				if !ended {
					t.Fatalf("%d: the store was of no more use: %q", n, errs)
				}
				injected := bytes.Count(log, []byte("(INJECTED)"))
				if injected == 0 {
					if len(errs) != 0 {
						t.Errorf("%d: nothing injected, yet %q", n, errs)
					}
					break
				}
				fired++
				// A failed sync also spoils what was staged before it.
				wantStale := strings.HasSuffix(c.call, "sync") || c.call == "syncfs"
				if len(errs) > 0 && !strings.HasPrefix(errs[0], "blob: commit") {
					wantStale = false
				}
				if wantStale {
					last := errs[len(errs)-1]
					if !strings.HasPrefix(last, "early: ") || !strings.Contains(last, "staged before a failed sync") {
						t.Errorf("%d: reported %q", n, errs)
					}
					errs = errs[:len(errs)-1]
				}
				if injected != 1 || len(errs) != 1 || !strings.Contains(errs[0], c.text) {
					t.Errorf("%d: injected %d, reported %q", n, injected, errs)
				}
				assertTmp(t, filepath.Join(dir, "objects"), 0)
				newDurability(t, dir, nil).replay(log)
				assertWhole(t, dir, acked)
				if t.Failed() {
					t.Fatalf("at call %d", n)
				}
			}
			if fired == 0 {
				t.Error("the call was never made: this test tests nothing")
			}
			t.Logf("%d runs", fired)
		})
	}
}

// A bad sector of the source, wherever it lies, ends the copy with its error.
func TestUnreadableSource(t *testing.T) {
	for _, n := range []string{"1", "2"} {
		dir := faultDir(t)
		out, log := underStrace(t, dir, "batches", "-P", filepath.Join(dir, "src-2097152"), "-e", "inject=pread64:error=EIO:when="+n)
		acked, errs, ended := parseHelper(t, out)
		if bytes.Count(log, []byte("(INJECTED)")) != 1 || !ended || len(errs) != 1 || !strings.Contains(errs[0], "input/output error") {
			t.Errorf("%s: reported %q", n, errs)
		}
		assertTmp(t, filepath.Join(dir, "objects"), 0)
		assertWhole(t, dir, acked)
	}
}

// A file in tmp/ that cannot be removed is no failure: the next Open removes it.
func TestInjectedUnlinkError(t *testing.T) {
	dir := faultDir(t)
	out, log := underStrace(t, dir, "batches", "-e", "trace="+traced, "-e", "inject=unlink,unlinkat:error=EIO:when=1..3")
	acked, errs, ended := parseHelper(t, out)
	if !bytes.Contains(log, []byte("(INJECTED)")) || len(errs) != 0 || !ended {
		t.Errorf("errors %q", errs)
	}
	assertTmp(t, filepath.Join(dir, "objects"), 3)
	assertWhole(t, dir, acked)
}

// Filesystems that cannot rename without overwriting get a link and an unlink.
func TestRenameNotSupported(t *testing.T) {
	for _, errno := range []string{"EINVAL", "ENOSYS"} {
		dir := faultDir(t)
		out, log := underStrace(t, dir, "batches", "-e", "trace="+traced, "-e", "inject=renameat2:error="+errno)
		acked, errs, ended := parseHelper(t, out)
		if !bytes.Contains(log, []byte("(INJECTED)")) || len(acked) == 0 || len(errs) != 0 || !ended {
			t.Errorf("%s: %d acknowledged, errors %q", errno, len(acked), errs)
		}
		newDurability(t, dir, nil).replay(log)
		assertTmp(t, filepath.Join(dir, "objects"), 0)
		assertWhole(t, dir, acked)
	}
}

// Killed at any call, the process has lost nothing it acknowledged, has left
// only whole objects, and a second run comes to its end.
func TestKilledAtEveryCall(t *testing.T) {
	slow.Test(t)
	if testing.Short() {
		t.Skip("NOT TESTED: fault injection is not short")
	}
	for call, all := range map[string]bool{"fsync": true, "syncfs": true, "renameat2": false, "unlink,unlinkat": false, "pwrite64": false, "mkdir,mkdirat": false} {
		t.Run(call, func(t *testing.T) {
			fired := 0
			for n := range when(all) {
				dir := faultDir(t)
				out, _ := underStrace(t, dir, "batches", "-e", "trace="+traced,
					"-e", fmt.Sprintf("inject=%s:signal=SIGKILL:when=%d", call, n))
				acked, errs, ended := parseHelper(t, out)
				if len(errs) != 0 {
					t.Fatalf("%d: %q", n, errs)
				}
				if ended {
					break
				}
				fired++
				// The second run must not rely on names the first never synced.
				model := newDurability(t, dir, unsynced(t, dir))
				out, log := underStrace(t, dir, "batches", "-e", "trace="+traced)
				again, errs, ended := parseHelper(t, out)
				if len(errs) != 0 || !ended {
					t.Fatalf("%d: second run: %q", n, errs)
				}
				model.replay(log)
				assertWhole(t, dir, append(acked, again...))
				if t.Failed() {
					t.Fatalf("at call %d", n)
				}
			}
			if fired == 0 {
				t.Error("the call was never made: this test tests nothing")
			}
			t.Logf("%d runs", fired)
		})
	}
}
