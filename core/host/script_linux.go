package host

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// checkMappable refuses a directory from whose files no code can be mapped.
func checkMappable(dir string) error {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return &os.PathError{Op: "statfs", Path: dir, Err: err}
	}
	if st.Flags&unix.ST_NOEXEC != 0 {
		return fmt.Errorf("%w: %q is on a file system mounted noexec, and a script's interpreter is mapped from there", evidence.ErrRefused, dir)
	}
	return nil
}

// jobFile returns a file that holds b and nothing else, open for reading at its
// beginning. It may hold keys: it is memory, and no other process can find it.
func jobFile(b []byte) (*os.File, error) {
	fd, err := unix.MemfdCreate("job", unix.MFD_CLOEXEC|unix.MFD_NOEXEC_SEAL)
	if errors.Is(err, unix.EINVAL) { // before Linux 6.3
		fd, err = unix.MemfdCreate("job", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	}
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	f := os.NewFile(uintptr(fd), "job")
	defer closeAll(f)
	if _, err := f.Write(b); err != nil {
		return nil, err
	}
	read, err := reopen(f, int64(len(b)))
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(read), "job"), nil
}
