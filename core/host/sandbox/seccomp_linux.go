package sandbox

import (
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// Offsets in struct seccomp_data (linux/seccomp.h). Both architectures are little
// endian: the low half of an argument comes first, and every argument that is
// looked at is an int to the kernel, which ignores the high half.
const (
	offNumber = 0
	offArch   = 4
	offArgs   = 16
)

// newestKnown is the call of the highest number that this list was made for. Later
// ones do not exist, as far as a plugin can tell.
const newestKnown = "rseq_slice_yield"

// abi is what the filter must know of an architecture's system calls.
type abi struct {
	audit uint32
	// number is a call's, none where the architecture never had it.
	number func(name string) uint32
	// first are rules that come before all others.
	first []bpf.Instruction
}

// x32Bit marks the numbers of the x32 interface, which shares AUDIT_ARCH_X86_64.
const x32Bit = 0x40000000

var (
	abiAMD64 = abi{
		audit: unix.AUDIT_ARCH_X86_64, number: func(name string) uint32 { return numbers[name].amd64 },
		first: []bpf.Instruction{bpf.JumpIf{Cond: bpf.JumpLessThan, Val: x32Bit, SkipTrue: 1}, killCall},
	}
	abiARM64 = abi{audit: unix.AUDIT_ARCH_AARCH64, number: func(name string) uint32 { return numbers[name].arm64 }}
)

// nativeABI is that of this program.
func nativeABI() (abi, error) {
	switch runtime.GOARCH {
	case "amd64":
		return abiAMD64, nil
	case "arm64":
		return abiARM64, nil
	}
	return abi{}, fmt.Errorf("no list of system calls for %s", runtime.GOARCH)
}

// denied holds what a plugin has no business calling, by name; where an architecture
// never had a call, there is nothing to deny.
// Landlock governs opening; these go round it, reach other processes or the
// kernel's rarer parts, or change the metadata of files it holds descriptors of:
// the owner of a file may fchmod through a read-only descriptor.
var denied = []string{
	// other processes
	"ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "process_mrelease",
	"kcmp", "pidfd_open", "pidfd_getfd", "pidfd_send_signal", "tkill",
	"rt_sigqueueinfo", "rt_tgsigqueueinfo", "get_robust_list", "setpriority", "ioprio_set",
	"sched_setaffinity", "sched_setattr", "sched_setparam", "sched_setscheduler",
	"migrate_pages", "move_pages",
	// the network, and programs that listen on sockets
	"connect",
	// execve; the launcher uses execveat
	"execve",
	// memory and objects that no limit counts, or that outlive the process
	"memfd_create", "memfd_secret", "shmget", "shmat", "shmctl", "semget", "msgget", "mq_open",
	// metadata of files
	"fchmod", "fchmodat", "fchmodat2", "fchown", "fchownat", "utimensat",
	"setxattr", "lsetxattr", "fsetxattr", "setxattrat",
	"removexattr", "lremovexattr", "fremovexattr", "removexattrat",
	"file_setattr", "truncate", "quotactl", "quotactl_fd",
	// watching files
	"inotify_init1", "inotify_add_watch", "fanotify_init", "fanotify_mark",
	// files by other ways than opening
	"open_by_handle_at", "name_to_handle_at",
	// mounts, roots, namespaces
	"mount", "umount2", "pivot_root", "chroot", "move_mount", "open_tree", "open_tree_attr",
	"fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr", "statmount", "listmount",
	"listns", "unshare", "setns",
	// parts of the kernel with a history
	"bpf", "perf_event_open", "io_uring_setup", "io_uring_enter", "io_uring_register",
	"io_setup", "io_submit", "userfaultfd", "keyctl", "add_key", "request_key",
	"vmsplice", "personality",
	// older calls that do what newer ones here do
	"fork", "vfork", "chmod", "chown", "lchown", "utime", "utimes", "futimesat", "inotify_init",
	"iopl", "ioperm", "modify_ldt", "uselib", "ustat", "sysfs", "_sysctl", "create_module", "get_kernel_syms", "query_module", "nfsservctl", "lookup_dcookie",
	// the machine
	"reboot", "swapon", "swapoff", "init_module", "finit_module", "delete_module",
	"kexec_load", "kexec_file_load", "acct", "syslog", "vhangup", "sethostname",
	"setdomainname", "settimeofday", "clock_settime", "adjtimex", "clock_adjtime",
	"lsm_set_self_attr",
}

// Flags of clone that make a namespace.
const cloneNamespaces = unix.CLONE_NEWNS | unix.CLONE_NEWCGROUP | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC |
	unix.CLONE_NEWUSER | unix.CLONE_NEWPID | unix.CLONE_NEWNET

// Commands of ioctl that a plugin may give: those that programs use on pipes,
// sockets and terminals. Others can change a file's flags through a read-only descriptor.
var allowedIoctls = []uint32{fionRead, fionBIO, fioCLEX, fioNCLEX, unix.TCGETS, unix.TIOCGWINSZ}

// asm-generic/ioctls.h, which both architectures use.
const (
	fionRead = 0x541B
	fionBIO  = 0x5421
	fioNCLEX = 0x5450
	fioCLEX  = 0x5451
)

// Commands of fcntl that send signals or hold up other processes' opens.
var deniedFcntls = []uint32{unix.F_SETOWN, unix.F_SETOWN_EX, unix.F_SETSIG, unix.F_SETLEASE, unix.F_NOTIFY}

var (
	allowCall = bpf.RetConstant{Val: unix.SECCOMP_RET_ALLOW}
	killCall  = bpf.RetConstant{Val: unix.SECCOMP_RET_KILL_PROCESS}
)

func fail(errno unix.Errno) bpf.RetConstant {
	return bpf.RetConstant{Val: unix.SECCOMP_RET_ERRNO | uint32(errno)}
}

func arg(n int) bpf.LoadAbsolute { return bpf.LoadAbsolute{Off: uint32(offArgs + 8*n), Size: 4} }

// filterProgram returns the filter for a process of the given number, which may
// signal itself only. Every rule is complete in itself, so that no jump is long. more
// are rules besides.
func (a abi) filterProgram(pid int, more ...bpf.Instruction) []bpf.Instruction {
	p := []bpf.Instruction{
		bpf.LoadAbsolute{Off: offArch, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: a.audit, SkipTrue: 1},
		killCall,
		bpf.LoadAbsolute{Off: offNumber, Size: 4},
	}
	p = append(p, a.first...)
	for _, name := range denied {
		if nr := a.number(name); nr != none {
			p = append(p, bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: nr, SkipTrue: 1}, fail(unix.EPERM))
		}
	}
	// glibc and others fall back to clone, whose flags can be looked at.
	p = append(p, bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: a.number("clone3"), SkipTrue: 1}, fail(unix.ENOSYS))
	p = append(p, bpf.JumpIf{Cond: bpf.JumpLessOrEqual, Val: a.number(newestKnown), SkipTrue: 1}, fail(unix.ENOSYS))

	// Threads yes, processes and namespaces no.
	p = append(p, rule(a.number("clone"),
		arg(0),
		bpf.JumpIf{Cond: bpf.JumpBitsSet, Val: cloneNamespaces, SkipTrue: 1},
		bpf.JumpIf{Cond: bpf.JumpBitsSet, Val: unix.CLONE_THREAD, SkipTrue: 1},
		fail(unix.EPERM), allowCall)...)
	// Datagram sockets send to an address without connect.
	for _, name := range []string{"socket", "socketpair"} {
		p = append(p, rule(a.number(name),
			arg(0),
			bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: unix.AF_UNIX, SkipTrue: 4},
			arg(1),
			bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: 0xf}, // SOCK_TYPE_MASK
			bpf.JumpIf{Cond: bpf.JumpEqual, Val: unix.SOCK_STREAM, SkipTrue: 2},
			bpf.JumpIf{Cond: bpf.JumpEqual, Val: unix.SOCK_SEQPACKET, SkipTrue: 1},
			fail(unix.EPERM), allowCall)...)
	}
	for _, name := range []string{"kill", "tgkill"} {
		p = append(p, rule(a.number(name), arg(0), bpf.JumpIf{Cond: bpf.JumpEqual, Val: uint32(pid), SkipTrue: 1}, fail(unix.EPERM), allowCall)...)
	}
	p = append(p, rule(a.number("prlimit64"), arg(0),
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: 0, SkipTrue: 2},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: uint32(pid), SkipTrue: 1},
		fail(unix.EPERM), allowCall)...)
	// Whoever outlives the host must not escape the signal that says so.
	p = append(p, rule(a.number("prctl"), arg(0), bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: unix.PR_SET_PDEATHSIG, SkipTrue: 1}, fail(unix.EPERM), allowCall)...)
	p = append(p, among(a.number("ioctl"), 1, allowedIoctls, allowCall, fail(unix.ENOTTY))...)
	p = append(p, among(a.number("fcntl"), 1, deniedFcntls, fail(unix.EPERM), allowCall)...)
	// Shared memory, and what grows downwards, RLIMIT_DATA does not count.
	p = append(p, rule(a.number("mmap"), arg(3),
		bpf.JumpIf{Cond: bpf.JumpBitsSet, Val: unix.MAP_GROWSDOWN, SkipTrue: 3},
		bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: unix.MAP_SHARED | unix.MAP_ANONYMOUS},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: unix.MAP_SHARED | unix.MAP_ANONYMOUS, SkipTrue: 1},
		allowCall, fail(unix.EPERM))...)
	p = append(p, more...)
	return append(p, allowCall)
}

// rule runs body, which ends in verdicts, for the call nr; otherwise the number is
// still loaded after it.
func rule(nr uint32, body ...bpf.Instruction) []bpf.Instruction {
	return append([]bpf.Instruction{bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: nr, SkipTrue: uint8(len(body))}}, body...)
}

// among gives one verdict where argument n is listed, another where it is not.
func among(nr uint32, n int, values []uint32, listed, other bpf.RetConstant) []bpf.Instruction {
	body := []bpf.Instruction{arg(n)}
	for _, v := range values {
		body = append(body, bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: v, SkipTrue: 1}, listed)
	}
	return rule(nr, append(body, other)...)
}

// seccompFilter assembles the filter.
func seccompFilter(pid int, more ...bpf.Instruction) ([]unix.SockFilter, error) {
	a, err := nativeABI()
	if err != nil {
		return nil, err
	}
	raw, err := bpf.Assemble(a.filterProgram(pid, more...))
	if err != nil {
		return nil, fmt.Errorf("assemble: %w", err)
	}
	out := make([]unix.SockFilter, len(raw))
	for i, in := range raw {
		out[i] = unix.SockFilter{Code: in.Op, Jt: in.Jt, Jf: in.Jf, K: in.K}
	}
	return out, nil
}

// seccompAvailable asks whether the kernel knows the harshest verdict we use; it
// then has filters as well.
func seccompAvailable() error {
	action := uint32(unix.SECCOMP_RET_KILL_PROCESS)
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_GET_ACTION_AVAIL, 0, uintptr(unsafe.Pointer(&action)))
	if errno != 0 {
		return errno
	}
	return nil
}

// installSeccomp binds the calling thread, for good.
func installSeccomp(filter []unix.SockFilter) error {
	prog := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	_, _, errno := unix.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, uintptr(unsafe.Pointer(&prog)))
	if errno != 0 {
		return errno
	}
	return nil
}
