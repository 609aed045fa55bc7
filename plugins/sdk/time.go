package sdk

import (
	"strconv"
)

// Times outside [MinPlausible, MaxPlausible), in seconds since 1970, are flagged
// time_implausible: 1980-01-01 and 2100-01-01 UTC. Fixed bounds, no clock: the same
// input gives the same flags in any year.
const (
	MinPlausible = 315532800
	MaxPlausible = 4102444800
)

// Flags that a Time puts on its record.
const (
	FlagImplausible = "time_implausible"
	FlagUnreadable  = "time_unreadable"
)

const (
	flagImplausible = 1 << iota
	flagUnreadable
)

// Kinds of times.
const (
	Sent     = "sent"
	Received = "received"
	Read     = "read"
	Edited   = "edited"
	Logged   = "logged"
	Created  = "created"
	Started  = "started"
	Ended    = "ended"
)

// Basis says how a time was read (docs/formats/records.md, time_basis).
type Basis struct {
	// Basis is Declared, Detected or Assumed.
	Basis string
	// Unit is text, or min, s, ms, us, ns, 100ns where counted.
	Unit string
	// Epoch is unix, mac or windows where counted, "" otherwise.
	Epoch string
	// Zone is "+08:00" or "UTC"; ZoneBasis says who stated it: layout, item, source, assumed.
	Zone, ZoneBasis string
}

func (b *Basis) encode(e *encoder, key string) {
	if *b == (Basis{}) {
		return
	}
	e.key(key)
	if e.basisJS != nil && *b == e.basis { // usually the same for a whole input
		e.b = append(e.b, e.basisJS...)
		return
	}
	at := e.open()
	e.plain("basis", b.Basis)
	e.plain("epoch", b.Epoch)
	e.plain("unit", b.Unit)
	e.plain("zone", b.Zone)
	e.plain("zone_basis", b.ZoneBasis)
	e.close(at)
	e.basis, e.basisJS = *b, append(e.basisJS[:0], e.b[at:]...)
}

// Time is a point in time as an input states it. The zero Time is absent: the
// format has none. A TimeFormat or Epoch makes one; NullTime is for a field left empty.
type Time struct {
	// Kind is Sent, Received, …
	Kind string
	// Raw is the time as the source has it.
	Raw Text
	// Basis says how Raw was read.
	Basis Basis

	sec    int64 // since 1970-01-01T00:00:00Z
	frac   int32 // digits after the point, as an integer
	digits uint8 // how many
	flags  uint8
	state  state
}

// NullTime is a time that the format has and this unit leaves empty.
func NullTime(kind string) Time { return Time{Kind: kind, state: null} }

// Unreadable is a time whose raw form could not be read: null, flagged, raw kept.
func Unreadable(kind string, raw Text, b Basis) Time {
	return Time{Kind: kind, Raw: raw, Basis: b, state: null, flags: flagUnreadable}
}

// IsNull reports whether t has no value.
func (t *Time) IsNull() bool { return t.state != present }

// Unix returns seconds since 1970 and the digits after the point; 0 where IsNull.
func (t *Time) Unix() (sec int64, frac int32, digits int) { return t.sec, t.frac, int(t.digits) }

// String returns RFC 3339 UTC, "" where IsNull.
func (t *Time) String() string {
	if t.state != present {
		return ""
	}
	e := encoder{}
	t.append(&e)
	return string(e.b)
}

// set gives t its value; years outside 0000-9999 have no RFC 3339 form.
func (t *Time) set(sec int64, frac int32, digits int) bool {
	if sec < minRFC3339 || sec > maxRFC3339 {
		return false
	}
	t.sec, t.frac, t.digits, t.state = sec, frac, uint8(digits), present
	if sec < MinPlausible || sec >= MaxPlausible {
		t.flags |= flagImplausible
	}
	return true
}

// 0000-01-01T00:00:00Z and 9999-12-31T23:59:59Z.
const (
	minRFC3339 = -62167219200
	maxRFC3339 = 253402300799
)

// append appends RFC 3339.
func (t *Time) append(e *encoder) {
	days, secs := t.sec/86400, t.sec%86400
	if secs < 0 {
		days, secs = days-1, secs+86400
	}
	if days != e.day || e.date[0] == 0 {
		y, m, d := civil(days)
		date := appendPadded(e.date[:0], y, 4)
		date = appendPadded(append(date, '-'), m, 2)
		appendPadded(append(date, '-'), d, 2)
		e.day = days
	}
	b := append(e.b, e.date[:]...)
	b = appendPadded(append(b, 'T'), int(secs/3600), 2)
	b = appendPadded(append(b, ':'), int(secs/60%60), 2)
	b = appendPadded(append(b, ':'), int(secs%60), 2)
	if t.digits > 0 {
		b = appendPadded(append(b, '.'), int(t.frac), int(t.digits))
	}
	e.b = append(b, 'Z')
}

func appendPadded(b []byte, n, width int) []byte {
	if width == 2 {
		return append(b, byte('0'+n/10), byte('0'+n%10))
	}
	for p := pow10(width - 1); p > n && p > 1; p /= 10 {
		b = append(b, '0')
	}
	return strconv.AppendInt(b, int64(n), 10)
}

func pow10(n int) int {
	p := 1
	for range n {
		p *= 10
	}
	return p
}

// encodeValue appends one member, the time in RFC 3339 or null.
func (t *Time) encodeValue(e *encoder, name string) {
	switch t.state {
	case null:
		e.key(name)
		e.null()
	case present:
		e.key(name)
		e.b = append(e.b, '"')
		t.append(e)
		e.b = append(e.b, '"')
	}
}

// encode appends time, time_basis, time_kind and time_raw.
func (t *Time) encode(e *encoder) {
	if t.state == absent {
		return
	}
	t.encodeValue(e, "time")
	t.Basis.encode(e, "time_basis")
	e.plain("time_kind", t.Kind)
	e.text("time_raw", t.Raw)
}

// encodeEntry appends an element of times.
func (t *Time) encodeEntry(e *encoder) {
	at := e.open()
	t.Basis.encode(e, "basis")
	e.plain("kind", t.Kind)
	e.text("raw", t.Raw)
	if t.state == absent {
		e.key("time")
		e.null()
	}
	t.encodeValue(e, "time")
	e.close(at)
}

func (t *Time) appendFlags(e *encoder, more bool) {
	if t.flags&flagImplausible != 0 {
		if more {
			e.b = append(e.b, ',')
		}
		e.str(FlagImplausible)
		more = true
	}
	if t.flags&flagUnreadable != 0 {
		if more {
			e.b = append(e.b, ',')
		}
		e.str(FlagUnreadable)
	}
}

// civil and days convert between days since 1970-01-01 and the proleptic
// Gregorian calendar (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
func civil(z int64) (y, m, d int) {
	z += 719468
	era := z / 146097
	if z < 0 {
		era = (z - 146096) / 146097
	}
	doe := z - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	d = int(doy - (153*mp+2)/5 + 1)
	m = int(mp + 3)
	if m > 12 {
		m -= 12
	}
	y = int(yoe + era*400)
	if m <= 2 {
		y++
	}
	return y, m, d
}

func days(y, m, d int) int64 {
	yy, mm := int64(y), int64(m)
	if m <= 2 {
		yy--
	}
	era := yy / 400
	if yy < 0 {
		era = (yy - 399) / 400
	}
	yoe := yy - era*400
	if mm > 2 {
		mm -= 3
	} else {
		mm += 9
	}
	doy := (153*mm+2)/5 + int64(d) - 1
	doe := yoe*365 + yoe/4 - yoe/100 + doy
	return era*146097 + doe - 719468
}
