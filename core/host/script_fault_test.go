//go:build linux

package host_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/exhibit-forensics/exhibit/core/host"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/internal/slow"
)

const scriptsAsUser = "^(TestScript|TestScriptExample|TestScriptFaults|TestScriptConfined|TestScriptWithoutNamespaces|TestScriptChanged)$"

// TestScriptsAsOrdinaryUser: an ordinary user has other means to confine a script.
func TestScriptsAsOrdinaryUser(t *testing.T) {
	slow.Test(t)
	if os.Getuid() != 0 {
		t.Skip("is one")
	}
	if testing.Short() {
		t.Skip("short")
	}
	if havePython() != nil {
		t.Skip("NOT TESTED: no python3 in /usr/bin or /usr/local/bin")
	}
	tmp := t.TempDir()
	if err := os.Chmod(filepath.Dir(tmp), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(tmp, nobody, nobody); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/proc/self/exe", "-test.v", "-test.timeout=5m", "-test.run="+scriptsAsUser)
	cmd.Env = []string{"TMPDIR=" + tmp, "HOME=/nonexistent", "PATH=" + os.Getenv("PATH"), "EXHIBIT_LONG=1"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, name := range []string{"TestScriptConfined", "TestScriptFaults"} {
		if !strings.Contains(string(out), "--- PASS: "+name) {
			t.Fatalf("%s did not run:\n%s", name, out)
		}
	}
}

// scriptWorks checks that the host still does what it should.
func scriptWorks(h *fixture, p *host.Plugin) {
	h.t.Helper()
	res, sink := h.must(job(h.t, p, "", "a\nb\n"))
	if res.Outcome != evidence.OutcomeComplete || len(sink.lines) != 2 {
		h.t.Errorf("the next job: %s %q, %d records, %s", res.Outcome, res.Reason, len(sink.lines), res.Stderr)
	}
}

const printRow = `def row(**more): print(json.dumps({"record": {"kind": "row", "table": "t", "columns": {}, "source": {"offset": 0, "length": 1}, **more}}))
`

// TestScriptFaults: what a script may do wrong, and what becomes of the run. Each is
// followed by a job that must go well.
func TestScriptFaults(t *testing.T) {
	slow.Test(t)
	h := newHost(t)
	good := loadScript(t, linesScript)
	line := func(s string) string { return "print(" + fmt.Sprintf("%q", s) + ")\n" }
	for _, c := range []struct {
		name, script string
		limits       host.Limits
		outcome      evidence.Outcome
		reason       string
		attempts     int
	}{
		{name: "no-done", script: `row()`, reason: "broke the protocol: ended without the line"},
		{name: "garbage", script: `row(); print("hello"); row()`, reason: "line 2 is no JSON object"},
		{name: "python-literal", script: `print({"record": {}})`, reason: "line 1 is not JSON"},
		{name: "unknown-statement", script: line(`{"recrod":{}}`), reason: "line 1 begins with a member that the format does not have"},
		{name: "two-members", script: line(`{"record":{"kind":"row"},"done":true}`), reason: "line 1 holds more than one member"},
		{name: "repeated-name", script: line(`{"record":{"kind":"row","kind":"row"}}`), reason: "line 1 repeats a member's name"},
		{name: "nan", script: `row(v=float("nan"))`, reason: "line 1 holds NaN or Infinity"},
		{name: "deep", script: `print('{"record":' + '[' * 100000)`, reason: "that is no object"},
		{name: "deep-inside", script: `print('{"record":{"a":' + '[' * 100000)`, reason: "nested too deeply"},
		{name: "after-done", script: line(`{"done":true}`) + `row()`, reason: "line 2 comes after done"},
		{name: "wrong-count", script: `row()` + "\n" + line(`{"done":{"records":2}}`), reason: "counts other records"},
		{name: "wrong-units", script: `row()` + "\n" + line(`{"done":{"units":{"read":5,"emitted":1,"rejected":0,"skipped":0}}}`), reason: "units do not add up"},
		{name: "bytes-read", script: line(`{"done":{"bytes_read":100}}`), reason: "100 bytes were read"},
		{name: "unknown-key", script: line(`{"done":{"keys_used":["k"]}}`), reason: "a key that was not handed over"},
		{name: "span", script: `row(source={"offset": 3, "length": 2})` + "\n" + line(`{"done":true}`), reason: "span leaves the input"},
		{name: "role", script: `row(source={"offset": 0, "length": 2, "role": "wal"})` + "\n" + line(`{"done":true}`), reason: "a role that no input has"},
		{name: "time", script: `row(time="yesterday")` + "\n" + line(`{"done":true}`), reason: "time is not RFC 3339"},
		{name: "artifact-data", script: line(`{"data":"aGk="}`), reason: "data without an artifact"},
		{name: "artifact-open", script: line(`{"artifact":{}}`) + line(`{"done":true}`), reason: "complete inside an artifact"},
		{name: "no-base64", script: line(`{"artifact":{}}`) + line(`{"data":"?"}`), reason: "no base64"},
		{name: "exception", script: `row(); raise ValueError("secret")`, reason: "crashed: exit status 1", attempts: 2},
		{name: "import", script: `import requests`, reason: "crashed: exit status 1", attempts: 2},
		{name: "segfault", script: `import ctypes; ctypes.string_at(0)`, reason: "crashed: signal: segmentation fault", attempts: 2},
		{name: "endless-line", script: "while True: sys.stdout.write('x' * 65536)", reason: "is longer than 1048576 bytes"},
		{name: "endless-records", script: "while True: row()", limits: host.Limits{Records: 5000}, outcome: evidence.OutcomePartial, reason: "more than 5000 records"},
		{name: "endless-bytes", script: "while True: row(text='x' * 10000)", limits: host.Limits{OutputBytes: 1 << 20}, outcome: evidence.OutcomePartial, reason: "more than 1048576 bytes of records"},
		{name: "endless-blank", script: "while True: print()", limits: host.Limits{Progress: time.Second}, reason: "hung: no progress", attempts: 2},
		{name: "same-progress", script: "while True: print('{\"progress\":{\"bytes\":1,\"units\":1}}')", limits: host.Limits{Progress: time.Second}, reason: "hung: no progress", attempts: 2},
		{name: "hang", script: "row(); sys.stdout.flush()\nwhile True: pass", limits: host.Limits{Progress: time.Second}, reason: "hung: no progress", attempts: 2},
		{name: "sleep-after-done", script: line(`{"done":true}`) + "sys.stdout.flush()\nimport time; time.sleep(1000)", limits: host.Limits{Progress: time.Second}, reason: "left its streams open after Done"},
		{name: "total", script: "while True: row(); sys.stdout.flush()", limits: host.Limits{Total: 2 * time.Second}, outcome: evidence.OutcomePartial, reason: "ran longer than 2s"},
		{name: "memory", script: "a = []\nwhile True: a.append(bytearray(1 << 20))", limits: host.Limits{Memory: 128 << 20}, reason: "crashed: exit status 1", attempts: 2},
		{name: "memory-shared", script: "import mmap\na = []\nwhile True:\n m = mmap.mmap(-1, 1 << 20); m[:] = b'x' * (1 << 20); a.append(m)", limits: host.Limits{Memory: 128 << 20}, reason: "crashed: exit status 1", attempts: 2},
		{name: "stderr", script: "for i in range(60): sys.stderr.write('x' * 65536)\n" + line(`{"done":true}`), limits: host.Limits{Progress: 30 * time.Second}, outcome: evidence.OutcomeComplete},
		{name: "says-failed", script: line(`{"done":{"outcome":"failed","reason":"no such format"}}`), reason: "no such format"},
		{name: "says-partial", script: `row()` + "\n" + line(`{"done":{"outcome":"partial","reason":"half","units":{"read":3,"emitted":1,"rejected":0,"skipped":2}}}`), outcome: evidence.OutcomePartial, reason: "half"},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := job(t, loadScript(t, "import json, os, sys\n"+printRow+c.script), "", "1234")
			j.Limits = c.limits
			res, sink := h.must(j)
			outcome := c.outcome
			if outcome == "" {
				outcome = evidence.OutcomeFailed
			}
			if res.Outcome != outcome || !strings.Contains(res.Reason, c.reason) || res.Attempts != max(c.attempts, 1) {
				t.Errorf("%s %q after %d attempts\n%.2000s", res.Outcome, res.Reason, res.Attempts, res.Stderr)
			}
			if strings.Contains(res.Reason, "secret") {
				t.Errorf("the reason quotes: %q", res.Reason)
			}
			if outcome == evidence.OutcomeFailed && !sink.aborted {
				t.Error("the sink was not aborted")
			}
			if len(res.Stderr) > 64<<10 {
				t.Errorf("%d bytes of stderr", len(res.Stderr))
			}
			scriptWorks(h, good)
		})
	}
}

// triesScript attempts what a script must not be able to do. Python has a name for
// most of it; ctypes has one for the rest.
const triesScript = `
import ctypes, errno, importlib, json, mmap, os, socket, sys, threading
job = json.load(sys.stdin)
victim, host = job["config"]["path"], job["config"]["pid"]
libc = ctypes.CDLL(None, use_errno=True)
def call(n, *a):
    ctypes.set_errno(0)
    r = libc.syscall(ctypes.c_long(n), *[ctypes.c_void_p(x) if isinstance(x, int) or x is None else x for x in a])
    if r < 0: raise OSError(ctypes.get_errno(), "")
def module(name):
    sys.path[:0] = ["/usr/lib/python3/dist-packages", "/usr/local/lib/python3.11/dist-packages"] + job["config"]["places"]
    try: importlib.import_module(name)
    finally: del sys.path[:-5]
def sock(*a): socket.socket(*a).close()
def thread():
    t = threading.Thread(target=lambda: None); t.start(); t.join()
own = "/proc/self/fd/254/plugin.py"
python = "/proc/self/fd/253/bin/python3"
argv = (ctypes.c_char_p * 2)(b"x", None)
for what, f in {
    "read /etc/passwd": lambda: open("/etc/passwd"),
    "read other evidence": lambda: open(victim),
    "read /proc/self/maps": lambda: open("/proc/self/maps"),
    "read host environment": lambda: open("/proc/%d/environ" % host),
    "list /": lambda: os.listdir("/"),
    "reopen input": lambda: open("/proc/self/fd/3"),
    "write /tmp": lambda: open("/tmp/exhibit-escape", "w"),
    "write own directory": lambda: open("new", "w"),
    "write own file": lambda: open(own, "a"),
    "write standard library": lambda: open(json.__file__, "a"),
    "write input": lambda: os.pwrite(3, b"x", 0),
    "map input for writing": lambda: mmap.mmap(3, 1, access=mmap.ACCESS_WRITE),
    "chmod own file": lambda: os.chmod(own, 0o777),
    "chmod input": lambda: os.fchmod(3, 0o777),
    "touch input": lambda: os.utime(3),
    "rename own file": lambda: os.rename(own, "/proc/self/fd/254/x"),
    "remove own file": lambda: os.remove(own),
    "remove other evidence": lambda: os.remove(victim),
    "mkdir": lambda: os.mkdir("d"),
    "symlink": lambda: os.symlink("/etc/passwd", "l"),
    "fork": lambda: os._exit(0) if os.fork() == 0 else None,
    "exec /bin/sh": lambda: os.execv("/bin/sh", ["sh", "-c", "exit 0"]),
    "exec python": lambda: os.execv(python, ["python3", "-c", "print('{\"done\":true}')"]),
    "exec itself": lambda: os.execv("/proc/self/exe", ["x"]),
    "execveat python": lambda: call(322, -100, python.encode(), ctypes.addressof(argv), 0, 0),
    "execveat itself": lambda: call(322, -100, b"/proc/self/exe", ctypes.addressof(argv), 0, 0),
    "execveat descriptor": lambda: call(322, os.dup2(os.open(python, os.O_RDONLY), 4), b"", ctypes.addressof(argv), 0, 0x1000),
    "spawn": lambda: os.posix_spawn("/bin/sh", ["sh"], {}),
    "tcp": lambda: sock(socket.AF_INET, socket.SOCK_STREAM),
    "udp": lambda: sock(socket.AF_INET, socket.SOCK_DGRAM),
    "netlink": lambda: sock(16, socket.SOCK_RAW),
    "connect": lambda: socket.socket(socket.AF_UNIX).connect(victim + ".sock"),
    "signal host": lambda: os.kill(host, 0),
    "signal all": lambda: os.kill(-1, 0),
    "ptrace": lambda: call(101, 16, host, 0, 0),
    "memfd": lambda: os.memfd_create("x"),
    "chroot": lambda: os.chroot("."),
    "nice host": lambda: os.setpriority(os.PRIO_PROCESS, host, 5),
    "import a system package": lambda: module("apt_pkg"),
    "import a package beside": lambda: module("beside"),
    "import a left-out module": lambda: module("ensurepip"),
    "read own file": lambda: open(own).read(),
    "read vendored": lambda: module("vendored"),
    "thread": thread,
    "read input": lambda: os.pread(3, 1, 0),
}.items():
    try:
        f(); error = ""
    except OSError as e: error = errno.errorcode.get(e.errno, str(e))
    except Exception as e: error = type(e).__name__
    print(json.dumps({"record": {"kind": "row", "table": "tries", "columns": {"what": what, "error": error}, "source": {"offset": 0, "length": 1}}}))
print('{"done":true}')
`

func TestScriptConfined(t *testing.T) { testScriptConfined(t, newHost(t)) }

// TestScriptWithoutNamespaces: what is left holds all the same.
func TestScriptWithoutNamespaces(t *testing.T) {
	h := newHost(t)
	host.ForbidNamespaces(h.Host)
	testScriptConfined(t, h)
}

func testScriptConfined(t *testing.T, h *fixture) {
	dir := t.TempDir()
	victim := filepath.Join(dir, "victim")
	if err := os.WriteFile(victim, []byte("evidence"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "beside.py"), []byte("x = 1\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, d := range []string{dir, filepath.Dir(dir)} {
		if err := os.Chmod(d, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	p := loadScript(t, triesScript, "vendor/vendored.py", "x = 1\n")
	j := job(t, p, "", "input")
	j.Config = config(t, map[string]any{"path": victim, "pid": int64(os.Getpid()), "places": []string{dir}})
	before, inputBefore := stat(t, victim), stat(t, j.Inputs[0].File.Name())
	res, sink := h.must(j)
	if res.Outcome != evidence.OutcomeComplete {
		t.Fatalf("%s %q %s", res.Outcome, res.Reason, res.Stderr)
	}
	got := map[string]string{}
	for _, line := range sink.lines {
		var r struct{ Columns struct{ What, Error string } }
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		got[r.Columns.What] = r.Columns.Error
	}
	want := map[string]string{
		"read /etc/passwd": "EACCES", "read other evidence": "EACCES", "read /proc/self/maps": "EACCES", "read host environment": "EACCES",
		"list /": "EACCES", "reopen input": "EACCES", "write /tmp": "EACCES", "write own directory": "EACCES", "write own file": "EACCES",
		"write standard library": "EACCES", "write input": "EBADF", "map input for writing": "EACCES",
		"chmod own file": "EPERM", "chmod input": "EPERM", "touch input": "EPERM", "rename own file": "EACCES", "remove own file": "EACCES",
		"remove other evidence": "EACCES", "mkdir": "EACCES", "symlink": "EACCES",
		"fork": "EPERM", "exec /bin/sh": "EPERM", "exec python": "EPERM", "exec itself": "EPERM", "execveat python": "EPERM",
		"execveat itself": "EPERM", "execveat descriptor": "EPERM", "spawn": "EPERM",
		"tcp": "EPERM", "udp": "EPERM", "netlink": "EPERM", "connect": "EPERM", "signal host": "EPERM", "signal all": "EPERM", "ptrace": "EPERM",
		"memfd": "EPERM", "chroot": "EPERM", "nice host": "EPERM",
		"import a system package": "ModuleNotFoundError", "import a package beside": "ModuleNotFoundError", "import a left-out module": "ModuleNotFoundError",
		"read own file": "", "read vendored": "", "thread": "", "read input": "",
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
	r := level(t, res)
	for _, f := range []string{"no_new_privs", "no_capabilities", "not_root", "rlimits", "seccomp", "sealed_program"} {
		if !slices.Contains(r.Features, f) {
			t.Errorf("%s is not in force: %v", f, r.Features)
		}
	}
	scriptWorks(h, loadScript(t, linesScript))
}

// TestScriptChanged: neither a changed script nor a changed interpreter is run.
func TestScriptChanged(t *testing.T) {
	h := newHost(t)
	p := loadScript(t, linesScript, "vendor/v.py", "x = 1\n")
	if err := os.WriteFile(filepath.Join(p.Dir, "vendor/v.py"), []byte("x = 2\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	changed, err := python.Load(p.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if changed.Digest == p.Digest {
		t.Fatal("a changed file does not change the digest")
	}
	res, sinks, err := h.run(t.Context(), job(t, p, "", "x"))
	if err != nil || !res.Refused || len(sinks) > 0 {
		t.Fatalf("%v %+v", err, res)
	}
	for _, d := range []evidence.Digest{p.Files["vendor/v.py"], changed.Files["vendor/v.py"]} {
		if !strings.Contains(res.Reason, d.String()) || !strings.Contains(res.Reason, `"vendor/v.py"`) {
			t.Errorf("the refusal does not name %s: %s", d, res.Reason)
		}
	}
	// It is run where it is what was loaded.
	if res, sink := h.must(job(t, changed, "", "x\n")); res.Outcome != evidence.OutcomeComplete || len(sink.lines) != 1 {
		t.Errorf("%s %q", res.Outcome, res.Reason)
	}
}

// TestScriptInterpreterChanged: an interpreter is part of the plugin, by name.
func TestScriptInterpreterChanged(t *testing.T) {
	if havePython() != nil {
		t.Skip("NOT TESTED: no python3")
	}
	binary, err := filepath.EvalSymlinks("/usr/bin/python3")
	if err != nil {
		t.Skip("NOT TESTED: no /usr/bin/python3")
	}
	prefix := t.TempDir()
	version := filepath.Base(binary)
	if _, err := os.Stat("/usr/lib/" + version + "/os.py"); err != nil {
		t.Skip("NOT TESTED: the standard library is not below /usr/lib")
	}
	for from, to := range map[string]string{binary: "bin/" + version, "/usr/lib/" + version: "lib/" + version} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(prefix, to)), 0o755); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("cp", "-rL", from, filepath.Join(prefix, to)).CombinedOutput(); err != nil && !strings.Contains(string(out), "cannot stat") {
			t.Fatalf("%v %s", err, out)
		}
	}
	dir := loadScript(t, linesScript).Dir
	load := func() *host.Plugin {
		t.Helper()
		p, err := (&host.Loader{Python: filepath.Join(prefix, "bin", version)}).Load(dir)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	h := newHost(t)
	p := load()
	if res, sink := h.must(job(t, p, "", "x\n")); res.Outcome != evidence.OutcomeComplete || len(sink.lines) != 1 {
		t.Fatalf("%s %q %s", res.Outcome, res.Reason, res.Stderr)
	}
	lib := filepath.Join(prefix, "lib", version)
	// What a script cannot reach is no part of it.
	for _, name := range []string{"site-packages/x.py", "test/x.py", "json/__pycache__/x.pyc", "x.txt"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(lib, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(lib, name), []byte("x = 1\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if load().Digest != p.Digest {
		t.Error("files that no script can reach change the digest")
	}
	f, err := os.OpenFile(filepath.Join(lib, "json/decoder.py"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("# changed\n"); err != nil {
		t.Fatal(err)
	}
	f.Close()
	changed := load()
	entry := host.InterpreterFile("python3")
	if changed.Digest == p.Digest || changed.Files[entry] == p.Files[entry] || changed.Files[entry].IsZero() {
		t.Error("a changed interpreter does not change the digest")
	}
	// A host that has no copy yet refuses what was loaded before the change.
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	res, _, err := newHost(t).run(t.Context(), job(t, p, "", "x\n"))
	if err != nil || !res.Refused || !strings.Contains(res.Reason, "json/decoder.py") || strings.Count(res.Reason, "sha256:") != 2 {
		t.Errorf("%v %+v", err, res)
	}
}

// TestScriptDeterministic: the same bytes, the first time and when modules are compiled.
func TestScriptDeterministic(t *testing.T) {
	h := newHost(t)
	p := loadScript(t, `
import json, os, sys, time
job = json.load(sys.stdin)
print(json.dumps({"record": {"kind": "row", "table": "t", "columns": {"hash": str(hash("a")), "set": list({"a", "b", "c"}), "file": __file__, "path": sys.path,
    "zone": time.tzname[0], "environ": sorted(os.environ), "argv": sys.argv, "job": sorted(job), "cwd": os.listdir("."), "module": json.__file__}, "source": {"offset": 0, "length": 1}}}))
print('{"done":true}')
`)
	var first string
	for i := range 3 {
		res, sink := h.must(job(t, p, "", "x"))
		if res.Outcome != evidence.OutcomeComplete {
			t.Fatalf("%s %q %s", res.Outcome, res.Reason, res.Stderr)
		}
		line := strings.Replace(sink.lines[0], `"__pycache__",`, "", 1)
		if i == 0 {
			first = line
		}
		if line != first {
			t.Errorf("run %d\n%s\n%s", i, line, first)
		}
	}
	if strings.Contains(first, h.dir) || strings.Contains(first, os.TempDir()) {
		t.Errorf("a path of this machine: %s", first)
	}
}

// TestScriptShim: a version manager's shim is no interpreter, and the error says what is.
func TestScriptShim(t *testing.T) {
	dir := loadScript(t, linesScript).Dir
	shim := filepath.Join(t.TempDir(), "python3")
	if err := os.WriteFile(shim, []byte("#!/bin/sh\nexec python3 \"$@\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	_, err := (&host.Loader{Python: shim}).Load(dir)
	if err == nil || !strings.Contains(err.Error(), "sys.executable") {
		t.Error(err)
	}
	if _, err := (&host.Loader{Python: filepath.Join(dir, "nothing")}).Load(dir); err == nil {
		t.Error("an interpreter that is not there")
	}
}

// TestScriptCheck: a script that cannot start says why, by name.
func TestScriptCheck(t *testing.T) {
	h := newHost(t)
	sdk := sdkSource(t)
	for _, c := range []struct{ script, want string }{
		{"import exhibit_sdk as sdk\nsdk.main(parse=print, unpack=print)", ""},
		{"import exhibit_sdk as sdk\nsdk.main(parse=print)", "the script says protocol 1, [parse]"},
		{"import requests", "No module named 'requests'"},
		{"x = (", "SyntaxError"},
		{"print('{\"done\":true}')", "does not answer describe"},
		{linesScript, "describe"},
	} {
		_, err := h.Check(t.Context(), loadScript(t, c.script, "exhibit_sdk.py", sdk))
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%q: %v", c.script, err)
		}
	}
}

func TestScriptProbe(t *testing.T) {
	h := newHost(t)
	script := "import exhibit_sdk as sdk\nsdk.main(parse=print, probe=lambda head, size: sdk.Match(90 if head[:2] == b'ab' else 0, 'it is %d bytes' % size))"
	p := loadScript(t, script, "exhibit_sdk.py", sdkSource(t))
	res, err := h.Probe(t.Context(), p, host.Sample{Head: []byte("abc"), Size: 1000})
	if err != nil || res.Failed || res.Confidence != 90 || res.Reason != "it is 1000 bytes" {
		t.Errorf("%+v %v", res, err)
	}
	res, err = h.Probe(t.Context(), loadScript(t, "import exhibit_sdk as sdk\nsdk.main(parse=print)", "exhibit_sdk.py", sdkSource(t)), host.Sample{Head: []byte("x"), Size: 1})
	if err != nil || !res.Failed {
		t.Errorf("%+v %v", res, err)
	}
}
