package witness_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/core/witness"
	"github.com/exhibit-forensics/exhibit/evidence/anchor"
)

// childAnswers names the directory in which a child process answers the request of a file.
const childAnswers = "WITNESS_TEST_ANSWERS"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childAnswers); dir != "" {
		if err := answerOne(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func answerOne(dir string) error {
	// strace counts calls thread by thread: keep to one.
	runtime.LockOSThread()
	w, err := witness.Open(dir)
	if err != nil {
		return err
	}
	body, err := os.ReadFile(dir + ".request")
	if err != nil {
		return err
	}
	rec := httptest.NewRecorder()
	w.Handler(clock, nil).ServeHTTP(rec, httptest.NewRequest(http.MethodPost, "/add-checkpoint", bytes.NewReader(body)))
	_, err = fmt.Fprintf(os.Stdout, "answered %d\n", rec.Code)
	return err
}

// straced runs the child under strace.
func straced(t *testing.T, dir string, options ...string) (out, trace string, err error) {
	t.Helper()
	strace, lookErr := exec.LookPath("strace")
	if lookErr != nil {
		t.Skip("NOT TESTED: strace is not here")
	}
	log := filepath.Join(t.TempDir(), "trace")
	cmd := exec.CommandContext(t.Context(), strace, append(append([]string{"-f", "-y", "-o", log}, options...), os.Args[0])...)
	cmd.Env = append(os.Environ(), childAnswers+"="+dir)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	b, err := cmd.Output()
	if strings.Contains(stderr.String(), "ptrace") && strings.Contains(stderr.String(), "not permitted") {
		t.Skip("NOT TESTED: strace may not trace here")
	}
	text, readErr := os.ReadFile(log)
	if readErr != nil {
		t.Fatal(readErr)
	}
	return string(b), string(text), err
}

// The checkpoint is on the device before the cosignature leaves.
func TestDurableBeforeAnswer(t *testing.T) {
	dir, _ := newDir(t)
	if err := os.WriteFile(dir+".request", newTree(t, "a", 9).request(t, 0, 9, key(1)).Marshal(), 0o600); err != nil {
		t.Fatal(err)
	}
	out, trace, err := straced(t, dir, "-e", "trace=fsync,rename,renameat,renameat2,write")
	if err != nil || out != "answered 200\n" {
		t.Fatalf("%v\n%s\n%s", err, out, trace)
	}
	next := 0
	steps := []*regexp.Regexp{
		regexp.MustCompile(`fsync\(\d+<[^>]*/logs/[0-9a-f]+\.note\.tmp>`), regexp.MustCompile(`rename.*\.note"`),
		regexp.MustCompile(`fsync\(\d+<[^>]*/logs>`), regexp.MustCompile(`write\(1.*answered 200`),
	}
	for line := range strings.Lines(trace) {
		if next < len(steps) && steps[next].MatchString(line) {
			next++
		}
	}
	if next != len(steps) {
		t.Errorf("step %d is missing or out of order\n%s", next, trace)
	}
}

// Killed, or failed, at every step: what was answered is remembered, and afterwards it goes on.
func TestKilled(t *testing.T) {
	log, fork := newTree(t, "a", 12), newTree(t, "b", 12)
	for _, how := range []string{"signal=SIGKILL", "error=EIO", "error=ENOSPC"} {
		for _, call := range []string{"fsync", "rename,renameat,renameat2"} {
			for when := 1; ; when++ {
				dir, _ := newDir(t)
				if err := os.WriteFile(dir+".request", log.request(t, 0, 9, key(1)).Marshal(), 0o600); err != nil {
					t.Fatal(err)
				}
				out, trace, err := straced(t, dir, "-e", "trace="+call, "-e", "inject="+call+":"+how+":when="+strconv.Itoa(when))
				if !strings.Contains(trace, "INJECTED") && !strings.Contains(trace, "SIGKILL") {
					if when == 1 || err != nil || out != "answered 200\n" {
						t.Fatalf("%s %s %d: never hit: %v %s", how, call, when, err, out)
					}
					break
				}
				_, url := start(t, dir)
				status, _, body := post(t, url, fork.request(t, 0, 7, key(1)).Marshal())
				switch answered := strings.Contains(out, "answered 200"); {
				case answered && status != 409:
					t.Errorf("%s %s %d: it cosigned 9 entries, and then another history: %d %s", how, call, when, status, body)
				case status != 200 && string(body) != "9\n":
					t.Errorf("%s %s %d: %d %s", how, call, when, status, body)
				}
				after := anchor.AddCheckpoint{}
				if status == 200 {
					after = fork.request(t, 7, 8, key(1))
				} else {
					after = log.request(t, 9, 12, key(1))
				}
				if status, _, body := post(t, url, after.Marshal()); status != 200 {
					t.Errorf("%s %s %d: afterwards: %d %s", how, call, when, status, body)
				}
			}
		}
	}
}
