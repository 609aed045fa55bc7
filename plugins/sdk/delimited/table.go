package delimited

import (
	"bytes"
	"iter"
	"strconv"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// Options describe a table. The zero Options are those of most: a header line, the
// delimiter and the charset as they are found, quotes as RFC 4180 has them.
type Options struct {
	// Delimiter is comma, tab, semicolon or bar, whichever fits best, where "".
	Delimiter string
	// Quote is the double quote where 0. NoQuote: no field is ever quoted.
	Quote   byte
	NoQuote bool
	// Columns names the columns of a table without a header line.
	Columns []string
	// Skip is how many lines come before the header, or before the first row.
	Skip int
	// Charset is zero where the format does not say: sdk.ChooseCharset.
	Charset sdk.Charset
	// Strict: a quote where RFC 4180 has none makes a record bad. Otherwise it is text
	// where the record has as many fields as it should, and the record has the flag quote_odd.
	Strict bool
}

// FlagQuote is the flag of a record with a quote where none should be.
const FlagQuote = "quote_odd"

// Codes of diagnostics.
const (
	codeRecordFields = "record.fields"
	codeRecordQuote  = "record.quote"
	codeRecordOdd    = "record.quote_odd"
)

// Table is delimited text whose columns have names.
type Table struct {
	// Columns are the names: of an empty one column_N, of one that repeats name#2.
	Columns []string
	Charset sdk.TextCharset
	// Delimiter is the one that was stated or found.
	Delimiter string

	c       *sdk.Ctx
	in      *sdk.Input
	out     *sdk.Out
	dialect Dialect
	header  int64 // lines of it
	index   map[string]int
	err     error
}

// Open settles charset, delimiter and header of the input. What Rows does not hand
// out it accounts for: rows that are bad become diagnostics, blank ones and the
// header are skipped. An input without a header line has no columns and no rows.
func Open(c *sdk.Ctx, in *sdk.Input, out *sdk.Out, o Options) (*Table, error) {
	cs, err := sdk.ChooseCharset(c, in, o.Charset)
	if err != nil {
		return nil, err
	}
	t := &Table{Charset: cs, c: c, in: in, out: out}
	t.dialect = Dialect{Charset: cs.Charset, Text: cs, Ending: '\n', Quote: '"', Skip: int64(max(0, o.Skip)), Lenient: !o.Strict}
	if o.Quote != 0 {
		t.dialect.Quote = o.Quote
	}
	if o.NoQuote {
		t.dialect.Quote = 0
	}
	top, err := t.top()
	if err != nil {
		return nil, err
	}
	t.settle(top, o)
	return t, nil
}

// Bounds of what decides delimiter and header.
const (
	topBytes    = 256 << 10
	topRows     = 200
	headerLines = 5 // a header may have, in quotes
)

// top returns the beginning of the input, whole lines of it where it goes on.
func (t *Table) top() (*sdk.Input, error) {
	b := make([]byte, min(t.in.Size, topBytes))
	if n, err := t.in.ReadAt(b, 0); n < len(b) {
		return nil, err
	}
	if bytes.IndexByte(b, '\n') < 0 && bytes.IndexByte(b, '\r') >= 0 {
		t.dialect.Ending = '\r'
	}
	if int64(len(b)) < t.in.Size {
		if i := bytes.LastIndexByte(b, t.dialect.Ending); i > 0 {
			b = b[:i&^1] // half a character of UTF-16 would be no text
		}
	}
	return sdk.NewInput(bytes.NewReader(b), int64(len(b))), nil
}

// settle takes the header by the delimiter that the first rows agree with best.
func (t *Table) settle(top *sdk.Input, o Options) {
	candidates := []string{",", "\t", ";", "|"}
	if o.Delimiter != "" {
		candidates = []string{o.Delimiter}
	}
	best := -1
	for _, d := range candidates {
		names, lines := o.Columns, int64(0)
		if names == nil {
			names, lines = t.headerBy(top, d)
		}
		if len(names) == 0 {
			continue
		}
		if score := t.score(top, d, len(names), lines); score > best {
			best, t.Delimiter, t.Columns, t.header = score, d, names, lines
		}
	}
	t.dialect.Delimiter = t.Delimiter
	t.Columns = distinct(t.Columns)
	t.dialect.Fields = len(t.Columns)
	t.index = make(map[string]int, len(t.Columns))
	for i, name := range t.Columns {
		t.index[name] = i
	}
}

// headerBy splits the first lines as a header.
func (t *Table) headerBy(top *sdk.Input, delimiter string) (names []string, lines int64) {
	var text []byte
	for l := range LinesOf(top, t.Charset, t.dialect.Ending) {
		if l.Number <= t.dialect.Skip || l.TooLong || len(text) == 0 && len(bytes.TrimSpace(l.Text)) == 0 {
			continue
		}
		text = append(text, l.Text...)
		lines = l.Number - t.dialect.Skip
		if fields, ok := Split(text, delimiter, t.dialect.Quote); ok {
			for _, f := range fields {
				names = append(names, strings.TrimSpace(strings.ToValidUTF8(string(f), "\uFFFD")))
			}
			return names, lines
		}
		if bytes.Count(text, []byte{'\n'}) >= headerLines {
			break
		}
		text = append(text, '\n')
	}
	return nil, 0
}

// score counts the columns of the rows that are as the header says: 0 for one column.
func (t *Table) score(top *sdk.Input, delimiter string, fields int, header int64) int {
	d := t.dialect
	d.Delimiter, d.Fields, d.Skip = delimiter, fields, d.Skip+header
	good, rows := fields-1, 0
	for u := range Units(top, d) {
		if rows++; rows > topRows {
			break
		}
		if !u.Blank && u.Defect == "" {
			good += fields - 1
		}
	}
	return good
}

// distinct gives every column a name of its own.
func distinct(names []string) []string {
	seen := make(map[string]bool, len(names))
	out := make([]string, len(names))
	for i, name := range names {
		if name == "" {
			name = "column_" + strconv.Itoa(i+1)
		}
		one := name
		for n := 2; seen[one]; n++ {
			one = name + "#" + strconv.Itoa(n)
		}
		seen[one], out[i] = true, one
	}
	return out
}

// Has reports whether the table has a column of that name.
func (t *Table) Has(name string) bool {
	_, ok := t.index[name]
	return ok
}

// Err says why Rows ended before the input did.
func (t *Table) Err() error {
	if t.err != nil {
		return t.err
	}
	return t.in.Err()
}

// Rows reads the rows that are as many fields as there are columns. A Row changes
// when the loop goes on. Check Err after the loop.
func (t *Table) Rows() iter.Seq[*Row] {
	return func(yield func(*Row) bool) {
		if len(t.Columns) == 0 {
			return
		}
		odd := sdk.Tally{Code: codeRecordOdd, Message: "the record has a quote where none should be; it was taken for text"}
		defer odd.Total(t.c)
		d := t.dialect
		d.Skip += t.header
		t.out.Skip(d.Skip)
		row := Row{t: t}
		for u := range Units(t.in, d) {
			if t.err = t.c.Err(); t.err != nil {
				return
			}
			switch {
			case u.Blank:
				t.out.Skip(1)
				continue
			case u.Defect != "":
				RejectUnit(t.c, u, d.Fields)
				continue
			}
			row.Unit = u
			if !yield(&row) || t.err != nil {
				return
			}
			if u.Odd {
				odd.Add(t.c, u.Source())
			}
		}
	}
}

// RejectUnit says why a unit became no record.
func RejectUnit(c *sdk.Ctx, u *Unit, expected int) {
	d := sdk.Diagnostic{Severity: evidence.SeverityReject, Source: u.Source(), Data: map[string]any{"lines": u.Lines}}
	switch u.Defect {
	case CodeFields:
		d.Code, d.Message = codeRecordFields, "the record does not have as many fields as the table"
		d.Data["fields"], d.Data["expected"] = u.Count, expected
	case CodeQuote:
		d.Code, d.Message = codeRecordQuote, "the record has a quote without its counterpart; reading goes on at the next line that is a record by itself"
	default:
		d.Code, d.Message = u.Defect, "the line is longer than a line may be and was not read"
		d.Data = map[string]any{"limit": MaxUnit}
	}
	c.Diagnose(d)
}

// Row is one row of a table. Unit has its place, and the fields in order.
type Row struct {
	*Unit
	t *Table
}

// Text returns the value of a column: absent where there is no such column, null
// where it is empty. It may be kept.
func (r *Row) Text(column string) sdk.Text {
	i, ok := r.t.index[column]
	if !ok {
		return sdk.Text{}
	}
	return r.at(i)
}

func (r *Row) at(i int) sdk.Text {
	v, err := r.Unit.Text(i)
	if err != nil {
		r.t.err = err // ends the loop
	}
	return v
}

// Span returns where a column's value lies in the input, between its quotes; a zero
// span where there is no such column.
func (r *Row) Span(column string) (evidence.Span, error) {
	i, ok := r.t.index[column]
	if !ok {
		return evidence.Span{}, nil
	}
	return r.FieldSpan(i)
}

// Extra returns all columns but those named, for Common.Extra.
func (r *Row) Extra(except ...string) map[string]any {
	m := make(map[string]any, len(r.t.Columns))
columns:
	for i, name := range r.t.Columns {
		for _, e := range except {
			if e == name {
				continue columns
			}
		}
		m[name] = r.at(i)
	}
	return m
}

// Common returns what the table knows of the record: charset, and flags where
// something about the row is odd.
func (r *Row) Common() sdk.Common {
	c := sdk.Common{Charset: r.t.Charset.Stated(), CharsetBasis: r.t.Charset.Basis}
	if r.t.Charset.Other.Name() != "" {
		c.Charset = r.Charset.Name()
	}
	if r.Damaged {
		c.Flags = append(c.Flags, sdk.FlagCharsetDamaged)
	}
	if r.Odd {
		c.Flags = append(c.Flags, FlagQuote)
	}
	return c
}
