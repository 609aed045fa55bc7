package host

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// programs holds one sealed copy of each pinned program for as long as the host
// lives. A file can be rewritten in place between hashing and executing; a sealed
// memory file cannot, and starting it again needs no second hashing.
type programs struct {
	copy   func(src *os.File) (*os.File, evidence.Digest, error) // sealedCopy
	mu     sync.Mutex
	sealed map[evidence.Digest]*os.File // by the program's own digest
}

func newPrograms() *programs {
	return &programs{copy: sealedCopy, sealed: make(map[evidence.Digest]*os.File)}
}

// open returns a descriptor of p's program whose bytes were hashed through it and
// are those that Load pinned, or evidence.ErrRefused naming both digests. The
// caller closes it unless shared is true.
func (ps *programs) open(p *Plugin) (f *os.File, shared bool, err error) {
	name := p.Manifest.Program
	want := p.Files[name]
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if f, ok := ps.sealed[want]; ok {
		return f, true, nil
	}
	file, err := openProgram(p, name)
	if err != nil {
		return nil, false, err
	}
	mem, got, err := ps.copy(file)
	switch {
	case err == nil:
		_ = file.Close()
		if got != want {
			_ = mem.Close()
			return nil, false, p.changed(name, want, got)
		}
		ps.sealed[want] = mem
		return mem, true, nil
	case !errors.Is(err, errNoSeal):
		_ = file.Close()
		return nil, false, fmt.Errorf("%w: %q: %w", evidence.ErrRefused, name, err)
	}
	// No executable memory files here (sysctl vm.memfd_noexec): the file itself,
	// hashed at every launch.
	got, err = hashFile(file)
	if err == nil && got != want {
		err = p.changed(name, want, got)
	}
	if err != nil {
		_ = file.Close()
		return nil, false, err
	}
	return file, false, nil
}

func openProgram(p *Plugin, name string) (*os.File, error) {
	root, err := os.OpenRoot(p.Dir)
	if err != nil {
		return nil, fmt.Errorf("%w: %w: %w", evidence.ErrRefused, errNoProgram, err)
	}
	defer func() { _ = root.Close() }()
	f, err := root.Open(filepath.FromSlash(name))
	if err != nil {
		return nil, fmt.Errorf("%w: %w: %w", evidence.ErrRefused, errNoProgram, err)
	}
	return f, nil
}

func (ps *programs) close() {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	for _, f := range ps.sealed {
		_ = f.Close()
	}
	clear(ps.sealed)
}

// errNoSeal: this system has no executable memory files.
var errNoSeal = errors.New("no executable memory files")

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

func hashFile(f *os.File) (evidence.Digest, error) {
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(f, 0, 1<<62)); err != nil {
		return evidence.Digest{}, err
	}
	return evidence.Digest(h.Sum(nil)), nil
}
