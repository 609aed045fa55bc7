package main

import (
	"unicode"
	"unicode/utf8"
)

// forbidden marks the bytes that no text of a log holds: the control characters
// but tab, line breaks and the like, which messages do contain.
var forbidden = func() (t [256]bool) {
	for c := range 0x20 {
		t[c] = c < '\t' || c > '\r'
	}
	t[0x7F] = true
	return t
}()

// plausible reports whether text, UTF-8, is free of the control characters that
// a wrong key strews over it.
func plausible(text []byte) bool {
	for i, c := range text {
		if forbidden[c] || c == 0xC2 && i+1 < len(text) && text[i+1] < 0xA0 { // C1 controls
			return false
		}
	}
	return true
}

// plausibleHead is plausible for the beginning of a text in any charset that
// contains ASCII and does not use its control characters for other ends.
func plausibleHead(head []byte) bool {
	for _, c := range head {
		if forbidden[c] {
			return false
		}
	}
	return true
}

// printable reports whether text, UTF-8, is a term: not empty, of assigned
// characters that show. Where no column tells that a text is what it should be, this must.
func printable(text []byte) bool {
	if len(text) == 0 {
		return false
	}
	for i := 0; i < len(text); {
		if c := text[i]; c < utf8.RuneSelf {
			if c < ' ' || c == 0x7F {
				return false
			}
			i++
			continue
		}
		r, n := utf8.DecodeRune(text[i:])
		i += n
		if (r < 0x4E00 || r > 0x9FA5) && (r == utf8.RuneError || !unicode.IsGraphic(r) && !unicode.Is(unicode.Cf, r)) {
			return false
		}
	}
	return true
}
