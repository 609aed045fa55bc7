package sdk

import (
	"strings"
	"unicode/utf8"
	"unsafe"
)

type state uint8

const (
	absent state = iota
	null
	present
)

// Text is a value that an input may state as text. The zero Text is absent: the
// format has no such field, and the record will not have it either. Null is for a
// field that the format has and this unit leaves empty. Bytes that are not UTF-8
// are kept: the record then has the field with each bad byte shown as U+FFFD and,
// beside it, `<field>_raw` with all bytes in base64.
type Text struct {
	s     string
	state state
	// damaged: s is what can be read, cut bytes of it, and then the bytes as they stand.
	damaged bool
	cut     uint32
}

// Str returns s as a value, "" included.
func Str(s string) Text { return Text{s: s, state: present} }

// Bytes returns b as a value without copying it: b must not change until the
// record was put.
func Bytes(b []byte) Text {
	return Text{s: unsafe.String(unsafe.SliceData(b), len(b)), state: present}
}

// Damaged returns a value some of whose bytes are no text in the input's charset:
// shown is what can be read of it, in UTF-8 with U+FFFD for the rest, and raw its
// bytes as they stand in the input. The record has both, as records.md says.
func Damaged(shown string, raw []byte) Text {
	return Text{s: shown + string(raw), state: present, damaged: true, cut: uint32(len(shown))}
}

// Null returns the null value.
func Null() Text { return Text{state: null} }

// OrNull returns s, or null where it is empty.
func OrNull(s string) Text {
	if s == "" {
		return Null()
	}
	return Str(s)
}

// BytesOrNull returns b as Bytes does, or null where it is empty.
func BytesOrNull(b []byte) Text {
	if len(b) == 0 {
		return Null()
	}
	return Bytes(b)
}

// String returns the text, "" where there is none.
func (t Text) String() string {
	if t.damaged {
		return t.s[:t.cut]
	}
	return t.s
}

// raw returns the bytes that must stand beside the text; ok is false where the text
// is all there is.
func (t Text) raw() (b string, ok bool) {
	if t.damaged {
		return t.s[t.cut:], true
	}
	return t.s, !utf8.ValidString(t.s)
}

// IsNull reports whether t is null or absent.
func (t Text) IsNull() bool { return t.state != present }

// IsAbsent reports whether t was never set.
func (t Text) IsAbsent() bool { return t.state == absent }

// Number is an integer that an input may state; absent and null as in Text.
// Beyond 2^53-1 it is written as text (docs/formats/canonical.md).
type Number struct {
	n     int64
	state state
}

// Num returns n as a value.
func Num(n int64) Number { return Number{n, present} }

// NullNum returns the null value.
func NullNum() Number { return Number{state: null} }

// validText shows each byte that is not UTF-8 as U+FFFD.
func validText(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 16)
	for _, r := range s {
		b.WriteRune(r)
	}
	return b.String()
}
