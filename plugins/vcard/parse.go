package main

import (
	"bytes"
	"fmt"
	"iter"
	"strings"
	"unicode/utf16"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/delimited"
)

// Codes of diagnostics.
const (
	codeUnended = "vcard.unended"
	codeOutside = "vcard.outside"
	codeLine    = "vcard.line_odd"
	codeMany    = "vcard.too_many_lines"
)

// Flags of records.
const (
	flagUnended = "card_unended"
	flagLong    = "value_long"
)

// Bounds of a card.
const (
	maxLines     = 10_000 // properties
	maxCardBytes = 8 << 20
	maxDepth     = 8 // cards inside of cards
)

// card is one that is being read.
type card struct {
	start, line int64
	end         int64 // of the last line of it
	properties  []property
	size        int
	odd         []any // lines that are no property
	full        bool
}

// reader goes through the lines of a file.
type reader struct {
	c       *sdk.Ctx
	in      *sdk.Input
	out     *sdk.Out
	charset sdk.TextCharset
	wide    bool    // in UTF-16; lines and values are in UTF-8
	cards   []*card // open, one inside the other
	n       int
	clocks  []sdk.TimeFormat

	outside, odd sdk.Tally
	err          error
}

func parse(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
	cs, err := sdk.ChooseCharset(c, in, sdk.Charset{})
	if err != nil {
		return err
	}
	r := &reader{
		c: c, in: in, out: out, charset: cs,
		outside: sdk.Tally{Code: codeOutside, Message: "a line stands outside of any card; it was passed over"},
		odd:     sdk.Tally{Code: codeLine, Message: "a line of a card is no property; it is in extra.lines_odd"},
	}
	if r.clocks, err = clocks(c); err != nil {
		return err
	}
	defer r.outside.Total(c)
	defer r.odd.Total(c)
	lines := in.Lines()
	if r.wide = strings.HasPrefix(cs.Name(), "utf-16"); r.wide {
		lines = wideLines(in, cs.Charset)
	}
	for ln := range lines {
		if r.read(ln); r.err != nil {
			return r.err
		}
	}
	if err := in.Err(); err != nil {
		return err
	}
	for len(r.cards) > 0 {
		if r.close(false); r.err != nil {
			return r.err
		}
	}
	if r.n == 0 {
		return fmt.Errorf("%w: there is no card", sdk.ErrMalformed)
	}
	return nil
}

// wideLines are lines in UTF-16, their bytes in UTF-8.
func wideLines(in *sdk.Input, cs sdk.Charset) iter.Seq[sdk.Line] {
	return func(yield func(sdk.Line) bool) {
		for l := range delimited.Lines(in, cs, '\n') {
			if !yield(sdk.Line{Number: l.Number, Span: l.Span, Bytes: l.Text}) {
				return
			}
		}
	}
}

// size is how many bytes of the file a text of it takes.
func (r *reader) size(text []byte) int64 {
	if !r.wide {
		return int64(len(text))
	}
	n := int64(0)
	for _, c := range string(text) {
		n += 2 * int64(utf16.RuneLen(c))
	}
	return n
}

func (r *reader) top() *card {
	if len(r.cards) == 0 {
		return nil
	}
	return r.cards[len(r.cards)-1]
}

// read takes the next line.
func (r *reader) read(ln sdk.Line) {
	line, offset := bytes.TrimRight(ln.Bytes, "\r"), ln.Span.Offset
	if ln.Number == 1 {
		if rest, ok := bytes.CutPrefix(line, []byte("\xef\xbb\xbf")); ok {
			line, offset = rest, offset+3
		}
	}
	word := bytes.ToUpper(bytes.TrimSpace(line))
	c := r.top()
	switch {
	case bytes.Equal(word, []byte("BEGIN:VCARD")):
		r.begin(ln.Number, offset, offset+r.size(line))
	case c == nil:
		if len(word) > 0 {
			r.outside.Add(r.c, ln.Source())
		}
	case bytes.Equal(word, []byte("END:VCARD")):
		c.end = offset + r.size(line)
		r.close(true)
	default:
		if len(word) > 0 {
			c.end = offset + r.size(line)
		}
		r.property(c, line, offset, ln)
	}
}

// begin opens a card: inside of another one where that says AGENT (2.1), else the one
// before has no end.
func (r *reader) begin(number, offset, end int64) {
	if c := r.top(); c != nil {
		n := len(c.properties)
		if n == 0 || c.properties[n-1].name != "AGENT" || len(r.cards) == maxDepth {
			r.close(false)
		}
	}
	r.cards = append(r.cards, &card{start: offset, line: number, end: end})
}

// property takes a line of a card: a new property, or more of the last one.
func (r *reader) property(c *card, line []byte, offset int64, ln sdk.Line) {
	var last *property
	if n := len(c.properties); n > 0 {
		last = &c.properties[n-1]
	}
	if last != nil && r.continues(last, line) {
		folded := 0
		if len(line) > 0 && (line[0] == ' ' || line[0] == '\t') && !last.quotedPrintable() {
			folded = 1
		}
		if last.quotedPrintable() && bytes.HasSuffix(last.value, []byte("=")) {
			last.value = last.value[:len(last.value)-1]
		}
		c.size += len(line)
		if c.size > maxCardBytes && !last.base64() {
			last.long = true
			return
		}
		last.add(line[folded:], offset+r.size(line[:folded]), r.size(line[folded:]))
		return
	}
	if len(bytes.TrimSpace(line)) == 0 {
		return
	}
	p, ok := parseProperty(line, offset, r.size)
	switch {
	case c.full:
	case len(c.properties)+len(c.odd) == maxLines || c.size > maxCardBytes:
		c.full = true
		r.c.Damage(ln.Source(), codeMany, "a card has more lines than are read of one; what follows in it is left out")
	case !ok:
		r.odd.Add(r.c, ln.Source())
		c.size += len(line)
		c.odd = append(c.odd, r.text(append([]byte{}, line[:min(len(line), 4<<10)]...), sdk.Charset{}))
	default:
		c.size += len(line)
		c.properties = append(c.properties, p)
	}
}

// continues reports whether a line belongs to the property before: it is folded, it
// follows a soft line break of quoted-printable, or it is base64 that nobody folded.
func (r *reader) continues(last *property, line []byte) bool {
	switch {
	case last.quotedPrintable():
		return bytes.HasSuffix(last.value, []byte("="))
	case len(line) > 0 && (line[0] == ' ' || line[0] == '\t'):
		return true
	}
	return last.base64() && len(line) > 0 && bytes.IndexByte(line, ':') < 0
}

// close ends the innermost card.
func (r *reader) close(ended bool) {
	c := r.top()
	r.cards = r.cards[:len(r.cards)-1]
	r.n++
	src := r.in.Source(c.start, c.end-c.start)
	src.Line = c.line
	rec, err := r.contact(c)
	if err != nil {
		r.err = err
		return
	}
	if !ended {
		r.c.Diagnose(sdk.Diagnostic{Code: codeUnended, Severity: evidence.SeverityDamage, Source: src, Message: "a card has no end; what there is of it was read"})
		rec.Flags = append(rec.Flags, flagUnended)
	}
	r.err = r.out.Put(rec, src)
}
