package sdk

import (
	"fmt"
	"strings"
)

// Zone is a fixed offset from UTC and who stated it.
type Zone struct {
	name   string
	offset int // seconds east of UTC
	// Basis is layout, item, source or assumed.
	Basis string
	set   bool
}

// ParseZone reads an offset as records.md writes it ("+08:00"), or UTC, GMT or Z.
// Names of regions are refused with ErrUnsupported: their rules change with the
// tables of the machine.
func ParseZone(s, basis string) (Zone, error) {
	switch s {
	case "UTC", "GMT", "Z":
		return Zone{name: "UTC", Basis: basis, set: true}, nil
	}
	seconds, rest, ok := scanOffset(s)
	if !ok || rest != "" {
		return Zone{}, fmt.Errorf("%w: zone %q; state an offset such as +08:00, or UTC", ErrUnsupported, s)
	}
	return Zone{name: offsetName(seconds), offset: seconds, Basis: basis, set: true}, nil
}

// Name returns "+08:00" or "UTC", "" for the zero Zone.
func (z Zone) Name() string { return z.name }

// IsZero reports whether no zone was stated.
func (z Zone) IsZero() bool { return !z.set }

func offsetName(seconds int) string {
	if seconds == 0 {
		return "UTC"
	}
	sign := byte('+')
	if seconds < 0 {
		sign, seconds = '-', -seconds
	}
	b := appendPadded([]byte{sign}, seconds/3600, 2)
	return string(appendPadded(append(b, ':'), seconds/60%60, 2))
}

// scanOffset reads +08:00, +0800 or +08 from the start of s.
func scanOffset(s string) (seconds int, rest string, ok bool) {
	if len(s) < 3 || s[0] != '+' && s[0] != '-' {
		return 0, s, false
	}
	h, n := scanDigits(s[1:], 2)
	if n != 2 || h > 23 {
		return 0, s, false
	}
	rest = s[3:]
	m := 0
	tail := strings.TrimPrefix(rest, ":")
	if v, n := scanDigits(tail, 2); n == 2 && v < 60 {
		m, rest = v, tail[2:]
	} else if n != 0 || tail != rest {
		return 0, s, false
	}
	seconds = h*3600 + m*60
	if s[0] == '-' {
		seconds = -seconds
	}
	return seconds, rest, true
}

// scanDigits reads at most max decimal digits and says how many.
func scanDigits(s string, max int) (v, n int) {
	for n < len(s) && n < max && s[n] >= '0' && s[n] <= '9' {
		v = v*10 + int(s[n]-'0')
		n++
	}
	return v, n
}

// TimeFormat reads times written as text, by a format in the manner of strptime(3).
//
//	%Y year, 4 digits   %y year, 2 digits (69-99 are 19xx, as POSIX has it)
//	%m month   %b %h %B month by English name, short or long
//	%d %e day of the month   %j day of the year   %a %A weekday by English name
//	%H hour 0-23   %I hour 1-12   %p AM or PM
//	%M minute   %S second (60 is read as the second after 59)
//	%f digits of a second, 1 to 9   %z offset: Z, +08:00, +0800, +08   %s seconds since 1970
//	%D %m/%d/%y   %F %Y-%m-%d   %T %H:%M:%S   %R %H:%M   %% a percent sign
//
// Numbers may lack leading zeros (but %Y); every other byte stands for itself.
type TimeFormat struct {
	items []formatItem
	zone  Zone
	// Kind is given to the times that are read, Basis is Declared, Detected or Assumed.
	Kind, Basis string
}

type formatItem struct {
	verb    byte   // 0: literal
	literal string // where verb is 0
}

// ParseTimeFormat compiles format. zone is that of times that state none; where it
// is zero, the format must have %z or %s. basis says who stated the format.
func ParseTimeFormat(format string, zone Zone, kind, basis string) (TimeFormat, error) {
	f := TimeFormat{zone: zone, Kind: kind, Basis: basis}
	if err := f.compile(format); err != nil {
		return TimeFormat{}, err
	}
	if !f.has('s') {
		if !f.has('Y') && !f.has('y') || !f.has('j') && !(f.has('d') && (f.has('m') || f.has('b'))) {
			return TimeFormat{}, fmt.Errorf("%w: time format %q names no full date", ErrUnsupported, format)
		}
		if f.has('I') != f.has('p') || f.has('H') && f.has('I') {
			return TimeFormat{}, fmt.Errorf("%w: time format %q: %%I and %%p go together, without %%H", ErrUnsupported, format)
		}
		if zone.IsZero() && !f.has('z') {
			return TimeFormat{}, fmt.Errorf("%w: time format %q without a zone", ErrUnsupported, format)
		}
	}
	return f, nil
}

func (f *TimeFormat) compile(format string) error {
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			f.literal(format[i : i+1])
			continue
		}
		i++
		if i == len(format) {
			return fmt.Errorf("%w: time format %q ends in %%", ErrUnsupported, format)
		}
		switch c := format[i]; c {
		case '%':
			f.literal("%")
		case 'D', 'F', 'T', 'R':
			if err := f.compile(map[byte]string{'D': "%m/%d/%y", 'F': "%Y-%m-%d", 'T': "%H:%M:%S", 'R': "%H:%M"}[c]); err != nil {
				return err
			}
		case 'Y', 'y', 'm', 'd', 'j', 'H', 'I', 'p', 'M', 'S', 'f', 'z', 's', 'a', 'b':
			f.items = append(f.items, formatItem{verb: c})
		case 'e':
			f.items = append(f.items, formatItem{verb: 'd'})
		case 'A':
			f.items = append(f.items, formatItem{verb: 'a'})
		case 'B', 'h':
			f.items = append(f.items, formatItem{verb: 'b'})
		default:
			return fmt.Errorf("%w: time format %q: %%%c", ErrUnsupported, format, c)
		}
	}
	return nil
}

func (f *TimeFormat) literal(s string) {
	if n := len(f.items); n > 0 && f.items[n-1].verb == 0 {
		f.items[n-1].literal += s
		return
	}
	f.items = append(f.items, formatItem{literal: s})
}

func (f *TimeFormat) has(verb byte) bool {
	for _, it := range f.items {
		if it.verb == verb {
			return true
		}
	}
	return false
}
