package export

import (
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxCell is how many characters (UTF-16 code units) a cell of a spreadsheet can
// hold.
const maxCell = 32767

// cutMark ends a cell that was cut.
const cutMark = "… [cut here: longer than a cell can be]"

// xmlText makes text fit for a cell: cut to what one can hold, characters that XML
// cannot hold replaced, and written so that "_x000D_" means itself. cut and
// replaced say what was changed.
func xmlText(dst, s []byte, most int) (out []byte, cut bool, replaced int64) {
	if keep, fits := prefixOf(s, most); !fits {
		keep, _ = prefixOf(s[:keep], most-len(utf16.Encode([]rune(cutMark))))
		out, _, replaced = xmlText(dst, s[:keep], most)
		return append(out, cutMark...), true, replaced
	}
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRune(s[i:])
			if r == 0xFFFE || r == 0xFFFF {
				dst = append(append(dst, s[start:i]...), "\uFFFD"...)
				start = i + size
				replaced++
			}
			i += size
			continue
		}
		var with string
		switch {
		case c == '&':
			with = "&amp;"
		case c == '<':
			with = "&lt;"
		case c == '>':
			with = "&gt;"
		case c == '\r':
			with = "&#13;" // left alone, a reader of XML makes it a newline
		case c == '_' && isEscape(s[i:]):
			with = "_x005F_" // ECMA-376 part 1, 22.9.2.19
		case c < ' ' && c != '\t' && c != '\n':
			with = string(rune(0x2400) + rune(c)) // its picture: ␀ to ␟
			replaced++
		default:
			i++
			continue
		}
		dst = append(append(dst, s[start:i]...), with...)
		i++
		start = i
	}
	return append(dst, s[start:]...), false, replaced
}

// isEscape reports whether b begins with what a spreadsheet reads as an escaped
// character: _xHHHH_.
func isEscape(b []byte) bool {
	if len(b) < 7 || b[1] != 'x' || b[6] != '_' {
		return false
	}
	for _, c := range b[2:6] {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
			return false
		}
	}
	return true
}

// prefixOf returns how many bytes of s make at most so many UTF-16 code units, and
// whether that is all of it.
func prefixOf(s []byte, most int) (n int, all bool) {
	if len(s) <= most {
		return len(s), true
	}
	units := 0
	for n < len(s) {
		r, size := utf8.DecodeRune(s[n:])
		if units += utf16.RuneLen(r); units > most {
			return n, false
		}
		n += size
	}
	return n, true
}

// sheetNames gives each sheet a name that spreadsheets accept: at most 31
// characters, some not allowed, none twice in whatever case.
func sheetNames(sheets []*sheet) []string {
	taken := map[string]bool{"about": true, "history": true}
	var out []string
	for _, s := range sheets {
		base := strings.Map(func(r rune) rune {
			if r < ' ' || strings.ContainsRune(`:\/?*[]'`, r) {
				return '-'
			}
			return r
		}, s.name)
		if base == "" {
			base = "no kind"
		}
		name := cutTo(base, 31)
		for n := 2; taken[strings.ToLower(name)]; n++ {
			suffix := fmt.Sprintf(" (%d)", n)
			name = cutTo(base, 31-len(suffix)) + suffix
		}
		taken[strings.ToLower(name)] = true
		out = append(out, name)
	}
	return out
}

func cutTo(s string, units int) string {
	n, _ := prefixOf([]byte(s), units)
	return s[:n]
}
