//go:build linux || darwin

package host

import (
	"os"

	"golang.org/x/sys/unix"
)

// pending is how many bytes a pipe holds, 0 where that cannot be known.
func pending(f *os.File) (n int) {
	c, err := f.SyscallConn()
	if err != nil {
		return 0
	}
	_ = c.Control(func(fd uintptr) { n, _ = unix.IoctlGetInt(int(fd), fionread) })
	return n
}
