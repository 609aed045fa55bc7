// Package xmlread reads elements out of XML documents that are evidence, one after
// another, in memory that is bounded whatever the document, and with the exact place
// of each.
//
//	d, err := xmlread.Open(c, in)
//	if err != nil {
//		return err
//	}
//	for e := range d.Elements("sms") {
//		m := sdk.SMS{Common: e.Common(), From: e.Attr("address"), Text: e.Attr("body")}
//		m.Extra = e.Extra("address", "body")
//		if err := out.Put(&m, e.Source()); err != nil {
//			return err
//		}
//	}
//	return in.Err()
//
// It is no validating parser, and no lenient one either: what XML 1.0 does not allow
// costs the element it is in, is located, and reading goes on at the next element.
// Only what can be read in one way alone is taken as it stands, and the record then
// has the flag xml_odd: an attribute without quotes, a reference that is none, a
// character that XML forbids, an end tag that is missing inside an element.
//
// References are those that XML itself has (&lt; &gt; &amp; &quot; &apos; and
// characters by number); two that are the halves of a surrogate pair (&#55357;&#56842;,
// as Android's programs write) are one character. A document type is passed over: its
// entities are never expanded and nothing is fetched. Line ends and white space are
// left as they stand.
package xmlread

import (
	"bytes"
	"fmt"
	"iter"
	"regexp"
	"strconv"
	"strings"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// Bounds of what is kept of an element.
const (
	// MaxElement is how many bytes an element's names and values may have together.
	MaxElement = 16 << 20
	// MaxValue is how long a value may be, in bytes of UTF-8. A longer one is not kept:
	// only its place is (Element.AttrSpan), from which it can be read.
	MaxValue = 1 << 20
	maxNodes = 200_000
	maxDepth = 200    // of an element that is handed out
	maxOpen  = 10_000 // elements that are open at a time
	maxName  = 1 << 10
)

// FlagOdd is the flag of a record in whose element something is not as XML has it,
// and was taken as it stands. FlagLong: a value of it is too long for a record.
const (
	FlagOdd  = "xml_odd"
	FlagLong = "xml_value_long"
)

// Codes of diagnostics.
const (
	codeMalformed = "xml.malformed"
	codeTooLong   = "xml.element_too_long"
	codeTruncated = "xml.truncated"
	codeOutside   = "xml.odd"
	codeDepth     = "xml.too_deep"
	codeNothing   = "xml.nothing_found"
)

// Document is a document that is being read.
type Document struct {
	c       *sdk.Ctx
	in      *sdk.Input
	charset sdk.TextCharset
	s       *scanner
	root    *Element
	outside sdk.Tally
	read    bool // Elements was called

	rootEmpty bool
	rescans   int64 // bytes that may be read again
}

// Open finds the charset of the document (a byte order mark, else the one declared
// for the item, else its XML declaration, else UTF-8) and its root element. The error
// is sdk.ErrMalformed where there is none.
func Open(c *sdk.Ctx, in *sdk.Input) (*Document, error) {
	d := &Document{c: c, in: in, rescans: in.Size + 64<<20}
	d.outside = sdk.Tally{Code: codeOutside, Message: "something between elements is not as XML has it; it was passed over"}
	if err := d.chooseCharset(); err != nil {
		return nil, err
	}
	if err := d.begin(); err != nil {
		return nil, err
	}
	return d, nil
}

// begin reads up to the root element.
func (d *Document) begin() error {
	t, err := d.in.TextReader(d.charset.Charset)
	if err != nil {
		return err
	}
	d.s = &scanner{c: d.c, t: t, buf: make([]byte, 0, min(bufferSize, max(8<<10, d.in.Size)))}
	for {
		tok, err := d.s.token(nil)
		switch {
		case d.failed() != nil:
			return d.failed()
		case tok == tokenEnd:
			return fmt.Errorf("%w: no XML: there is no root element", sdk.ErrMalformed)
		case err == nil && tok == tokenStart:
			d.root = d.element(nil, "/"+d.s.name)
			d.rootEmpty = d.s.empty
			d.s.scope.add(1, d.s.attrs)
			d.root.Space, d.root.Name = d.s.scope.resolve(d.s.name)
			return nil
		}
	}
}

func (d *Document) failed() error {
	if err := d.c.Err(); err != nil {
		return err
	}
	return d.in.Err()
}

var declaration = regexp.MustCompile(`^\s*<\?xml\s[^>]*?encoding\s*=\s*["']([A-Za-z][A-Za-z0-9._-]*)["']`)

// chooseCharset settles the charset by the document's beginning.
func (d *Document) chooseCharset() error {
	head := make([]byte, min(d.in.Size, 1024))
	if n, err := d.in.ReadAt(head, 0); n < len(head) {
		return err
	}
	stated := sdk.Charset{}
	marked := bytes.HasPrefix(head, []byte("\xef\xbb\xbf")) || bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff"))
	basis := ""
	if !marked && d.c.Charset() == "" {
		stated, basis = d.declared(head)
	}
	cs, err := sdk.ChooseCharset(d.c, d.in, stated)
	if err != nil {
		return err
	}
	if d.charset = cs; basis != "" {
		d.charset.Basis = basis
	}
	return nil
}

// declared returns what the declaration says, or what the first bytes can only be.
func (d *Document) declared(head []byte) (cs sdk.Charset, basis string) {
	name := "utf-8"
	basis = sdk.Assumed // as XML itself says
	switch {
	case bytes.HasPrefix(head, []byte("<\x00")):
		name, basis = "utf-16le", sdk.Detected
	case bytes.HasPrefix(head, []byte("\x00<")):
		name, basis = "utf-16be", sdk.Detected
	default:
		// What can be read as ASCII is not UTF-16, whatever it says.
		if m := declaration.FindSubmatch(head); m != nil && !strings.HasPrefix(strings.ToLower(string(m[1])), "utf-16") {
			name, basis = string(m[1]), sdk.Declared
		}
	}
	cs, err := sdk.ParseCharset(name)
	if err != nil {
		d.c.Unresolved(sdk.Source{}, sdk.CodeCharsetUnknown, "the document declares a charset that is not known here; it is read as UTF-8, and what is no UTF-8 is kept as bytes")
		cs, _ = sdk.ParseCharset("utf-8")
		basis = sdk.Assumed
	}
	return cs, basis
}

// Charset returns the document's charset, and who says so.
func (d *Document) Charset() sdk.TextCharset { return d.charset }

// Root returns the root element as its start tag has it: attributes, and nothing that
// is inside.
func (d *Document) Root() *Element { return d.root }

// level is an element that is open, outside of those handed out.
type level struct {
	name    string // as written
	pointer string
	count   map[string]int // children so far, by name
	total   int
}

// child returns the XPath of the next child of that name.
func (l *level) child(name string) string {
	l.total++
	if l.count == nil {
		l.count = map[string]int{}
	}
	if _, known := l.count[name]; !known && len(l.count) >= maxName {
		return fmt.Sprintf("%s/*[%d]", l.pointer, l.total)
	}
	l.count[name]++
	return l.pointer + "/" + name + "[" + strconv.Itoa(l.count[name]) + "]"
}

// Elements yields the elements of these names, wherever in the document they are, in
// its order, each when it has ended. A name is a local name, or {namespace}local. An
// element inside of one that is handed out is not handed out by itself: it is among
// its Children. Check Err of the input after the loop.
//
// An element that is malformed, cut short or too long is rejected, and reading goes
// on at the next one.
func (d *Document) Elements(names ...string) iter.Seq[*Element] {
	return func(yield func(*Element) bool) {
		wanted := make(map[string]bool, len(names))
		for _, n := range names {
			wanted[n] = true
		}
		if d.read {
			if d.begin() != nil {
				return
			}
		}
		d.read = true
		defer d.outside.Total(d.c)
		r := reader{d: d, wanted: wanted}
		if r.isWanted(d.root.Name, d.root.Space) {
			// The root itself: from its start tag again.
			d.s.seek(d.root.start)
			d.s.scope.drop(0)
		} else if !d.rootEmpty {
			r.open = append(r.open, level{name: d.root.qualified, pointer: d.root.Pointer})
		}
		r.run(yield)
	}
}
