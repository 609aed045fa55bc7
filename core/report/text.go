package report

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// number writes n with its digits in groups of three.
func number(n int64) string {
	s := strconv.FormatInt(n, 10)
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "−", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// count writes n things: "1 file", "2 files", "3 entries".
func count(n int64, thing string) string {
	switch {
	case n == 1:
	case strings.HasSuffix(thing, "y"):
		thing = thing[:len(thing)-1] + "ies"
	default:
		thing += "s"
	}
	return number(n) + " " + thing
}

// size writes bytes exactly, and in the unit that suits them.
func size(n int64) string {
	const unit = 1024
	if n < unit {
		return count(n, "byte")
	}
	v, name := float64(n), ""
	for _, name = range []string{"KiB", "MiB", "GiB", "TiB", "PiB"} {
		if v /= unit; v < unit {
			break
		}
	}
	return fmt.Sprintf("%.1f %s (%s bytes)", v, name, number(n))
}

// visible makes control characters and letters that turn the direction of
// writing appear as escapes: evidence must not be able to disguise itself.
func visible(s string) string {
	var b strings.Builder
	for i, r := range s {
		if r == utf8.RuneError {
			if _, n := utf8.DecodeRuneInString(s[i:]); n == 1 {
				fmt.Fprintf(&b, `\x%02x`, s[i])
				continue
			}
		}
		if unicode.IsPrint(r) || r == '\u3000' || r == '\n' || r == '\u200d' || unicode.Is(unicode.Variation_Selector, r) {
			b.WriteRune(r)
			continue
		}
		b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
	}
	return b.String()
}

// cut shortens text to n characters.
func cut(s string, n int) (string, bool) {
	if utf8.RuneCountInString(s) <= n {
		return s, false
	}
	return string([]rune(s)[:n]), true
}

// clock shows times in one zone and says which.
type clock struct{ zone *time.Location }

func (c clock) name() string {
	if c.zone == time.UTC {
		return "UTC"
	}
	return c.zone.String()
}

// show writes a time to the second, with the offset that holds at it.
func (c clock) show(t time.Time) string {
	t = t.In(c.zone)
	if c.zone == time.UTC {
		return t.Format("2006-01-02 15:04:05") + " UTC"
	}
	return t.Format("2006-01-02 15:04:05 -07:00")
}

// text is show for RFC 3339; what cannot be read is shown as it is.
func (c clock) text(s string) string {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return s
	}
	return c.show(t)
}
