// Package plain writes numbers, sizes, times and text from evidence as people
// read them, alike in the command line and in reports.
package plain

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Number writes n with its digits in groups of three.
func Number(n int64) string {
	s := strconv.FormatInt(n, 10)
	neg := strings.HasPrefix(s, "-")
	s = strings.TrimPrefix(s, "-")
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	if neg {
		return "-" + s
	}
	return s
}

// Count writes n things: "1 file", "2 files", "3 entries".
func Count(n int64, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	if stem, ok := strings.CutSuffix(thing, "y"); ok {
		return Number(n) + " " + stem + "ies"
	}
	return Number(n) + " " + thing + "s"
}

// Size writes bytes in the unit that suits them; exact says that it is "1 byte" or
// "17 bytes" and nothing was rounded.
func Size(n int64) (text string, exact bool) {
	const unit = 1024
	if n < unit {
		return Count(n, "byte"), true
	}
	v, name := float64(n), ""
	for _, name = range []string{"KiB", "MiB", "GiB", "TiB", "PiB"} {
		if v /= unit; v < unit {
			break
		}
	}
	return fmt.Sprintf("%.1f %s", v, name), false
}

// Clock writes a time to the second in a zone, with the offset that holds at it.
func Clock(t time.Time, zone *time.Location) string {
	t = t.In(zone)
	if zone == time.UTC {
		return t.Format("2006-01-02 15:04:05 UTC")
	}
	return t.Format("2006-01-02 15:04:05 -07:00")
}

// Visible makes text safe to show: names and values from evidence may hold control
// characters that would move a cursor, or letters that turn the direction of
// writing. Those, and bytes that are no text, appear as escapes; show says which
// letters stay as they are.
func Visible(s string, show func(rune) bool) string {
	clean := true
	for _, r := range s {
		if !show(r) {
			clean = false
			break
		}
	}
	if clean && utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(s[i:]); size == 1 {
				fmt.Fprintf(&b, `\x%02x`, s[i])
				continue
			}
		}
		if show(r) {
			b.WriteRune(r)
			continue
		}
		b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
	}
	return b.String()
}

// Showable are the letters that change nothing but the line they stand on.
func Showable(r rune) bool { return unicode.IsPrint(r) || r == '\u3000' }
