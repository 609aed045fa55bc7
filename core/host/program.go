package host

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

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
	return ps.get(name, p.Files[name], func() (*os.File, error) { return openProgram(p, name) },
		func(got evidence.Digest) error { return p.changed(name, p.Files[name], got) })
}

// openTree is open for the program of an interpreter, whose copy t is.
func (ps *programs) openTree(t *tree, in *interpreter) (f *os.File, shared bool, err error) {
	want := in.files[in.program].digest
	return ps.get(in.program, want, func() (*os.File, error) { return os.Open(filepath.Join(t.path, in.program)) },
		func(got evidence.Digest) error {
			return fmt.Errorf("%w: %w", evidence.ErrRefused, &evidence.IntegrityError{Object: in.program + " of the interpreter " + in.name, Want: want, Got: got})
		})
}

// get returns the sealed copy of a program of that digest; open opens the program,
// changed says that it has another.
func (ps *programs) get(name string, want evidence.Digest, open func() (*os.File, error), changed func(evidence.Digest) error) (f *os.File, shared bool, err error) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if f, ok := ps.sealed[want]; ok {
		return f, true, nil
	}
	file, err := open()
	if err != nil {
		return nil, false, err
	}
	mem, got, err := ps.copy(file)
	switch {
	case err == nil:
		_ = file.Close()
		if got != want {
			_ = mem.Close()
			return nil, false, changed(got)
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
		err = changed(got)
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

func hashFile(f *os.File) (evidence.Digest, error) {
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(f, 0, 1<<62)); err != nil {
		return evidence.Digest{}, err
	}
	return evidence.Digest(h.Sum(nil)), nil
}
