package main

import (
	"cmp"
	"slices"
	"strings"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// nameOrder is the order in which fields take columns by name: those whose values
// are told apart best come first.
var nameOrder = map[string][]string{
	kindAccount: {fEmail, fPhone, fIP, fCredential, fNationalID, fTime, fUsername, fFirst, fLast, fDisplayName},
	kindContact: {fEmail, fPhone, fTime, fUsername, fOwner, fFirst, fLast, fName, fOrganisation},
}

func (m *mapping) assignByName(s *shape, smp *sample) {
	for _, f := range nameOrder[m.kind] {
		list := synonyms[f]
		if f == fUsername && m.kind == kindContact {
			list = friendNames
		}
		type candidate struct{ column, rank int }
		var found []candidate
		for i, c := range s.columns[:len(smp.stats)] {
			if r := rank(list, c.name); r >= 0 && m.free(i) && fits(f, c.typ, &smp.stats[i]) {
				found = append(found, candidate{i, r})
			}
		}
		if len(found) == 0 {
			continue
		}
		if f != fEmail && f != fPhone && f != fIP {
			found = []candidate{slices.MinFunc(found, func(a, b candidate) int { return cmp.Compare(a.rank, b.rank) })}
		}
		for _, c := range found {
			m.give(f, c.column)
		}
		m.byName = true
	}
	m.compose()
}

// compose makes one name of a first and a last one where there is no other.
func (m *mapping) compose() {
	target := fDisplayName
	if m.kind == kindContact {
		target = fName
	}
	first, last := m.fields[fFirst], m.fields[fLast]
	delete(m.fields, fFirst)
	delete(m.fields, fLast)
	for _, i := range append(slices.Clone(first), last...) {
		m.role[i] = ""
	}
	if len(first) == 1 && len(last) == 1 && len(m.fields[target]) == 0 {
		m.give(target, first[0], last[0])
		m.composed = true
	}
}

// fits reports whether a column's type and values allow what its name says.
func fits(field string, t columnType, st *stats) bool {
	empty := st.filled == 0
	written := t == textType || t == otherType || t == binaryType || t == untyped && (empty || st.texts > 0)
	switch field {
	case fEmail:
		return written && (empty || st.most(st.email, 0.8))
	case fPhone:
		return (written || t == integerType || t == untyped) && (empty || st.most(st.phone, 0.8))
	case fIP:
		return written && (empty || st.most(st.ip, 0.8))
	case fNationalID:
		return (written || t == integerType || t == untyped) && (empty || st.most(st.nationalID, 0.6))
	case fTime:
		switch t {
		case dateType, datetimeType, timestampType, zonedType:
			return true
		}
		return !empty && (st.most(st.time, 0.8) || st.most(st.epoch, 0.8))
	case fOwner:
		return t != datetimeType && t != timestampType && t != zonedType && t != dateType && t != boolType
	case fUsername:
		if st.numbers > 0 && st.texts == 0 { // ids; of contacts better than nothing
			return false
		}
		return written && !st.most(st.time, 0.8)
	}
	return written && !st.most(st.time, 0.8) && (st.numbers == 0 || st.texts > 0)
}

// assignByValue gives columns to fields by what their values look like, where no
// name says what they are. Of a table with names only what hardly anything else
// looks like is taken so.
func (m *mapping) assignByValue(s *shape, smp *sample) {
	take := func(field string, looks func(*stats) bool) {
		if len(m.fields[field]) > 0 {
			return
		}
		for i := range smp.stats {
			if st := &smp.stats[i]; m.free(i) && looks(st) {
				m.give(field, i)
				m.byData = true
				if !slices.Contains(several, field) {
					return
				}
			}
		}
	}
	half := (len(smp.rows) + 1) / 2
	take(fEmail, func(st *stats) bool { return st.filled >= max(2, half) && st.most(st.email, 0.95) })
	if m.kind == kindAccount {
		take(fNationalID, func(st *stats) bool { return st.filled >= 3 && st.most(st.residentID, 0.9) })
	}
	if s.named {
		return
	}
	take(fPhone, func(st *stats) bool { return st.filled >= 5 && st.texts > 0 && st.most(st.mobile, 0.95) })
	if m.kind == kindAccount {
		take(fIP, func(st *stats) bool { return st.filled >= 5 && st.texts > 0 && st.most(st.ip, 0.95) })
		take(fCredential, func(st *stats) bool { return st.most(st.digest, 0.95) })
	}
	if email := m.fields[fEmail]; len(email) > 0 {
		target := fDisplayName
		if m.kind == kindContact {
			target = fName
		}
		if names := smp.namesBeside(email[0], m.free); len(names) > 0 {
			m.give(target, names...)
			m.composed, m.byData = len(names) > 1, true
		}
	}
}

// readerOf makes the reader of the column that became time.
func (p *parser) readerOf(s *shape, column int, smp *sample) *timeReader {
	t := s.columns[column].typ
	basis := sdk.Declared
	if t == untyped || t == textType || t == otherType {
		basis = sdk.Detected
	}
	r := newTimeReader(sdk.Created, basis, p.zones.of(t))
	if st := smp.stats[column]; t != dateType && t != datetimeType && t != timestampType && t != zonedType && st.most(st.epoch, 0.8) {
		r.basis = sdk.Assumed
		r.epoch = &sdk.Epoch{Unit: st.unit, Epoch: "unix", Kind: sdk.Created, Basis: sdk.Assumed}
	}
	return r
}

// byLayout makes the mapping that the examiner stated. Columns that the table does
// not have are told.
func (p *parser) byLayout(s *shape, l *tableLayout, smp *sample, src sdk.Source) *mapping {
	if !s.named && len(l.Names) > 0 {
		if len(l.Names) == len(s.columns) {
			for i := range s.columns {
				s.columns[i].name = l.Names[i]
			}
			s.table.unnamed = true // no warning: they have names
		} else {
			p.c.Warn(src, "layout.names", "the layout names more or fewer columns than the table's rows have values; its names are not used")
		}
	}
	m := &mapping{kind: l.Kind, service: l.Service, role: make([]string, len(s.columns)), fields: map[string][]int{}}
	missing := 0
	for _, f := range fieldsOf[l.Kind] {
		for _, name := range l.Columns[f] {
			i := slices.IndexFunc(s.columns, func(c column) bool { return strings.EqualFold(c.name, name) })
			if i < 0 || !m.free(i) {
				missing++
				continue
			}
			m.give(f, i)
		}
	}
	m.composed = len(m.fields[fDisplayName]) > 1
	if missing > 0 {
		p.c.Warn(src, "layout.columns", "the layout names columns that the table does not have")
	}
	if l.Time != nil && len(m.fields[fTime]) > 0 {
		m.reader = p.layoutReader(s.columns[m.fields[fTime][0]].typ, l.Time, smp, s, m.fields[fTime][0])
	}
	return m
}

// layoutReader reads times as the examiner stated; what is not stated is found out.
func (p *parser) layoutReader(t columnType, l *timeLayout, smp *sample, s *shape, column int) *timeReader {
	r := p.readerOf(s, column, smp)
	if r.kind = l.Kind; r.kind == "" {
		r.kind = sdk.Created
	}
	if r.epoch != nil {
		r.epoch.Kind = r.kind
	}
	zone := p.zones.of(t)
	if l.Zone != "" {
		zone, _ = sdk.ParseZone(l.Zone, "layout") // validated
	}
	r.zone = zone
	switch {
	case l.Unit != "":
		r.basis = sdk.Declared
		r.epoch = &sdk.Epoch{Unit: l.Unit, Epoch: "unix", Kind: r.kind, Basis: sdk.Declared}
	case l.Format != "":
		r.basis, r.epoch = sdk.Declared, nil
		if f, err := sdk.ParseTimeFormat(l.Format, zone, r.kind, sdk.Declared); err == nil {
			r.own = &f
		}
	}
	return r
}
