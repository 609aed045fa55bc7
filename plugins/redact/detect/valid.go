package detect

import (
	"unicode/utf8"

	"github.com/exhibit-forensics/exhibit/plugins/redact/canon"
)

// Valid reports whether a canonical spelling is, as a whole, a value of a category that a
// rule knows by its form.
func (s *Finder) Valid(category, value string) bool {
	for _, x := range s.Find([]byte(value), []byte("id number ssn")) {
		if x.Category == category && x.Start == 0 && x.End == len(value) {
			return true
		}
	}
	return false
}

// Continues reports whether what ends with one text may go on with the next: digits with
// digits, an address at its @ or a dot.
func Continues(one, next []byte) bool {
	if len(one) == 0 || len(next) == 0 {
		return false
	}
	a, _ := utf8.DecodeLastRune(one)
	b, _ := utf8.DecodeRune(next)
	a, b = canon.Width(a), canon.Width(b)
	number := func(r rune) bool { return r >= '0' && r <= '9' || canon.HanDigit(r) != 0 }
	word := func(r rune) bool { return number(r) || r < utf8.RuneSelf && r > 0 && class[byte(r)]&isLetter != 0 }
	return (number(a) || a == '-') && number(b) || a == '@' && word(b) || word(a) && b == '@' || a == '.' && word(b) && len(next) < 16
}
