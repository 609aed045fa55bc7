package bundle

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"os"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// Content is a file of a bag, measured before it is written.
type Content struct {
	// Name is its path from the bag.
	Name   string
	Size   int64
	SHA256 evidence.Digest
	CRC32  uint32
	// Open opens it for reading once more; it must read as it was measured.
	Open func(ctx context.Context) (io.ReadCloser, error)
}

// meter measures what passes; without sha all but the digest.
type meter struct {
	sha  hash.Hash
	crc  hash.Hash32
	size int64
}

func newMeter() *meter { return &meter{sha: sha256.New(), crc: crc32.NewIEEE()} }

func (m *meter) Write(b []byte) (int, error) {
	if m.sha != nil {
		_, _ = m.sha.Write(b) // hashes do not fail
	}
	_, _ = m.crc.Write(b)
	m.size += int64(len(b))
	return len(b), nil
}

func (m *meter) content(name string, open func(context.Context) (io.ReadCloser, error)) Content {
	c := Content{Name: name, Size: m.size, CRC32: m.crc.Sum32(), Open: open}
	if m.sha != nil {
		m.sha.Sum(c.SHA256[:0])
	}
	return c
}

// Bytes is a file that is in memory.
func Bytes(name string, b []byte) Content {
	m := newMeter()
	_, _ = m.Write(b)
	return m.content(name, func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil })
}

// Measure reads a file once in order to know it.
func Measure(ctx context.Context, name string, open func(context.Context) (io.ReadCloser, error)) (Content, error) {
	return measure(ctx, name, open, newMeter())
}

// MeasureSum does the same for a file whose digest was computed from the very bytes that
// open reads, when it opened them: that work is not done twice.
func MeasureSum(ctx context.Context, name string, known evidence.Digest, open func(context.Context) (io.ReadCloser, error)) (Content, error) {
	c, err := measure(ctx, name, open, &meter{crc: crc32.NewIEEE()})
	c.SHA256 = known
	return c, err
}

func measure(ctx context.Context, name string, open func(context.Context) (io.ReadCloser, error), m *meter) (c Content, err error) {
	r, err := open(ctx)
	if err != nil {
		return Content{}, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	// Most files are small: the room grows with what comes.
	buf := make([]byte, 4<<10)
	for {
		n, err := contextReader{ctx, r}.Read(buf)
		_, _ = m.Write(buf[:n]) // it takes all
		if errors.Is(err, io.EOF) {
			return m.content(name, open), nil
		}
		if err != nil {
			return Content{}, err
		}
		if n == len(buf) && n < 1<<18 {
			buf = make([]byte, 4*n)
		}
	}
}

// contextReader ends reading with the context.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (r contextReader) Read(b []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(b)
}

// Scratch keeps files that are made for a bag in one temporary file, one after the
// other: there may be more of a log than fits into memory. It is not safe for
// concurrent use; what it holds is good until the file is closed.
type Scratch struct {
	f  *os.File
	at int64
}

// NewScratch writes to f from its beginning.
func NewScratch(f *os.File) *Scratch { return &Scratch{f: f} }

// Make makes a file out of what write writes.
func (s *Scratch) Make(name string, write func(w *bufio.Writer) error) (Content, error) {
	m, start := newMeter(), s.at
	w := bufio.NewWriterSize(io.MultiWriter(m, io.NewOffsetWriter(s.f, start)), 1<<16)
	if err := errors.Join(write(w), w.Flush()); err != nil {
		return Content{}, fmt.Errorf("bundle: %s: %w", name, err)
	}
	s.at += m.size
	return m.content(name, func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(io.NewSectionReader(s.f, start, m.size)), nil
	}), nil
}
