package ndjson

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// string appends the string at i in canonical form. Where it is not UTF-8 it
// appends what can be shown, each bad byte as U+FFFD, puts all its bytes behind
// raws and returns false. Bytes that are no text reach us as they are, or as the
// lone surrogates U+DC80 to U+DCFF that Python's "surrogateescape" makes of them.
func (e *encoder) string() (good bool, err error) {
	e.i++
	// Most strings are the same bytes in canonical form.
	rest := e.in[e.i:]
	end := bytes.IndexByte(rest, '"')
	if end < 0 {
		return false, errEnd
	}
	if body := rest[:end]; bytes.IndexByte(body, '\\') < 0 {
		if hasControl(body) {
			return false, errControl
		}
		e.i += end + 1
		if utf8.Valid(body) {
			e.out = append(append(append(e.out, '"'), body...), '"')
			return true, nil
		}
		e.show(body)
		return false, nil
	}
	return e.escaped()
}

// escaped is string for one with escapes.
func (e *encoder) escaped() (good bool, err error) {
	b := e.text[:0]
	for {
		rest := e.in[e.i:]
		n := bytes.IndexAny(rest, `"\`)
		if n < 0 {
			return false, errEnd
		}
		if hasControl(rest[:n]) {
			return false, errControl
		}
		b = append(b, rest[:n]...)
		e.i += n
		if rest[n] == '"' {
			e.i++
			break
		}
		if b, err = e.escape(b); err != nil {
			return false, err
		}
	}
	e.text = b
	if utf8.Valid(b) {
		e.out = evidence.AppendString(e.out, string(b))
		return true, nil
	}
	e.show(b)
	return false, nil
}

// escape appends what the escape at i stands for.
func (e *encoder) escape(b []byte) ([]byte, error) {
	if e.i+1 >= len(e.in) {
		return b, errEnd
	}
	c := e.in[e.i+1]
	e.i += 2
	switch c {
	case '"', '\\', '/':
		return append(b, c), nil
	case 'b':
		return append(b, '\b'), nil
	case 'f':
		return append(b, '\f'), nil
	case 'n':
		return append(b, '\n'), nil
	case 'r':
		return append(b, '\r'), nil
	case 't':
		return append(b, '\t'), nil
	case 'u':
	default:
		return b, errSyntax
	}
	r, ok := e.hex()
	if !ok {
		return b, errSyntax
	}
	if !utf16.IsSurrogate(r) {
		return utf8.AppendRune(b, r), nil
	}
	if rest := e.in[e.i:]; r < 0xDC00 && len(rest) >= 6 && rest[0] == '\\' && rest[1] == 'u' {
		at := e.i
		e.i += 2
		if low, ok := e.hex(); ok && low >= 0xDC00 && low <= 0xDFFF {
			return utf8.AppendRune(b, utf16.DecodeRune(r, low)), nil
		}
		e.i = at
	}
	if r >= 0xDC80 && r <= 0xDCFF {
		return append(b, byte(r)), nil
	}
	// Half a character of UTF-16, in the three bytes that UTF-8 would take for it.
	return append(b, 0xE0|byte(r>>12), 0x80|byte(r>>6)&0x3F, 0x80|byte(r)&0x3F), nil
}

// hex reads four hexadecimal digits.
func (e *encoder) hex() (r rune, ok bool) {
	if len(e.in)-e.i < 4 {
		return 0, false
	}
	for _, c := range e.in[e.i : e.i+4] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	e.i += 4
	return r, true
}

// show appends b as a string, each bad byte as U+FFFD, and keeps its bytes.
func (e *encoder) show(b []byte) {
	e.raws = append(e.raws, b...)
	e.out = evidence.AppendString(e.out, valid(b))
}

// valid returns b with each byte that is not UTF-8 as U+FFFD.
func valid(b []byte) string {
	out := make([]byte, 0, len(b)+16)
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		out = utf8.AppendRune(out, r)
		b = b[n:]
	}
	return string(out)
}

// appendName appends a member's name that is not UTF-8 as a string, each bad byte
// as \xNN, so that two such names stay two.
func appendName(dst, b []byte) []byte {
	const digits = "0123456789abcdef"
	out := make([]byte, 0, len(b)+16)
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			out = append(out, '\\', 'x', digits[b[0]>>4], digits[b[0]&15])
		} else {
			out = append(out, b[:n]...)
		}
		b = b[n:]
	}
	return evidence.AppendString(dst, string(out))
}

func hasControl(b []byte) bool {
	for _, c := range b {
		if c < 0x20 {
			return true
		}
	}
	return false
}
