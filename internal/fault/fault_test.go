package fault_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/exhibit-forensics/exhibit/internal/slow"
)

// complete reports whether the case's one item was received to its end: then the
// add that was disturbed had nothing left to do, and another would be a second
// exhibit.
func complete(t *testing.T, b *bench, c string) bool {
	t.Helper()
	code, out := b.exhibit("--case", c, "log", "--json")
	if code != 0 {
		t.Fatalf("log: exit %d: %s", code, out)
	}
	return strings.Contains(out, `"phase":"end"`)
}

// TestKill kills add and run at random moments.
func TestKill(t *testing.T) {
	slow.Test(t)
	b := shared
	r := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1))
	for _, what := range []string{"add", "run"} {
		t.Run(what, func(t *testing.T) {
			for i := range rounds(3, 100) {
				from, args, span := b.blank, b.add(""), b.addTime
				if what == "run" {
					from, args, span = b.received(t), []string{"--case", "", "run"}, b.runTime
				}
				c := b.fresh(t, from)
				args[1] = c
				after := time.Duration(r.Int64N(int64(span)))
				cmd := exec.Command(b.program, args...)
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				time.Sleep(after)
				seen := head(c)
				_ = cmd.Process.Kill()
				_ = cmd.Wait()
				t.Logf("round %d: killed after %v with %d entries visible", i, after, seen)
				b.recovers(t, c, seen, what == "add" && !complete(t, b, c))
			}
		})
	}
}

// steps are the system calls that make something durable or visible.
const steps = "fsync,fdatasync,syncfs,rename,renameat,renameat2,link,linkat"

// straced runs the program with a fault injected at the nth such call of any
// thread; fired says whether there was one.
func straced(t *testing.T, b *bench, inject string, n int, args ...string) (code int, out string, fired bool) {
	t.Helper()
	trace := filepath.Join(t.TempDir(), "trace")
	argv := append([]string{"-f", "-qq", "-o", trace, "-e", "trace=" + steps, "-e", fmt.Sprintf("inject=%s:%s:when=%d", steps, inject, n), b.program}, args...)
	code, out = finish(exec.Command("strace", argv...))
	text, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	// The host kills its plugins too: only the program's own end counts as a kill.
	return code, out, strings.Contains(string(text), "INJECTED") || code < 0
}

// TestEveryStep kills the program at every fsync, rename and link, and makes each
// of them fail.
func TestEveryStep(t *testing.T) {
	slow.Test(t)
	if _, err := exec.LookPath("strace"); err != nil {
		t.Skip("SKIPPED: no strace")
	}
	b := shared
	for _, inject := range []string{"signal=SIGKILL", "error=EIO", "error=ENOSPC"} {
		for _, what := range []string{"add", "run"} {
			t.Run(what+" "+inject, func(t *testing.T) {
				// Calls are counted in each thread, so that n goes up until none fires.
				for n, done := 1, 0; done < rounds(2, 1000); n += rounds(3, 1) {
					from, args := b.blank, b.add("")
					if what == "run" {
						from, args = b.received(t), []string{"--case", "", "run"}
					}
					c := b.fresh(t, from)
					args[1] = c
					code, out, fired := straced(t, b, inject, n, args...)
					if !fired {
						if n == 1 {
							t.Fatalf("no step was met: exit %d: %s", code, out)
						}
						t.Logf("%d steps of a thread", n-1)
						return
					}
					done++
					finished := code == 0 || what == "run" && code == 3
					if strings.HasPrefix(inject, "error=ENOSPC") && !finished && code != 13 && code != 1 {
						t.Errorf("n=%d: exit %d, want 13: %s", n, code, out)
					}
					if finished && what == "add" && !complete(t, b, c) {
						t.Fatalf("n=%d: add said that it was done, and the log does not: %s", n, out)
					}
					b.recovers(t, c, 0, what == "add" && !complete(t, b, c))
				}
			})
		}
	}
}

// TestFullDisk works on a filesystem that is too small, and goes on when there is
// room.
func TestFullDisk(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("SKIPPED: mounting needs root")
	}
	b := shared
	dir := t.TempDir()
	used, err := exec.Command("du", "-s", "-B1", b.blank).Output()
	if err != nil {
		t.Fatal(err)
	}
	var size int64
	if _, err := fmt.Sscan(string(used), &size); err != nil {
		t.Fatal(err)
	}
	// Room for the case as it is and for a part of what is added.
	size += 250_000
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", fmt.Sprintf("size=%d", size), "none", dir).CombinedOutput(); err != nil {
		t.Skipf("SKIPPED: no tmpfs here: %s", out)
	}
	t.Cleanup(func() { _ = exec.Command("umount", "-l", dir).Run() })
	c := filepath.Join(dir, "case")
	if err := copyCase(b.blank, c); err != nil {
		t.Fatal(err)
	}
	code, out := b.exhibit(b.add(c)...)
	if code != 13 || !strings.Contains(out, "space") {
		t.Fatalf("on a full disk add exits %d: %s", code, out)
	}
	if out, err := exec.Command("mount", "-o", "remount,size=200m", dir).CombinedOutput(); err != nil {
		t.Fatalf("remount: %s", out)
	}
	b.recovers(t, c, 0, !complete(t, b, c))
}
