package host

import (
	"fmt"
	"strconv"
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

// StderrText is Stderr fit for a terminal or a log: UTF-8, a line each, other control
// characters and what is no text as escapes. It may still quote evidence.
func (r Result) StderrText() string {
	var b strings.Builder
	for line := range strings.Lines(string(r.Stderr)) {
		line, end := strings.CutSuffix(line, "\n")
		for i := 0; i < len(line); {
			c, n := utf8.DecodeRuneInString(line[i:])
			switch {
			case c == utf8.RuneError && n == 1:
				fmt.Fprintf(&b, `\x%02x`, line[i])
			case c == '\t' || unicode.IsPrint(c) && c != '\\':
				b.WriteRune(c)
			default:
				quoted := strconv.QuoteRuneToASCII(c)
				b.WriteString(quoted[1 : len(quoted)-1])
			}
			i += n
		}
		if end {
			b.WriteByte('\n')
		}
	}
	return b.String()
}
