package jsonread

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// Element is one value that is a record of its own. It may be kept.
type Element struct {
	// Pointer is its JSON pointer (RFC 6901), "" for a whole document or line.
	Pointer string
	// Line is its line where it was read by Lines, else 0.
	Line int64
	// Raw are its bytes, in UTF-8.
	Raw []byte

	in         *sdk.Input
	span       evidence.Span
	places     []int32 // of the bytes of Raw, and its end, from span's start, where the input is not in UTF-8
	charset    sdk.TextCharset
	nodes      []node
	odd        bool
	duplicates bool
}

// Value returns the element as a value.
func (e *Element) Value() Value { return Value{e, 0} }

// Get returns the value at a path: see Value.Get.
func (e *Element) Get(path ...string) Value { return e.Value().Get(path...) }

// Text returns the value at a path as text: see Value.Text.
func (e *Element) Text(path ...string) sdk.Text { return e.Get(path...).Text() }

// Int returns the value at a path as a whole number: see Value.Number.
func (e *Element) Int(path ...string) sdk.Number { return e.Get(path...).Number() }

// Int64 returns the value at a path as a whole number: see Value.Int64.
func (e *Element) Int64(path ...string) (int64, bool) { return e.Get(path...).Int64() }

// Extra returns all members but those named, for Common.Extra.
func (e *Element) Extra(except ...string) map[string]any { return e.Value().Extra(except...) }

// Decode reads the element into v as encoding/json does, which shows what is no
// text as U+FFFD.
func (e *Element) Decode(v any) error {
	raw := e.Raw
	if e.odd {
		raw = escaped(raw)
	}
	if err := json.Unmarshal(raw, v); err != nil {
		// Its text may quote the evidence.
		return fmt.Errorf("%w: the element is not as the plugin expects it", sdk.ErrMalformed)
	}
	return nil
}

// escaped writes the control characters of strings as JSON has them.
func escaped(raw []byte) []byte {
	var out []byte
	inside := false
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case inside && c < 0x20:
			out = fmt.Appendf(out, `\u%04x`, c)
			continue
		case inside && c == '\\':
			out = append(out, c)
			i++
		case c == '"':
			inside = !inside
		}
		out = append(out, raw[i])
	}
	return out
}

// Source returns the place of the element.
func (e *Element) Source() sdk.Source {
	s := e.in.Source(e.span.Offset, e.span.Length)
	s.Pointer, s.Line = e.Pointer, e.Line
	return s
}

// Common returns what the document knows of the record: charset, and flags where
// something about the element is odd.
func (e *Element) Common() sdk.Common {
	c := sdk.Common{Charset: e.charset.Stated(), CharsetBasis: e.charset.Basis}
	if e.duplicates {
		c.Flags = append(c.Flags, FlagDuplicate)
	}
	if e.odd {
		c.Flags = append(c.Flags, FlagOdd)
	}
	return c
}

func (e *Element) nameOf(n *node) string { return unquote(e.Raw[n.name:n.end]) }

// isNamed compares without making a string of the name, as most have no escapes.
func (e *Element) isNamed(n *node, name string) bool {
	raw := e.Raw[n.name+1 : n.end-1]
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw) == name
	}
	return e.nameOf(n) == name
}

func (e *Element) sameName(a, b *node) bool {
	x, y := e.Raw[a.name:a.end], e.Raw[b.name:b.end]
	if bytes.IndexByte(x, '\\') < 0 && bytes.IndexByte(y, '\\') < 0 {
		return bytes.Equal(x, y)
	}
	return unquote(x) == unquote(y)
}

// spanOf returns where bytes of Raw lie in the input.
func (e *Element) spanOf(from, to int64) evidence.Span {
	if e.places != nil {
		return evidence.Span{Offset: e.span.Offset + int64(e.places[from]), Length: int64(e.places[to] - e.places[from])}
	}
	return evidence.Span{Offset: e.span.Offset + from, Length: to - from}
}
