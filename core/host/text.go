package host

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxReason bounds what is kept of a plugin's own words, in bytes.
const maxReason = 1 << 10

// printable makes a plugin's words fit to print: UTF-8, no control characters, at
// most max bytes.
func printable(s string, max int) string {
	if len(s) > max {
		s = s[:max]
		for len(s) > 0 && !utf8.RuneStart(s[len(s)-1]) {
			s = s[:len(s)-1]
		}
		s = strings.TrimRightFunc(s, func(r rune) bool { return r == utf8.RuneError }) + "…"
	}
	return strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
}

func cutEnv(e string) (name, value string, ok bool) { return strings.Cut(e, "=") }
