package sandbox_test

import (
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"github.com/exhibit-forensics/exhibit/core/host/sandbox"
)

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

// TestFilter interprets the filters of both architectures, whichever this one is.
func TestFilter(t *testing.T) {
	for name, abi := range map[string]sandbox.ABI{"amd64": sandbox.AMD64, "arm64": sandbox.ARM64} {
		t.Run(name, func(t *testing.T) { testFilter(t, abi) })
	}
}

func testFilter(t *testing.T, abi sandbox.ABI) {
	const pid = 4711
	vm, err := bpf.NewVM(sandbox.FilterProgram(abi, pid))
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
	audit := sandbox.Audit(abi)
	native := func(name string, args ...uint64) call {
		c := call{nr: sandbox.Number(abi, name), arch: audit}
		copy(c.args[:], args)
		return c
	}
	numbered := func(nr uint32) call { return call{nr: nr, arch: audit} }
	const high = 1 << 32 // ignored by the kernel, so it must not matter
	for _, c := range []struct {
		what string
		call call
		want uint32
	}{
		{"read", native("read"), allow},
		{"other architecture", call{nr: sandbox.Number(abi, "read"), arch: audit ^ 1}, kill},
		{"execveat", native("execveat"), allow},
		{"execve", native("execve"), errno(unix.EPERM)},
		{"connect", native("connect"), errno(unix.EPERM)},
		{"thread", native("clone", unix.CLONE_VM|unix.CLONE_THREAD|unix.CLONE_SIGHAND), allow},
		{"fork", native("clone", uint64(unix.SIGCHLD)), errno(unix.EPERM)},
		{"thread in a namespace", native("clone", unix.CLONE_THREAD|unix.CLONE_NEWNET), errno(unix.EPERM)},
		{"fork, high bits", native("clone", high|unix.CLONE_THREAD<<32), errno(unix.EPERM)},
		{"clone3", native("clone3"), errno(unix.ENOSYS)},
		{"future", numbered(sandbox.Number(abi, "rseq_slice_yield") + 1), errno(unix.ENOSYS)},
		{"newest", native("rseq_slice_yield"), allow},
		{"stream", native("socket", unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK), allow},
		{"seqpacket", native("socket", unix.AF_UNIX, unix.SOCK_SEQPACKET), allow},
		{"datagram", native("socket", unix.AF_UNIX, unix.SOCK_DGRAM), errno(unix.EPERM)},
		{"inet", native("socket", unix.AF_INET, unix.SOCK_STREAM), errno(unix.EPERM)},
		{"inet, high bits", native("socket", high|unix.AF_INET, unix.SOCK_STREAM), errno(unix.EPERM)},
		{"unix, high bits", native("socket", high|unix.AF_UNIX, high|unix.SOCK_STREAM), allow},
		{"pair", native("socketpair", unix.AF_UNIX, unix.SOCK_STREAM), allow},
		{"datagram pair", native("socketpair", unix.AF_UNIX, unix.SOCK_DGRAM), errno(unix.EPERM)},
		{"kill itself", native("kill", pid, 9), allow},
		{"kill another", native("kill", pid+1, 9), errno(unix.EPERM)},
		{"kill group", native("kill", 0, 9), errno(unix.EPERM)},
		{"kill all", native("kill", ^uint64(0), 9), errno(unix.EPERM)},
		{"tgkill", native("tgkill", pid, 1, 9), allow},
		{"tgkill another", native("tgkill", 1, 1, 9), errno(unix.EPERM)},
		{"own limits", native("prlimit64", 0), allow},
		{"limits by number", native("prlimit64", pid), allow},
		{"others' limits", native("prlimit64", 1), errno(unix.EPERM)},
		{"prctl", native("prctl", unix.PR_SET_NAME), allow},
		{"death signal", native("prctl", unix.PR_SET_PDEATHSIG), errno(unix.EPERM)},
		{"terminal?", native("ioctl", 1, unix.TCGETS), allow},
		{"type into a terminal", native("ioctl", 1, unix.TIOCSTI), errno(unix.ENOTTY)},
		{"flags of a file", native("ioctl", 1, unix.FS_IOC_SETFLAGS), errno(unix.ENOTTY)},
		{"private memory", native("mmap", 0, 4096, 3, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS), allow},
		{"a file's memory", native("mmap", 0, 4096, 1, unix.MAP_SHARED, 7), allow},
		{"shared memory", native("mmap", 0, 4096, 3, unix.MAP_SHARED|unix.MAP_ANONYMOUS), errno(unix.EPERM)},
		{"shared memory, high bits", native("mmap", 0, 4096, 3, high|unix.MAP_SHARED|unix.MAP_ANONYMOUS), errno(unix.EPERM)},
		{"a stack", native("mmap", 0, 4096, 3, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_GROWSDOWN), errno(unix.EPERM)},
		{"dup", native("fcntl", 1, unix.F_DUPFD_CLOEXEC), allow},
		{"lease", native("fcntl", 1, unix.F_SETLEASE), errno(unix.EPERM)},
	} {
		if got := verdict(c.call); got != c.want {
			t.Errorf("%s: %#x, want %#x", c.what, got, c.want)
		}
	}
	denied := 0
	for _, name := range sandbox.Denied {
		nr := sandbox.Number(abi, name)
		if nr == sandbox.None {
			continue
		}
		denied++
		if got := verdict(numbered(nr)); got != errno(unix.EPERM) {
			t.Errorf("%s: %#x", name, got)
		}
	}
	if denied < 100 {
		t.Errorf("%d calls are denied", denied)
	}
	if audit == unix.AUDIT_ARCH_X86_64 {
		if got := verdict(numbered(0x40000000 | unix.SYS_READ)); got != kill {
			t.Errorf("x32: %#x", got)
		}
	}
	// The other architecture's filter kills this one's processes at their first call.
	if got := verdict(call{nr: sandbox.Number(abi, "read"), arch: audit ^ unix.AUDIT_ARCH_X86_64 ^ unix.AUDIT_ARCH_AARCH64}); got != kill {
		t.Errorf("the other architecture: %#x", got)
	}
}

// TestNumbers compares the list with golang.org/x/sys/unix's, which is generated
// from the kernel's headers, for both architectures.
func TestNumbers(t *testing.T) {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "golang.org/x/sys").Output()
	if err != nil {
		t.Fatal(err)
	}
	for arch, abi := range map[string]sandbox.ABI{"amd64": sandbox.AMD64, "arm64": sandbox.ARM64} {
		b, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "unix", "zsysnum_linux_"+arch+".go"))
		if err != nil {
			t.Fatal(err)
		}
		theirs := map[string]uint32{}
		newest := uint32(0)
		for _, m := range regexp.MustCompile(`(?m)^\s+SYS_(\w+)\s+= (\d+)`).FindAllStringSubmatch(string(b), -1) {
			n, err := strconv.ParseUint(m[2], 10, 32)
			if err != nil {
				t.Fatal(err)
			}
			theirs[strings.ToLower(m[1])] = uint32(n)
			newest = max(newest, uint32(n))
		}
		for name := range sandbox.Numbers {
			want, ok := theirs[name]
			if !ok {
				want = sandbox.None
			}
			if got := sandbox.Number(abi, name); got != want {
				t.Errorf("%s on %s: %d, not %d", name, arch, got, want)
			}
		}
		// A name that is misspelt would have number 0, which is a call.
		for _, name := range sandbox.Denied {
			if _, ok := sandbox.Numbers[name]; !ok {
				t.Errorf("%s is in no list", name)
			}
		}
		// What x/sys knows beyond the list's end has not been looked at.
		if known := sandbox.Number(abi, sandbox.NewestKnown); newest != known {
			t.Errorf("%s: x/sys knows calls up to %d, the filter up to %d: look at the new ones", arch, newest, known)
		}
	}
}
