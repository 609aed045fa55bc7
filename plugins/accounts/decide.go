package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// enough is the score from which a table is taken to hold accounts; enoughContact
// is that of contacts. README.md says what counts how much.
const (
	enough        = 5
	enoughContact = 4
)

var weights = map[string]map[string]int{
	kindAccount: {fUsername: 3, fEmail: 3, fCredential: 3, fNationalID: 3, fPhone: 2, fDisplayName: 1, fIP: 1, fTime: 1},
	kindContact: {fUsername: 2, fEmail: 2, fPhone: 2, fName: 1, fOwner: 1, fOrganisation: 1, fTime: 0},
}

// mapping says what the rows of a shape become.
type mapping struct {
	kind, service string
	// fields are the columns of each field, in order.
	fields map[string][]int
	role   []string // field by column, "" for none
	reader *timeReader
	// composed: display_name or name is put together from several columns, which
	// stay in extra too.
	composed bool

	score          int
	byName, byData bool
}

// decide looks at a table's first rows and says what they are; src is where the
// table's rows begin.
func (p *parser) decide(s *shape, src sdk.Source, rows func(take func(*row))) *mapping {
	var smp sample
	var wide []byte
	rows(func(r *row) {
		if len(s.columns) == 0 && !s.named {
			p.nameColumns(s, len(r.values))
		}
		if len(r.values) == len(s.columns) {
			smp.add(r)
		}
		if p.text.unsettled() && len(wide) < settleBytes {
			wide = foreignText(wide, r)
		}
	})
	smp.measure(len(s.columns))
	if len(wide) > 0 {
		p.settle(wide, src)
	}
	var m *mapping
	basis := "layout"
	if l := p.config.layoutFor(s.table.name); l != nil {
		m = p.byLayout(s, l, &smp, src)
	} else {
		m, basis = chooseMapping(s, &smp), ""
	}
	if len(m.fields[fTime]) > 0 && m.reader == nil {
		m.reader = p.readerOf(s, m.fields[fTime][0], &smp)
	}
	p.announce(s, m, basis, len(smp.rows), src)
	p.warnUnnamed(s, src)
	return m
}

// chooseMapping scores the table as one of accounts and as one of contacts.
func chooseMapping(s *shape, smp *sample) *mapping {
	account, contact := assign(kindAccount, s, smp), assign(kindContact, s, smp)
	isContact := contact.score >= enoughContact && contact.has(fName, fPhone, fEmail, fUsername) &&
		(mentions(s.table.name, contactTables) || contact.has(fOwner) && contact.has(fUsername) && len(contact.fields) > 2)
	isAccount := account.score >= enough && account.has(fUsername, fEmail, fPhone, fNationalID) && len(account.fields) > 1
	switch {
	case isContact && (mentions(s.table.name, contactTables) || !isAccount):
		return contact
	case isAccount:
		return account
	}
	return &mapping{kind: kindRow, role: make([]string, len(s.columns)), score: max(account.score, contact.score)}
}

func (m *mapping) has(fields ...string) bool {
	return slices.ContainsFunc(fields, func(f string) bool { return len(m.fields[f]) > 0 })
}

func (m *mapping) free(i int) bool { return m.role[i] == "" }

func (m *mapping) give(field string, columns ...int) {
	for _, i := range columns {
		m.role[i] = field
	}
	m.fields[field] = append(m.fields[field], columns...)
}

// assign gives columns to fields, those whose names say it first, then those whose
// values do, and adds up the score.
func assign(kind string, s *shape, smp *sample) *mapping {
	m := &mapping{kind: kind, role: make([]string, len(s.columns)), fields: map[string][]int{}}
	if s.named {
		m.assignByName(s, smp)
	}
	m.assignByValue(s, smp)
	for f := range m.fields {
		m.score += weights[kind][f]
	}
	name := fDisplayName
	if kind == kindContact {
		name = fName
	}
	if len(m.fields[name]) > 1 && m.composed {
		m.score++
	}
	m.score += m.tableScore(s)
	if m.repeats(smp) {
		m.score -= 3
	}
	return m
}

// tableScore is what the names of the table and of its other columns say.
func (m *mapping) tableScore(s *shape) (score int) {
	people := accountTables
	if m.kind == kindContact {
		people = contactTables
	}
	if mentions(s.table.name, people) {
		score += 2
	}
	if mentions(s.table.name, contentTables) {
		score -= 3
	}
	content := 0
	for i, c := range s.columns {
		if s.named && m.free(i) && rank(contentColumns, c.name) >= 0 {
			content += 2
		}
	}
	return score - min(content, 4)
}

// repeats reports whether the same people come again and again: rows about what
// they did, not about who they are. Of contacts that is so by nature.
func (m *mapping) repeats(smp *sample) bool {
	if m.kind == kindContact || len(smp.rows) < 20 {
		return false
	}
	handles := 0
	for _, f := range []string{fUsername, fEmail, fPhone, fNationalID} {
		for _, i := range m.fields[f] {
			if i >= len(smp.stats) || smp.stats[i].filled < 20 {
				continue
			}
			if st := &smp.stats[i]; float64(st.distinct) >= 0.9*float64(st.filled) {
				return false
			}
			handles++
		}
	}
	return handles > 0
}

// announce says what a table's rows become, so that an examiner can disagree.
func (p *parser) announce(s *shape, m *mapping, basis string, sampled int, src sdk.Source) {
	data := map[string]any{"table": s.table.name, "kind": m.kind, "rows_sampled": sampled}
	if basis == "" {
		data["score"], data["score_needed"] = m.score, enough
		switch {
		case m.byName && m.byData:
			basis = "names and values"
		case m.byData:
			basis = "values"
		default:
			basis = "names"
		}
	}
	if m.kind == kindRow && basis != "layout" {
		p.c.Diagnose(sdk.Diagnostic{
			Code: "table.unmapped", Severity: evidence.SeverityInfo, Source: src, Data: data,
			Message: fmt.Sprintf("the table's rows are kept as rows: its columns do not show that it holds accounts or contacts (score %d, %d are needed); a layout can say so", m.score, enough),
		})
		return
	}
	columns := map[string]any{}
	for f, list := range m.fields {
		names := make([]any, len(list))
		for i, c := range list {
			names[i] = s.columns[c].name
		}
		columns[f] = names
	}
	data["columns"], data["basis"] = columns, basis
	found := strings.Join(slices.Sorted(maps.Keys(m.fields)), ", ")
	if found == "" {
		found = "none"
	}
	if m.has(fCredential) {
		data["credential_type"] = "by shape"
	}
	p.c.Diagnose(sdk.Diagnostic{
		Code: "table.mapped", Severity: evidence.SeverityInfo, Source: src, Data: data,
		Message: fmt.Sprintf("the table's rows are records of kind %s, decided by %s; fields found: %s", m.kind, basis, found),
	})
}
