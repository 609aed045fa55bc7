package jsonread

import (
	"bytes"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

const bufferSize = 256 << 10

// scanner goes through text: buf[at:] is read and not gone through yet.
type scanner struct {
	c    *sdk.Ctx
	t    *sdk.TextReader
	buf  []byte
	at   int
	base int64 // of buf in the text
	eof  bool

	keep  int  // from where in buf bytes are kept, -1 for none
	long  bool // what should have been kept was longer than MaxElement
	stack []byte
}

func (s *scanner) pos() int64 { return s.base + int64(s.at) }

// more reads on.
func (s *scanner) more() bool {
	if s.eof || s.c.Err() != nil {
		return false
	}
	from := s.at
	if s.keep >= 0 {
		if from = s.keep; s.at-from > MaxElement {
			s.long, s.keep, from = true, -1, s.at
		}
	}
	if from > 0 {
		n := copy(s.buf, s.buf[from:])
		s.base += int64(from)
		s.buf, s.at = s.buf[:n], s.at-from
		if s.keep >= 0 {
			s.keep = 0
		}
	}
	if len(s.buf) == cap(s.buf) {
		s.buf = append(make([]byte, 0, 2*cap(s.buf)), s.buf...)
	}
	n, err := s.t.Read(s.buf[len(s.buf):cap(s.buf)])
	s.buf = s.buf[:len(s.buf)+n]
	if err != nil {
		s.eof = true
		return n > 0
	}
	return true
}

// peek returns the next byte that is no white space; ok is false at the end.
func (s *scanner) peek() (c byte, ok bool) {
	for {
		for ; s.at < len(s.buf); s.at++ {
			switch s.buf[s.at] {
			case ' ', '\t', '\r', '\n':
			default:
				return s.buf[s.at], true
			}
		}
		if !s.more() {
			return 0, false
		}
	}
}

// name reads a member's name, from its quote on; false where there is none.
func (s *scanner) name() (string, bool) {
	if c, ok := s.peek(); !ok || c != '"' {
		return "", false
	}
	s.keep, s.long = s.at, false
	ok := s.str()
	raw := s.kept()
	if !ok || raw == nil {
		return "", ok
	}
	return unquote(raw), true
}

// kept returns what was kept, which the next read changes; nil where it is too long.
func (s *scanner) kept() []byte {
	from := s.keep
	if s.keep = -1; s.long || from < 0 || s.at-from > MaxElement {
		s.long = true
		return nil
	}
	return s.buf[from:s.at]
}

// special returns where the first quote or backslash is, -1 for none.
func special(b []byte) int {
	end := bytes.IndexByte(b, '"')
	rest := b
	if end >= 0 {
		rest = b[:end]
	}
	if i := bytes.IndexByte(rest, '\\'); i >= 0 {
		return i
	}
	return end
}

// str passes over a string.
func (s *scanner) str() bool {
	s.at++
	for {
		i := special(s.buf[s.at:])
		switch {
		case i < 0:
			s.at = len(s.buf)
			if !s.more() {
				return false
			}
		case s.buf[s.at+i] == '"':
			s.at += i + 1
			return true
		default:
			s.at += i + 1
			for s.at == len(s.buf) {
				if !s.more() {
					return false
				}
			}
			s.at++
		}
	}
}

// skip passes over a value; false where it has no end, or brackets do not match.
// Nothing else of it is checked.
func (s *scanner) skip() bool {
	s.stack = s.stack[:0]
	for {
		c, ok := s.peek()
		if !ok {
			return false
		}
		switch c {
		case '"':
			if !s.str() {
				return false
			}
		case '{', '[':
			if len(s.stack) >= maxOpen {
				return false
			}
			s.stack = append(s.stack, c+2) // what closes it
			s.at++
			continue
		case '}', ']':
			n := len(s.stack)
			if n == 0 || s.stack[n-1] != c {
				return false
			}
			s.stack = s.stack[:n-1]
			s.at++
		case ',', ':':
			if len(s.stack) == 0 {
				return false
			}
			s.at++
			continue
		default:
			s.word()
		}
		if len(s.stack) == 0 {
			return true
		}
	}
}

// word passes over a number, or whatever else has no quotes.
func (s *scanner) word() {
	for {
		for ; s.at < len(s.buf); s.at++ {
			switch s.buf[s.at] {
			case ' ', '\t', '\r', '\n', ',', ':', '{', '}', '[', ']', '"':
				return
			}
		}
		if !s.more() {
			return
		}
	}
}
