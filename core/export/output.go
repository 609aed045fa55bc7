package export

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// What stands beside an exported file: the account of it, and the digests of both.
const (
	ProvenanceSuffix = ".provenance.json"
	DigestsSuffix    = ".sha256"
)

// Output is a file in the making, with what will stand beside it. All of them get
// their names at once, or none, and nothing that is there is ever replaced.
type Output struct {
	name string
	file *os.File
	sum  hash.Hash
	size int64
	// placed are the names that were given.
	placed []string
}

// Create begins the file of that name. It fails with evidence.ErrExists where it,
// or what is to stand beside it, is there already.
func Create(name string) (*Output, error) {
	return create(name, "", ProvenanceSuffix, DigestsSuffix)
}

// CreateAlone begins a file beside which nothing will stand: PlaceAlone.
func CreateAlone(name string) (*Output, error) { return create(name, "") }

func create(name string, suffixes ...string) (*Output, error) {
	for _, suffix := range suffixes {
		if _, err := os.Lstat(name + suffix); err == nil {
			return nil, fmt.Errorf("%w: %s", evidence.ErrExists, name+suffix)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	f, err := temporary(name)
	if err != nil {
		return nil, err
	}
	return &Output{name: name, file: f, sum: sha256.New()}, nil
}

// temporary makes a file beside name, for its owner alone.
func temporary(name string) (*os.File, error) {
	f, err := os.CreateTemp(filepath.Dir(name), ".exhibit-export-*")
	return f, wrap(err)
}

// Write appends to the file.
func (o *Output) Write(b []byte) (int, error) {
	n, err := o.file.Write(b)
	_, _ = o.sum.Write(b[:n]) // a hash does not fail
	o.size += int64(n)
	return n, wrap(err)
}

// Scratch makes a temporary file beside the file, that is gone when it is closed.
func (o *Output) Scratch() (*os.File, error) {
	f, err := temporary(o.name)
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// Reserve takes room for n bytes on the device, where the filesystem can, so that want of
// space shows before anything is written.
func (o *Output) Reserve(n int64) error {
	err := unix.Fallocate(int(o.file.Fd()), unix.FALLOC_FL_KEEP_SIZE, 0, n)
	if n == 0 || errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EINVAL) {
		return nil
	}
	return wrap(err)
}

// Digest is that of what was written so far, with its size.
func (o *Output) Digest() (evidence.Digest, int64) {
	var d evidence.Digest
	o.sum.Sum(d[:0])
	return d, o.size
}

// Place makes file, account and digests durable and gives them their names.
func (o *Output) Place(provenance []byte) (err error) {
	digest, _ := o.Digest()
	base := filepath.Base(o.name)
	digests := digestLine(digest, base) + digestLine(evidence.Sum(provenance), base+ProvenanceSuffix)
	files := []*os.File{o.file}
	o.file = nil
	defer func() {
		for _, f := range files { // those that were placed are gone by this name
			if rerr := os.Remove(f.Name()); rerr != nil && !errors.Is(rerr, fs.ErrNotExist) {
				err = errors.Join(err, rerr)
			}
		}
		if err != nil {
			err = errors.Join(wrap(err), o.Remove())
		}
	}()
	for _, content := range []string{string(provenance), digests} {
		f, err := temporary(o.name)
		if err != nil {
			return errors.Join(err, closeAll(files))
		}
		files = append(files, f)
		if _, err := f.WriteString(content); err != nil {
			return errors.Join(err, closeAll(files))
		}
	}
	// Everything is on the device before the first name is given: what fails for
	// want of space has failed by then.
	var errs []error
	for _, f := range files {
		errs = append(errs, f.Sync(), f.Close())
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	for i, suffix := range []string{"", ProvenanceSuffix, DigestsSuffix} {
		if err := rename(files[i].Name(), o.name+suffix); err != nil {
			return err
		}
		o.placed = append(o.placed, o.name+suffix)
	}
	return syncDir(filepath.Dir(o.name))
}

// PlaceAlone makes the file durable and gives it its name.
func (o *Output) PlaceAlone() (err error) {
	f := o.file
	o.file = nil
	if err = errors.Join(f.Sync(), f.Close()); err == nil {
		if err = rename(f.Name(), o.name); err == nil {
			o.placed = append(o.placed, o.name)
			err = syncDir(filepath.Dir(o.name))
		}
	}
	if err != nil {
		if rerr := os.Remove(f.Name()); rerr != nil && !errors.Is(rerr, fs.ErrNotExist) {
			err = errors.Join(err, rerr)
		}
		return errors.Join(wrap(err), o.Remove())
	}
	return nil
}

func closeAll(files []*os.File) error {
	var errs []error
	for _, f := range files {
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}

// Remove takes back what Place has placed.
func (o *Output) Remove() error {
	var errs []error
	for _, name := range o.placed {
		errs = append(errs, os.Remove(name))
	}
	if o.placed != nil {
		errs = append(errs, syncDir(filepath.Dir(o.name)))
	}
	o.placed = nil
	return errors.Join(errs...)
}

// Abort gives the file up. After Place it does nothing.
func (o *Output) Abort() error {
	if o.file == nil {
		return nil
	}
	err := errors.Join(o.file.Close(), os.Remove(o.file.Name()))
	o.file = nil
	return err
}

// rename gives a file its name unless there is a file of that name. Filesystems
// for carrying things about know neither way that others have; there an empty file
// takes the name first.
func rename(from, to string) error {
	err := unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, unix.RENAME_NOREPLACE)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EOPNOTSUPP) {
		f, cerr := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if cerr != nil {
			return exists(cerr, to)
		}
		if cerr := f.Close(); cerr != nil {
			return errors.Join(cerr, os.Remove(to))
		}
		return os.Rename(from, to)
	}
	if err != nil {
		return exists(&os.LinkError{Op: "rename", Old: from, New: to, Err: err}, to)
	}
	return nil
}

func exists(err error, name string) error {
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%w: %s", evidence.ErrExists, name)
	}
	return err
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = f.Sync()
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOTSUP) {
		err = nil // the filesystem has no such thing
	}
	return errors.Join(err, f.Close())
}

// digestLine is a line as sha256sum writes it: a name with a newline or a
// backslash is escaped, and the line marked.
func digestLine(d evidence.Digest, name string) string {
	escaped := strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", `\r`).Replace(name)
	mark := ""
	if escaped != name {
		mark = `\`
	}
	return mark + d.Hex() + "  " + escaped + "\n"
}
