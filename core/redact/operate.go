package redact

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"time"
	"unicode"
)

// operation is what is done with one span.
type operation struct {
	op   string
	rule *Rule
	// category as a person may have changed it.
	category string
	by       string
}

// mark is what stands for a value (docs/formats/policy.md, Operators); "" where the whole
// field goes or nothing is changed. What an operator cannot do with a value is masked.
func (m *marker) mark(o *operation, raw, canonical, subject string) string {
	switch o.op {
	case OpKeep, OpWithhold:
		return ""
	case OpDrop:
		return "[DROPPED]"
	case OpReplace:
		return "[" + o.rule.Text + "]"
	case OpPseudonym:
		return "[" + m.pseudonym(o.category, canonical) + "]"
	case OpKeyedHash:
		return "[" + m.keyedHash(o.category, canonical) + "]"
	case OpKeepLast:
		if s := lastOf(canonical, o.rule.N); s != "" {
			return o.with("ending " + s)
		}
	case OpYear:
		if s := yearOf(canonical); s != "" {
			return o.with("in " + s)
		}
	case OpDateShift:
		if t, ok := dateOf(canonical); ok {
			return o.with("shifted to " + t.AddDate(0, 0, m.shift(subject, o.rule.Days)).Format("2 Jan, 2006"))
		}
	case OpInitials:
		if s := initialsOf(raw); s != "" {
			return o.with("initials " + s)
		}
	case OpTruncateIP:
		if s := networkOf(canonical); s != "" {
			return o.with("in " + s)
		}
	}
	return o.with("")
}

// with is a mark that says what it hides and why: [REDACTED bank_card ending 6789 5.2(a)(4)].
func (o *operation) with(rest string) string {
	s := "[REDACTED " + o.category
	if o.by == ByPending {
		s = "[PENDING " + o.category
	}
	if rest != "" {
		s += " " + rest
	}
	if o.rule != nil && o.rule.Reason != "" {
		s += " " + o.rule.Reason
	}
	return s + "]"
}

// lastOf is the last n letters and digits, where twice as many stay hidden.
func lastOf(canonical string, n int) string {
	var kept []rune
	for _, r := range canonical {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			kept = append(kept, r)
		}
	}
	if n < 1 || len(kept) < 2*n+1 {
		return ""
	}
	return string(kept[len(kept)-n:])
}

var dates = []struct {
	form   *regexp.Regexp
	layout string
}{
	{regexp.MustCompile(`^\d{4}-\d{1,2}-\d{1,2}`), "2006-1-2"},
	{regexp.MustCompile(`^\d{8}$`), "20060102"},
	{regexp.MustCompile(`^\d{4}$`), "2006"},
}

// dateOf reads a date in the spellings that canon.Of leaves.
func dateOf(s string) (time.Time, bool) {
	for _, d := range dates {
		if m := d.form.FindString(s); m != "" {
			if t, err := time.Parse(d.layout, m); err == nil {
				return t, true
			}
		}
	}
	return time.Time{}, false
}

var years = regexp.MustCompile(`\b(1[89]|20)\d\d\b`)

// yearOf is the year of a date, also of one whose day and month could be either.
func yearOf(s string) string {
	if t, ok := dateOf(s); ok {
		return t.Format("2006")
	}
	if all := years.FindAllString(s, 2); len(all) == 1 {
		return all[0]
	}
	return ""
}

// initialsOf are those of a name in letters that have initials: J.D. Of a name in Han or
// other characters the first would be the family name: such a name is masked.
func initialsOf(name string) string {
	var b strings.Builder
	begin := true
	for _, r := range name {
		switch {
		case !unicode.IsLetter(r):
			begin = r != '\'' && r != '’'
		case !unicode.In(r, unicode.Latin, unicode.Cyrillic, unicode.Greek, unicode.Armenian, unicode.Georgian):
			return ""
		case begin:
			b.WriteRune(unicode.ToUpper(r))
			b.WriteByte('.')
			begin = false
		}
	}
	return b.String()
}

// networkOf is /24 of an IPv4 and /48 of an IPv6 address, in a form that is no address.
func networkOf(s string) string {
	a, err := netip.ParseAddr(s)
	if err != nil {
		return ""
	}
	a = a.Unmap()
	b := a.AsSlice()
	if a.Is4() {
		return fmt.Sprintf("%d_%d_%d_x", b[0], b[1], b[2])
	}
	return fmt.Sprintf("%x_%x_%x_x", binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:]), binary.BigEndian.Uint16(b[4:]))
}
