package jsonread

import (
	"encoding/json"
	"iter"
	"strconv"
	"unicode/utf8"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// Kind is what a value is.
type Kind uint8

// The kinds of values. Absent is that of a value that is not there.
const (
	Absent Kind = iota
	Null
	Bool
	Number
	String
	Array
	Object
)

// node is one value of an element, those inside of it following it.
type node struct {
	kind      Kind
	odd       bool  // a string with something that JSON does not allow
	duplicate bool  // a later member of its object has the same name
	name, end int32 // the member's name in raw, from its quote; 0 for none
	from, to  int32 // in raw
	next      int32 // the node after this one and all inside of it
}

// Value is a value in an element: of the zero Value, and of one that is not there,
// everything is absent. It may be kept.
type Value struct {
	e *Element
	i int32
}

func (v Value) node() *node {
	if v.e == nil {
		return &node{}
	}
	return &v.e.nodes[v.i]
}

// Kind returns what v is.
func (v Value) Kind() Kind { return v.node().kind }

// Raw returns the bytes of v as they stand.
func (v Value) Raw() []byte {
	if v.e == nil {
		return nil
	}
	n := v.node()
	return v.e.Raw[n.from:n.to:n.to]
}

// Span returns where v lies in the input.
func (v Value) Span() evidence.Span {
	if v.e == nil {
		return evidence.Span{}
	}
	n := v.node()
	return v.e.spanOf(int64(n.from), int64(n.to))
}

// Get follows names of members, and places of elements of arrays ("0"), from v. Where
// an object states a name twice the last one counts.
func (v Value) Get(path ...string) Value {
	for _, name := range path {
		v = v.child(name)
	}
	return v
}

func (v Value) child(name string) Value {
	found := Value{}
	switch v.Kind() {
	case Object:
		n := v.node()
		for i := v.i + 1; i < n.next; i = v.e.nodes[i].next {
			if c := &v.e.nodes[i]; !c.duplicate && v.e.isNamed(c, name) {
				return Value{v.e, i}
			}
		}
	case Array:
		at, err := strconv.Atoi(name)
		if err != nil || at < 0 {
			return found
		}
		for i, c := range v.Elements() {
			if i == at {
				return c
			}
		}
	}
	return found
}

// members yields the members of an object as they stand, duplicates included.
func (v Value) members() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		n := v.node()
		for i := v.i + 1; i < n.next; i = v.e.nodes[i].next {
			c := &v.e.nodes[i]
			if !yield(v.e.nameOf(c), Value{v.e, i}) {
				return
			}
		}
	}
}

// Members yields the members of an object in order; of one whose name stands in the
// object again, the second is called name#2, and so on.
func (v Value) Members() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		if v.Kind() != Object {
			return
		}
		var seen map[string]int
		if v.e.duplicates {
			seen = map[string]int{}
		}
		for name, c := range v.members() {
			if seen != nil {
				if seen[name]++; seen[name] > 1 {
					name += "#" + strconv.Itoa(seen[name])
				}
			}
			if !yield(name, c) {
				return
			}
		}
	}
}

// Elements yields the elements of an array in order.
func (v Value) Elements() iter.Seq2[int, Value] {
	return func(yield func(int, Value) bool) {
		if v.Kind() != Array {
			return
		}
		at, n := 0, v.node()
		for i := v.i + 1; i < n.next; i = v.e.nodes[i].next {
			if !yield(at, Value{v.e, i}) {
				return
			}
			at++
		}
	}
}

// Text returns v as text: absent where it is not there, null where it is null, a
// string decoded, anything else as it stands. Bytes of a string that are not UTF-8,
// and halves of surrogate pairs (\ud83d alone, as three bytes), are kept beside what
// can be read of it.
func (v Value) Text() sdk.Text {
	switch n := v.node(); n.kind {
	case Absent:
		return sdk.Text{}
	case Null:
		return sdk.Null()
	case String:
		return sdk.Str(unquote(v.e.Raw[n.from:n.to]))
	}
	return sdk.Str(string(v.Raw()))
}

// Number returns v as a whole number: absent where it is not there, null where it is
// null or no whole number. A number in a string counts.
func (v Value) Number() sdk.Number {
	if v.Kind() == Absent {
		return sdk.Number{}
	}
	if n, ok := v.Int64(); ok {
		return sdk.Num(n)
	}
	return sdk.NullNum()
}

// Int64 is Number for the plugin's own use; ok is false where there is no number.
func (v Value) Int64() (n int64, ok bool) {
	if k := v.Kind(); k != Number && k != String {
		return 0, false
	}
	text := v.Text().String()
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, true
	}
	// 1.5e3 is a whole number, and so is 3.0.
	if f, err := strconv.ParseFloat(text, 64); err == nil && f == float64(int64(f)) && f > -1<<53 && f < 1<<53 {
		return int64(f), true
	}
	return 0, false
}

// Bool returns v as a truth value; ok is false where it is none.
func (v Value) Bool() (b, ok bool) {
	if v.Kind() != Bool {
		return false, false
	}
	return v.Raw()[0] == 't', true
}

// Any returns v as Common.Extra takes it: nil, bool, json.Number, sdk.Text, []any or
// map[string]any.
func (v Value) Any() any {
	switch v.Kind() {
	case Bool:
		b, _ := v.Bool()
		return b
	case Number:
		return json.Number(v.Raw())
	case String:
		return v.Text()
	case Array:
		list := []any{}
		for _, c := range v.Elements() {
			list = append(list, c.Any())
		}
		return list
	case Object:
		m := map[string]any{}
		for name, c := range v.Members() {
			m[name] = c.Any()
		}
		return m
	}
	return nil
}

// Extra returns all members of an object but those named, for Common.Extra.
func (v Value) Extra(except ...string) map[string]any {
	m := map[string]any{}
members:
	for name, c := range v.Members() {
		for _, e := range except {
			if e == name {
				continue members
			}
		}
		m[name] = c.Any()
	}
	return m
}

// unquote decodes a string, which begins and ends with a quote and is well formed
// but for its characters.
func unquote(b []byte) string {
	b = b[1 : len(b)-1]
	plain := true
	for _, c := range b {
		if c == '\\' {
			plain = false
			break
		}
	}
	if plain {
		return string(b)
	}
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] != '\\' {
			out = append(out, b[i])
			continue
		}
		i++
		switch c := b[i]; c {
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			r := hex4(b[i+1:])
			i += 4
			if r >= 0xD800 && r < 0xDC00 && i+6 < len(b)+0 && b[i+1] == '\\' && b[i+2] == 'u' {
				if low := hex4(b[i+3:]); low >= 0xDC00 && low < 0xE000 {
					r = (r-0xD800)<<10 | (low - 0xDC00) + 0x10000
					i += 6
				}
			}
			if r >= 0xD800 && r < 0xE000 { // as UTF-8 would have it if it could
				out = append(out, 0xE0|byte(r>>12), 0x80|byte(r>>6)&0x3F, 0x80|byte(r)&0x3F)
				continue
			}
			out = utf8.AppendRune(out, r)
		default: // " \ /
			out = append(out, c)
		}
	}
	return string(out)
}

// hex4 reads four hexadecimal digits, -1 where there are none.
func hex4(b []byte) rune {
	if len(b) < 4 {
		return -1
	}
	var r rune
	for _, c := range b[:4] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return -1
		}
		r = r<<4 | rune(c)
	}
	return r
}
