package evidence

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/bits"
	"strconv"
	"unicode/utf8"
)

// CheckCanonical reports, with ErrNotCanonical and an offset, why b is not one
// canonical JSON value as Canonical writes it, or nil. It holds nothing of b.
func CheckCanonical(b []byte) error {
	s := scanner{b: b}
	if s.value(0) && s.end() {
		return nil
	}
	return s.err()
}

// Members calls f with each member of the canonical JSON object b, in order:
// the name without quotes as written and the value's bytes, both slices of b.
// It checks all of b as CheckCanonical does, and stops at f's first error.
func Members(b []byte, f func(name, value []byte) error) error {
	s := scanner{b: b}
	if len(b) == 0 || b[0] != '{' {
		s.fail("not an object")
		return s.err()
	}
	if s.object(0, f) && s.end() {
		return nil
	}
	return s.err()
}

// Elements calls f with each element of the canonical JSON array b, in order: its bytes,
// a slice of b. It checks all of b as CheckCanonical does, and stops at f's first error.
func Elements(b []byte, f func(value []byte) error) error {
	s := scanner{b: b}
	if len(b) == 0 || b[0] != '[' {
		s.fail("not an array")
		return s.err()
	}
	if s.array(0, f) && s.end() {
		return nil
	}
	return s.err()
}

// scanner walks b. Its methods report whether all is well; if not, i is where it
// is not, and why (or stopped, from a caller's function) says what.
type scanner struct {
	b       []byte
	i       int
	why     string
	stopped error
}

func (s *scanner) fail(why string) bool {
	s.why = why
	return false
}

func (s *scanner) err() error {
	if s.stopped != nil {
		return s.stopped
	}
	return fmt.Errorf("%w: %s at byte %d", ErrNotCanonical, s.why, s.i)
}

func (s *scanner) end() bool {
	if s.i != len(s.b) {
		return s.fail("data after the value")
	}
	return true
}

func (s *scanner) value(depth int) bool {
	if depth > maxDepth {
		return s.fail("nested too deeply")
	}
	if s.i >= len(s.b) {
		return s.fail("value missing")
	}
	switch c := s.b[s.i]; {
	case c == '"':
		_, _, ok := s.text()
		return ok
	case c == '-' || c >= '0' && c <= '9':
		return s.number()
	case c == '{':
		return s.object(depth, nil)
	case c == '[':
		return s.array(depth, nil)
	case c == 't':
		return s.literal("true")
	case c == 'f':
		return s.literal("false")
	case c == 'n':
		return s.literal("null")
	}
	return s.fail("unexpected character")
}

func (s *scanner) literal(word string) bool {
	if end := s.i + len(word); end <= len(s.b) && string(s.b[s.i:end]) == word {
		s.i = end
		return true
	}
	return s.fail("unexpected word")
}

func (s *scanner) number() bool {
	b, i := s.b, s.i
	start := i
	if b[i] == '-' {
		i++
	}
	first := i
	for i < len(b) && b[i]-'0' <= 9 {
		i++
	}
	s.i = i
	digits := b[first:i]
	switch {
	case len(digits) == 0:
		return s.fail("number without digits")
	case digits[0] == '0' && (len(digits) > 1 || first != start):
		return s.fail("number not in shortest form")
	case len(digits) >= 16:
		if n, err := strconv.ParseInt(string(digits), 10, 64); err != nil || n > MaxSafeInteger {
			return s.fail("integer exceeds 2^53-1")
		}
	}
	return true
}

// The bytes of a word, each the same.
const (
	each01 = 0x0101010101010101
	each80 = 0x80 * each01
)

// special marks, by the high bit of their byte, control characters, quotes and
// backslashes in eight bytes of text. The lowest mark is exact; those above it may
// be false, by the borrow of the subtraction.
func special(w uint64) uint64 {
	quote, slash := w^'"'*each01, w^'\\'*each01
	return ((w-0x20*each01)&^w | (quote-each01)&^quote | (slash-each01)&^slash) & each80
}

// text checks a string and returns what stands between its quotes, as written;
// plain says that it is ASCII without escapes.
func (s *scanner) text() (raw []byte, plain, ok bool) {
	b, i := s.b, s.i
	if i >= len(b) || b[i] != '"' {
		return nil, false, s.fail("string expected")
	}
	i++
	start, high, escaped := i, uint64(0), false
	for {
		// Eight bytes at a time, up to one that needs a look.
		for i+8 <= len(b) {
			w := binary.LittleEndian.Uint64(b[i:])
			m := special(w)
			if m != 0 {
				high |= w & each80 & (m&-m - 1)
				i += bits.TrailingZeros64(m) >> 3
				break
			}
			high |= w & each80
			i += 8
		}
		if i >= len(b) {
			s.i = len(b)
			return nil, false, s.fail("string without end")
		}
		switch c := b[i]; {
		case c == '"':
			raw = b[start:i]
			if high != 0 && !utf8.Valid(raw) {
				s.i = start
				return nil, false, s.fail("text is not UTF-8")
			}
			s.i = i + 1
			return raw, high == 0 && !escaped, true
		case c == '\\':
			s.i, escaped = i, true
			if !s.escape() {
				return nil, false, false
			}
			i = s.i
		case c < 0x20:
			s.i = i
			return nil, false, s.fail("control character in text")
		default: // the last bytes of b, one by one
			high |= uint64(c & 0x80)
			i++
		}
	}
}

func (s *scanner) escape() bool {
	rest := s.b[s.i:]
	if len(rest) < 2 {
		return s.fail("string without end")
	}
	switch rest[1] {
	case '"', '\\', 'b', 't', 'n', 'f', 'r':
		s.i += 2
		return true
	case 'u':
		if len(rest) < 6 || rest[2] != '0' || rest[3] != '0' || rest[4] != '0' && rest[4] != '1' {
			return s.fail("escape that is not canonical")
		}
		lo := bytes.IndexByte([]byte(hexDigits), rest[5])
		if lo < 0 {
			return s.fail("escape that is not canonical")
		}
		switch c := rest[4] - '0'; byte(lo) | c<<4 {
		case '\b', '\t', '\n', '\f', '\r':
			return s.fail("escape that has a shorter form")
		}
		s.i += 6
		return true
	}
	return s.fail("escape that is not canonical")
}

func (s *scanner) object(depth int, f func(name, value []byte) error) bool {
	m, more := s.members()
	for more {
		if !s.name(&m) {
			return false
		}
		from := s.i
		if !s.value(depth + 1) {
			return false
		}
		if f != nil {
			if s.stopped = f(m.last, s.b[from:s.i]); s.stopped != nil {
				return false
			}
		}
		var ok bool
		if more, ok = s.more(); !ok {
			return false
		}
	}
	return true
}

// members is the state of a walk through an object.
type members struct {
	last  []byte // the name read last
	plain bool   // it is ASCII without escapes
	any   bool
}

// members enters the object at i; more says whether it has any.
func (s *scanner) members() (m members, more bool) {
	s.i++ // the brace
	if s.i < len(s.b) && s.b[s.i] == '}' {
		s.i++
		return m, false
	}
	return m, true
}

// name reads the next member's name and the colon.
func (s *scanner) name(m *members) bool {
	at := s.i
	name, plain, ok := s.text()
	if !ok {
		return false
	}
	if m.any && !ascend(m.last, name, m.plain && plain) {
		s.i = at
		return s.fail("member names out of order or repeated")
	}
	m.last, m.plain, m.any = name, plain, true
	if s.i >= len(s.b) || s.b[s.i] != ':' {
		return s.fail("colon expected")
	}
	s.i++
	return true
}

// more reads what follows a member: a comma, or the end of the object.
func (s *scanner) more() (more, ok bool) {
	if s.i >= len(s.b) {
		return false, s.fail("object without end")
	}
	switch s.b[s.i] {
	case ',':
		s.i++
		return true, true
	case '}':
		s.i++
		return false, true
	}
	return false, s.fail("comma or brace expected")
}

func (s *scanner) array(depth int, f func(value []byte) error) bool {
	s.i++ // the bracket
	if s.i < len(s.b) && s.b[s.i] == ']' {
		s.i++
		return true
	}
	for {
		from := s.i
		if !s.value(depth + 1) {
			return false
		}
		if f != nil {
			if s.stopped = f(s.b[from:s.i]); s.stopped != nil {
				return false
			}
		}
		if s.i >= len(s.b) {
			return s.fail("array without end")
		}
		switch s.b[s.i] {
		case ',':
			s.i++
		case ']':
			s.i++
			return true
		default:
			return s.fail("comma or bracket expected")
		}
	}
}

// ascend compares names as written between quotes. Plain ones, the usual case, are
// compared as bytes; anything else is unescaped first.
func ascend(a, b []byte, plain bool) bool {
	if plain {
		if len(a) > 0 && len(b) > 0 && a[0] != b[0] {
			return a[0] < b[0]
		}
		return bytes.Compare(a, b) < 0
	}
	return CompareNames(Unescape(a), Unescape(b)) < 0
}

// Unescape returns the text of a canonical JSON string as written between its
// quotes (as Members hands out names). raw must have passed CheckCanonical.
func Unescape(raw []byte) string {
	i := bytes.IndexByte(raw, '\\')
	if i < 0 {
		return string(raw)
	}
	out := append(make([]byte, 0, len(raw)), raw[:i]...)
	for ; i < len(raw); i++ {
		if raw[i] != '\\' {
			out = append(out, raw[i])
			continue
		}
		i++
		switch raw[i] {
		case 'b':
			out = append(out, '\b')
		case 't':
			out = append(out, '\t')
		case 'n':
			out = append(out, '\n')
		case 'f':
			out = append(out, '\f')
		case 'r':
			out = append(out, '\r')
		case 'u':
			hi, lo := raw[i+3]-'0', bytes.IndexByte([]byte(hexDigits), raw[i+4])
			out = append(out, hi<<4|byte(lo))
			i += 4
		default:
			out = append(out, raw[i])
		}
	}
	return string(out)
}
