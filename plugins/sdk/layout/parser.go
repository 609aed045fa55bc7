package layout

import (
	"errors"
	"net/netip"
	"strconv"
	"unicode/utf8"
	"unsafe"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/delimited"
)

// Options complete a layout with what is known of the item.
type Options struct {
	// Zone is the one declared for the item, used where the layout states none.
	Zone string
}

// Parser reads lines by one layout, one after another: what Check and Record
// hand out is valid until the next Check, and so are the line's bytes it points into.
type Parser struct {
	kind      string
	fields    []field
	delimiter []byte
	quote     byte
	takesRest bool
	header    int
	multiline bool
	flags     []string
	charset   sdk.Charset

	format    sdk.TimeFormat
	zone      sdk.Zone
	direction map[string]string

	values   [][]byte
	unquoted []byte // of fields with doubled quotes
	typed    int

	time     sdk.Time
	duration sdk.Number
	dir      string
	record   record
}

// Compile makes a Parser. ErrLayout says what of the description cannot be followed.
func (l *Layout) Compile(o Options) (*Parser, error) {
	if err := l.validate(); err != nil {
		return nil, err
	}
	fields, err := l.compileColumns()
	if err != nil {
		return nil, err
	}
	p := &Parser{
		kind: l.Kind, fields: fields, delimiter: []byte(l.Delimiter), takesRest: l.LastFieldTakesRest, header: l.Header, multiline: l.Multiline,
		direction: l.Direction, values: make([][]byte, len(fields)),
	}
	if l.Quote != "" {
		p.quote = l.Quote[0]
	}
	if l.Unconfirmed {
		p.flags = []string{FlagUnconfirmed}
	}
	if l.Charset != "" {
		if p.charset, err = sdk.ParseCharset(l.Charset); err != nil {
			return nil, refuse("%v", err)
		}
	}
	if l.Time != nil {
		if err := p.compileTime(l.Time, o.Zone); err != nil {
			return nil, refuse("%v", err)
		}
	}
	p.record = newRecord(l, fields)
	return p, nil
}

// compileTime settles the zone: the layout's, the item's, that in the text, else
// UTC is assumed, which every record then says.
func (p *Parser) compileTime(t *Time, itemZone string) (err error) {
	switch {
	case t.Zone != "":
		p.zone, err = sdk.ParseZone(t.Zone, "layout")
	case itemZone != "":
		p.zone, err = sdk.ParseZone(itemZone, "item")
	}
	if err != nil {
		return err
	}
	p.format, err = sdk.ParseTimeFormat(t.Format, p.zone, t.Kind, sdk.Declared)
	if p.zone.IsZero() && errors.Is(err, sdk.ErrUnsupported) {
		if p.zone, err = sdk.ParseZone("UTC", sdk.Assumed); err == nil {
			p.format, err = sdk.ParseTimeFormat(t.Format, p.zone, t.Kind, sdk.Declared)
		}
	}
	return err
}

// Header returns how many lines at the top of a file are no records.
func (p *Parser) Header() int { return p.header }

// Multiline reports whether a record may be several lines: then Units finds them,
// by the parser's Dialect, and not Lines.
func (p *Parser) Multiline() bool { return p.multiline }

// Dialect returns what Units needs. It uses the parser: what Check and Record
// handed out is valid until the next unit.
func (p *Parser) Dialect(charset sdk.Charset) delimited.Dialect {
	return delimited.Dialect{
		Charset: charset, Delimiter: string(p.delimiter), Quote: p.quote, Fields: len(p.fields), Skip: int64(p.header),
		Stands: func(line []byte, _ [][]byte) bool { return p.Check(line).OK() },
	}
}

// Charset returns the layout's charset, zero where it states none.
func (p *Parser) Charset() sdk.Charset { return p.charset }

// ZoneAssumed reports whether nobody stated a zone for the times, so that they
// are read as UTC.
func (p *Parser) ZoneAssumed() bool { return p.zone.Basis == sdk.Assumed }

// Strong reports whether the layout has a column that text by chance does not
// fit: an address or a time. Only a strong layout proves by itself that a line was decrypted.
func (p *Parser) Strong() bool {
	for _, f := range p.fields {
		if f.column == colIP || f.column == colTime {
			return true
		}
	}
	return false
}

// Typed returns how many fields of the line that Check last accepted are of a
// type (ip, time, direction, duration_s) and not empty.
func (p *Parser) Typed() int { return p.typed }

// Codes of a Mismatch.
const (
	CodeFields    = delimited.CodeFields
	CodeQuote     = delimited.CodeQuote
	CodeEmpty     = "empty"
	CodeText      = "text"
	CodeIP        = "ip"
	CodeTime      = "time"
	CodeDirection = "direction"
	CodeInteger   = "integer"
)

// Mismatch says where a line differs from its layout, without a byte of it. The
// zero Mismatch is agreement.
type Mismatch struct {
	// Code is one of the constants above, stable.
	Code string
	// Column is the column's name as the layout has it; "" where it is the whole line.
	Column string
}

// OK reports agreement.
func (m Mismatch) OK() bool { return m.Code == "" }

// Reason returns the sentence for m.
func (m Mismatch) Reason() string {
	switch m.Code {
	case CodeFields:
		return "the line does not have as many fields as its layout"
	case CodeQuote:
		return "a quoted field of the line has no end"
	case CodeEmpty:
		return "all fields of the line are empty"
	case CodeText:
		return "the line is not text"
	case CodeIP:
		return "a column of the line holds no IP address"
	case CodeTime:
		return "a column of the line holds no time in the layout's format"
	case CodeDirection:
		return "a column of the line holds no direction that the layout knows"
	case CodeInteger:
		return "a column of the line holds no whole number"
	}
	return ""
}

// Check reads line, UTF-8 without its ending, and reports whether it agrees with
// the layout. It allocates nothing for most layouts.
func (p *Parser) Check(line []byte) Mismatch {
	p.typed = 0
	if code := p.split(line); code != "" {
		return Mismatch{Code: code}
	}
	if !utf8.Valid(line) {
		return Mismatch{Code: CodeText}
	}
	empty := true
	for i := range p.fields {
		v := p.values[i]
		empty = empty && len(v) == 0
		if code := p.check(p.fields[i].column, v); code != "" {
			return Mismatch{Code: code, Column: p.name(i)}
		}
	}
	if empty {
		return Mismatch{Code: CodeEmpty}
	}
	return Mismatch{}
}

// name returns column i as the layout names it.
func (p *Parser) name(i int) string {
	f := p.fields[i]
	if f.column == colExtra && p.kind != "row" {
		return extraPrefix + f.name
	}
	return f.name
}

// check reads one typed value.
func (p *Parser) check(c column, v []byte) (code string) {
	switch c {
	case colIP:
		if len(v) > 0 && !address(v) {
			return CodeIP
		}
	case colTime:
		p.time = p.format.Parse(sdk.BytesOrNull(v))
		if len(v) > 0 && p.time.IsNull() {
			return CodeTime
		}
	case colDirection:
		p.dir = sdk.Unknown
		if len(v) > 0 {
			if p.dir = p.direction[string(v)]; p.dir == "" {
				return CodeDirection
			}
		}
	case colDuration:
		p.duration = sdk.NullNum()
		if len(v) > 0 {
			n, ok := whole(v)
			if !ok {
				return CodeInteger
			}
			p.duration = sdk.Num(n)
		}
	default:
		return ""
	}
	if len(v) > 0 {
		p.typed++
	}
	return ""
}

// address reports whether v is an IPv4 or IPv6 address as text, without a zone.
func address(v []byte) bool {
	a, err := netip.ParseAddr(unsafe.String(&v[0], len(v)))
	return err == nil && a.Zone() == ""
}

// whole reads a number of seconds, 0 to 2^53-1.
func whole(v []byte) (int64, bool) {
	if v[0] < '0' || v[0] > '9' {
		return 0, false // ParseUint would take a plus sign
	}
	n, err := strconv.ParseUint(unsafe.String(&v[0], len(v)), 10, 64)
	return int64(n), err == nil && n <= evidence.MaxSafeInteger
}

// Delimited reports whether line could be text of this layout as it is: it holds
// the delimiter, or the layout needs none.
func (p *Parser) Delimited(line []byte) bool {
	return len(p.fields) == 1 || p.index(line) >= 0
}

// Starts reports whether a line of this layout could begin with head. It is a
// cheap first test: true where it cannot tell.
func (p *Parser) Starts(head []byte) bool {
	if p.quote != 0 {
		return true
	}
	if end := p.index(head); end >= 0 {
		head = head[:end]
	}
	switch p.fields[0].column {
	case colIP:
		for _, c := range head {
			if c != '.' && c != ':' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'f') {
				return false
			}
		}
	case colTime:
		for _, c := range head {
			if c < ' ' || c > '~' {
				return false
			}
		}
	case colDuration:
		for _, c := range head {
			if c < '0' || c > '9' {
				return false
			}
		}
	}
	return true
}
