package sdk

import (
	"errors"
	"fmt"
	"io"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// Input is one artifact that a job reads. Reading is by position: nothing here
// has or moves a file offset, so all of it may be mixed.
type Input struct {
	// Role is "input", or the manifest's role; Name the manifest's name, else "".
	Role, Name string
	// Size is in bytes.
	Size   int64
	SHA256 evidence.Digest

	r       io.ReaderAt
	job     *job
	covered coverage
	err     error
}

// NewInput returns an Input over r, of size bytes, with the role "input". Hosts,
// tests and tools make inputs; operations are given theirs.
func NewInput(r io.ReaderAt, size int64) *Input {
	return &Input{Role: "input", Size: size, r: r}
}

// ReadAt reads at an offset of the input and counts the bytes as read.
func (in *Input) ReadAt(p []byte, off int64) (int, error) {
	n, err := in.peek(p, off)
	in.covered.add(off, off+int64(n))
	return n, err
}

// peek reads without counting, and never past Size.
func (in *Input) peek(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, errors.New("sdk: negative offset")
	}
	if off >= in.Size {
		return 0, io.EOF
	}
	short := int64(len(p)) > in.Size-off
	if short {
		p = p[:in.Size-off]
	}
	n, err := in.r.ReadAt(p, off)
	switch {
	case n == len(p) && short:
		return n, io.EOF
	case n == len(p):
		return n, nil
	case err == nil || errors.Is(err, io.EOF):
		// The host says Size and holds the artifact immutable.
		err = fmt.Errorf("input ends at %d bytes of %d: %w", off+int64(n), in.Size, io.ErrUnexpectedEOF)
	}
	in.fail(err)
	return n, err
}

// Reader returns the bytes of the input from the start, each counted as read when
// it is handed out. Readers are independent of each other.
func (in *Input) Reader() io.Reader { return &reader{in: in} }

// Section returns the bytes [offset, offset+length) as Reader does, shorter where
// the input is.
func (in *Input) Section(offset, length int64) io.Reader {
	return io.LimitReader(&reader{in: in, at: offset}, length)
}

type reader struct {
	in *Input
	at int64
}

func (r *reader) Read(p []byte) (int, error) {
	if err := r.in.cancelled(); err != nil {
		return 0, err
	}
	if len(p) == 0 {
		return 0, nil
	}
	n, err := r.in.ReadAt(p, r.at)
	r.at += int64(n)
	if n > 0 && errors.Is(err, io.EOF) {
		err = nil
	}
	return n, err
}

// Err says why Lines ended before the input did: it could not be read, the run
// was cancelled or reached a limit. It is nil where the loop itself broke off.
func (in *Input) Err() error { return in.err }

// Source returns the place of a span of the input, with its role where the job has
// several inputs.
func (in *Input) Source(offset, length int64) Source {
	s := At(offset, length)
	if in.job != nil && len(in.job.inputs) > 1 {
		s.Role = in.Role
	}
	return s
}

func (in *Input) fail(err error) {
	if in.err == nil {
		in.err = err
	}
}

func (in *Input) cancelled() error {
	if in.job == nil {
		return nil
	}
	if err := in.job.ctx.Err(); err != nil {
		in.fail(err)
		return err
	}
	return nil
}
