// Package fold says what search compares: which values of a record line are
// searched, and the form in which text is compared (docs/search.md).
package fold

import (
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// caser does Unicode's full default case folding. It keeps no state.
var caser = cases.Fold()

// Append appends the folded form of the UTF-8 text s to dst: Unicode's
// compatibility caseless form (Unicode Standard §3.13, D146) composed, that is
// NFKC(fold(NFKC(fold(NFD(s))))). Case, width, presentation forms and the way a
// letter is put together make no difference in it; accents and script do.
func Append(dst, s []byte) []byte {
	start := len(dst)
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf {
			if 'A' <= c && c <= 'Z' {
				c += 'a' - 'A'
			}
			dst = append(dst, c)
			i++
			continue
		}
		r, n := utf8.DecodeRune(s[i:])
		switch {
		case inert(r):
			dst = append(dst, s[i:i+n]...)
		case 0xFF01 <= r && r <= 0xFF5E: // full width ASCII
			c := byte(r - 0xFEE0)
			if 'A' <= c && c <= 'Z' {
				c += 'a' - 'A'
			}
			dst = append(dst, c)
		case r == 0x3000: // full width space
			dst = append(dst, ' ')
		default:
			return slow(dst[:start], s)
		}
		i += n
	}
	return dst
}

// inert reports whether r stays as it is, next to letters that are inert or
// ASCII themselves: a letter that something may be combined with only changes
// next to a mark, and marks are not inert. It is false for many letters that do
// stay as they are; a test goes through all of those for which it is true.
func inert(r rune) bool {
	switch {
	case 0x4E00 <= r && r <= 0x9FFF, 0x3400 <= r && r <= 0x4DBF, 0x20000 <= r && r <= 0x2A6DF: // Han
		return true
	case 0x3001 <= r && r <= 0x3003, 0x3005 <= r && r <= 0x3011: // 、。「」【】
		return true
	case 0x3041 <= r && r <= 0x3096, 0x30A1 <= r && r <= 0x30FE: // kana
		return true
	case 0xAC00 <= r && r <= 0xD7A3: // Hangul syllables
		return true
	case 0x0430 <= r && r <= 0x045F: // Cyrillic, small
		return true
	case 0x0621 <= r && r <= 0x063A, 0x0641 <= r && r <= 0x064A, 0x0660 <= r && r <= 0x0669: // Arabic
		return true
	case 0x2010 <= r && r <= 0x2023 && r != 0x2011 && r != 0x2017: // – — ‘ ’ “ ” • without ‑ and ‗
		return true
	case 0x1F300 <= r && r <= 0x1F64F: // emoji
		return true
	}
	return false
}

func slow(dst, s []byte) []byte {
	s = caser.Bytes(norm.NFD.Bytes(s))
	s = caser.Bytes(norm.NFKC.Bytes(s))
	return norm.NFKC.Append(dst, s...)
}

// String is Append for a string.
func String(s string) string { return string(Append(nil, []byte(s))) }
