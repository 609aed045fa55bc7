package main

import (
	"encoding/json"
	"fmt"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/delimited"
)

// parse reads an export by its header line, or by a layout where the case has one.
func parse(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
	var config struct {
		Layout json.RawMessage `json:"layout"`
	}
	if err := c.Decode(&config); err != nil {
		return err
	}
	if len(config.Layout) > 0 {
		return parseByLayout(c, in, out, config.Layout)
	}
	sample, err := readSample(in)
	if err != nil {
		return err
	}
	cs, err := chooseCharset(c, in, sdk.Charset{})
	if err != nil {
		return err
	}
	s, m := findSheet(sample, int64(len(sample)) == in.Size, cs)
	if m == nil {
		diagnose(c, evidence.SeverityUnresolved, codeNotRecognised, sdk.Source{}, nil)
	}
	if s == nil {
		return nil
	}
	if m != nil {
		m.header = s.header
		if err := m.settle(s.rows, c.Zone()); err != nil {
			return fmt.Errorf("%w: %w", sdk.ErrMalformed, err)
		}
		if err := m.resolveOrders(c, in, s.dialect); err != nil {
			return err
		}
	}
	s.describe(c, m)
	r := newReader(c, out, s, m, cs)
	out.Skip(s.dialect.Skip)
	if err := r.read(in); err != nil {
		return err
	}
	r.finish()
	return nil
}

// describe states what was found.
func (s *sheet) describe(c *sdk.Ctx, m *mapping) {
	data := map[string]any{"columns": len(s.header)}
	if m != nil {
		data = m.described()
	} else if l, ask := s.propose(); l != nil {
		data["proposal"] = map[string]any{"layout": described(l), "ask": ask, "lines": int64(len(s.rows)), "agree": int64(len(s.rows))}
	}
	data["delimiter"], data["header_line"] = s.delimiter, s.line
	data["quote"] = map[byte]string{0: "none", '"': "double", '\'': "single"}[s.dialect.Quote]
	data["charset"] = s.dialect.Charset.Name()
	c.Diagnose(sdk.Diagnostic{Code: codeMapped, Severity: evidence.SeverityInfo, Message: s.sentence(m), Data: data})
}

// sentence says the same to a person, in words of ours.
func (s *sheet) sentence(m *mapping) string {
	text := fmt.Sprintf("line %d names %d columns, delimited by %s", s.line, len(s.header), s.delimiter)
	if m == nil {
		return text + "; each row became a record of the kind row"
	}
	for r, c := range m.column {
		if c >= 0 {
			text += fmt.Sprintf("; %s is column %d", roleNames[r], c+1)
		}
	}
	for i := range m.times {
		t := &m.times[i]
		text += fmt.Sprintf("; time (%s) is column %d", t.kind, t.index+1)
		if t.other >= 0 {
			text += fmt.Sprintf(" with the date in column %d", t.other+1)
		}
		text += ", read as " + t.describe()
	}
	return text
}

// reader makes records of units.
type reader struct {
	c       *sdk.Ctx
	out     *sdk.Out
	dialect delimited.Dialect
	m       *mapping // nil: rows
	fill    *filler

	odd, inside                             tally
	damaged, unreadable, dayOnly, direction tally
	records, timed                          int64
}

func newReader(c *sdk.Ctx, out *sdk.Out, s *sheet, m *mapping, cs charset) *reader {
	r := &reader{
		c: c, out: out, dialect: s.dialect, m: m, fill: newFiller(m, s.header, cs),
		odd: tally{code: codeOdd}, inside: tally{code: codeInside}, damaged: tally{code: codeCharsetDamaged},
		unreadable: tally{code: codeTimeUnreadable}, dayOnly: tally{code: codeTimeDayOnly}, direction: tally{code: codeDirection},
	}
	if m != nil {
		r.dialect.Stands = m.stands
	}
	return r
}

// stands reports whether a line by itself is a record as far as its values tell:
// it has a time where the table has times, else a number.
func (m *mapping) stands(_ []byte, fields [][]byte) bool {
	if len(m.times) > 0 {
		t := &m.times[0]
		v, _ := t.parse(fields)
		return !v.IsNull()
	}
	for _, r := range []role{roleFrom, roleTo, rolePeer} {
		if c := m.column[r]; c >= 0 && isNumber(string(fields[c])) {
			return true
		}
	}
	return false
}

func (r *reader) read(in *sdk.Input) error {
	for u := range delimited.Units(in, r.dialect) {
		switch {
		case u.Blank || u.Defect == "" && empty(u.Fields):
			r.out.Skip(1)
		case u.Defect != "":
			rejectUnit(r.c, u, r.dialect.Fields)
			if err := r.c.Err(); err != nil {
				return err
			}
		default:
			if err := r.put(u); err != nil {
				return err
			}
		}
	}
	return in.Err()
}

// empty: spreadsheets write rows of nothing.
func empty(fields [][]byte) bool {
	for _, f := range fields {
		if len(trim(f)) > 0 {
			return false
		}
	}
	return true
}

func (r *reader) put(u *delimited.Unit) error {
	src := u.Source()
	r.records++
	r.fill.line = u.Charset
	var bad badFields
	if u.Damaged {
		var err error
		if bad, err = findBad(u, u.Charset); err != nil {
			return err
		}
	}
	if r.m == nil {
		row := r.fill.fillRow(u.Fields, u.Odd, bad != nil)
		if bad != nil {
			r.damaged.n++
			return r.fill.putRow(r.out, row, src, bad)
		}
		if err := r.out.Put(row, src); err != nil {
			return err
		}
		r.warn(u, src)
		return nil
	}
	m := r.fill.fillSMS(u.Fields, u.Odd, bad != nil)
	r.count(m)
	if bad != nil {
		r.damaged.n++
		if err := r.fill.putSMS(r.out, m, src, bad); err != nil {
			return err
		}
	} else if err := r.out.Put(m, src); err != nil {
		return err
	}
	r.warn(u, src)
	return nil
}

func (r *reader) count(m *sdk.SMS) {
	if r.fill.direction {
		r.direction.n++
	}
	if r.fill.dayOnly {
		r.dayOnly.n++
	}
	if len(r.m.times) == 0 {
		return
	}
	switch {
	case !m.Time.IsNull():
		r.timed++
	case !m.Time.Raw.IsNull():
		r.unreadable.n++
	}
}

// warn says what a reader of the record should know.
func (r *reader) warn(u *delimited.Unit, src sdk.Source) {
	if u.Odd {
		r.odd.warn(r.c, src, nil)
	}
	if u.Inside > 0 {
		r.inside.warn(r.c, src, map[string]any{"lines": u.Inside})
	}
}

// finish says what holds for the input as a whole.
func (r *reader) finish() {
	if r.records == 0 {
		diagnose(r.c, evidence.SeverityWarning, codeEmpty, sdk.Source{}, nil)
	}
	r.odd.total(r.c, located)
	r.inside.total(r.c, located)
	for _, t := range []*tally{&r.damaged, &r.unreadable, &r.dayOnly, &r.direction} {
		t.total(r.c, 0)
	}
	if r.m == nil {
		return
	}
	for i := range r.m.times {
		if t := &r.m.times[i]; t.unit == "" && t.zone.Basis == sdk.Assumed && r.timed > 0 {
			diagnose(r.c, evidence.SeverityWarning, codeZoneAssumed, sdk.Source{}, nil)
			break
		}
	}
}
