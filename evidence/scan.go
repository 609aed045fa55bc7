package evidence

import (
	"bytes"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// CheckCanonical reports, with ErrNotCanonical and an offset, why b is not one
// canonical JSON value as Canonical writes it, or nil. It holds nothing of b.
func CheckCanonical(b []byte) error {
	s := scanner{b: b}
	if err := s.value(0); err != nil {
		return err
	}
	if s.i != len(b) {
		return s.fail("data after the value")
	}
	return nil
}

// Members calls f with each member of the canonical JSON object b, in order:
// the name without quotes as written and the value's bytes, both slices of b.
// It checks all of b as CheckCanonical does, and stops at f's first error.
func Members(b []byte, f func(name, value []byte) error) error {
	s := scanner{b: b}
	if len(b) == 0 || b[0] != '{' {
		return s.fail("not an object")
	}
	if err := s.object(0, f); err != nil {
		return err
	}
	if s.i != len(b) {
		return s.fail("data after the value")
	}
	return nil
}

type scanner struct {
	b []byte
	i int
}

func (s *scanner) fail(why string) error {
	return fmt.Errorf("%w: %s at byte %d", ErrNotCanonical, why, s.i)
}

func (s *scanner) value(depth int) error {
	if depth > maxDepth {
		return s.fail("nested too deeply")
	}
	if s.i >= len(s.b) {
		return s.fail("value missing")
	}
	switch c := s.b[s.i]; {
	case c == '"':
		_, err := s.text()
		return err
	case c == '{':
		return s.object(depth, nil)
	case c == '[':
		return s.array(depth)
	case c == 't':
		return s.literal("true")
	case c == 'f':
		return s.literal("false")
	case c == 'n':
		return s.literal("null")
	case c == '-' || c >= '0' && c <= '9':
		return s.number()
	}
	return s.fail("unexpected character")
}

func (s *scanner) literal(word string) error {
	if !bytes.HasPrefix(s.b[s.i:], []byte(word)) {
		return s.fail("unexpected word")
	}
	s.i += len(word)
	return nil
}

func (s *scanner) number() error {
	start := s.i
	if s.b[s.i] == '-' {
		s.i++
	}
	first := s.i
	for s.i < len(s.b) && s.b[s.i] >= '0' && s.b[s.i] <= '9' {
		s.i++
	}
	digits := s.b[first:s.i]
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
	return nil
}

// text checks a string and returns what stands between its quotes, as written.
func (s *scanner) text() ([]byte, error) {
	if s.i >= len(s.b) || s.b[s.i] != '"' {
		return nil, s.fail("string expected")
	}
	s.i++
	start, ascii := s.i, true
	for s.i < len(s.b) {
		c := s.b[s.i]
		switch {
		case c == '"':
			raw := s.b[start:s.i]
			if !ascii && !utf8.Valid(raw) {
				return nil, s.fail("text is not UTF-8")
			}
			s.i++
			return raw, nil
		case c == '\\':
			if err := s.escape(); err != nil {
				return nil, err
			}
		case c < 0x20:
			return nil, s.fail("control character in text")
		default:
			ascii = ascii && c < utf8.RuneSelf
			s.i++
		}
	}
	return nil, s.fail("string without end")
}

func (s *scanner) escape() error {
	rest := s.b[s.i:]
	if len(rest) < 2 {
		return s.fail("string without end")
	}
	switch rest[1] {
	case '"', '\\', 'b', 't', 'n', 'f', 'r':
		s.i += 2
		return nil
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
		return nil
	}
	return s.fail("escape that is not canonical")
}

func (s *scanner) object(depth int, f func(name, value []byte) error) error {
	s.i++ // the brace
	var prev []byte
	for n := 0; ; n++ {
		if s.i < len(s.b) && s.b[s.i] == '}' && n == 0 {
			s.i++
			return nil
		}
		at := s.i
		name, err := s.text()
		if err != nil {
			return err
		}
		if n > 0 && !namesAscend(prev, name) {
			s.i = at
			return s.fail("member names out of order or repeated")
		}
		prev = name
		if s.i >= len(s.b) || s.b[s.i] != ':' {
			return s.fail("colon expected")
		}
		s.i++
		from := s.i
		if err := s.value(depth + 1); err != nil {
			return err
		}
		if f != nil {
			if err := f(name, s.b[from:s.i]); err != nil {
				return err
			}
		}
		if s.i >= len(s.b) {
			return s.fail("object without end")
		}
		switch s.b[s.i] {
		case ',':
			s.i++
		case '}':
			s.i++
			return nil
		default:
			return s.fail("comma or brace expected")
		}
	}
}

func (s *scanner) array(depth int) error {
	s.i++ // the bracket
	if s.i < len(s.b) && s.b[s.i] == ']' {
		s.i++
		return nil
	}
	for {
		if err := s.value(depth + 1); err != nil {
			return err
		}
		if s.i >= len(s.b) {
			return s.fail("array without end")
		}
		switch s.b[s.i] {
		case ',':
			s.i++
		case ']':
			s.i++
			return nil
		default:
			return s.fail("comma or bracket expected")
		}
	}
}

// namesAscend compares names as written between quotes. Plain ASCII, the usual
// case, is compared as bytes; anything else is unescaped first.
func namesAscend(a, b []byte) bool {
	if plainASCII(a) && plainASCII(b) {
		return bytes.Compare(a, b) < 0
	}
	return CompareNames(Unescape(a), Unescape(b)) < 0
}

func plainASCII(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf || c == '\\' {
			return false
		}
	}
	return true
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
