package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// tries attempts everything that a plugin must not be able to do, one record each:
// what, and the error, "" where it succeeded.
func tries(j *job) error {
	fd := int(j.inputs[0].Fd())
	own := os.Getpid()
	for _, t := range []struct {
		what string
		try  func() error
	}{
		{"read /etc/passwd", func() error { _, err := os.ReadFile("/etc/passwd"); return err }},
		{"read /proc/self/maps", func() error { _, err := os.ReadFile("/proc/self/maps"); return err }},
		{"read host environment", func() error { _, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", j.Pid)); return err }},
		{"list /", func() error { _, err := os.ReadDir("/"); return err }},
		{"list own directory", func() error { _, err := os.ReadDir("."); return err }},
		{"read host memory file", func() error { _, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", j.Pid)); return err }},
		{"read host descriptors", func() error { _, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", j.Pid)); return err }},
		{"open other evidence", func() error { _, err := os.ReadFile(j.Path); return err }},
		{"open a device", func() error { _, err := os.ReadFile("/dev/null"); return err }},
		{"write elsewhere", func() error { return os.WriteFile(j.Path+".escape", []byte("x"), 0o600) }},
		{"write beside", func() error { return os.WriteFile("../escape", []byte("x"), 0o600) }},
		{"write own directory", func() error { return os.WriteFile("data", []byte("x"), 0o600) }},
		{"symlink", func() error { return os.Symlink("/etc/passwd", "link") }},
		{"link a socket in", func() error { return os.Link(j.Path+".sock", "sock") }},
		{"rename a file in", func() error { return os.Rename(j.Path+".mv", "mv") }},
		{"mkdir", func() error { return os.Mkdir("d", 0o700) }},
		{"truncate", func() error { return unix.Truncate(j.Path, 0) }},
		{"remove", func() error { return os.Remove(j.Path + ".rm") }},
		{"chmod", func() error { return os.Chmod(j.Path, 0o777) }},
		{"utimes", func() error { return unix.Utime(j.Path, &unix.Utimbuf{}) }},
		{"setxattr", func() error { return unix.Setxattr(j.Path, "user.x", []byte("x"), 0) }},
		{"write input", func() error { _, err := unix.Pwrite(fd, []byte("x"), 0); return err }},
		{"reopen input", func() error {
			f, err := os.OpenFile(fmt.Sprintf("/proc/self/fd/%d", fd), os.O_RDWR, 0)
			if err == nil {
				f.Close()
			}
			return err
		}},
		{"fchmod input", func() error { return unix.Fchmod(fd, 0o777) }},
		{"futimens input", func() error { return unix.Futimes(fd, []unix.Timeval{{}, {}}) }},
		{"fsetxattr input", func() error { return unix.Fsetxattr(fd, "user.x", []byte("x"), 0) }},
		{"inode flags of input", func() error { return unix.IoctlSetPointerInt(fd, unix.FS_IOC_SETFLAGS, 0x40) }},
		{"lease on input", func() error { _, err := unix.FcntlInt(uintptr(fd), unix.F_SETLEASE, unix.F_RDLCK); return err }},
		{"tcp socket", socket(unix.AF_INET, unix.SOCK_STREAM)},
		{"udp socket", socket(unix.AF_INET, unix.SOCK_DGRAM)},
		{"tcp6 socket", socket(unix.AF_INET6, unix.SOCK_STREAM)},
		{"netlink socket", socket(unix.AF_NETLINK, unix.SOCK_RAW)},
		{"vsock socket", socket(unix.AF_VSOCK, unix.SOCK_STREAM)},
		{"packet socket", socket(unix.AF_PACKET, unix.SOCK_RAW)},
		{"alg socket", socket(unix.AF_ALG, unix.SOCK_SEQPACKET)},
		{"unix datagram socket", socket(unix.AF_UNIX, unix.SOCK_DGRAM)},
		{"unix datagram pair", func() error {
			p, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM, 0)
			if err == nil {
				unix.Close(p[0])
				unix.Close(p[1])
			}
			return err
		}},
		{"connect unix", func() error { _, err := net.Dial("unix", j.Path+".sock"); return err }},
		{"connect abstract", func() error { _, err := net.Dial("unix", "@exhibit-test"); return err }},
		{"exec /bin/sh", func() error { return exec.Command("/bin/sh", "-c", "true").Run() }},
		// What is no program fails in another way where it may be executed.
		{"execve", func() error { return reached(syscall.Exec(j.Path, []string{"x"}, nil), unix.ENOEXEC) }},
		{"execveat", func() error {
			path, argv := []byte(j.Path+"\x00"), []*byte{nil}
			_, _, errno := unix.RawSyscall6(unix.SYS_EXECVEAT, ^uintptr(99), uintptr(unsafe.Pointer(&path[0])), uintptr(unsafe.Pointer(&argv[0])), uintptr(unsafe.Pointer(&argv[0])), 0, 0)
			return reached(number(errno), unix.ENOEXEC)
		}},
		{"fork", func() error {
			pid, _, errno := syscall.RawSyscall6(syscall.SYS_CLONE, uintptr(syscall.SIGCHLD), 0, 0, 0, 0, 0)
			if errno == 0 && pid == 0 {
				syscall.RawSyscall(syscall.SYS_EXIT, 0, 0, 0)
			}
			return number(errno)
		}},
		{"clone3", func() error {
			_, _, errno := unix.RawSyscall(unix.SYS_CLONE3, 0, 0, 0)
			return reached(number(errno), unix.EINVAL)
		}},
		{"clone into a namespace", func() error {
			pid, _, errno := syscall.RawSyscall6(syscall.SYS_CLONE, uintptr(syscall.SIGCHLD|unix.CLONE_NEWUSER), 0, 0, 0, 0, 0)
			if errno == 0 && pid == 0 {
				syscall.RawSyscall(syscall.SYS_EXIT, 0, 0, 0)
			}
			return number(errno)
		}},
		{"unshare", func() error { return unix.Unshare(0) }},
		{"setns", func() error { return reached(unix.Setns(-1, 0), unix.EBADF) }},
		{"chroot", func() error { return unix.Chroot(".") }},
		{"pivot_root", func() error { return unix.PivotRoot(".", ".") }},
		{"open_tree", func() error { fd, err := unix.OpenTree(unix.AT_FDCWD, ".", 0); unix.Close(fd); return err }},
		{"ptrace host", func() error { return unix.PtraceAttach(j.Pid) }},
		{"read host memory", func() error {
			b := make([]byte, 8)
			local := []unix.Iovec{{Base: &b[0], Len: 8}}
			_, err := unix.ProcessVMReadv(j.Pid, local, []unix.RemoteIovec{{Base: 8, Len: 8}}, 0)
			return reached(err, unix.EFAULT)
		}},
		{"write host memory", func() error {
			b := make([]byte, 8)
			_, err := unix.ProcessVMWritev(j.Pid, []unix.Iovec{{Base: &b[0], Len: 8}}, []unix.RemoteIovec{{Base: 8, Len: 8}}, 0)
			return reached(err, unix.EFAULT)
		}},
		{"take host descriptor", func() error {
			_, _, errno := unix.RawSyscall(unix.SYS_PIDFD_GETFD, ^uintptr(0), 0, 0)
			return reached(number(errno), unix.EBADF)
		}},
		{"signal host thread", func() error { return unix.Tgkill(j.Pid, j.Pid, 0) }},
		{"move host to a processor", func() error {
			var set unix.CPUSet
			unix.SchedGetaffinity(0, &set)
			return unix.SchedSetaffinity(j.Pid, &set)
		}},
		{"signal host", func() error { return unix.Kill(j.Pid, 0) }},
		{"signal all", func() error { return unix.Kill(-1, 0) }},
		{"pidfd of host", func() error { fd, err := unix.PidfdOpen(j.Pid, 0); unix.Close(fd); return err }},
		{"limits of host", func() error { return unix.Prlimit(j.Pid, unix.RLIMIT_NOFILE, nil, &unix.Rlimit{}) }},
		{"nice host", func() error { return unix.Setpriority(unix.PRIO_PROCESS, j.Pid, 10) }},
		{"raise own limit", func() error {
			return unix.Setrlimit(unix.RLIMIT_DATA, &unix.Rlimit{Cur: unix.RLIM_INFINITY, Max: unix.RLIM_INFINITY})
		}},
		{"memfd", func() error { fd, err := unix.MemfdCreate("x", 0); unix.Close(fd); return err }},
		{"shmget", func() error {
			id, err := unix.SysvShmGet(unix.IPC_PRIVATE, 4096, unix.IPC_CREAT)
			if err == nil {
				unix.SysvShmCtl(id, unix.IPC_RMID, nil)
			}
			return err
		}},
		{"shared memory", func() error { return mapped(unix.MAP_SHARED) }},
		{"growing memory", func() error { return mapped(unix.MAP_PRIVATE | unix.MAP_GROWSDOWN) }},
		{"mlock", func() error { return unix.Mlock(make([]byte, 1<<20)) }},
		{"io_uring", func() error {
			var params [120]byte
			_, _, errno := unix.RawSyscall(unix.SYS_IO_URING_SETUP, 1, uintptr(unsafe.Pointer(&params[0])), 0)
			return number(errno)
		}},
		{"perf_event_open", func() error {
			fd, err := unix.PerfEventOpen(&unix.PerfEventAttr{Type: unix.PERF_TYPE_SOFTWARE, Config: unix.PERF_COUNT_SW_CPU_CLOCK, Size: unix.PERF_ATTR_SIZE_VER0}, 0, -1, -1, 0)
			unix.Close(fd)
			return err
		}},
		{"userfaultfd", func() error {
			fd, _, errno := unix.RawSyscall(unix.SYS_USERFAULTFD, 1, 0, 0)
			unix.Close(int(fd))
			return number(errno)
		}},
		{"name_to_handle_at", func() error { _, _, err := unix.NameToHandleAt(unix.AT_FDCWD, ".", 0); return err }},
		{"open_by_handle_at", func() error {
			fd, err := unix.OpenByHandleAt(fd, unix.NewFileHandle(1, make([]byte, 8)), 0)
			unix.Close(fd)
			return err
		}},
		{"bpf", func() error { _, _, errno := unix.RawSyscall(unix.SYS_BPF, 0, 0, 0); return number(errno) }},
		{"mount", func() error { return unix.Mount("none", ".", "tmpfs", 0, "") }},
		{"inotify", func() error { fd, err := unix.InotifyInit1(0); unix.Close(fd); return err }},
		{"keyctl", func() error { _, err := unix.KeyctlGetKeyringID(unix.KEY_SPEC_SESSION_KEYRING, false); return err }},
		{"setuid", func() error { return syscall.Setresuid(0, 0, 0) }},
		{"future call", func() error {
			_, _, errno := unix.RawSyscall(unix.SYS_RSEQ_SLICE_YIELD+5, 0, 0, 0)
			return number(errno)
		}},
		// What a plugin may do.
		{"signal itself", func() error { return unix.Kill(own, 0) }},
		{"thread", func() error {
			c := make(chan error)
			go func() { runtime.LockOSThread(); c <- nil }()
			return <-c
		}},
		{"unix stream pair", func() error { _, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0); return err }},
		{"read input", func() error { _, err := unix.Pread(fd, make([]byte, 1), 0); return err }},
	} {
		err := t.try()
		text := ""
		if err != nil {
			text = err.Error()
			if errno := syscall.Errno(0); asErrno(err, &errno) {
				text = unix.ErrnoName(errno)
			}
		}
		j.records.line(fmt.Sprintf(`{"error":"%s","kind":"row","what":"%s"}`, strings.ReplaceAll(text, `"`, "'"), t.what))
	}
	return nil
}

// reached is nil where the error is the one of a call that was let through.
func reached(err, through error) error {
	if errors.Is(err, through) {
		return nil
	}
	return err
}

func mapped(flags int) error {
	b, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_WRITE, flags|unix.MAP_ANONYMOUS)
	if err == nil {
		unix.Munmap(b)
	}
	return err
}

func number(e syscall.Errno) error {
	if e == 0 {
		return nil
	}
	return e
}

func asErrno(err error, to *syscall.Errno) bool {
	for err != nil {
		if e, ok := err.(syscall.Errno); ok {
			*to = e
			return true
		}
		u, ok := err.(interface{ Unwrap() error })
		if !ok {
			return false
		}
		err = u.Unwrap()
	}
	return false
}

func socket(domain, kind int) func() error {
	return func() error {
		fd, err := unix.Socket(domain, kind, 0)
		if err == nil {
			unix.Close(fd)
		}
		return err
	}
}
