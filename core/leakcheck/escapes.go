package leakcheck

import (
	"bytes"
	"html"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// window is how much beside an escape is searched again with it undone, in bytes: as much as
// the longest pattern has.
const window = 256

// undo makes segments of s in which decode has replaced what it knows. Only what stands near
// something replaced is in them: the rest is as it was.
func undo(s *segment, as view, starts *[256]bool, decode func(text []byte) (n int, out []byte), f func(*segment)) {
	text := s.text
	var w *segment
	last := 0 // what is before is in w, or is not near
	end := func() {
		if w == nil {
			return
		}
		w.text = append(w.text, text[last:min(len(text), last+window)]...)
		f(w)
		w = nil
	}
	for i := 0; i < len(text); {
		if !starts[text[i]] {
			i++
			continue
		}
		n, out := decode(text[i:])
		if n == 0 {
			i++
			continue
		}
		if w != nil && i-last > 2*window {
			end()
		}
		if w == nil {
			last = max(last, i-window)
			w = &segment{parent: s, num: 1, den: 1, view: as, random: s.random, marks: []mark{{0, last}}}
		}
		w.text = append(w.text, text[last:i]...)
		// The bytes of a character all come from its beginning.
		for k := range out {
			w.marks = append(w.marks, mark{len(w.text) + k, i})
		}
		w.text = append(w.text, out...)
		i += n
		last = i
		w.marks = append(w.marks, mark{len(w.text), i})
	}
	end()
}

func startsWith(s string) *[256]bool {
	var t [256]bool
	for _, c := range []byte(s) {
		t[c] = true
	}
	return &t
}

var (
	escapeStarts = startsWith("%\\&\xc2\xe2\xe3\xef")
	formStarts   = startsWith("%+")
	quotedStarts = startsWith("=")
	tagStarts    = startsWith("<")
)

// unescape undoes one escape at the beginning of text: of URLs (RFC 3986 section 2.1), of JSON
// and programs, of HTML; and full-width forms and what cannot be seen. n is 0 where there is none.
func unescape(text []byte) (n int, out []byte) {
	switch text[0] {
	case '%':
		if b, ok := hexByte(text, 1); ok {
			return 3, []byte{b}
		}
	case '\\':
		return backslash(text)
	case '&':
		if end := bytes.IndexByte(text[:min(len(text), 12)], ';'); end > 1 {
			if s := html.UnescapeString(string(text[:end+1])); s != string(text[:end+1]) {
				return end + 1, plainRunes(s)
			}
		}
	default:
		r, n := utf8.DecodeRune(text)
		switch {
		case r >= 0xff10 && r <= 0xff19, r >= 0xff21 && r <= 0xff3a, r >= 0xff41 && r <= 0xff5a, r == '＠', r == '．', r == '－', r == '＿', r == '＋', r == '：', r == '／':
			return n, []byte{byte(r - 0xff00 + 0x20)}
		case hidden(r):
			return n, nil
		case r == 0xa0, r == 0x3000, r >= 0x2000 && r <= 0x200a, r == 0x202f:
			return n, []byte{' '}
		case r >= 0x2010 && r <= 0x2015:
			return n, []byte{'-'}
		}
	}
	return 0, nil
}

func plainRunes(s string) []byte {
	if s == "\u00a0" {
		return []byte{' '}
	}
	return []byte(s)
}

func hidden(r rune) bool {
	return r >= 0x200b && r <= 0x200f || r >= 0x2060 && r <= 0x2064 || r == 0xfeff || r == 0xad
}

func backslash(text []byte) (n int, out []byte) {
	k := 1
	for k < len(text) && text[k] == '\\' {
		k++
	}
	if k == len(text) {
		return 0, nil
	}
	switch c := text[k]; {
	case c == 'u':
		if r, m := codeUnit(text[k+1:]); m > 0 {
			n = k + 1 + m
			if utf16.IsSurrogate(r) { // its other half has as many backslashes
				if rest := text[n:]; len(rest) > k && rest[k] == 'u' {
					if low, m2 := codeUnit(rest[k+1:]); m2 > 0 && utf16.DecodeRune(r, low) != utf8.RuneError {
						return n + k + 1 + m2, utf8.AppendRune(nil, utf16.DecodeRune(r, low))
					}
				}
			}
			return n, utf8.AppendRune(nil, r)
		}
	case c == 'U':
		if k+9 <= len(text) {
			if v, err := strconv.ParseUint(string(text[k+1:k+9]), 16, 32); err == nil && v <= utf8.MaxRune {
				return k + 9, utf8.AppendRune(nil, rune(v))
			}
		}
	case c == 'x':
		if b, ok := hexByte(text, k+1); ok {
			return k + 3, []byte{b}
		}
	case c >= '0' && c <= '3' && k+3 <= len(text) && isOctal(text[k+1]) && isOctal(text[k+2]):
		return k + 3, []byte{(c-'0')<<6 | (text[k+1]-'0')<<3 | text[k+2] - '0'}
	}
	switch {
	case k >= 2:
		return 2, []byte{'\\'}
	case text[1] == '/' || text[1] == '"' || text[1] == '\'':
		return 2, text[1:2]
	case text[1] == 'n' || text[1] == 'r':
		return 2, []byte{'\n'}
	case text[1] == 't':
		return 2, []byte{'\t'}
	}
	return 0, nil
}

func isOctal(b byte) bool { return b >= '0' && b <= '7' }

// codeUnit reads XXXX or {X…}.
func codeUnit(text []byte) (rune, int) {
	from, to := 0, 4
	if len(text) > 0 && text[0] == '{' {
		from, to = 1, bytes.IndexByte(text[:min(len(text), 8)], '}')
	}
	if to <= from || to > len(text) {
		return 0, 0
	}
	v, err := strconv.ParseUint(string(text[from:to]), 16, 32)
	if err != nil || v > utf8.MaxRune {
		return 0, 0
	}
	return rune(v), to + from
}

func hexByte(text []byte, at int) (byte, bool) {
	if at+2 > len(text) || !isHexDigit(text[at]) || !isHexDigit(text[at+1]) {
		return 0, false
	}
	return hexDigit(text[at])<<4 | hexDigit(text[at+1]), true
}

func hexDigit(b byte) byte {
	if isDigit(b) {
		return b - '0'
	}
	return b | 0x20 - 'a' + 10
}

// unform undoes what forms do to text in URLs, where + is a space (WHATWG URL, 5.1).
func unform(text []byte) (n int, out []byte) {
	if text[0] == '+' {
		return 1, []byte{' '}
	}
	return unescape(text)
}

// unquote undoes quoted-printable (RFC 2045 section 6.7).
func unquote(text []byte) (n int, out []byte) {
	switch {
	case len(text) > 1 && text[1] == '\n':
		return 2, nil
	case len(text) > 2 && text[1] == '\r' && text[2] == '\n':
		return 3, nil
	}
	if b, ok := hexByte(text, 1); ok {
		return 3, []byte{b}
	}
	return 0, nil
}

// inline are HTML elements within which a word goes on.
var inline = map[string]bool{
	"a": true, "abbr": true, "b": true, "bdi": true, "bdo": true, "code": true, "del": true, "em": true, "font": true, "i": true, "ins": true, "kbd": true, "mark": true,
	"q": true, "s": true, "samp": true, "small": true, "span": true, "strong": true, "sub": true, "sup": true, "tt": true, "u": true, "var": true, "wbr": true,
}

// untag takes an inline tag, or a comment, away.
func untag(text []byte) (n int, out []byte) {
	if bytes.HasPrefix(text, []byte("<!--")) {
		if end := bytes.Index(text[:min(len(text), 4*window)], []byte("-->")); end > 0 {
			return end + 3, nil
		}
		return 0, nil
	}
	end := bytes.IndexByte(text[:min(len(text), 4*window)], '>')
	if end < 2 {
		return 0, nil
	}
	name := bytes.TrimPrefix(text[1:end], []byte("/"))
	if k := bytes.IndexAny(name, " \t\r\n/"); k >= 0 {
		name = name[:k]
	}
	if len(name) > 6 || !inline[lowerASCII(string(name))] {
		return 0, nil
	}
	return end + 1, nil
}
