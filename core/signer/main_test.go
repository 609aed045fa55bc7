package signer_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/exhibit-forensics/exhibit/core/signer"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
)

// childSigns makes this test program sign sizes 1 to n in the directory given and
// print each note's size when it is handed out, for tests that watch it from outside.
const childSigns = "SIGNER_TEST_SIGNS"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childSigns); dir != "" {
		if err := signAll(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

const childSizes = 2

func signAll(path string) error {
	// strace counts calls thread by thread: keep to one.
	runtime.LockOSThread()
	d, err := signer.OpenDir(path)
	if err != nil {
		return err
	}
	s, err := d.Load("alice")
	if err != nil {
		return err
	}
	l := &tree{}
	for i, b := range bodies(childSizes) {
		nodes, err := custody.NewNodes(int64(i), []byte(b), l.read)
		if err != nil {
			return err
		}
		for _, n := range nodes {
			l.nodes = append(l.nodes, n.Hash)
		}
		size := int64(i + 1)
		root, err := custody.Root(size, l.read)
		if err != nil {
			return err
		}
		if _, err := s.Sign(context.Background(), origin, size, root, l.read); err != nil {
			return err
		}
		if _, err := fmt.Fprintf(os.Stdout, "signed %d\n", size); err != nil {
			return err
		}
	}
	return nil
}

// straced runs the child under strace with the options given and returns what it
// printed and the trace.
func straced(t *testing.T, dir string, options ...string) (out, trace string, err error) {
	t.Helper()
	strace, lookErr := exec.LookPath("strace")
	if lookErr != nil {
		t.Skip("no strace here")
	}
	log := filepath.Join(t.TempDir(), "trace")
	args := append([]string{"-f", "-y", "-o", log}, options...)
	cmd := exec.CommandContext(t.Context(), strace, append(args, os.Args[0])...)
	cmd.Env = append(os.Environ(), childSigns+"="+dir)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	b, err := cmd.Output()
	if strings.Contains(stderr.String(), "ptrace") && strings.Contains(stderr.String(), "not permitted") {
		t.Skip("strace may not trace here")
	}
	text, readErr := os.ReadFile(log)
	if readErr != nil {
		t.Fatal(readErr)
	}
	return string(b), string(text), err
}

// What is handed out was made durable before: temporary file, fsync, rename, fsync of its directory.
func TestMemoryIsDurableBeforeTheNoteIsHandedOut(t *testing.T) {
	dir, _, _ := newDir(t)
	out, trace, err := straced(t, dir, "-e", "trace=fsync,rename,renameat,renameat2,write")
	if err != nil || strings.Count(out, "signed ") != childSizes {
		t.Fatalf("%v\n%s\n%s", err, out, trace)
	}
	steps := []*regexp.Regexp{
		regexp.MustCompile(`fsync\(\d+<[^>]*/signed/alice/\.tmp>`),
		regexp.MustCompile(`rename.*/signed/alice>?.*\.note"`),
		regexp.MustCompile(`fsync\(\d+<[^>]*/signed/alice>`),
		regexp.MustCompile(`write\(1.*signed \d`),
	}
	next, rounds := 0, 0
	for line := range strings.Lines(trace) {
		for i, step := range steps {
			if !step.MatchString(line) {
				continue
			}
			if i != next {
				t.Fatalf("step %d where step %d should be: %s\n%s", i, next, line, trace)
			}
			if next = (next + 1) % len(steps); next == 0 {
				rounds++
			}
		}
	}
	if rounds != childSizes {
		t.Errorf("%d rounds\n%s", rounds, trace)
	}
}

// Killed or failing at any fsync or rename: no note is out that the memory does not
// know, and signing goes on afterwards.
func TestMemoryOutlivesEveryInterruption(t *testing.T) {
	for _, how := range []string{"signal=SIGKILL", "error=EIO", "error=ENOSPC"} {
		for _, call := range []string{"fsync", "rename,renameat,renameat2", "write"} {
			for when := 1; when <= 40; when++ {
				dir, _, s := newDir(t)
				path := filepath.Join(dir, "signed", "alice")
				if err := os.MkdirAll(path, 0o700); err != nil {
					t.Fatal(err)
				}
				args := []string{"-e", "trace=" + call, "-e", "inject=" + call + ":" + how + ":when=" + strconv.Itoa(when)}
				// Only what touches the directory, not the runtime's own files.
				args = append(args, "-P", filepath.Join(path, ".tmp"))
				if call != "write" {
					args = append(args, "-P", path, "-P", filepath.Dir(path), "-P", dir)
				}
				out, trace, err := straced(t, dir, args...)
				hit := strings.Contains(trace, "INJECTED") || strings.Contains(trace, "SIGKILL")
				if !hit {
					if err != nil {
						t.Fatalf("%s %s %d: not hit, and %v", how, call, when, err)
					}
					if when == 1 {
						t.Fatalf("%s %s never hit\n%s", how, call, trace)
					}
					break
				}
				if err == nil {
					t.Errorf("%s %s %d: no error, %s", how, call, when, out)
				}
				var killed *exec.ExitError
				if how == "signal=SIGKILL" && errors.As(err, &killed) && !killed.Sys().(syscall.WaitStatus).Signaled() {
					t.Errorf("%s %s %d: %v", how, call, when, err)
				}
				handedOut := int64(strings.Count(out, "signed "))
				l := newTree(t, bodies(childSizes)...)
				if handedOut > 0 {
					last, err := s.Last(origin)
					cp, err2 := custody.ParseCheckpoint(last)
					if err := errors.Join(err, err2); err != nil || cp.Size < handedOut {
						t.Errorf("%s %s %d: %d handed out, %d remembered, %v", how, call, when, handedOut, cp.Size, err)
					}
				}
				if _, err := l.sign(t, s, origin, childSizes); err != nil {
					t.Errorf("%s %s %d: afterwards: %v", how, call, when, err)
				}
			}
		}
	}
}

// lock holds the directory's lock from another open file until release is called.
func lock(t *testing.T, dir string) (release func()) {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	return func() { f.Close() }
}
