package sandbox

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// exitFailed is the launcher's exit status where the program was not executed.
// 125 is what env(1) and its kin use for failures of their own.
const exitFailed = 125

// HostNamespaces returns the namespaces of the calling process, for Spec.
func HostNamespaces() map[string]string {
	m := make(map[string]string, len(namespaces))
	for _, name := range namespaces {
		if link, err := os.Readlink("/proc/self/ns/" + name); err == nil {
			m[name] = link
		}
	}
	return m
}

// Main confines the process and executes the program: args are the Spec as JSON
// and the program's argv. It returns, with an exit status, only where it reports
// without executing or where executing failed.
func Main(args []string) int {
	// Landlock, seccomp and no_new_privs bind the calling thread, and execve keeps
	// what the calling thread has. Setting them on all threads is not possible in a
	// program with cgo (syscall.AllThreadsSyscall refuses).
	runtime.LockOSThread()
	var spec Spec
	if len(args) == 0 || json.Unmarshal([]byte(args[0]), &spec) != nil {
		_, _ = fmt.Fprintln(os.Stderr, "exhibit: the sandbox launcher is started by exhibit itself")
		return exitFailed
	}
	img, err := newImage(args[1:], os.Environ())
	if err != nil {
		_ = report(spec.Status, Report{Level: L0, Refused: err.Error()})
		return exitFailed
	}
	r, filter := confine(spec, img)
	if r.Refused == "" && !Reaches(r.Level, spec.Require) {
		r.Refused = fmt.Sprintf("sandbox level %s, but %s is required: %v", r.Level, spec.Require, r.Missing)
	}
	if err := report(spec.Status, r); err != nil || r.Refused != "" {
		return exitFailed
	}
	if spec.Program < 0 {
		return 0
	}
	err = execute(spec.Program, img, filter)
	_ = report(spec.Status, Report{Refused: "execute: " + err.Error()})
	return exitFailed
}

// confine applies the layers in the order in which each still can be: Landlock
// needs to open nothing later, seccomp forbids what the others use.
func confine(spec Spec, img image) (Report, []unix.SockFilter) {
	r := Report{Features: ownNamespaces(spec.Namespaces)}
	layer := func(name string, apply func() error) {
		if err := apply(); err != nil {
			r.Missing = append(r.Missing, name+": "+err.Error())
			return
		}
		r.Features = append(r.Features, name)
	}
	if spec.Dir >= 0 {
		if err := unix.Fchdir(spec.Dir); err != nil {
			return Report{Level: L0, Refused: "directory: " + err.Error()}, nil
		}
	}
	if sealed(spec.Program) {
		r.Features = append(r.Features, SealedProgram)
	}
	layer(NoNewPrivs, func() error { return unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) })
	abi, err := landlockABI()
	if err == nil {
		layer(landlockPrefix+strconv.Itoa(abi), func() error { return landlock(abi, spec) })
	} else {
		r.Missing = append(r.Missing, "landlock: "+err.Error())
	}
	layer(Rlimits, func() error {
		// Since Linux 5.14 NPROC counts per user namespace; ABI 2 came with 5.19.
		return setRlimits(spec.Limits, abi >= 2 && slices.Contains(r.Features, "userns"))
	})
	layer(NoCapabilities, dropCapabilities)
	if unix.Geteuid() != 0 {
		r.Features = append(r.Features, NotRoot)
	}
	// Whatever else is open here, by our own hand or our caller's, ends at execve.
	if err := unix.CloseRange(uint(spec.Keep+1), ^uint(0)>>1, unix.CLOSE_RANGE_CLOEXEC); err != nil {
		return Report{Level: L0, Refused: "close_range: " + err.Error()}, nil
	}
	if err := enterTrees(spec.Trees); err != nil {
		return Report{Level: L0, Refused: "files of the plugin: " + err.Error()}, nil
	}
	var more []bpf.Instruction
	if len(spec.Trees) > 0 {
		more = executeOnce(img)
	}
	filter, err := seccompFilter(unix.Getpid(), more...)
	if err == nil {
		err = seccompAvailable()
	}
	if err != nil {
		filter = nil
	}
	layer(Seccomp, func() error { return err })
	slices.Sort(r.Features)
	r.Level = LevelOf(r.Features)
	return r, filter
}

// execute installs the filter as the last thing before execveat, and fails where
// it cannot: it was promised in the report.
func execute(program int, img image, filter []unix.SockFilter) error {
	if filter != nil {
		if err := installSeccomp(filter); err != nil {
			return fmt.Errorf("seccomp: %w", err)
		}
	}
	empty, err := syscall.BytePtrFromString("")
	if err != nil {
		return err
	}
	_, _, errno := unix.RawSyscall6(unix.SYS_EXECVEAT, uintptr(program), uintptr(unsafe.Pointer(empty)),
		img.argv, img.envp, unix.AT_EMPTY_PATH, 0)
	if errno == unix.EACCES {
		return fmt.Errorf("%w: a program must be static, it can open no interpreter and no library", errno)
	}
	if errno == unix.ENOENT || errno == unix.ENOEXEC {
		return fmt.Errorf("%w: a program must be an executable of this system, not a script", errno)
	}
	return errno
}

func ownNamespaces(host map[string]string) []string {
	var own []string
	for name, link := range HostNamespaces() {
		if was := host[name]; was != "" && was != link {
			own = append(own, name+"ns")
		}
	}
	return own
}

// sealed reports whether fd is a memory file that nobody can change any more.
func sealed(fd int) bool {
	seals, err := unix.FcntlInt(uintptr(fd), unix.F_GET_SEALS, 0)
	const all = unix.F_SEAL_WRITE | unix.F_SEAL_GROW | unix.F_SEAL_SHRINK | unix.F_SEAL_SEAL
	return err == nil && seals&all == all
}
