package main

import (
	"bytes"
	"strings"
	"unicode"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/delimited"
)

// Bounds of what is looked at before anything is read.
const (
	headerLines = 20   // in which the header line must be
	headerSpan  = 5    // lines a header may have, in quotes
	sampleRows  = 1000 // that decide what the columns hold
)

// delimiters in the order of preference, by name.
var delimiters = []struct{ text, name string }{{",", "comma"}, {"\t", "tab"}, {";", "semicolon"}, {"|", "bar"}}

// sheet is a table as found: how it is cut into fields, its header, and its first rows.
type sheet struct {
	dialect   delimited.Dialect
	delimiter string   // by name
	header    []string // one for each field
	line      int64    // of the header, from 1
	rows      [][]string
	bad       int
}

// findSheet looks for a header line that says what a text message export says;
// else for a table of any kind. nil: neither.
func findSheet(sample []byte, whole bool, cs charset) (s *sheet, m *mapping) {
	ending := byte('\n')
	if bytes.IndexByte(sample, '\n') < 0 && bytes.IndexByte(sample, '\r') >= 0 {
		ending = '\r'
	}
	lines := firstLines(sample, cs, ending)
	for _, d := range delimiters {
		quote := quoteOf(lines, d.text)
		for i := range min(headerLines, len(lines)) {
			cells, span := headerAt(lines, i, d.text, quote)
			if len(cells) < 2 {
				continue
			}
			found := newMapping(cells)
			if found == nil || m != nil && found.known <= m.known {
				continue
			}
			one := &sheet{delimiter: d.name, header: cells, line: int64(i) + 1}
			one.dialect = delimited.Dialect{
				Charset: cs.Charset, Text: cs.TextCharset, Ending: ending, Delimiter: d.text, Quote: quote, Fields: len(cells), Skip: int64(i + span), Lenient: true,
			}
			one.read(sample, whole)
			if found.fits(one.rows) {
				s, m = one, found
			}
		}
	}
	if s == nil {
		return findTable(sample, whole, cs, ending, lines), nil
	}
	return s, m
}

// findTable looks for a consistent table under a header.
func findTable(sample []byte, whole bool, cs charset, ending byte, lines []string) (best *sheet) {
	first := 0
	for first < len(lines) && strings.TrimSpace(lines[first]) == "" {
		first++
	}
	for _, d := range delimiters {
		quote := quoteOf(lines, d.text)
		cells, span := headerAt(lines, first, d.text, quote)
		if len(cells) < 2 || best != nil && len(cells) <= len(best.header) || !isHeader(cells) {
			continue
		}
		s := &sheet{delimiter: d.name, header: cells, line: int64(first) + 1}
		s.dialect = delimited.Dialect{
			Charset: cs.Charset, Text: cs.TextCharset, Ending: ending, Delimiter: d.text, Quote: quote, Fields: len(cells), Skip: int64(first + span), Lenient: true,
		}
		s.read(sample, whole)
		// Commas stand in any text: it takes some rows that agree to make a table.
		if len(s.rows)*(len(s.header)-1) >= 4 && len(s.rows) >= 9*s.bad {
			best = s
		}
	}
	return best
}

// isHeader: names, each once, and no values.
func isHeader(cells []string) bool {
	seen := map[string]bool{}
	for i, c := range cells {
		c = strings.TrimSpace(c)
		if c == "" && i == len(cells)-1 {
			continue
		}
		if c == "" || seen[c] || strings.IndexFunc(c, unicode.IsLetter) < 0 || len(c) > 200 {
			return false
		}
		if _, ok := scanMoment([]byte(c), orderYMD); ok {
			return false
		}
		seen[c] = true
	}
	return true
}

// read takes the sample's rows and settles the number of fields.
func (s *sheet) read(sample []byte, whole bool) {
	s.take(sample, whole, s.dialect.Fields)
	if s.bad > len(s.rows) {
		// Some writers end every row but the header with a delimiter.
		other := *s
		other.take(sample, whole, s.dialect.Fields+1)
		for _, r := range other.rows {
			if r[len(r)-1] != "" {
				return
			}
		}
		if len(other.rows) > 9*other.bad {
			*s = other
			s.header = append(s.header, "")
		}
	}
}

func (s *sheet) take(sample []byte, whole bool, fields int) {
	s.dialect.Fields, s.rows, s.bad = fields, nil, 0
	in := sdk.NewInput(bytes.NewReader(sample), int64(len(sample)))
	for u := range delimited.Units(in, s.dialect) {
		last := !whole && u.Span.Offset+u.Span.Length >= int64(len(sample))-4
		switch {
		case last || u.Blank:
		case u.Defect != "":
			s.bad++
		default:
			row := make([]string, len(u.Fields))
			for i, f := range u.Fields {
				row[i] = string(f)
			}
			s.rows = append(s.rows, row)
		}
		if len(s.rows) >= sampleRows || s.bad >= sampleRows {
			return
		}
	}
}

// firstLines returns lines of the sample that tell quotes and header.
func firstLines(sample []byte, cs charset, ending byte) (lines []string) {
	in := sdk.NewInput(bytes.NewReader(sample), int64(len(sample)))
	for l := range delimited.LinesOf(in, cs.TextCharset, ending) {
		if lines = append(lines, string(l.Text)); len(lines) >= sampleRows {
			break
		}
	}
	return lines
}

// headerAt splits the lines from i on as one record.
func headerAt(lines []string, i int, delimiter string, quote byte) (cells []string, span int) {
	text := ""
	for span = 1; span <= headerSpan && i+span <= len(lines); span++ {
		text += lines[i+span-1]
		if fields, ok := delimited.Split([]byte(text), delimiter, quote); ok {
			for _, f := range fields {
				cells = append(cells, strings.TrimSpace(string(f)))
			}
			return cells, span
		}
		text += "\n"
	}
	return nil, 0
}

// quoteOf finds the character that encloses fields: the double quote, unless the
// single one does, or quotes are never in pairs. 0: none.
func quoteOf(lines []string, delimiter string) byte {
	double, single := pairs(lines, delimiter, '"'), pairs(lines, delimiter, '\'')
	switch {
	case single.both*2 >= len(lines) && single.both > 4*(double.both+double.opens):
		return '\''
	case double.both == 0 && double.opens > 0 && double.closes == 0:
		return 0
	}
	return '"'
}

// paired counts fields that begin and end with a quote, only begin, only end.
type paired struct{ both, opens, closes int }

func pairs(lines []string, delimiter string, quote byte) (n paired) {
	for _, l := range lines {
		if strings.IndexByte(l, quote) < 0 {
			continue
		}
		for f := range strings.SplitSeq(l, delimiter) {
			opens := len(f) > 0 && f[0] == quote
			closes := len(f) > 1 && f[len(f)-1] == quote
			switch {
			case opens && closes:
				n.both++
			case opens:
				n.opens++
			case closes:
				n.closes++
			}
		}
	}
	return n
}
