package sandbox_test

import (
	"encoding/binary"
	"runtime"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"github.com/exhibit-forensics/exhibit/core/host/sandbox"
)

func TestLevelOf(t *testing.T) {
	l2 := []string{"landlock:7", "no_new_privs", "rlimits", "seccomp"}
	l3 := append([]string{"netns", "pidns", "userns"}, l2...)
	without := func(list []string, f string) []string {
		return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == f })
	}
	for _, c := range []struct {
		features []string
		want     string
	}{
		{l3, sandbox.L3},
		{l2, sandbox.L2},
		{nil, sandbox.L0},
		{without(l3, "userns"), sandbox.L2},
		{without(l3, "pidns"), sandbox.L2},
		{without(l3, "netns"), sandbox.L2},
		{without(l3, "landlock:7"), sandbox.L1},
		{without(l3, "seccomp"), sandbox.L1},
		{without(l3, "no_new_privs"), sandbox.L1},
		{without(l3, "rlimits"), sandbox.L0},
		{[]string{"rlimits"}, sandbox.L1},
	} {
		if got := sandbox.LevelOf(c.features); got != c.want {
			t.Errorf("%v: %s, want %s", c.features, got, c.want)
		}
	}
}

func TestReaches(t *testing.T) {
	levels := []string{sandbox.L0, sandbox.L1, sandbox.L2, sandbox.L3}
	for i, have := range levels {
		for j, need := range levels {
			if got := sandbox.Reaches(have, need); got != (i >= j) {
				t.Errorf("%s reaches %s: %v", have, need, got)
			}
		}
	}
	if sandbox.Reaches("", sandbox.L0) || sandbox.Reaches(sandbox.L3, "") || sandbox.Reaches(sandbox.L3, "L4") {
		t.Error("an unknown level reaches something")
	}
}

func TestReport(t *testing.T) {
	r, err := sandbox.ParseReport([]byte(`{"features":["a"],"level":"L1","missing":["b: no"]}{"refused":"execute: no"}`))
	want := sandbox.Report{Features: []string{"a"}, Level: "L1", Missing: []string{"b: no"}, Refused: "execute: no"}
	if d := cmp.Diff(want, r); d != "" || err != nil {
		t.Error(d, err)
	}
	for _, bad := range []string{"", "{", `{"level":"L1"}{`} {
		if _, err := sandbox.ParseReport([]byte(bad)); err == nil {
			t.Errorf("%q is a report", bad)
		}
	}
	b, err := r.Canonical()
	if want := `{"features":["a"],"level":"L1"}`; string(b) != want || err != nil {
		t.Errorf("%s, %v", b, err)
	}
}

// call is struct seccomp_data. x/net/bpf's machine loads big-endian words, the
// kernel those of the processor: each half of an argument is written for the former
// where the latter would find it.
type call struct {
	nr, arch uint32
	args     [6]uint64
}

func (c call) packet() []byte {
	b := binary.BigEndian.AppendUint32(nil, c.nr)
	b = binary.BigEndian.AppendUint32(b, c.arch)
	b = binary.BigEndian.AppendUint64(b, 0) // instruction pointer
	for _, a := range c.args {
		b = binary.BigEndian.AppendUint32(b, uint32(a))
		b = binary.BigEndian.AppendUint32(b, uint32(a>>32))
	}
	return b
}

// Verdicts, as the low bits of what the machine returns.
const (
	allow = unix.SECCOMP_RET_ALLOW
	kill  = unix.SECCOMP_RET_KILL_PROCESS
)

func errno(e unix.Errno) uint32 { return unix.SECCOMP_RET_ERRNO | uint32(e) }

func TestFilter(t *testing.T) {
	const pid = 4711
	vm, err := bpf.NewVM(sandbox.FilterProgram(pid))
	if err != nil {
		t.Fatal(err)
	}
	verdict := func(c call) uint32 {
		t.Helper()
		n, err := vm.Run(c.packet())
		if err != nil {
			t.Fatal(err)
		}
		return uint32(n)
	}
	native := func(nr uint32, args ...uint64) call {
		c := call{nr: nr, arch: sandbox.AuditArch}
		copy(c.args[:], args)
		return c
	}
	const high = 1 << 32 // ignored by the kernel, so it must not matter
	for _, c := range []struct {
		what string
		call call
		want uint32
	}{
		{"read", native(unix.SYS_READ), allow},
		{"other architecture", call{nr: unix.SYS_READ, arch: sandbox.AuditArch ^ 1}, kill},
		{"execveat", native(unix.SYS_EXECVEAT), allow},
		{"execve", native(unix.SYS_EXECVE), errno(unix.EPERM)},
		{"connect", native(unix.SYS_CONNECT), errno(unix.EPERM)},
		{"thread", native(unix.SYS_CLONE, unix.CLONE_VM|unix.CLONE_THREAD|unix.CLONE_SIGHAND), allow},
		{"fork", native(unix.SYS_CLONE, uint64(unix.SIGCHLD)), errno(unix.EPERM)},
		{"thread in a namespace", native(unix.SYS_CLONE, unix.CLONE_THREAD|unix.CLONE_NEWNET), errno(unix.EPERM)},
		{"fork, high bits", native(unix.SYS_CLONE, high|unix.CLONE_THREAD<<32), errno(unix.EPERM)},
		{"clone3", native(unix.SYS_CLONE3), errno(unix.ENOSYS)},
		{"future", native(unix.SYS_RSEQ_SLICE_YIELD + 1), errno(unix.ENOSYS)},
		{"newest", native(unix.SYS_RSEQ_SLICE_YIELD), allow},
		{"stream", native(unix.SYS_SOCKET, unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK), allow},
		{"seqpacket", native(unix.SYS_SOCKET, unix.AF_UNIX, unix.SOCK_SEQPACKET), allow},
		{"datagram", native(unix.SYS_SOCKET, unix.AF_UNIX, unix.SOCK_DGRAM), errno(unix.EPERM)},
		{"inet", native(unix.SYS_SOCKET, unix.AF_INET, unix.SOCK_STREAM), errno(unix.EPERM)},
		{"inet, high bits", native(unix.SYS_SOCKET, high|unix.AF_INET, unix.SOCK_STREAM), errno(unix.EPERM)},
		{"unix, high bits", native(unix.SYS_SOCKET, high|unix.AF_UNIX, high|unix.SOCK_STREAM), allow},
		{"pair", native(unix.SYS_SOCKETPAIR, unix.AF_UNIX, unix.SOCK_STREAM), allow},
		{"datagram pair", native(unix.SYS_SOCKETPAIR, unix.AF_UNIX, unix.SOCK_DGRAM), errno(unix.EPERM)},
		{"kill itself", native(unix.SYS_KILL, pid, 9), allow},
		{"kill another", native(unix.SYS_KILL, pid+1, 9), errno(unix.EPERM)},
		{"kill group", native(unix.SYS_KILL, 0, 9), errno(unix.EPERM)},
		{"kill all", native(unix.SYS_KILL, ^uint64(0), 9), errno(unix.EPERM)},
		{"tgkill", native(unix.SYS_TGKILL, pid, 1, 9), allow},
		{"tgkill another", native(unix.SYS_TGKILL, 1, 1, 9), errno(unix.EPERM)},
		{"own limits", native(unix.SYS_PRLIMIT64, 0), allow},
		{"limits by number", native(unix.SYS_PRLIMIT64, pid), allow},
		{"others' limits", native(unix.SYS_PRLIMIT64, 1), errno(unix.EPERM)},
		{"prctl", native(unix.SYS_PRCTL, unix.PR_SET_NAME), allow},
		{"death signal", native(unix.SYS_PRCTL, unix.PR_SET_PDEATHSIG), errno(unix.EPERM)},
		{"terminal?", native(unix.SYS_IOCTL, 1, unix.TCGETS), allow},
		{"type into a terminal", native(unix.SYS_IOCTL, 1, unix.TIOCSTI), errno(unix.ENOTTY)},
		{"flags of a file", native(unix.SYS_IOCTL, 1, unix.FS_IOC_SETFLAGS), errno(unix.ENOTTY)},
		{"dup", native(unix.SYS_FCNTL, 1, unix.F_DUPFD_CLOEXEC), allow},
		{"lease", native(unix.SYS_FCNTL, 1, unix.F_SETLEASE), errno(unix.EPERM)},
	} {
		if got := verdict(c.call); got != c.want {
			t.Errorf("%s: %#x, want %#x", c.what, got, c.want)
		}
	}
	for _, nr := range sandbox.Denied {
		if got := verdict(native(nr)); got != errno(unix.EPERM) {
			t.Errorf("call %d: %#x", nr, got)
		}
	}
	if runtime.GOARCH == "amd64" {
		if got := verdict(native(0x40000000 | unix.SYS_READ)); got != kill {
			t.Errorf("x32: %#x", got)
		}
	}
}

// The structure's size tells the kernel which rights the caller knows of: one that
// an older kernel does not know is an error there.
func TestRuleset(t *testing.T) {
	for _, c := range []struct {
		abi         int
		size        uintptr
		fs          uint64
		net, scoped uint64
	}{
		{1, 8, 0x1fff, 0, 0},
		{2, 8, 0x3fff, 0, 0},
		{3, 8, 0x7fff, 0, 0},
		{4, 16, 0x7fff, 3, 0},
		{5, 16, 0xffff, 3, 0},
		{6, 24, 0xffff, 3, 3},
		{7, 24, 0xffff, 3, 3},
		{12, 24, 0xffff, 3, 3},
	} {
		attr, size := sandbox.Ruleset(c.abi)
		if attr.Handled_access_fs != c.fs || attr.Handled_access_net != c.net || attr.Scoped != c.scoped || size != c.size {
			t.Errorf("ABI %d: %+v, %d bytes", c.abi, attr, size)
		}
	}
}
