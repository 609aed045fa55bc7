package sdk

import "strings"

// moment is a time while it is read.
type moment struct {
	year, month, day, yearDay int
	hour, minute, second      int
	frac, digits              int
	pm, twelve                bool
	offset                    int
	hasOffset                 bool
	epoch                     int64
	hasEpoch                  bool
	weekday                   int // from 0, Monday; -1 not stated
}

// Parse reads raw. What does not fit the format exactly, or is no date, gives an
// unreadable time: null, flagged, with its raw form; it is never dropped.
func (f *TimeFormat) Parse(raw Text) Time {
	t := Time{Kind: f.Kind, Raw: raw, Basis: Basis{Basis: f.Basis, Unit: "text", Zone: f.zone.name, ZoneBasis: f.zone.Basis}}
	if raw.IsNull() {
		return NullTime(f.Kind)
	}
	m := moment{month: 1, day: 1, weekday: -1}
	if !f.scan(&m, raw.String()) || !m.valid() {
		t.state, t.flags = null, flagUnreadable
		return t
	}
	var sec int64
	switch {
	case m.hasEpoch:
		sec = m.epoch
		t.Basis = Basis{Basis: f.Basis, Unit: "s", Epoch: "unix", Zone: "UTC", ZoneBasis: "source"}
	default:
		offset := f.zone.offset
		if m.hasOffset {
			offset = m.offset
			t.Basis.Zone, t.Basis.ZoneBasis = offsetName(offset), "source"
		}
		sec = days(m.year, m.month, m.day)*86400 + int64(m.hour*3600+m.minute*60+m.second-offset)
	}
	if !t.set(sec, int32(m.frac), m.digits) {
		t.state, t.flags = null, flagUnreadable
	}
	return t
}

func (f *TimeFormat) scan(m *moment, s string) bool {
	for _, it := range f.items {
		if it.verb == 0 {
			rest, ok := strings.CutPrefix(s, it.literal)
			if !ok {
				return false
			}
			s = rest
			continue
		}
		rest, ok := m.read(it.verb, s)
		if !ok {
			return false
		}
		s = rest
	}
	return s == ""
}

// read takes one conversion from the start of s.
func (m *moment) read(verb byte, s string) (rest string, ok bool) {
	switch verb {
	case 'Y':
		v, n := scanDigits(s, 4)
		m.year = v
		return s[n:], n == 4
	case 'y':
		v, n := scanDigits(s, 2)
		if m.year = 1900 + v; v < 69 {
			m.year = 2000 + v
		}
		return s[n:], n == 2
	case 'm':
		return number(s, 2, 1, 12, &m.month)
	case 'd':
		return number(s, 2, 1, 31, &m.day)
	case 'j':
		return number(s, 3, 1, 366, &m.yearDay)
	case 'H':
		return number(s, 2, 0, 23, &m.hour)
	case 'I':
		m.twelve = true
		return number(s, 2, 1, 12, &m.hour)
	case 'M':
		return number(s, 2, 0, 59, &m.minute)
	case 'S':
		return number(s, 2, 0, 60, &m.second)
	case 'f':
		m.frac, m.digits = scanDigits(s, 9)
		return s[m.digits:], m.digits > 0
	case 'p':
		if len(s) < 2 || s[1]|0x20 != 'm' {
			return s, false
		}
		m.pm = s[0]|0x20 == 'p'
		return s[2:], m.pm || s[0]|0x20 == 'a'
	case 'b':
		i, rest := scanName(s, monthNames)
		m.month = i + 1
		return rest, i >= 0
	case 'a':
		m.weekday, rest = scanName(s, weekdayNames)
		return rest, m.weekday >= 0
	case 'z':
		m.hasOffset = true
		if rest, ok := strings.CutPrefix(s, "Z"); ok {
			return rest, true
		}
		m.offset, rest, ok = scanOffset(s)
		return rest, ok
	case 's':
		return m.readEpoch(s)
	}
	return s, false
}

func (m *moment) readEpoch(s string) (string, bool) {
	rest, negative := strings.CutPrefix(s, "-")
	v, n := scanDigits(rest, 18)
	m.epoch, m.hasEpoch = int64(v), true
	if negative {
		m.epoch = -m.epoch
	}
	return rest[n:], n > 0
}

func number(s string, width, low, high int, into *int) (string, bool) {
	v, n := scanDigits(s, width)
	*into = v
	return s[n:], n > 0 && v >= low && v <= high
}

// valid completes the moment and reports whether there is such a one.
func (m *moment) valid() bool {
	if m.hasEpoch {
		return true
	}
	if m.twelve {
		if m.hour %= 12; m.pm {
			m.hour += 12
		}
	}
	if m.yearDay > 0 {
		d := days(m.year, 1, 1) + int64(m.yearDay) - 1
		var year int
		if year, m.month, m.day = civil(d); year != m.year {
			return false
		}
	}
	d := days(m.year, m.month, m.day)
	if _, month, day := civil(d); month != m.month || day != m.day {
		return false // the 30th of February
	}
	// 1970-01-01 was a Thursday, 3 from Monday.
	return m.weekday < 0 || int64(m.weekday) == ((d+3)%7+7)%7
}

const (
	monthNames   = "january february march april may june july august september october november december"
	weekdayNames = "monday tuesday wednesday thursday friday saturday sunday"
)

// scanName finds the English name, long or its first three letters, that s starts
// with, in any case; -1 where there is none.
func scanName(s, names string) (int, string) {
	for i := 0; names != ""; i++ {
		name, more, _ := strings.Cut(names, " ")
		for _, n := range [2]int{len(name), 3} {
			if len(s) >= n && strings.EqualFold(s[:n], name[:n]) {
				return i, s[n:]
			}
		}
		names = more
	}
	return -1, s
}

// Epoch reads times that are counted: units of a second since an epoch.
type Epoch struct {
	// Unit is d, min, s, ms, us, ns or 100ns.
	Unit string
	// Epoch is unix (1970), mac (2001) or windows (1601).
	Epoch string
	// Kind and Basis as in TimeFormat.
	Kind, Basis string
}

// Time returns the time n units after the epoch. An unknown unit or epoch, and a
// year beyond 9999, give an unreadable time.
func (p Epoch) Time(n int64, raw Text) Time {
	b := Basis{Basis: p.Basis, Unit: p.Unit, Epoch: p.Epoch, Zone: "UTC", ZoneBasis: "source"}
	t := Time{Kind: p.Kind, Raw: raw, Basis: b}
	if per := map[string]int64{"min": 60, "d": 86400}[p.Unit]; per > 0 {
		if n > maxRFC3339/per || n < minRFC3339/per {
			return Unreadable(p.Kind, raw, b)
		}
		p.Unit, n = "s", n*per
	}
	digits, known := map[string]int{"s": 0, "ms": 3, "us": 6, "100ns": 7, "ns": 9}[p.Unit]
	shift, also := map[string]int64{"unix": 0, "mac": 978307200, "windows": -11644473600}[p.Epoch]
	if !known || !also {
		return Unreadable(p.Kind, raw, b)
	}
	per := int64(pow10(digits))
	sec, frac := n/per, n%per
	if frac < 0 {
		sec, frac = sec-1, frac+per
	}
	if sec > maxRFC3339-shift || !t.set(sec+shift, int32(frac), digits) {
		return Unreadable(p.Kind, raw, b)
	}
	return t
}
