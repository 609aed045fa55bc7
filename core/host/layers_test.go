//go:build linux

package host_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/exhibit-forensics/exhibit/core/host"
	"github.com/exhibit-forensics/exhibit/core/host/sandbox"
	"github.com/exhibit-forensics/exhibit/evidence"
)

// envTable is a file that takes the tables of TestLayers and TestTrace (./task hostile).
const envTable = "EXHIBIT_HOSTILE_TABLE"

func printTable(t *testing.T, text string) {
	t.Helper()
	t.Log("\n" + text)
	path := os.Getenv(envTable)
	if path == "" {
		return
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(text + "\n"); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// victim is a process of the user that plugins run as, to be attacked in the host's
// place where nothing protects it.
func victim(t *testing.T) int {
	t.Helper()
	cmd := exec.Command("sleep", "600")
	if os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	bystanders[strconv.Itoa(cmd.Process.Pid)] = true
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return cmd.Process.Pid
}

// TestLayers takes the sandbox apart: what each try gets under all layers, under one
// alone (limits with those of seccomp and Landlock), and under none. Without any most succeed: they are real tries. Where one
// layer fails, another still holds for most of what matters.
func TestLayers(t *testing.T) {
	p := loadPlugin(t, "plugin")
	type column struct {
		name string
		got  map[string]string
	}
	var columns []column
	for _, c := range []struct {
		name   string
		flat   bool
		change func(*host.Config)
	}{
		{"all", false, func(*host.Config) {}},
		{"limits", true, limitsOnly},
		{"seccomp", true, withoutLandlock},
		{"landlock", true, withoutSeccomp},
		{"namespaces", false, bare},
		{"none", true, bare},
	} {
		t.Run(c.name, func(t *testing.T) {
			path, pid := targets(t), victim(t) // before the host, which ends a plugin that traces it
			h := newHost(t, c.change)
			if c.flat {
				host.ForbidNamespaces(h.Host)
			}
			columns = append(columns, column{c.name, tried(t, h, job(t, p, "tries", "input"), path, pid)})
		})
	}
	if t.Failed() {
		return
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%-26s", "a plugin tries to")
	for _, c := range columns {
		fmt.Fprintf(&text, " %-11s", c.name)
	}
	fmt.Fprintf(&text, " held by\n")
	succeeded := map[string]int{}
	for _, what := range slices.Sorted(func(yield func(string) bool) {
		for what := range denials {
			if !yield(what) {
				return
			}
		}
	}) {
		fmt.Fprintf(&text, "%-26s", what)
		var holds []string
		for _, c := range columns {
			got, ok := c.got[what]
			if !ok {
				t.Fatalf("%s was not tried under %s", what, c.name)
			}
			if got == "" {
				succeeded[c.name]++
				got = "SUCCEEDS"
			} else if c.name != "all" && c.name != "none" && (c.name == "limits" || c.name == "namespaces" || columns[1].got[what] == "") {
				holds = append(holds, c.name) // the launchers of seccomp and Landlock set limits too
			}
			fmt.Fprintf(&text, " %-11.11s", got)
		}
		if columns[len(columns)-1].got[what] != "" {
			holds = []string{"the system itself"}
		}
		fmt.Fprintf(&text, " %s\n", strings.Join(holds, ", "))
	}
	fmt.Fprintf(&text, "%-26s", fmt.Sprintf("%d tries; succeed:", len(denials)))
	for _, c := range columns {
		fmt.Fprintf(&text, " %-11d", succeeded[c.name])
	}
	printTable(t, text.String())
	if succeeded["all"] != 0 {
		t.Errorf("%d tries succeed under all layers", succeeded["all"])
	}
	// Some need privileges or hardware that not every machine gives.
	if succeeded["none"] < len(denials)/2 {
		t.Errorf("only %d of %d tries succeed without a sandbox: they prove nothing", succeeded["none"], len(denials))
	}
}

// traced are calls that the trace must show denied.
var traced = []string{
	"openat", "socket", "socketpair", "connect", "execve", "execveat", "clone", "clone3", "unshare", "setns", "mount", "chroot", "pivot_root",
	"ptrace", "kill", "tgkill", "pidfd_open", "pidfd_getfd", "process_vm_readv", "process_vm_writev", "prlimit64", "setpriority",
	"memfd_create", "shmget", "mmap", "io_uring_setup", "bpf", "perf_event_open", "userfaultfd", "keyctl", "open_by_handle_at", "name_to_handle_at",
	"symlinkat", "mkdirat", "linkat", "renameat", "unlinkat", "truncate", "fchmod", "fchmodat", "ioctl", "fcntl",
}

// TestTrace runs the same under strace: what the kernel answered, not what the plugin says.
func TestTrace(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("NOT TESTED: there is no strace")
	}
	if out, err := exec.Command(strace, "-f", "-o", "/dev/null", "true").CombinedOutput(); err != nil {
		t.Skipf("NOT TESTED: strace may not trace here: %v %s", err, out)
	}
	dir := t.TempDir()
	for _, d := range []string{dir, filepath.Dir(dir)} { // strace runs as the plugin's user
		if err := os.Chmod(d, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	trace := filepath.Join(dir, "trace")
	h := newHost(t, func(c *host.Config) { c.Launcher = append(launcher(launchTraced), trace, strace) })
	// strace would look for the threads of another process's under the number that this
	// one has in a namespace of its own: level L2.
	host.ForbidNamespaces(h.Host)
	res, sink := h.must(func() host.Job {
		j := job(t, loadPlugin(t, "plugin"), "tries", "input")
		j.Config = config(t, map[string]any{"mode": "tries", "path": targets(t), "pid": int64(os.Getpid())})
		return j
	}())
	if res.Outcome != evidence.OutcomeComplete || len(sink.lines) == 0 || !sandbox.Reaches(level(t, res).Level, sandbox.L2) {
		t.Fatalf("%s %q %s %s", res.Outcome, res.Reason, res.Sandbox, res.Stderr)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	var log []byte
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		before := len(log)
		if log, err = os.ReadFile(trace); err != nil {
			t.Fatal(err)
		}
		if len(log) == before && before > 0 { // strace has written the rest
			break
		}
	}
	printTable(t, traceTable(t, string(log)))
}

// straceLine is one finished call: name, arguments, result.
var straceLine = regexp.MustCompile(`^(\w+)\((.*)\) += (-?\d+|0x[0-9a-f]+|\?) ?(E\w+)?`)

// calls are the finished calls of a trace after the launch, those whose lines another
// thread's interrupted put together.
func calls(t *testing.T, log string) (found [][]string) {
	t.Helper()
	begun := map[string]string{}
	launched := false
	for line := range strings.Lines(log) {
		thread, call, _ := strings.Cut(strings.TrimSpace(line), " ")
		call = strings.TrimSpace(call)
		if head, ok := strings.CutSuffix(call, "<unfinished ...>"); ok {
			begun[thread] = head
			continue
		}
		if rest, ok := strings.CutPrefix(call, "<... "); ok {
			name, rest, _ := strings.Cut(rest, " resumed>")
			if name == "execveat" && strings.HasSuffix(rest, "= 0") {
				launched = true
				continue
			}
			call = begun[thread] + rest
			delete(begun, thread)
		}
		m := straceLine.FindStringSubmatch(call)
		switch {
		case m == nil:
		case launched:
			found = append(found, m[1:])
		default:
			launched = m[1] == "execveat" && m[3] == "0"
		}
	}
	if len(found) == 0 {
		t.Fatalf("the trace shows no launch:\n%.2000s", log)
	}
	return found
}

// traceTable reads a trace from the program's launch on, and checks it.
func traceTable(t *testing.T, log string) string {
	t.Helper()
	type denied struct {
		count   int
		example string
	}
	seen := map[string]map[string]*denied{}
	for _, m := range calls(t, log) {
		name, args, value, errno := m[0], m[1], m[2], m[3]
		if errno == "" {
			bad := name == "connect" || name == "execve" || name == "execveat" || name == "ptrace" || name == "memfd_create" ||
				name == "socket" && !strings.HasPrefix(args, "AF_UNIX, SOCK_STREAM") && !strings.HasPrefix(args, "AF_UNIX, SOCK_SEQPACKET") ||
				name == "clone" && !strings.Contains(args, "CLONE_THREAD")
			bad = bad && value != "?"
			if bad {
				t.Errorf("not denied: %s(%s) = %s", name, args, value)
			}
			continue
		}
		if !slices.Contains(traced, name) {
			continue
		}
		if seen[name] == nil {
			seen[name] = map[string]*denied{}
		}
		if seen[name][errno] == nil {
			seen[name][errno] = &denied{example: strconv.Quote(args)}
		}
		seen[name][errno].count++
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%-20s %-8s %5s  one of them, as strace saw it\n", "call", "result", "times")
	for _, name := range traced {
		if seen[name] == nil {
			t.Errorf("%s is nowhere denied", name)
			continue
		}
		for _, errno := range slices.Sorted(func(yield func(string) bool) {
			for e := range seen[name] {
				if !yield(e) {
					return
				}
			}
		}) {
			d := seen[name][errno]
			example, _ := strconv.Unquote(d.example)
			fmt.Fprintf(&text, "%-20s %-8s %5d  (%.90s)\n", name, errno, d.count, example)
		}
	}
	return text.String()
}
