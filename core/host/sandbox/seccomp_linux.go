package sandbox

import (
	"fmt"
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

// newestKnown is the highest system call number this list was made for. Later
// ones do not exist, as far as a plugin can tell.
const newestKnown = unix.SYS_RSEQ_SLICE_YIELD

// denied holds what both architectures have and a plugin has no business calling.
// Landlock governs opening; these go round it, reach other processes or the
// kernel's rarer parts, or change the metadata of files it holds descriptors of:
// the owner of a file may fchmod through a read-only descriptor.
var denied = []uint32{
	// other processes
	unix.SYS_PTRACE, unix.SYS_PROCESS_VM_READV, unix.SYS_PROCESS_VM_WRITEV, unix.SYS_PROCESS_MADVISE, unix.SYS_PROCESS_MRELEASE,
	unix.SYS_KCMP, unix.SYS_PIDFD_OPEN, unix.SYS_PIDFD_GETFD, unix.SYS_PIDFD_SEND_SIGNAL, unix.SYS_TKILL,
	unix.SYS_RT_SIGQUEUEINFO, unix.SYS_RT_TGSIGQUEUEINFO, unix.SYS_GET_ROBUST_LIST, unix.SYS_SETPRIORITY, unix.SYS_IOPRIO_SET,
	unix.SYS_SCHED_SETAFFINITY, unix.SYS_SCHED_SETATTR, unix.SYS_SCHED_SETPARAM, unix.SYS_SCHED_SETSCHEDULER,
	unix.SYS_MIGRATE_PAGES, unix.SYS_MOVE_PAGES,
	// the network, and programs that listen on sockets
	unix.SYS_CONNECT,
	// execve; the launcher uses execveat
	unix.SYS_EXECVE,
	// memory and objects that no limit counts, or that outlive the process
	unix.SYS_MEMFD_CREATE, unix.SYS_MEMFD_SECRET, unix.SYS_SHMGET, unix.SYS_SHMAT, unix.SYS_SHMCTL, unix.SYS_SEMGET, unix.SYS_MSGGET, unix.SYS_MQ_OPEN,
	// metadata of files
	unix.SYS_FCHMOD, unix.SYS_FCHMODAT, unix.SYS_FCHMODAT2, unix.SYS_FCHOWN, unix.SYS_FCHOWNAT, unix.SYS_UTIMENSAT,
	unix.SYS_SETXATTR, unix.SYS_LSETXATTR, unix.SYS_FSETXATTR, unix.SYS_SETXATTRAT,
	unix.SYS_REMOVEXATTR, unix.SYS_LREMOVEXATTR, unix.SYS_FREMOVEXATTR, unix.SYS_REMOVEXATTRAT,
	unix.SYS_FILE_SETATTR, unix.SYS_TRUNCATE, unix.SYS_QUOTACTL, unix.SYS_QUOTACTL_FD,
	// watching files
	unix.SYS_INOTIFY_INIT1, unix.SYS_INOTIFY_ADD_WATCH, unix.SYS_FANOTIFY_INIT, unix.SYS_FANOTIFY_MARK,
	// files by other ways than opening
	unix.SYS_OPEN_BY_HANDLE_AT, unix.SYS_NAME_TO_HANDLE_AT,
	// mounts, roots, namespaces
	unix.SYS_MOUNT, unix.SYS_UMOUNT2, unix.SYS_PIVOT_ROOT, unix.SYS_CHROOT, unix.SYS_MOVE_MOUNT, unix.SYS_OPEN_TREE, unix.SYS_OPEN_TREE_ATTR,
	unix.SYS_FSOPEN, unix.SYS_FSCONFIG, unix.SYS_FSMOUNT, unix.SYS_FSPICK, unix.SYS_MOUNT_SETATTR, unix.SYS_STATMOUNT, unix.SYS_LISTMOUNT,
	unix.SYS_LISTNS, unix.SYS_UNSHARE, unix.SYS_SETNS,
	// parts of the kernel with a history
	unix.SYS_BPF, unix.SYS_PERF_EVENT_OPEN, unix.SYS_IO_URING_SETUP, unix.SYS_IO_URING_ENTER, unix.SYS_IO_URING_REGISTER,
	unix.SYS_IO_SETUP, unix.SYS_IO_SUBMIT, unix.SYS_USERFAULTFD, unix.SYS_KEYCTL, unix.SYS_ADD_KEY, unix.SYS_REQUEST_KEY,
	unix.SYS_VMSPLICE, unix.SYS_PERSONALITY,
	// the machine
	unix.SYS_REBOOT, unix.SYS_SWAPON, unix.SYS_SWAPOFF, unix.SYS_INIT_MODULE, unix.SYS_FINIT_MODULE, unix.SYS_DELETE_MODULE,
	unix.SYS_KEXEC_LOAD, unix.SYS_KEXEC_FILE_LOAD, unix.SYS_ACCT, unix.SYS_SYSLOG, unix.SYS_VHANGUP, unix.SYS_SETHOSTNAME,
	unix.SYS_SETDOMAINNAME, unix.SYS_SETTIMEOFDAY, unix.SYS_CLOCK_SETTIME, unix.SYS_ADJTIMEX, unix.SYS_CLOCK_ADJTIME,
	unix.SYS_LSM_SET_SELF_ATTR,
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
// signal itself only. Every rule is complete in itself, so that no jump is long.
func filterProgram(pid int) []bpf.Instruction {
	p := []bpf.Instruction{
		bpf.LoadAbsolute{Off: offArch, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: auditArch, SkipTrue: 1},
		killCall,
		bpf.LoadAbsolute{Off: offNumber, Size: 4},
	}
	p = append(p, archRules...)
	for _, list := range [][]uint32{denied, deniedArch} {
		for _, nr := range list {
			p = append(p, bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: nr, SkipTrue: 1}, fail(unix.EPERM))
		}
	}
	// glibc and others fall back to clone, whose flags can be looked at.
	p = append(p, bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: unix.SYS_CLONE3, SkipTrue: 1}, fail(unix.ENOSYS))
	p = append(p, bpf.JumpIf{Cond: bpf.JumpLessOrEqual, Val: newestKnown, SkipTrue: 1}, fail(unix.ENOSYS))

	// Threads yes, processes and namespaces no.
	p = append(p, rule(unix.SYS_CLONE,
		arg(0),
		bpf.JumpIf{Cond: bpf.JumpBitsSet, Val: cloneNamespaces, SkipTrue: 1},
		bpf.JumpIf{Cond: bpf.JumpBitsSet, Val: unix.CLONE_THREAD, SkipTrue: 1},
		fail(unix.EPERM), allowCall)...)
	// Datagram sockets send to an address without connect.
	for _, nr := range []uint32{unix.SYS_SOCKET, unix.SYS_SOCKETPAIR} {
		p = append(p, rule(nr,
			arg(0),
			bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: unix.AF_UNIX, SkipTrue: 4},
			arg(1),
			bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: 0xf}, // SOCK_TYPE_MASK
			bpf.JumpIf{Cond: bpf.JumpEqual, Val: unix.SOCK_STREAM, SkipTrue: 2},
			bpf.JumpIf{Cond: bpf.JumpEqual, Val: unix.SOCK_SEQPACKET, SkipTrue: 1},
			fail(unix.EPERM), allowCall)...)
	}
	for _, nr := range []uint32{unix.SYS_KILL, unix.SYS_TGKILL} {
		p = append(p, rule(nr, arg(0), bpf.JumpIf{Cond: bpf.JumpEqual, Val: uint32(pid), SkipTrue: 1}, fail(unix.EPERM), allowCall)...)
	}
	p = append(p, rule(unix.SYS_PRLIMIT64, arg(0),
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: 0, SkipTrue: 2},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: uint32(pid), SkipTrue: 1},
		fail(unix.EPERM), allowCall)...)
	// Whoever outlives the host must not escape the signal that says so.
	p = append(p, rule(unix.SYS_PRCTL, arg(0), bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: unix.PR_SET_PDEATHSIG, SkipTrue: 1}, fail(unix.EPERM), allowCall)...)
	p = append(p, among(unix.SYS_IOCTL, 1, allowedIoctls, allowCall, fail(unix.ENOTTY))...)
	p = append(p, among(unix.SYS_FCNTL, 1, deniedFcntls, fail(unix.EPERM), allowCall)...)
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
func seccompFilter(pid int) ([]unix.SockFilter, error) {
	raw, err := bpf.Assemble(filterProgram(pid))
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
