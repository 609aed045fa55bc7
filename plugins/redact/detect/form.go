package detect

import (
	"unicode/utf8"

	"github.com/exhibit-forensics/exhibit/plugins/redact/canon"
)

// form says how the value in a span of folded text is written in the original.
func (s *Finder) form(x *Span) string {
	var han, digits, wide, hidden, alike, sep, capital bool
	for _, r := range string(s.text[s.start(x.Start):s.end(x.End)]) {
		w := canon.Width(r)
		switch {
		case w == canon.Dropped:
			hidden = true
		case w != r:
			wide = true
			digits = digits || w >= '0' && w <= '9'
		case r >= utf8.RuneSelf:
			if canon.HanDigit(r) != 0 {
				han = true
			} else if canon.Lower(r) < utf8.RuneSelf {
				alike = true
			}
		case class[byte(r)]&isDigit != 0:
			digits = true
		case class[byte(r)]&isSep != 0:
			sep = true
		case r >= 'A' && r <= 'Z':
			capital = true
		}
	}
	number := digitsOnly(x.Category) || compactOnly(x.Category)
	switch {
	case number && han && digits && x.Category != "plate":
		return mixed
	case number && han && x.Category != "plate":
		return hanForm
	case hidden:
		return zeroWidth
	case wide:
		return fullWidth
	case alike && x.Category != "person_name":
		return homoglyph
	case number && sep:
		return separated
	case x.known && capital && !number && x.Category != "credential":
		return cased
	}
	return Plain
}
