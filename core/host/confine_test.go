package host_test

import (
	"encoding/json"
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

// TestConfined lets a plugin try everything it must not be able to do. The wanted
// errors say which layer stops it: EPERM mostly seccomp, EACCES Landlock.
func TestConfined(t *testing.T) {
	h := newHost(t)
	p := loadPlugin(t, "plugin")
	// Things of the host's that a program of the same user could reach.
	dir := t.TempDir()
	victim := filepath.Join(dir, "victim")
	if err := os.WriteFile(victim, []byte("evidence"), 0o666); err != nil {
		t.Fatal(err)
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
		defer l.Close()
	}
	if err := os.Chmod(victim+".sock", 0o777); err != nil {
		t.Fatal(err)
	}
	before := stat(t, victim)

	j := job(t, p, "tries", "input")
	j.Config = config(t, map[string]any{"mode": "tries", "path": victim, "pid": int64(os.Getpid())})
	inputBefore := stat(t, j.Inputs[0].File.Name())
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
	want := map[string]string{
		"read /etc/passwd": "EACCES", "read /proc/self/maps": "EACCES", "read host environment": "EACCES",
		"list /": "EACCES", "list own directory": "EACCES", "write /tmp": "EACCES", "write beside": "EACCES", "write own directory": "EFBIG",
		"symlink": "EACCES", "mkdir": "EACCES", "truncate": "EPERM", "remove": "EACCES", "chmod": "EPERM", "utimes": "EPERM", "setxattr": "EPERM",
		"write input": "EBADF", "reopen input": "EACCES", "fchmod input": "EPERM", "futimens input": "EPERM", "fsetxattr input": "EPERM",
		"inode flags of input": "ENOTTY", "lease on input": "EPERM",
		"tcp socket": "EPERM", "udp socket": "EPERM", "tcp6 socket": "EPERM", "netlink socket": "EPERM", "vsock socket": "EPERM",
		"packet socket": "EPERM", "alg socket": "EPERM", "unix datagram socket": "EPERM", "unix datagram pair": "EPERM",
		"connect unix": "EPERM", "connect abstract": "EPERM",
		"exec /bin/sh": "EACCES", "execve /bin/sh": "EPERM", "execveat /bin/sh": "EACCES", "fork": "EPERM", "clone3": "ENOSYS", "unshare": "EPERM",
		"ptrace host": "EPERM", "read host memory": "EPERM", "signal host": "EPERM", "signal all": "EPERM", "pidfd of host": "EPERM",
		"limits of host": "EPERM", "nice host": "EPERM", "raise own limit": "EPERM", "memfd": "EPERM", "shmget": "EPERM", "io_uring": "EPERM",
		"bpf": "EPERM", "mount": "EPERM", "inotify": "EPERM", "keyctl": "EPERM", "setuid": "EINVAL", "future call": "ENOSYS",
		"signal itself": "", "thread": "", "unix stream pair": "", "read input": "",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
	if d := cmp.Diff(before, stat(t, victim)); d != "" {
		t.Errorf("the host's file changed:\n%s", d)
	}
	if d := cmp.Diff(inputBefore, stat(t, j.Inputs[0].File.Name())); d != "" {
		t.Errorf("the input changed:\n%s", d)
	}
	h.works(p)
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
