//go:build linux

package host_test

import (
	"encoding/json"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/exhibit-forensics/exhibit/core/host"
	"github.com/exhibit-forensics/exhibit/core/host/sandbox"
	"github.com/exhibit-forensics/exhibit/evidence"
)

// targets makes things of the host's that a program of the same user could reach, and
// returns the path that their names begin with.
func targets(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	victim := filepath.Join(dir, "victim")
	for _, name := range []string{victim, victim + ".mv", victim + ".rm"} {
		if err := os.WriteFile(name, []byte("evidence"), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(name, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	for _, d := range []string{dir, filepath.Dir(dir)} {
		if err := os.Chmod(d, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	for _, address := range []string{victim + ".sock", "@exhibit-test"} {
		l, err := net.Listen("unix", address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() })
	}
	if err := os.Chmod(victim+".sock", 0o777); err != nil {
		t.Fatal(err)
	}
	return victim
}

// tried lets a plugin try everything against path and the process pid, and returns the
// error of each, "" where it succeeded.
func tried(t *testing.T, h *fixture, j host.Job, path string, pid int) map[string]string {
	t.Helper()
	j.Config = config(t, map[string]any{"mode": "tries", "path": path, "pid": int64(pid)})
	res, sink := h.must(j)
	if res.Outcome != evidence.OutcomeComplete {
		t.Fatalf("%s %q %s", res.Outcome, res.Reason, res.Stderr)
	}
	got := map[string]string{}
	for _, line := range sink.lines {
		var r struct{ What, Error string }
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		got[r.What] = r.Error
	}
	return got
}

// allowed are the tries that are none: what a plugin may do.
var allowed = []string{"read input", "signal itself", "thread", "unix stream pair"}

// denials are what each try gets. EPERM is seccomp's mostly, EACCES Landlock's.
var denials = map[string]string{
	"read /etc/passwd": "EACCES", "read /proc/self/maps": "EACCES", "read host environment": "EACCES", "read host memory file": "EACCES",
	"read host descriptors": "EACCES", "open other evidence": "EACCES", "open a device": "EACCES",
	"list /": "EACCES", "list own directory": "EACCES", "write elsewhere": "EACCES", "write beside": "EACCES", "write own directory": "EFBIG",
	"symlink": "EACCES", "link a socket in": "EXDEV", "rename a file in": "EACCES", "mkdir": "EACCES", "truncate": "EPERM", "remove": "EACCES", "chmod": "EPERM", "utimes": "EPERM", "setxattr": "EPERM",
	"write input": "EBADF", "reopen input": "EACCES", "fchmod input": "EPERM", "futimens input": "EPERM", "fsetxattr input": "EPERM",
	"inode flags of input": "ENOTTY", "lease on input": "EPERM",
	"tcp socket": "EPERM", "udp socket": "EPERM", "tcp6 socket": "EPERM", "netlink socket": "EPERM", "vsock socket": "EPERM",
	"packet socket": "EPERM", "alg socket": "EPERM", "unix datagram socket": "EPERM", "unix datagram pair": "EPERM",
	"connect unix": "EPERM", "connect abstract": "EPERM",
	"exec /bin/sh": "EACCES", "execve": "EPERM", "execveat": "EACCES", "fork": "EPERM", "clone3": "ENOSYS", "clone into a namespace": "EPERM", "unshare": "EPERM", "setns": "EPERM",
	"chroot": "EPERM", "pivot_root": "EPERM", "open_tree": "EPERM",
	"ptrace host": "EPERM", "read host memory": "EPERM", "write host memory": "EPERM", "take host descriptor": "EPERM", "signal host": "EPERM", "signal host thread": "EPERM",
	"signal all": "EPERM", "pidfd of host": "EPERM", "move host to a processor": "EPERM",
	"limits of host": "EPERM", "nice host": "EPERM", "raise own limit": "EPERM", "memfd": "EPERM", "shmget": "EPERM", "shared memory": "EPERM", "growing memory": "EPERM", "mlock": "EPERM",
	"io_uring": "EPERM", "bpf": "EPERM", "perf_event_open": "EPERM", "userfaultfd": "EPERM", "name_to_handle_at": "EPERM", "open_by_handle_at": "EPERM",
	"mount": "EPERM", "inotify": "EPERM", "keyctl": "EPERM", "setuid": "EINVAL", "future call": "ENOSYS",
}

// TestConfined lets a plugin try everything it must not be able to do, with and
// without namespaces of its own.
func TestConfined(t *testing.T) {
	for _, flat := range []bool{false, true} {
		t.Run(map[bool]string{false: "L3", true: "L2"}[flat], func(t *testing.T) {
			h := newHost(t)
			want := maps.Clone(denials)
			if flat {
				host.ForbidNamespaces(h.Host)
				want["setuid"] = "EPERM"
			}
			if os.Getuid() == 0 {
				want["link a socket in"] = "EPERM" // of another user: fs.protected_hardlinks comes first
			}
			for _, what := range allowed {
				want[what] = ""
			}
			p := loadPlugin(t, "plugin")
			victim := targets(t)
			before := stat(t, victim)
			j := job(t, p, "tries", "input")
			inputBefore := stat(t, j.Inputs[0].File.Name())
			if d := cmp.Diff(want, tried(t, h, j, victim, os.Getpid())); d != "" {
				t.Errorf("-want +got\n%s", d)
			}
			if d := cmp.Diff(before, stat(t, victim)); d != "" {
				t.Errorf("the host's file changed:\n%s", d)
			}
			if d := cmp.Diff(inputBefore, stat(t, j.Inputs[0].File.Name())); d != "" {
				t.Errorf("the input changed:\n%s", d)
			}
			h.works(p)
		})
	}
}

// stat tells a file's content and metadata, access time included.
func stat(t *testing.T, path string) []string {
	t.Helper()
	sum := output(t, "sha256sum", path) // first: it touches the access time
	return []string{sum, output(t, "stat", "-c", "%a %u %g %s %x %y %z", path)}
}

// TestFeatures asserts what must be in force on this machine, so that a layer
// cannot be lost in silence.
func TestFeatures(t *testing.T) {
	h := newHost(t)
	p := loadPlugin(t, "plugin")
	res, _ := h.must(job(t, p, "ok", ""))
	r := level(t, res)
	for _, f := range []string{"no_new_privs", "no_capabilities", "not_root", "rlimits", "seccomp", "sealed_program"} {
		if !slices.Contains(r.Features, f) {
			t.Errorf("%s is not in force: %v", f, r.Features)
		}
	}
	if !slices.ContainsFunc(r.Features, func(f string) bool { return strings.HasPrefix(f, "landlock:") }) {
		t.Errorf("Landlock is not in force: %v", r.Features)
	}
	if !sandbox.Reaches(r.Level, sandbox.L2) {
		t.Errorf("level %s", r.Level)
	}
	if !slices.Contains(r.Features, "userns") {
		t.Logf("no user namespaces here; L3 is not tested")
	} else if r.Level != sandbox.L3 {
		t.Errorf("level %s with %v", r.Level, r.Features)
	}
	report, err := h.Sandbox(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// Without a program there is none to be sealed.
	r.Features = slices.DeleteFunc(r.Features, func(f string) bool { return f == "sealed_program" })
	if d := cmp.Diff(r.Features, report.Features); d != "" {
		t.Errorf("doctor tells otherwise:\n%s", d)
	}
}

// TestEnvironment: nothing of the host's environment reaches a plugin.
func TestEnvironment(t *testing.T) {
	t.Setenv("EXHIBIT_SECRET", "x")
	h := newHost(t)
	_, sink := h.must(job(t, loadPlugin(t, "plugin"), "environment", ""))
	var got []string
	for _, line := range sink.lines {
		var r struct{ Name string }
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		got = append(got, r.Name)
	}
	slices.Sort(got)
	want := []string{
		"EXHIBIT_DESCRIPTORS", "EXHIBIT_PLUGIN", "GOMEMLIMIT", "LANG", "PLUGIN_CLIENT_CERT", "PLUGIN_MAX_PORT", "PLUGIN_MIN_PORT",
		"PLUGIN_PROTOCOL_VERSIONS", "PLUGIN_UNIX_SOCKET_DIR", "TMPDIR", "TZ",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// TestInputDescriptor: read-only, at its beginning, and not the host's own.
func TestInputDescriptor(t *testing.T) {
	h := newHost(t)
	path := filepath.Join(t.TempDir(), "in")
	if err := os.WriteFile(path, []byte("0123456789"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0) // even where the host could write
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Seek(5, 0); err != nil {
		t.Fatal(err)
	}
	j := job(t, loadPlugin(t, "plugin"), "input", "")
	j.Inputs = []host.Input{{Role: "input", File: f, Size: 10}}
	_, sink := h.must(j)
	want := []string{`{"kind":"row","mode":0,"offset":0,"seek":"<nil>","time":null,"write":"bad file descriptor"}`}
	if d := cmp.Diff(want, sink.lines); d != "" {
		t.Error(d)
	}
	if pos, err := f.Seek(0, 1); pos != 5 || err != nil {
		t.Errorf("the host's own offset moved to %d, %v", pos, err)
	}
}
