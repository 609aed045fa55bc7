package host

import (
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// sealedCopy copies src into a memory file that can no longer change, and returns
// the digest of the sealed bytes.
func sealedCopy(src *os.File) (*os.File, evidence.Digest, error) {
	fd, err := unix.MemfdCreate("exhibit-plugin", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING|unix.MFD_EXEC)
	if errors.Is(err, unix.EINVAL) { // before Linux 6.3 all were executable
		fd, err = unix.MemfdCreate("exhibit-plugin", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	}
	if err != nil {
		return nil, evidence.Digest{}, fmt.Errorf("%w: %w", errNoSeal, err)
	}
	mem := os.NewFile(uintptr(fd), "exhibit-plugin")
	if err := seal(mem, src); err != nil {
		_ = mem.Close()
		return nil, evidence.Digest{}, err
	}
	// Hashed after sealing: what is executed is what was hashed.
	d, err := hashFile(mem)
	if err != nil {
		_ = mem.Close()
		return nil, evidence.Digest{}, err
	}
	return mem, d, nil
}

func seal(mem, src *os.File) error {
	if _, err := io.Copy(mem, src); err != nil {
		return err
	}
	const all = unix.F_SEAL_WRITE | unix.F_SEAL_GROW | unix.F_SEAL_SHRINK | unix.F_SEAL_SEAL
	if _, err := unix.FcntlInt(mem.Fd(), unix.F_ADD_SEALS, all); err != nil {
		return fmt.Errorf("seal: %w", err)
	}
	return nil
}
