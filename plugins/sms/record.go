package main

import (
	"bytes"
	"net/netip"
	"unsafe"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// Flags of records, docs/formats/records.md.
const (
	flagCharset = "charset_damaged"
	flagQuote   = "quote_odd"
	flagDay     = "time_date_only"
)

// filler makes records out of fields; one record is made after another in the
// same memory.
type filler struct {
	m       *mapping
	charset charset
	line    sdk.Charset // of the line that is being read

	sms       sdk.SMS
	row       sdk.Row
	extra     map[string]any
	times     []sdk.Time
	flags     []string
	to        []sdk.Text
	parties   []sdk.Text
	columns   []extraColumn // of a row
	direction bool          // the last record's direction is a word that is not known
	dayOnly   bool
}

func newFiller(m *mapping, header []string, cs charset) *filler {
	f := &filler{m: m, charset: cs, extra: map[string]any{}}
	if m == nil {
		f.columns = namedColumns(header, nil)
	}
	f.sms.Service, f.row.Table = sdk.Null(), sdk.Str("")
	return f
}

func (f *filler) common(c *sdk.Common, odd, damaged bool) {
	f.flags = f.flags[:0]
	if damaged {
		f.flags = append(f.flags, flagCharset)
	}
	if odd {
		f.flags = append(f.flags, flagQuote)
	}
	if f.dayOnly {
		f.flags = append(f.flags, flagDay)
	}
	c.Flags, c.Charset, c.CharsetBasis = f.flags, f.charset.of(f.line), f.charset.Basis
}

// fillRow makes a row of a table that is no SMS export.
func (f *filler) fillRow(fields [][]byte, odd, damaged bool) *sdk.Row {
	r := &f.row
	r.Columns = r.Columns[:0]
	for _, c := range f.columns {
		r.Columns = append(r.Columns, sdk.Column{Name: c.name, Value: sdk.BytesOrNull(fields[c.index])})
	}
	f.common(&r.Common, odd, damaged)
	return r
}

// value returns a column's value as it stands, absent where there is no such column.
func (f *filler) value(r role, fields [][]byte) sdk.Text {
	if c := f.m.column[r]; c >= 0 {
		return sdk.BytesOrNull(fields[c])
	}
	return sdk.Text{}
}

// typed returns a column's value without what spreadsheets put around it.
func (f *filler) typed(r role, fields [][]byte) sdk.Text {
	if c := f.m.column[r]; c >= 0 {
		return sdk.BytesOrNull(trim(fields[c]))
	}
	return sdk.Text{}
}

func orNull(t sdk.Text) sdk.Text {
	if t.IsNull() {
		return sdk.Null()
	}
	return t
}

// fillSMS makes a message.
func (f *filler) fillSMS(fields [][]byte, odd, damaged bool) *sdk.SMS {
	m := &f.sms
	f.fillTimes(fields)
	f.common(&m.Common, odd, damaged)
	m.Text = f.value(roleText, fields)
	m.Status = orNull(f.value(roleStatus, fields))
	m.Conversation = f.value(roleThread, fields)
	m.MatchedTerm = f.value(roleTerm, fields)
	f.fillExtra(fields)
	m.IP = f.typed(roleIP, fields)
	if !m.IP.IsNull() && !isAddress(m.IP.String()) {
		f.extra[f.m.header[f.m.column[roleIP]]] = m.IP
		m.IP = sdk.Null()
	}
	f.fillParties(fields)
	m.Extra = f.extra
	return m
}

func isAddress(s string) bool {
	a, err := netip.ParseAddr(s)
	return err == nil && a.Zone() == ""
}

func (f *filler) fillTimes(fields [][]byte) {
	f.times, f.dayOnly = f.times[:0], false
	f.sms.Time = sdk.Time{}
	if len(f.m.times) == 1 {
		f.sms.Time, f.dayOnly = f.m.times[0].parse(fields)
		return
	}
	for i := range f.m.times {
		v, day := f.m.times[i].parse(fields)
		f.dayOnly = f.dayOnly || day
		f.times = append(f.times, v)
	}
	if len(f.times) > 0 {
		f.sms.Time = f.times[0]
		for _, v := range f.times { // the first that is stated
			if !v.IsNull() {
				f.sms.Time = v
				break
			}
		}
	}
	f.sms.Times = nil
	if len(f.times) > 1 {
		f.sms.Times = f.times
	}
}

func (f *filler) fillExtra(fields [][]byte) {
	clear(f.extra)
	for _, e := range f.m.extra {
		f.extra[e.name] = sdk.BytesOrNull(fields[e.index])
	}
}

// fillParties says who sent to whom. Direction is relative to the account; where
// sender, recipient and direction are stated, they say whose log it is.
func (f *filler) fillParties(fields [][]byte) {
	m := &f.sms
	m.Direction = f.directionOf(fields)
	account, peer := orNull(f.typed(roleAccount, fields)), f.typed(rolePeer, fields)
	m.Account, m.From, m.Participants = account, orNull(f.typed(roleFrom, fields)), nil
	m.To = f.recipients(f.typed(roleTo, fields))
	if peer.IsAbsent() {
		if account.IsNull() && f.m.column[roleFrom] >= 0 && f.m.column[roleTo] >= 0 {
			switch {
			case m.Direction == sdk.Outgoing:
				m.Account = m.From
			case m.Direction == sdk.Incoming && len(m.To) == 1:
				m.Account = m.To[0]
			}
		}
		return
	}
	switch m.Direction {
	case sdk.Incoming:
		m.From, m.To = orNull(peer), f.recipients(account)
	case sdk.Outgoing:
		m.From, m.To = account, f.recipients(peer)
	default:
		f.parties = f.parties[:0]
		for _, who := range [2]sdk.Text{account, peer} {
			if !who.IsNull() {
				f.parties = append(f.parties, who)
			}
		}
		m.From, m.To, m.Participants = sdk.Null(), f.to[:0], f.parties
	}
}

func (f *filler) directionOf(fields [][]byte) string {
	f.direction = false
	c := f.m.column[roleDirection]
	if c < 0 {
		return sdk.Unknown
	}
	v := trim(fields[c])
	if len(v) == 0 {
		return sdk.Unknown
	}
	if d, ok := f.m.words[unsafe.String(unsafe.SliceData(v), len(v))]; ok { // as most are written
		return d
	}
	word, _ := normalise(string(v))
	d, ok := f.m.words[word]
	if !ok {
		f.direction = true
		return sdk.Unknown
	}
	return d
}

// recipients splits a list of numbers; anything else is one recipient.
func (f *filler) recipients(t sdk.Text) []sdk.Text {
	f.to = f.to[:0]
	if f.to == nil {
		f.to = make([]sdk.Text, 0, 4)
	}
	if t.IsNull() {
		return f.to
	}
	s := t.String()
	b := unsafe.Slice(unsafe.StringData(s), len(s))
	if !bytes.ContainsAny(b, ";,|、；，") {
		f.to = append(f.to, t)
		return f.to
	}
	parts := bytes.FieldsFunc(b, func(r rune) bool {
		switch r {
		case ';', ',', '|', '、', '；', '，':
			return true
		}
		return false
	})
	for _, p := range parts {
		if p = bytes.TrimSpace(p); len(p) > 0 {
			if !isNumber(string(p)) {
				f.to = append(f.to[:0], t)
				return f.to
			}
			f.to = append(f.to, sdk.Bytes(p))
		}
	}
	return f.to
}
