//go:build linux || darwin

package host

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// checkInput refuses what is not a regular file of that size.
func checkInput(fd int, size int64) error {
	var st unix.Stat_t
	switch err := unix.Fstat(fd, &st); {
	case err != nil:
		return err
	case st.Mode&unix.S_IFMT != unix.S_IFREG:
		return errors.New("not a regular file")
	case st.Size != size:
		return fmt.Errorf("%w: %d bytes, not %d", evidence.ErrChanged, st.Size, size)
	}
	return nil
}

// lockDir opens and locks a directory, for as long as the file is open.
func lockDir(path string, wait bool) (*os.File, error) {
	how := unix.LOCK_EX
	if !wait {
		how |= unix.LOCK_NB
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	raw, err := f.SyscallConn()
	if err != nil {
		closeAll(f)
		return nil, err
	}
	var flockErr error
	if err := raw.Control(func(fd uintptr) { flockErr = unix.Flock(int(fd), how) }); err != nil {
		flockErr = err
	}
	if flockErr != nil {
		closeAll(f)
		return nil, fmt.Errorf("lock %q: %w", path, flockErr)
	}
	return f, nil
}

// suspend stops a process, resume lets it go on.
func suspend(p *os.Process) { _ = p.Signal(unix.SIGSTOP) }

func resume(p *os.Process) { _ = p.Signal(unix.SIGCONT) }
