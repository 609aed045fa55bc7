package detecttest

import (
	"math/rand/v2"
	"strings"
)

// write is a value in a form.
func write(r *rand.Rand, e *entity, value, form string) string {
	switch form {
	case "fullwidth":
		return each(value, func(c rune) string {
			if c > ' ' && c < 0x7F {
				return string(c + 0xFEE0)
			}
			return string(c)
		})
	case "separated":
		return group(value, e.groups[r.IntN(len(e.groups))], pick(r, "-", " ", "."), e)
	case "ideographic_space":
		return group(value, e.groups[0], "\u3000", e)
	case "line_break":
		return group(value, e.groups[0], "\n", e)
	case "zero_width":
		runes := []rune(value)
		var b strings.Builder
		for i, c := range runes {
			if i > 0 && (i == len(runes)/2 || r.IntN(3) == 0) {
				b.WriteString(pick(r, "\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad"))
			}
			b.WriteRune(c)
		}
		return b.String()
	case "han":
		numerals := []rune(pick(r, "零一二三四五六七八九", "〇一二三四五六七八九", "零壹贰叁肆伍陆柒捌玖"))
		return each(value, func(c rune) string {
			if c >= '0' && c <= '9' {
				return string(numerals[c-'0'])
			}
			return string(c)
		})
	case "mixed":
		numerals := []rune("零一二三四五六七八九")
		i := 0
		return each(value, func(c rune) string {
			if i++; c >= '0' && c <= '9' && i > 1 && (i == 3 || r.IntN(3) == 0) {
				return string(numerals[c-'0'])
			}
			return string(c)
		})
	case "case":
		if up := strings.ToUpper(value); up != value {
			return up
		}
		return strings.ToLower(value)
	case "homoglyph":
		done := false
		return each(value, func(c rune) string {
			if i := strings.IndexRune("aeopcx", c); i >= 0 && (!done || r.IntN(2) == 0) {
				done = true
				return string([]rune("аеорсх")[i])
			}
			return string(c)
		})
	}
	return value
}

func each(s string, f func(rune) string) string {
	var b strings.Builder
	for _, c := range s {
		b.WriteString(f(c))
	}
	return b.String()
}

// group puts a separator between groups of the value's characters.
func group(value string, sizes []int, sep string, e *entity) string {
	runes := []rune(value)
	if e.category == "person_name" {
		sep = " "
	}
	if sep == "." && e.category != "phone" {
		sep = "-"
	}
	var parts []string
	for _, n := range sizes {
		n = min(n, len(runes))
		if n > 0 {
			parts = append(parts, string(runes[:n]))
		}
		runes = runes[n:]
	}
	if len(runes) > 0 {
		parts = append(parts, string(runes))
	}
	return strings.Join(parts, sep)
}
