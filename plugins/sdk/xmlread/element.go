package xmlread

import (
	"iter"
	"strconv"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// Element is an element with all that is in it. It may be kept.
type Element struct {
	// Name is the local name, Space the namespace that its prefix, or none, stands for.
	Name, Space string
	// Pointer is its XPath: /smses[1]/sms[3].
	Pointer string

	qualified  string // as written
	d          *Document
	attrs      []attr
	children   []*Element
	text       string
	raw        []byte        // of text, where bytes of it are no text in the charset
	long       bool          // the text is too long to be kept
	start, end int64         // in the document's text
	from, to   int64         // in the input
	inside     evidence.Span // between its tags
	odd        bool          // something in it is not as XML has it
	anyLong    bool          // a value in it is too long to be kept
	damaged    bool          // some bytes are no text in the charset
}

// Source returns the place of the element: its bytes from < to >, and its XPath.
func (e *Element) Source() sdk.Source {
	s := e.d.in.Source(e.from, e.to-e.from)
	s.Pointer = e.Pointer
	return s
}

// Common returns what the document knows of the record: charset, and flags where
// something about the element is odd.
func (e *Element) Common() sdk.Common {
	c := sdk.Common{Charset: e.d.charset.Stated(), CharsetBasis: e.d.charset.Basis}
	if e.damaged {
		c.Flags = append(c.Flags, sdk.FlagCharsetDamaged)
	}
	if e.odd {
		c.Flags = append(c.Flags, FlagOdd)
	}
	if e.anyLong {
		c.Flags = append(c.Flags, FlagLong)
	}
	return c
}

// find returns the attribute of that name: as written, or by its local name.
func (e *Element) find(name string) *attr {
	for i := range e.attrs {
		if e.attrs[i].name == name {
			return &e.attrs[i]
		}
	}
	for i := range e.attrs {
		if _, local, ok := strings.Cut(e.attrs[i].name, ":"); ok && local == name {
			return &e.attrs[i]
		}
	}
	return nil
}

// Attr returns the value of an attribute: absent where the element has none of that
// name, null where it is longer than MaxValue (see AttrSpan).
func (e *Element) Attr(name string) sdk.Text {
	a := e.find(name)
	switch {
	case a == nil:
		return sdk.Text{}
	case a.long:
		return sdk.Null()
	}
	return valueOf(a.value, a.raw)
}

func valueOf(s string, raw []byte) sdk.Text {
	if raw != nil {
		return sdk.Damaged(s, raw)
	}
	return sdk.Str(s)
}

// AttrSpan returns where the value of an attribute lies in the input, between its
// quotes and with its references as they stand: to read one that is too long to be
// kept, with Input.Section. ok is false where there is no such attribute.
func (e *Element) AttrSpan(name string) (span evidence.Span, ok bool) {
	a := e.find(name)
	if a == nil {
		return evidence.Span{}, false
	}
	return evidence.Span{Offset: a.from, Length: a.to - a.from}, true
}

// Int returns an attribute as a whole number; ok is false where it is none.
func (e *Element) Int(name string) (n int64, ok bool) {
	a := e.find(name)
	if a == nil {
		return 0, false
	}
	n, err := strconv.ParseInt(a.value, 10, 64)
	return n, err == nil
}

// Attrs yields all attributes in order, names as written.
func (e *Element) Attrs() iter.Seq2[string, sdk.Text] {
	return func(yield func(string, sdk.Text) bool) {
		for i := range e.attrs {
			v := sdk.Null()
			if a := &e.attrs[i]; !a.long {
				v = valueOf(a.value, a.raw)
			}
			if !yield(e.attrs[i].name, v) {
				return
			}
		}
	}
}

// Text returns the element's own text, that of its children left out: "" where it
// has none, null where it is longer than MaxValue.
func (e *Element) Text() sdk.Text {
	if e.long {
		return sdk.Null()
	}
	return valueOf(e.text, e.raw)
}

// Child returns the first child of that local name, nil for none.
func (e *Element) Child(name string) *Element {
	for _, c := range e.children {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// Children yields the children of that local name, all of them where it is "".
func (e *Element) Children(name string) iter.Seq[*Element] {
	return func(yield func(*Element) bool) {
		for _, c := range e.children {
			if (name == "" || c.Name == name) && !yield(c) {
				return
			}
		}
	}
}

// Extra returns all attributes and children but those named, for Common.Extra. A
// child that has text only is that text; other ones are maps of the same kind, with
// their text as #text; those of one name are a list.
func (e *Element) Extra(except ...string) map[string]any {
	m := make(map[string]any, len(e.attrs)+len(e.children))
	for name, v := range e.Attrs() {
		if !named(except, name) {
			put(m, name, v)
		}
	}
	for _, c := range e.children {
		if !named(except, c.Name) {
			put(m, c.Name, c.content())
		}
	}
	return m
}

func named(list []string, name string) bool {
	for _, n := range list {
		if n == name {
			return true
		}
	}
	return false
}

// put adds a value; where there is one of that name already, to a list.
func put(m map[string]any, name string, v any) {
	switch before := m[name].(type) {
	case nil:
		m[name] = v
	case []any:
		m[name] = append(before, v)
	default:
		m[name] = []any{before, v}
	}
}

func (e *Element) content() any {
	if len(e.attrs) == 0 && len(e.children) == 0 {
		return e.Text()
	}
	m := e.Extra()
	if e.text != "" && !blank(e.text) {
		put(m, "#text", e.Text())
	}
	return m
}

func blank(s string) bool {
	for i := range len(s) {
		switch s[i] {
		case ' ', '\t', '\r', '\n':
		default:
			return false
		}
	}
	return true
}
