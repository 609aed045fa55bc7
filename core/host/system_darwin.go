package host

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// What the host asks of macOS. It is compiled and never yet run: there is no sandbox
// here, and plugins run only where level L0 is asked for by name.

func supported() error { return nil }

// executesDescriptors: a program is executed through the descriptor it was hashed by.
const executesDescriptors = false

// newPipe returns a pipe whose reading end does not block.
func newPipe() (r, w int, err error) {
	var p [2]int
	syscall.ForkLock.RLock()
	err = unix.Pipe(p[:])
	if err == nil {
		unix.CloseOnExec(p[0])
		unix.CloseOnExec(p[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return -1, -1, err
	}
	if err := unix.SetNonblock(p[0], true); err != nil {
		closeFD(p[0])
		closeFD(p[1])
		return -1, -1, err
	}
	return p[0], p[1], nil
}

func closeFD(fd int) { _ = unix.Close(fd) }

// socketPair returns the two ends of a socket that keeps packets apart: datagrams,
// as macOS has no SOCK_SEQPACKET.
func socketPair() (ours, theirs int, err error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	p, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM, 0)
	if err != nil {
		return -1, -1, err
	}
	unix.CloseOnExec(p[0])
	unix.CloseOnExec(p[1])
	return p[0], p[1], nil
}

// sendRights sends one packet with descriptors, without waiting.
func sendRights(fd int, packet []byte, fds []int) error {
	return unix.Sendmsg(fd, packet, unix.UnixRights(fds...), nil, unix.MSG_DONTWAIT)
}

// reopen returns a new open file description of f, read-only. It goes by f's name:
// what has that name now must be f itself.
func reopen(f *os.File, size int64) (int, error) {
	fd, err := unix.Open(f.Name(), unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0)
	if err != nil {
		return -1, fmt.Errorf("open read-only: %w", err)
	}
	var was, is unix.Stat_t
	raw, err := f.SyscallConn()
	if err == nil {
		err = errors.Join(raw.Control(func(old uintptr) { err = unix.Fstat(int(old), &was) }), err)
	}
	if err == nil {
		err = unix.Fstat(fd, &is)
	}
	if err == nil && (was.Dev != is.Dev || was.Ino != is.Ino) {
		err = fmt.Errorf("%w: another file has its name", evidence.ErrChanged)
	}
	if err == nil {
		err = checkInput(fd, size)
	}
	if err != nil {
		closeFD(fd)
		return -1, err
	}
	return fd, nil
}

// openDir opens a directory.
func openDir(dir string) (*os.File, error) { return os.Open(dir) }

// openSocket checks that there is a socket of that name in dir.
func openSocket(dir *os.File, name string) (*os.File, string, error) {
	path := dir.Name() + "/" + name
	info, err := os.Lstat(path)
	if err == nil && info.Mode().Type() != os.ModeSocket {
		err = errors.New("not a socket")
	}
	return nil, path, err
}

// ways: there is one.
func ways(int) []way { return []way{{uid: -1}} }

func forbidden(error) bool { return false }

func (w way) attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }

// readUsage: macOS does not tell it without cgo. The clocks remain.
func readUsage(string) (usage, bool) { return usage{}, false }

func descriptorsOf(string) int { return 0 }

func afterLeader(int) {}
