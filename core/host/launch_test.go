//go:build linux

package host_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"github.com/exhibit-forensics/exhibit/core/host"
	"github.com/exhibit-forensics/exhibit/core/host/sandbox"
)

// Launchers of tests: what the sandbox comes to on systems that have less.
const (
	launchBare       = "sandbox-bare"        // nothing at all
	launchNoSeccomp  = "sandbox-no-seccomp"  // a kernel without seccomp filters
	launchNoLandlock = "sandbox-no-landlock" // a kernel without Landlock
	launchLimits     = "sandbox-limits"      // a kernel without both
	launchTraced     = "sandbox-traced"      // under strace, which whose file and program are the next arguments
)

func launcher(how string) []string { return []string{"/proc/self/exe", how} }

// launch is what TestMain does where it is started as a launcher.
func launch(how string, args []string) int {
	runtime.LockOSThread()
	switch how {
	case launcherArg:
	case launchNoSeccomp:
		without(unix.SYS_SECCOMP)
	case launchNoLandlock:
		without(unix.SYS_LANDLOCK_CREATE_RULESET)
	case launchLimits:
		without(unix.SYS_SECCOMP, unix.SYS_LANDLOCK_CREATE_RULESET)
	case launchTraced:
		attach(args[0], args[1])
		args = args[2:]
	case launchBare:
		return unconfined(args)
	}
	return sandbox.Main(args)
}

// attach has strace trace this process from now on, into a file.
func attach(file, strace string) {
	_ = unix.Prctl(unix.PR_SET_PTRACER, unix.PR_SET_PTRACER_ANY, 0, 0, 0) // fails where Yama is not there to ask for it
	cmd := exec.Command(strace, "-f", "-e", "signal=none", "-o", file, "-p", strconv.Itoa(os.Getpid()))
	for fd := 3; fd <= 6; fd++ { // what the host handed over is not strace's
		unix.CloseOnExec(fd)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // it writes the rest when the plugin has been killed
	must(cmd.Start())
	_, err := unix.FcntlInt(3, unix.F_SETFD, 0)
	must(err)
	for {
		b, err := os.ReadFile("/proc/self/status")
		must(err)
		if !strings.Contains(string(b), "TracerPid:\t0\n") {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// without takes system calls away from this thread.
func without(calls ...uint32) {
	program := []bpf.Instruction{bpf.LoadAbsolute{Off: 0, Size: 4}}
	for _, nr := range calls {
		program = append(program, bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: nr, SkipTrue: 1},
			bpf.RetConstant{Val: unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)})
	}
	raw, err := bpf.Assemble(append(program, bpf.RetConstant{Val: unix.SECCOMP_RET_ALLOW}))
	must(err)
	filter := make([]unix.SockFilter, len(raw))
	for i, in := range raw {
		filter[i] = unix.SockFilter{Code: in.Op, Jt: in.Jt, Jf: in.Jf, K: in.K}
	}
	prog := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	must(unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
	must(unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&prog)), 0, 0))
}

// unconfined executes the program as it is, and says so.
func unconfined(args []string) int {
	var spec sandbox.Spec
	must(json.Unmarshal([]byte(args[0]), &spec))
	must(unix.Fchdir(spec.Dir))
	_, err := unix.Write(spec.Status, []byte(`{"features":[],"level":"L0"}`))
	must(err)
	for _, fd := range []int{spec.Program, spec.Status, spec.Dir} {
		unix.CloseOnExec(fd)
	}
	must(unix.Exec("/proc/self/fd/"+strconv.Itoa(spec.Program), args[1:], os.Environ()))
	return 1
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// withoutSeccomp and withoutLandlock are hosts on lesser systems, where that was agreed to.
func withoutSeccomp(c *host.Config) {
	c.RequireLevel, c.Launcher = sandbox.L1, launcher(launchNoSeccomp)
}

func withoutLandlock(c *host.Config) {
	c.RequireLevel, c.Launcher = sandbox.L1, launcher(launchNoLandlock)
}

func limitsOnly(c *host.Config) {
	c.RequireLevel, c.Launcher = sandbox.L1, launcher(launchLimits)
}

// named lists the processes whose command line begins like that.
func named(t *testing.T, cmdline string) []string {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, f := range files {
		if b, err := os.ReadFile(f); err == nil && strings.HasPrefix(string(b), cmdline) && alive(filepath.Base(filepath.Dir(f))) {
			found = append(found, filepath.Base(filepath.Dir(f)))
		}
	}
	return found
}

// TestFailsClosed: on a system that lacks a layer nothing of a plugin runs, unless a
// lower level was asked for by name, and then it is recorded.
func TestFailsClosed(t *testing.T) {
	for _, c := range []struct {
		how, level, missing string
	}{
		{launchNoSeccomp, sandbox.L1, "seccomp: function not implemented"},
		{launchNoLandlock, sandbox.L1, "landlock: function not implemented"},
	} {
		t.Run(c.how, func(t *testing.T) {
			t.Run("required", func(t *testing.T) {
				h := newHost(t, func(cfg *host.Config) { cfg.Launcher = launcher(c.how) })
				refused(t, h, loadPlugin(t, "exits"), "sandbox level "+c.level+", but L2 is required", c.missing)
			})
			lower := newHost(t, func(cfg *host.Config) { cfg.Launcher, cfg.RequireLevel = launcher(c.how), c.level })
			p := loadPlugin(t, "plugin")
			res, _ := lower.must(job(t, p, "ok", ""))
			if r := level(t, res); r.Level != c.level {
				t.Errorf("recorded as %+v", r)
			}
		})
	}
	for _, bad := range []string{"L4", "l2", "none"} {
		if _, err := host.New(host.Config{Launcher: launcher(launcherArg), Dir: t.TempDir(), Now: nil, RequireLevel: bad}); err == nil {
			t.Errorf("%q is a level", bad)
		}
	}
}
