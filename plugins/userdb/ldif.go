package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/delimited"
)

// Codes of diagnostics of LDIF.
const (
	codeNoDN    = "ldif.no_dn"
	codeLine    = "ldif.line_odd"
	codeBase64  = "ldif.base64_odd"
	codeURL     = "ldif.url"
	codeVersion = "ldif.version"
	codeLong    = "ldif.entry_too_long"
	codeChange  = "ldif.change"
)

// Bounds of an entry. A value with more bytes becomes a file of its own where it is
// base64, or is cut.
const (
	maxEntry      = 512 << 10 // of values that stay in memory
	maxAttributes = 10_000
)

// attribute is one line of an entry, unfolded (RFC 2849).
type attribute struct {
	name    string // in lower case, without options
	options string // ";lang-de", as written
	value   []byte
	base64  bool
	url     bool
	odd     bool          // it says that it is base64, and is not
	at      evidence.Span // of the value in the input, foldings included
	long    bool
}

// entry is one that is being read.
type entry struct {
	line, start, end int64
	attributes       []attribute
	size             int
	odd              int // lines that are no attribute
	over, damaged    bool
	charset          sdk.Charset // of its last line that is not in the file's first
}

// ldif goes through the lines of a file.
type ldif struct {
	c       *sdk.Ctx
	in      *sdk.Input
	out     *sdk.Out
	cs      sdk.TextCharset
	e       *entry
	width   int64 // bytes of an ASCII character
	comment bool  // the last line was one, and goes on where the next is folded
	n       int
	clocks  []sdk.TimeFormat

	odd, base64, url, long, change sdk.Tally
}

func directory(c *sdk.Ctx, in *sdk.Input, out *sdk.Out, cs sdk.TextCharset) error {
	r := &ldif{
		c: c, in: in, out: out, cs: cs, width: 1,
		odd:    sdk.Tally{Code: codeLine, Message: "a line of an entry is no attribute; it was passed over"},
		base64: sdk.Tally{Code: codeBase64, Message: "a value says that it is base64 and is not; it is kept as it stands"},
		url:    sdk.Tally{Code: codeURL, Message: "a value is to be fetched from a URL; nothing is fetched, and the URL is in extra"},
		long:   sdk.Tally{Code: codeLong, Message: "an entry is larger than is kept in a record; what follows in it is left out", Severity: evidence.SeverityDamage},
		change: sdk.Tally{Code: codeChange, Message: "the entry tells of a change to a directory; it is kept as a row, or, where something is added, read as what was added", Severity: evidence.SeverityInfo},
	}
	var err error
	if r.clocks, err = clocks(); err != nil {
		return err
	}
	if strings.HasPrefix(cs.Name(), "utf-16") {
		r.width = 2
	}
	tallies := []*sdk.Tally{&r.odd, &r.base64, &r.url, &r.long, &r.change}
	defer func() {
		for _, t := range tallies {
			t.Total(c)
		}
	}()
	for l := range delimited.LinesOf(in, cs, '\n') {
		if err := r.read(l); err != nil {
			return err
		}
	}
	if err := in.Err(); err != nil {
		return err
	}
	if err := r.close(); err != nil {
		return err
	}
	if r.n == 0 {
		return fmt.Errorf("%w: there is no entry", sdk.ErrMalformed)
	}
	return nil
}

// read takes the next line.
func (r *ldif) read(l *delimited.Line) error {
	text := bytes.TrimRight(l.Text, "\r")
	if l.TooLong {
		if r.e != nil {
			r.e.over = true
		}
		r.long.Add(r.c, l.Source())
		return nil
	}
	switch {
	case len(text) == 0:
		r.comment = false
		return r.close()
	case text[0] == ' ':
		if r.comment || r.e == nil {
			return nil
		}
		r.fold(text[1:], l)
		return nil
	case text[0] == '#':
		r.comment = true
		return nil
	}
	r.comment = false
	a, ok := parseAttribute(text, l, r.width)
	if r.e == nil {
		if ok && a.name == "version" {
			if string(a.value) != "1" {
				r.c.Warn(l.Source(), codeVersion, "the file states a version of LDIF other than 1; it is read as version 1")
			}
			return nil
		}
		if ok && (a.name == "search" || a.name == "result") { // how ldapsearch ends
			return nil
		}
		r.e = &entry{line: l.Number, start: l.Span.Offset, charset: r.cs.Charset}
	}
	r.e.end, r.e.damaged = l.Span.Offset+l.Span.Length, r.e.damaged || l.Damaged
	r.e.charsetOf(l, r.cs)
	switch {
	case !ok:
		r.e.odd++
		r.odd.Add(r.c, l.Source())
	case len(r.e.attributes) == maxAttributes || r.e.size+len(a.value) > maxEntry && !a.base64:
		r.over(l)
	default:
		r.e.size += len(a.value)
		r.e.attributes = append(r.e.attributes, a)
	}
	return nil
}

func (e *entry) charsetOf(l *delimited.Line, cs sdk.TextCharset) {
	if l.Charset.Name() != cs.Name() {
		e.charset = l.Charset
	}
}

func (r *ldif) over(l *delimited.Line) {
	if !r.e.over {
		r.e.over = true
		r.long.Add(r.c, l.Source())
	}
}

// fold appends a line that goes on.
func (r *ldif) fold(text []byte, l *delimited.Line) {
	r.e.end, r.e.damaged = l.Span.Offset+l.Span.Length, r.e.damaged || l.Damaged
	r.e.charsetOf(l, r.cs)
	n := len(r.e.attributes)
	if n == 0 || r.e.over {
		return
	}
	a := &r.e.attributes[n-1]
	if a.at.Length = r.e.end - a.at.Offset; a.long {
		return
	}
	if r.e.size+len(text) > maxEntry {
		if a.long = true; !a.base64 {
			r.over(l)
		}
		return
	}
	r.e.size += len(text)
	a.value = append(a.value, text...)
}

// parseAttribute reads `name: value`, `name:: base64` or `name:< URL`.
//
// width is how many bytes an ASCII character has.
func parseAttribute(text []byte, l *delimited.Line, width int64) (a attribute, ok bool) {
	colon := bytes.IndexByte(text, ':')
	if colon <= 0 {
		if string(text) == "-" { // between the changes of an entry
			return attribute{name: "-"}, true
		}
		return a, false
	}
	name, options, found := strings.Cut(string(text[:colon]), ";")
	if found {
		a.options = ";" + options
	}
	a.name = strings.ToLower(name)
	if strings.Trim(a.name, "abcdefghijklmnopqrstuvwxyz0123456789-._") != "" {
		return a, false
	}
	rest := text[colon+1:]
	switch {
	case bytes.HasPrefix(rest, []byte(":")):
		a.base64, rest = true, rest[1:]
	case bytes.HasPrefix(rest, []byte("<")):
		a.url, rest = true, rest[1:]
	}
	value := bytes.TrimLeft(rest, " ")
	a.value = append([]byte{}, value...)
	// What comes before the value is ASCII.
	skip := int64(len(text)-len(value)) * width
	a.at = evidence.Span{Offset: l.Span.Offset + skip, Length: l.Span.Length - skip}
	return a, true
}

// close ends the entry that is open.
func (r *ldif) close() error {
	e := r.e
	if e == nil {
		return nil
	}
	r.e = nil
	r.n++
	src := r.in.Source(e.start, e.end-e.start)
	src.Line = e.line
	if len(e.attributes) == 0 || e.attributes[0].name != "dn" {
		r.c.Reject(src, codeNoDN, "an entry does not begin with its name (dn)")
		return nil
	}
	for i := range e.attributes {
		r.decode(&e.attributes[i], src)
	}
	rec, err := r.record(e, src)
	if err != nil {
		return err
	}
	return r.out.Put(rec, src)
}

// decode resolves base64.
func (r *ldif) decode(a *attribute, src sdk.Source) {
	switch {
	case a.url:
		r.url.Add(r.c, src)
	case a.base64 && !a.long:
		b, err := base64.StdEncoding.DecodeString(string(bytes.TrimSpace(a.value)))
		if err != nil {
			a.odd = true
			r.base64.Add(r.c, src)
			return
		}
		a.value = b
	}
}
