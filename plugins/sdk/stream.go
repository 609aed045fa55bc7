package sdk

import (
	"crypto/sha256"
	"hash"
	"io"
)

// flushAt is how many bytes gather before they are written.
const flushAt = 128 << 10

// StreamSum is what was written to one stream.
type StreamSum struct {
	// Count is lines, or artifacts that were ended.
	Count int64
	Bytes int64
	// SHA256 is of all bytes written.
	SHA256 [sha256.Size]byte
}

// stream gathers, hashes and counts what goes to one pipe. Its first error sticks.
type stream struct {
	w     io.Writer
	buf   []byte
	h     hash.Hash
	count int64
	bytes int64
	err   error
}

func newStream(w io.Writer) *stream {
	return &stream{w: w, h: sha256.New()}
}

// grown makes room at first use only: most jobs leave a stream empty.
func (s *stream) grown() []byte {
	if s.buf == nil {
		s.buf = make([]byte, 0, flushAt+flushAt/4)
	}
	return s.buf
}

// commit takes over buf, the stream's own with something appended.
func (s *stream) commit(buf []byte) error {
	s.buf = buf
	if len(buf) >= flushAt {
		return s.flush()
	}
	return s.err
}

func (s *stream) flush() error {
	if s.err != nil || len(s.buf) == 0 {
		return s.err
	}
	s.h.Write(s.buf)
	n, err := s.w.Write(s.buf)
	s.bytes += int64(n)
	if cap(s.buf) > 4*flushAt {
		s.buf = nil // one long line must not keep its room
	} else {
		s.buf = s.buf[:0]
	}
	s.err = err
	return err
}

func (s *stream) sum() StreamSum {
	r := StreamSum{Count: s.count, Bytes: s.bytes}
	s.h.Sum(r.SHA256[:0])
	return r
}
