package main

import (
	"bytes"
	"errors"
	"io"
)

const (
	// bufferSize is how much is read at a time; lookahead is how far need may look.
	bufferSize = 256 << 10
	lookahead  = 4 << 10
)

// place is a position in the input: a byte offset, and its line, from 1.
type place struct{ offset, line int64 }

// scanner holds a window of the input and a position in it. Lines are counted up
// to the byte counted of the window, offsets likewise where the input is UTF-16.
type scanner struct {
	src  io.ReaderAt
	size int64
	// alive says why reading must stop, nil where it may go on.
	alive func() error

	buf      []byte
	pos, end int
	next     int64 // offset of what is read next
	at       place // of buf[counted]
	counted  int
	stop     int64 // reading ends here; size but in a trial
	err      error // reading failed; not the end

	wide *wide // nil where the input is bytes
	// back is how many bytes were gone back over; see parser.afford.
	back int64
}

func newScanner(src io.ReaderAt, size int64, alive func() error) *scanner {
	return &scanner{src: src, size: size, stop: size, alive: alive, buf: make([]byte, bufferSize), at: place{0, 1}}
}

// fill reads on, keeping what is not consumed, and reports whether there is more.
func (s *scanner) fill() bool {
	if s.err != nil {
		return false
	}
	if s.err = s.alive(); s.err != nil {
		return false
	}
	s.here()
	copy(s.buf, s.buf[s.pos:s.end])
	s.end -= s.pos
	s.pos, s.counted = 0, 0
	if s.next >= s.stop || s.end == len(s.buf) {
		return false
	}
	into := s.buf[s.end:]
	if s.wide != nil {
		return s.fillWide(into)
	}
	into = into[:min(int64(len(into)), s.stop-s.next)]
	n, err := s.src.ReadAt(into, s.next)
	s.next += int64(n)
	s.end += n
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n > 0
}

// need reports whether n bytes, at most lookahead, are there to be looked at.
func (s *scanner) need(n int) bool {
	for s.end-s.pos < n {
		if !s.fill() {
			return false
		}
	}
	return true
}

// peek returns the next byte; false at the end.
func (s *scanner) peek() (byte, bool) {
	if s.pos == s.end && !s.fill() {
		return 0, false
	}
	return s.buf[s.pos], true
}

// peekAt returns the byte n after the next one, 0 past the end.
func (s *scanner) peekAt(n int) byte {
	if !s.need(n + 1) {
		return 0
	}
	return s.buf[s.pos+n]
}

// is reports whether b comes next.
func (s *scanner) is(b string) bool {
	return s.need(len(b)) && string(s.buf[s.pos:s.pos+len(b)]) == b
}

// isFold is is in any case; b is lower case.
func (s *scanner) isFold(b string) bool {
	return s.need(len(b)) && equalFold(s.buf[s.pos:s.pos+len(b)], b)
}

// here returns the position.
func (s *scanner) here() place {
	if s.counted < s.pos {
		passed := s.buf[s.counted:s.pos]
		s.at.line += int64(bytes.Count(passed, []byte{'\n'}))
		if s.wide != nil {
			s.at.offset += 2 * units(passed)
		} else {
			s.at.offset += int64(len(passed))
		}
		s.counted = s.pos
	}
	return s.at
}

// seek goes to a place that here returned before, and looks at what comes next.
func (s *scanner) seek(to place) {
	now := s.here()
	if to.offset < now.offset {
		s.back += now.offset - to.offset
	}
	if behind := int64(s.pos) - (now.offset - to.offset); s.wide == nil && behind >= 0 && behind < int64(s.end) {
		s.pos = int(behind)
		s.at, s.counted = to, s.pos
		return
	}
	s.restart(to)
}

// restart reads the window anew.
func (s *scanner) restart(to place) {
	s.pos, s.end, s.next, s.at, s.counted = 0, 0, to.offset, to, 0
	s.fill()
}

// limit makes the input end at an offset, for a trial; the caller seeks afterwards.
func (s *scanner) limit(offset int64) {
	if s.stop = min(offset, s.size); s.next > s.stop {
		s.restart(s.here())
	}
}

func (s *scanner) unlimit() { s.stop = s.size }

// toByte moves to the next byte of the set, or the end, and reports which.
func (s *scanner) toByte(set *[256]bool) bool {
	for {
		window := s.buf[s.pos:s.end]
		for i, c := range window {
			if set[c] {
				s.pos += i
				return true
			}
		}
		s.pos = s.end
		if !s.fill() {
			return false
		}
	}
}

// toLine moves to the beginning of the next line, or the end.
func (s *scanner) toLine() bool {
	for {
		if i := bytes.IndexByte(s.buf[s.pos:s.end], '\n'); i >= 0 {
			s.pos += i + 1
			return true
		}
		s.pos = s.end
		if !s.fill() {
			return false
		}
	}
}

// past moves behind the next occurrence of mark, of two bytes or more; false at the end.
func (s *scanner) past(mark string) bool {
	for {
		if i := bytes.Index(s.buf[s.pos:s.end], []byte(mark)); i >= 0 {
			s.pos += i + len(mark)
			return true
		}
		s.pos = max(s.pos, s.end-len(mark)+1)
		if !s.fill() {
			s.pos = s.end
			return false
		}
	}
}

func byteSet(members string) *[256]bool {
	var t [256]bool
	for i := range len(members) {
		t[members[i]] = true
	}
	return &t
}

func equalFold(b []byte, lower string) bool {
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		if c != lower[i] {
			return false
		}
	}
	return len(b) == len(lower)
}
