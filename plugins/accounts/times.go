package main

import (
	"bytes"
	"strings"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// zones are what times are in that state no zone.
type zones struct {
	// wall is of wall clocks: the layout's, the item's, or assumed.
	wall sdk.Zone
	// layout: the examiner stated it for these tables.
	layout bool
	// instant is the session's zone, in which MySQL writes TIMESTAMP; zero where the
	// dump states none; before is what it was before it was last set.
	instant, before sdk.Zone
}

func newZones(_ *sdk.Ctx, cfg *config) (z zones, err error) {
	if cfg.zone == "" {
		z.wall, err = sdk.ParseZone("UTC", "assumed")
		return z, err
	}
	z.layout = cfg.zoneBasis == "layout"
	z.wall, err = sdk.ParseZone(cfg.zone, cfg.zoneBasis)
	return z, err
}

// session takes over SET TIME_ZONE. Names of regions are nothing to go by.
func (z *zones) session(value string, stated bool) {
	if !stated { // a variable: it goes back to what it was, as mysqldump does after events
		z.instant, z.before = z.before, z.instant
		return
	}
	zone, err := sdk.ParseZone(value, "source")
	if err != nil {
		zone = sdk.Zone{}
	}
	z.instant, z.before = zone, z.instant
}

// of returns the zone of a column's times.
func (z *zones) of(t columnType) sdk.Zone {
	if t == timestampType && !z.layout && !z.instant.IsZero() {
		return z.instant
	}
	return z.wall
}

// The ways that databases write times.
const (
	isoSeconds  = "%Y-%m-%d %H:%M:%S"
	isoFraction = "%Y-%m-%d %H:%M:%S.%f"
	isoT        = "%Y-%m-%dT%H:%M:%S"
	isoTF       = "%Y-%m-%dT%H:%M:%S.%f"
	isoDate     = "%Y-%m-%d"
)

// timeReader reads the times of one column.
type timeReader struct {
	kind    string
	basis   string
	formats map[string]*sdk.TimeFormat // by layout of the text
	own     *sdk.TimeFormat            // the examiner's
	epoch   *sdk.Epoch
	zone    sdk.Zone
}

func newTimeReader(kind, basis string, zone sdk.Zone) *timeReader {
	return &timeReader{kind: kind, basis: basis, zone: zone, formats: map[string]*sdk.TimeFormat{}}
}

// flagDate says that the source states a day and no time of day.
const flagDate = "time_date_only"

// read reads a time; flags are put on the record.
func (t *timeReader) read(raw []byte) (tm sdk.Time, flag string) {
	text := sdk.Bytes(raw)
	switch {
	case t.own != nil:
		return t.own.Parse(text), ""
	case t.epoch != nil:
		n, ok := integer(raw)
		if !ok {
			return sdk.Unreadable(t.kind, text, sdk.Basis{Basis: t.basis, Unit: t.epoch.Unit, Epoch: "unix", Zone: "UTC", ZoneBasis: "source"}), ""
		}
		tm = t.epoch.Time(n, text)
		if n == 0 { // never, as programs write it
			return t.never(text, tm.Basis), sdk.FlagImplausible
		}
		return tm, ""
	}
	format := isoForm(raw)
	if strings.HasPrefix(string(raw), "0000-00-00") {
		return t.never(text, sdk.Basis{Basis: t.basis, Unit: "text", Zone: t.zone.Name(), ZoneBasis: t.zone.Basis}), sdk.FlagImplausible
	}
	f := t.formats[format]
	if f == nil {
		made, err := sdk.ParseTimeFormat(format, t.zone, t.kind, t.basis)
		if err != nil {
			return sdk.Unreadable(t.kind, text, sdk.Basis{Basis: t.basis, Unit: "text"}), ""
		}
		f = &made
		t.formats[format] = f
	}
	if tm = f.Parse(text); format == isoDate && !tm.IsNull() {
		return tm, flagDate
	}
	return tm, ""
}

// never is a time that the source has and that is none: '0000-00-00 00:00:00'.
func (t *timeReader) never(raw sdk.Text, b sdk.Basis) sdk.Time {
	tm := sdk.NullTime(t.kind)
	tm.Raw, tm.Basis = raw, b
	return tm
}

// isoForm returns which of the ways raw is written in.
func isoForm(raw []byte) string {
	if len(raw) <= len("2006-01-02") {
		return isoDate
	}
	fraction := bytes.IndexByte(raw, '.') >= 0
	form := isoSeconds
	switch t := raw[10] == 'T'; {
	case t && fraction:
		form = isoTF
	case t:
		form = isoT
	case fraction:
		form = isoFraction
	}
	if rest := raw[10:]; bytes.ContainsAny(rest, "+-Z") {
		form += "%z"
	}
	return form
}
