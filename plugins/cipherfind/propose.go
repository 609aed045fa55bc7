package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/layout"
)

const (
	// maxRows is how many lines a proposal rests on.
	maxRows = 2000
	// minRows is how many it needs.
	minRows = 5
	// sampleRows are shown.
	sampleRows = 3
)

// proposal is a layout that fits the lines, with what it rests on.
type proposal struct {
	layout layout.Layout
	// agree of lines agree with it.
	agree, lines int
	rows         [][]string
	// ask are what the data do not say and a person must.
	ask []string
}

// propose finds a layout for lines, in UTF-8; nil where they are no table. first:
// they are the first of the file, and one of them may be a heading. opened: they
// were encrypted, so that even one word a line is worth a layout.
func propose(lines []string, charset, zone string, first, opened bool) (*proposal, error) {
	if len(lines) < minRows {
		return nil, nil
	}
	times, err := timeTests()
	if err != nil {
		return nil, err
	}
	p := &proposal{lines: len(lines)}
	delimiter, rows, columns, takesRest, quoted := divide(lines, &times)
	if delimiter == "" {
		if !opened {
			return nil, nil
		}
		return p.terms(lines, charset), nil
	}
	p.layout = layout.Layout{Delimiter: delimiter, Fields: len(columns), Charset: charset}
	p.name(columns, rows)
	last := columns[len(columns)-1]
	p.layout.LastFieldTakesRest = !quoted && (takesRest || last.isFree())
	if quoted {
		p.layout.Quote = `"`
	}
	if p.layout.Kind == "row" && (p.layout.Time == nil && !opened) {
		return nil, nil // any prose can be cut into columns
	}
	if first {
		p.heading(lines[0], quoted)
	}
	p.rows = rows[p.layout.Header:min(len(rows), p.layout.Header+sampleRows)]
	parser, err := p.layout.Compile(layout.Options{Zone: zone})
	if err != nil {
		return nil, fmt.Errorf("a layout of our own: %w", err)
	}
	for i, l := range lines {
		if i >= p.layout.Header && parser.Check([]byte(l)).OK() {
			p.agree++
		}
	}
	if p.lines -= p.layout.Header; 2*p.agree < p.lines {
		return nil, nil
	}
	if p.layout.Time != nil && zone == "" && !strings.Contains(p.layout.Time.Format, "%z") && p.layout.Time.Format != "%s" {
		p.ask = append(p.ask, "time: in which zone these times are")
	}
	return p, nil
}

// terms proposes a list of terms, one a line.
func (p *proposal) terms(lines []string, charset string) *proposal {
	for _, l := range lines {
		if len(l) > 200 {
			return nil
		}
		if len(p.rows) < sampleRows {
			p.rows = append(p.rows, []string{l})
		}
	}
	p.layout = layout.Layout{Kind: "keyword", Delimiter: "\t", Fields: 1, Columns: []string{"term"}, LastFieldTakesRest: true, Charset: charset}
	p.agree = len(lines)
	p.ask = append(p.ask, "kind: whether these are terms of a list")
	return p
}

// heading: the first line does not agree where the others do.
func (p *proposal) heading(line string, quoted bool) {
	if p.layout.Time == nil {
		return
	}
	i := slices.Index(p.layout.Columns, "time")
	f := split(line, p.layout.Delimiter, quoted, p.layout.Fields)
	if f == nil || strings.ContainsAny(f[i], "0123456789") {
		return
	}
	p.layout.Header = 1
}

// name settles what each column is, and what kind of records they make.
func (p *proposal) name(columns []*column, rows [][]string) {
	names := make([]string, len(columns))
	var parties, numbers []int
	text, flag := -1, -1
	for i, c := range columns {
		format, other := c.time()
		mapped, certain := c.direction()
		switch {
		case format != "" && p.layout.Time == nil:
			names[i], p.layout.Time = "time", &layout.Time{Kind: "logged", Format: format}
			if other != "" {
				p.ask = append(p.ask, "time: day and month cannot be told apart in the sample ("+format+" or "+other+")")
			}
		case c.isIP() && !slices.Contains(names, "ip"):
			names[i] = "ip"
		case c.isParty():
			parties = append(parties, i)
		case mapped != nil && flag < 0:
			flag, p.layout.Direction = i, mapped
			if !certain {
				p.ask = append(p.ask, "direction: which of the values "+strings.Join(keys(mapped), ", ")+" means incoming and which outgoing; unknown until then")
			}
		case c.isFree() && (text < 0 || c.runes*len(columns[text].values) > columns[text].runes*len(c.values)):
			text = i
		case c.isInteger() && !c.isNumbering() && len(c.distinct) > 8 && c.largest < 7*86400:
			numbers = append(numbers, i)
		}
	}
	p.kind(columns, text, parties, numbers)
	for i := range names {
		if names[i] == "" && text >= 0 && i != text && p.layout.Kind != "row" && within(rows, i, text) {
			names[i] = "matched_term"
		}
	}
	p.place(names, columns, parties, numbers, text, flag)
	used := map[string]bool{}
	for i, n := range names {
		if n == "" || used[n] {
			n = "column_" + strconv.Itoa(i+1)
			if p.layout.Kind != "row" {
				n = "extra." + n
			}
		}
		names[i], used[n] = n, true
	}
	p.layout.Columns = names
}

// kind: a text and a time make messages; a time, a length and two parties calls.
func (p *proposal) kind(columns []*column, text int, parties, numbers []int) {
	switch {
	case p.layout.Time == nil:
		p.layout.Kind = "row"
	case text >= 0 && len(parties) >= 2 && columns[parties[0]].isPhone() && columns[parties[1]].isPhone():
		p.layout.Kind = "sms"
	case text >= 0 && len(parties) > 0:
		p.layout.Kind = "message"
		if text < len(columns)-1 && len(numbers) > 0 && columns[text].runes < 8*len(columns[text].values) {
			p.layout.Kind = "call" // a name beside a length
		}
	case len(numbers) > 0 && len(parties) > 0:
		p.layout.Kind = "call"
	default:
		p.layout.Kind = "row"
	}
	if p.layout.Kind != "row" {
		p.ask = append(p.ask, "kind: that these are records of kind "+p.layout.Kind)
	}
}

// place gives the parties, the text and the rest their names.
func (p *proposal) place(names []string, columns []*column, parties, numbers []int, text, flag int) {
	if p.layout.Kind == "row" {
		p.layout.Direction = nil
		return
	}
	two := []string{"from", "to"}
	if flag >= 0 && len(parties) >= 2 {
		names[flag], two = "direction", []string{"account", "peer"}
		p.ask = append(p.ask, "account, peer: that the first party is the one whose log it is")
	} else {
		p.layout.Direction = nil
		if len(parties) >= 2 {
			p.ask = append(p.ask, "from, to: that the first party is the sender")
		}
		if len(parties) == 1 && p.layout.Kind != "call" {
			two = []string{"account"}
		}
	}
	for i, name := range two {
		if i < len(parties) {
			names[parties[i]] = name
		}
	}
	if text >= 0 {
		names[text] = "text"
		if p.layout.Kind == "call" {
			names[text] = "display_name"
		}
	}
	if p.layout.Kind == "call" && len(numbers) > 0 {
		names[numbers[0]] = "duration_s"
	}
	for i, c := range columns {
		switch {
		case names[i] != "" || len(c.values) == 0:
		case c.few(12) && c.account+c.integer > 0 && !slices.Contains(names, "status"):
			names[i] = "status"
		case p.layout.Kind == "call" && 2*c.nonASCII > len(c.values) && !slices.Contains(names, "display_name"):
			names[i] = "display_name"
		}
	}
}

// within: what column i holds stands in the text of nearly every row.
func within(rows [][]string, i, text int) bool {
	n, in := 0, 0
	for _, r := range rows {
		if r[i] != "" {
			n++
			if strings.Contains(strings.ToLower(r[text]), strings.ToLower(r[i])) {
				in++
			}
		}
	}
	return n >= 3 && 10*in >= 9*n
}

func keys(m map[string]string) []string {
	var out []string
	for k := range m {
		out = append(out, strconv.Quote(k))
	}
	slices.Sort(out)
	return out
}

// fields writes the proposal into a record.
func (p *proposal) fields() map[string]any {
	l := map[string]any{
		"columns": texts(p.layout.Columns), "delimiter": p.layout.Delimiter, "fields": p.layout.Fields, "kind": p.layout.Kind,
	}
	if p.layout.LastFieldTakesRest {
		l["last_field_takes_rest"] = true
	}
	if p.layout.Quote != "" {
		l["quote"] = p.layout.Quote
	}
	if p.layout.Header > 0 {
		l["header"] = p.layout.Header
	}
	if p.layout.Charset != "" {
		l["charset"] = p.layout.Charset
	}
	if t := p.layout.Time; t != nil {
		l["time"] = map[string]any{"format": t.Format, "kind": t.Kind}
	}
	if p.layout.Direction != nil {
		d := map[string]any{}
		for k, v := range p.layout.Direction {
			d[k] = v
		}
		l["direction"] = d
	}
	rows := []any{}
	for _, r := range p.rows {
		rows = append(rows, texts(r))
	}
	return map[string]any{"agree": p.agree, "ask": texts(p.ask), "layout": l, "lines": p.lines, "rows": rows}
}

func texts(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = sdk.Str(s)
	}
	return out
}
