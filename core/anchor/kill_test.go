package anchor_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	core "github.com/exhibit-forensics/exhibit/core/anchor"
	"github.com/exhibit-forensics/exhibit/evidence/anchor/anchortest"
	"github.com/exhibit-forensics/exhibit/evidence/store"
	"github.com/exhibit-forensics/exhibit/evidence/verify"
	"github.com/exhibit-forensics/exhibit/internal/slow"
)

// childAsks names the case in which a child process asks for a stamp and keeps the answer.
const childAsks = "ANCHOR_TEST_ASKS"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childAsks); dir != "" {
		if err := askAndKeep(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// askAndKeep says on standard output what it acknowledges.
func askAndKeep(dir string) error {
	// strace counts calls thread by thread: keep to one.
	runtime.LockOSThread()
	ctx := context.Background()
	k, err := store.Open(ctx, dir, options())
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(os.Stdout, "open"); err != nil {
		return err
	}
	size, _, err := k.Head(ctx)
	if err != nil {
		return err
	}
	if _, err := core.AskStamp(ctx, k, size, "", now, bytes.NewReader(make([]byte, 8))); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(os.Stdout, "queued"); err != nil {
		return err
	}
	response, err := os.ReadFile(dir + ".tsr")
	if err != nil {
		return err
	}
	if _, err := core.Import(ctx, k, response); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(os.Stdout, "kept"); err != nil {
		return err
	}
	return k.Close()
}

// Killed, or failed, at every fsync, link and unlink under anchors/: what was acknowledged is
// there, the same again completes it, and the next seal names it once.
func TestKilled(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("NOT TESTED: strace is not here")
	}
	l := newLab(t)
	size, note := l.seal()
	tsa, err := anchortest.New(clock, anchortest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := core.AskStamp(t.Context(), l.k, size, "", now, bytes.NewReader(make([]byte, 8)))
	if err != nil {
		t.Fatal(err)
	}
	response, err := tsa.Response(p.Request)
	if err == nil {
		err = l.k.RemoveQueued(p.File)
	}
	if err == nil {
		err = l.k.Close()
	}
	if err == nil {
		err = os.RemoveAll(filepath.Join(l.k.Dir(), "anchors"))
	}
	if err != nil {
		t.Fatal(err)
	}
	step := 1
	if !slow.Asked() {
		step = 4
	}
	for _, how := range []string{"signal=SIGKILL", "error=EIO"} {
		for _, call := range []string{"fsync", "link,linkat", "unlink,unlinkat"} {
			for when := 1; ; when += step {
				dir := filepath.Join(t.TempDir(), "case")
				if err := os.CopyFS(dir, os.DirFS(l.k.Dir())); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(dir+".tsr", response, 0o600); err != nil {
					t.Fatal(err)
				}
				log := dir + ".trace"
				cmd := exec.CommandContext(t.Context(), strace, "-f", "-y", "-o", log, "-e", "trace="+call, "-e", "inject="+call+":"+how+":when="+strconv.Itoa(when), os.Args[0])
				cmd.Env = append(os.Environ(), childAsks+"="+dir)
				out, runErr := cmd.Output()
				trace, err := os.ReadFile(log)
				if err != nil {
					t.Skipf("NOT TESTED: strace does not work here: %v", err)
				}
				if !strings.Contains(string(trace), "INJECTED") && !strings.Contains(string(trace), "SIGKILL") {
					if when == 1 || runErr != nil {
						t.Fatalf("%s %s %d: never hit: %v %s", how, call, when, runErr, out)
					}
					break
				}
				recovers(t, fmt.Sprintf("%s %s %d", how, call, when), dir, string(out), size, note, response, tsa)
			}
		}
	}
}

func recovers(t *testing.T, what, dir, said string, size int64, note, response []byte, tsa *anchortest.TSA) {
	t.Helper()
	k, err := store.Open(t.Context(), dir, options())
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	l := &lab{t: t, k: k, key: newKey()}
	defer func() { l.k.Close() }()
	list, err := core.List(t.Context(), k)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	queue, err := core.Queue(k)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if strings.Contains(said, "kept") && len(list) != 1 {
		t.Errorf("%s: what was kept is gone: %s", what, said)
	}
	if strings.Contains(said, "queued") && len(list)+len(queue) == 0 {
		t.Errorf("%s: what was queued is gone: %s", what, said)
	}
	if _, err := core.Import(t.Context(), k, response); err != nil {
		t.Errorf("%s: the same again: %v", what, err)
	}
	if list, err = core.List(t.Context(), k); err != nil || len(list) != 1 || list[0].Broken != nil {
		t.Fatalf("%s: %+v %v", what, list, err)
	}
	n, err := core.Enter(t.Context(), k)
	if err != nil || n != 1 {
		t.Errorf("%s: %d entered, %v", what, n, err)
	}
	r := l.verify(verify.Options{TSACerts: [][]byte{anchortest.PEM(tsa.Leaf)}})
	if r.Verdict != verify.Intact || len(r.Anchors) != 1 || r.Anchors[0].Entries != size {
		t.Errorf("%s: %s", what, says(r))
	}
	if _, err := core.KeepStamp(l.k, size, note, response); err != nil {
		t.Errorf("%s: %v", what, err)
	}
}
