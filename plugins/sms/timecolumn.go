package main

import (
	"bytes"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// timeColumn reads the times of one column, or of a date and a time in two.
type timeColumn struct {
	index, other int // other holds the date, -1: index holds all
	kind         string
	unit         string // where counted since 1970: s, ms, us, ns
	order        order
	basis        string
	zone         sdk.Zone

	// formats read what moment.append writes: plain, with fraction, with zone, with both.
	formats [4]sdk.TimeFormat
	epoch   sdk.Epoch
	votes   votes
	buf     []byte // of the moment in plain form
	raw     []byte // of a date and a time joined
}

// compile settles the zone and makes the formats. The zone is that in the text,
// else in the heading, else the item's, else UTC is assumed.
func (t *timeColumn) compile(m *mapping, itemZone string) error {
	stated, basis := zoneOf(m.header[t.index]), "source"
	if stated == "" && t.other >= 0 {
		stated = zoneOf(m.header[t.other])
	}
	if stated == "" {
		stated, basis = itemZone, "item"
	}
	if stated == "" {
		stated, basis = "UTC", sdk.Assumed
	}
	var err error
	if t.zone, err = sdk.ParseZone(stated, basis); err != nil {
		return err
	}
	return t.decide(m.chinese)
}

// preferred lists the orders in which a day is looked for.
func preferred(chinese bool) []order {
	if chinese {
		return []order{orderYMD, orderDMY, orderMDY}
	}
	return []order{orderDMY, orderMDY, orderYMD}
}

// decide makes the formats by the votes.
func (t *timeColumn) decide(chinese bool) error {
	t.basis, t.unit = sdk.Detected, ""
	if unit, n := t.votes.unit(); n > t.votes.most() {
		t.unit = unit
	}
	var rivals []order
	t.order, rivals = t.votes.best(preferred(chinese))
	if len(rivals) > 0 {
		t.basis = sdk.Assumed
	}
	t.epoch = sdk.Epoch{Unit: t.unit, Epoch: "unix", Kind: t.kind, Basis: sdk.Detected}
	for i, f := range [...]string{"%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%d %H:%M:%S%z", "%Y-%m-%d %H:%M:%S.%f%z"} {
		var err error
		if t.formats[i], err = sdk.ParseTimeFormat(f, t.zone, t.kind, t.basis); err != nil {
			return err
		}
	}
	return nil
}

// describe says for a diagnostic how the column is read.
func (t *timeColumn) describe() string {
	if t.unit != "" {
		return "unix " + t.unit
	}
	return orderNames[t.order]
}

// parse reads the time of a record. Its raw form points into fields, or into t.
func (t *timeColumn) parse(fields [][]byte) (v sdk.Time, dayOnly bool) {
	value := trim(fields[t.index])
	if t.other >= 0 {
		date := trim(fields[t.other])
		t.raw = append(append(append(t.raw[:0], date...), ' '), value...)
		switch {
		case len(date) == 0 && len(value) == 0:
			value = nil
		case len(value) == 0:
			value = date
		default:
			value = t.raw
		}
	}
	if len(value) == 0 {
		return sdk.NullTime(t.kind), false
	}
	if t.unit != "" {
		if n, ok := counted(value); ok {
			return t.epoch.Time(n, sdk.Bytes(value)), false
		}
		return t.unreadable(value), false
	}
	if t.order != orderYMD || !t.usual(value) {
		return t.scan(value)
	}
	v = t.formats[0].Parse(sdk.Bytes(t.buf))
	v.Raw = sdk.Bytes(value)
	return v, false
}

// usual copies 2008-08-20 21:00:05, with any of the separators of a date, into
// buf: most exports have this form, and need no scanner.
func (t *timeColumn) usual(v []byte) bool {
	if len(v) != len("2008-08-20 21:00:05") || v[4] != v[7] || v[4] != '-' && v[4] != '/' && v[4] != '.' || v[10] != ' ' && v[10] != 'T' || v[13] != ':' || v[16] != ':' {
		return false
	}
	t.buf = append(t.buf[:0], v...)
	t.buf[4], t.buf[7], t.buf[10] = '-', '-', ' '
	return true
}

func (t *timeColumn) scan(value []byte) (v sdk.Time, dayOnly bool) {
	m, ok := scanMoment(value, t.order)
	if !ok || m.year < 0 {
		return t.unreadable(value), false
	}
	t.buf = m.append(t.buf[:0])
	f := 0
	if len(m.fraction) > 0 {
		f = 1
	}
	if m.zone != "" {
		f += 2
	}
	v = t.formats[f].Parse(sdk.Bytes(t.buf))
	v.Raw = sdk.Bytes(value)
	return v, m.hour < 0 && !v.IsNull()
}

func (t *timeColumn) unreadable(value []byte) sdk.Time {
	b := sdk.Basis{Basis: t.basis, Unit: "text", Zone: t.zone.Name(), ZoneBasis: t.zone.Basis}
	if t.unit != "" {
		b = sdk.Basis{Basis: sdk.Detected, Unit: t.unit, Epoch: "unix", Zone: "UTC", ZoneBasis: "source"}
	}
	return sdk.Unreadable(t.kind, sdk.Bytes(value), b)
}

func counted(value []byte) (n int64, ok bool) {
	if len(value) > 18 {
		return 0, false
	}
	for _, c := range value {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}

// trim takes off white space, and the ="…" of spreadsheets.
func trim(v []byte) []byte {
	v = bytes.TrimSpace(v)
	if len(v) > 3 && v[0] == '=' && v[1] == '"' && v[len(v)-1] == '"' {
		v = bytes.TrimSpace(v[2 : len(v)-1])
	}
	return v
}
