package detect

import (
	"unicode"
	"unicode/utf8"
)

// class of a byte of folded text.
const (
	isDigit  = 1 << iota
	isLetter // of ASCII
	isUnder
	isHigh // a byte of another character
	isMark // @ and :, by which an address may be found
	isHex
	isSep // may stand between the digits of one number
)

const isWord = isDigit | isLetter | isUnder

var class = func() (t [256]uint8) {
	for c := range t {
		switch {
		case c >= '0' && c <= '9':
			t[c] = isDigit | isHex
		case c|0x20 >= 'a' && c|0x20 <= 'f' && c < utf8.RuneSelf:
			t[c] = isLetter | isHex
		case c|0x20 >= 'a' && c|0x20 <= 'z' && c < utf8.RuneSelf:
			t[c] = isLetter
		case c == '_':
			t[c] = isUnder | isSep
		case c >= utf8.RuneSelf:
			t[c] = isHigh
		case c == '@' || c == ':':
			t[c] = isMark
		case c == ' ' || c == '-' || c == '.' || c == '(' || c == ')' || c == '/' || c == '\n' || c == '\t' || c == '\r' || c == '*' || c == '~':
			t[c] = isSep
		}
	}
	return t
}()

// isHan reports whether r is written without spaces between words: no letter beside it
// belongs to the same word.
func isHan(r rune) bool {
	return r >= 0x2E80 && r <= 0x9FFF || r >= 0xF900 && r <= 0xFAFF || r >= 0x20000 && r <= 0x3FFFF || r >= 0xFF66 && r <= 0xFF9D
}

// letter reports whether r, not ASCII, is a letter of a script that separates words.
func letter(r rune) bool {
	return r > 0x80 && !isHan(r) && (unicode.IsLetter(r) || unicode.IsMark(r))
}

// wordBefore reports whether what stands before a place belongs to a word or number.
func (s *Finder) wordBefore(at int) bool {
	if at == 0 {
		return false
	}
	c := s.b[at-1]
	if c < utf8.RuneSelf {
		return class[c]&isWord != 0
	}
	r, _ := utf8.DecodeLastRune(s.b[:at])
	return letter(r)
}

// wordAt reports whether a word or number goes on at a place.
func (s *Finder) wordAt(at int) bool {
	if at >= len(s.b) {
		return false
	}
	c := s.b[at]
	if c < utf8.RuneSelf {
		return class[c]&isWord != 0
	}
	r, _ := utf8.DecodeRune(s.b[at:])
	return letter(r)
}

// at is the byte at a place, 0 beyond the ends.
func (s *Finder) at(i int) byte {
	if i < 0 || i >= len(s.b) {
		return 0
	}
	return s.b[i]
}
