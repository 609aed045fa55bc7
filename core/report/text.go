package report

import (
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/exhibit-forensics/exhibit/core/plain"
)

// number and count are plain's; size says besides how many bytes it is exactly.
func number(n int64) string { return plain.Number(n) }

func count(n int64, thing string) string { return plain.Count(n, thing) }

func size(n int64) string {
	text, exact := plain.Size(n)
	if exact {
		return text
	}
	return text + " (" + number(n) + " bytes)"
}

// visible shows text from evidence. A page also has line ends, and letters that
// are put together of several.
func visible(s string) string {
	return plain.Visible(s, func(r rune) bool {
		return plain.Showable(r) || r == '\n' || r == '\u200d' || unicode.Is(unicode.Variation_Selector, r)
	})
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

func (c clock) show(t time.Time) string { return plain.Clock(t, c.zone) }

// text is show for RFC 3339; what cannot be read is shown as it is.
func (c clock) text(s string) string {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return s
	}
	return c.show(t)
}
