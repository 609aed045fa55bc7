package host

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// What the host asks of Linux in particular.

// pipeBytes is the capacity asked for: one system call moves that much at most.
const pipeBytes = 1 << 20

// supported says whether plugins can be run on this system at all.
func supported() error { return nil }

// executesDescriptors: a program is executed through the descriptor it was hashed by.
const executesDescriptors = true

// newPipe returns a pipe whose reading end does not block.
func newPipe() (r, w int, err error) {
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
		return -1, -1, err
	}
	// More than the user's share of pipe memory is refused; the default does too.
	_, _ = unix.FcntlInt(uintptr(p[1]), unix.F_SETPIPE_SZ, pipeBytes)
	if err := unix.SetNonblock(p[0], true); err != nil {
		closeFD(p[0])
		closeFD(p[1])
		return -1, -1, err
	}
	return p[0], p[1], nil
}

func closeFD(fd int) { _ = unix.Close(fd) }

// socketPair returns the two ends of a socket that keeps packets apart.
func socketPair() (ours, theirs int, err error) {
	p, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, -1, err
	}
	// The plugin may send descriptors too; the host takes none.
	_ = unix.Shutdown(p[0], unix.SHUT_RD)
	return p[0], p[1], nil
}

// sendRights sends one packet with descriptors, without waiting.
func sendRights(fd int, packet []byte, fds []int) error {
	return unix.Sendmsg(fd, packet, unix.UnixRights(fds...), nil, unix.MSG_NOSIGNAL|unix.MSG_DONTWAIT)
}

// reopen returns a new open file description of f, read-only: the plugin's offset
// and flags are its own, and it cannot write even where f could.
func reopen(f *os.File, size int64) (int, error) {
	raw, err := f.SyscallConn()
	if err != nil {
		return -1, err
	}
	fd, openErr := -1, error(nil)
	if err := raw.Control(func(old uintptr) {
		path := fmt.Sprintf("/proc/self/fd/%d", old)
		// Without touching the access time where we may ask for that.
		fd, openErr = unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NOATIME, 0)
		if errors.Is(openErr, unix.EPERM) {
			fd, openErr = unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		}
	}); err != nil {
		return -1, err
	}
	if openErr != nil {
		return -1, fmt.Errorf("open read-only: %w", openErr)
	}
	if err := checkInput(fd, size); err != nil {
		closeFD(fd)
		return -1, err
	}
	return fd, nil
}

// openDir returns an O_PATH descriptor of a directory.
func openDir(dir string) (*os.File, error) {
	fd, err := unix.Open(dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: dir, Err: err}
	}
	return os.NewFile(uintptr(fd), dir), nil
}

// openSocket returns a descriptor of the socket of that name in dir, and a path that
// leads to that very socket: neither a link put in its place later, nor the length of
// dir's path, matters.
func openSocket(dir *os.File, name string) (*os.File, string, error) {
	fd, err := unix.Openat(int(dir.Fd()), name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, "", err
	}
	f := os.NewFile(uintptr(fd), name)
	info, err := f.Stat()
	if err == nil && info.Mode().Type() != os.ModeSocket {
		err = errors.New("not a socket")
	}
	if err != nil {
		closeAll(f)
		return nil, "", err
	}
	return f, fmt.Sprintf("/proc/self/fd/%d", fd), nil
}

// afterLeader waits until a process that leads its group has ended, and kills what is
// left of the group. The number is still the process's own: it has not been reaped.
func afterLeader(pid int) {
	for {
		err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if err != unix.EINTR {
			break
		}
	}
	_ = unix.Kill(-pid, unix.SIGKILL)
}
