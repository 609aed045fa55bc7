package main

import (
	"bytes"
	"encoding/binary"
	"errors"
)

// errTypedstream: the bytes are no typedstream that begins with a string, or with an
// attributed one.
var errTypedstream = errors.New("no typedstream of an attributed string")

// Tags of a typedstream (NeXT's NSArchiver; the format has no published definition,
// only what others found of it). Bytes from firstReference on refer to what was read
// before; others below tagInt16 and above tagEnd are small numbers themselves.
const (
	tagInt16       = 0x81
	tagInt32       = 0x82
	tagNew         = 0x84
	tagNil         = 0x85
	firstReference = 0x92
)

// maxClasses is how long a chain of superclasses may be.
const maxClasses = 16

// typedstream reads the start of an archive: as far as the text of its first object.
type typedstream struct {
	b       []byte
	strings [][]byte
	classes map[int][]byte // names, by the number of the object
	objects int
}

// attributedText returns the text of an archived NSAttributedString or NSString. What
// the archive says of its runs (links, mentions, attachments) is not read.
func attributedText(b []byte) (string, error) {
	t := &typedstream{b: b, classes: map[int][]byte{}}
	if !t.take(0x04) { // the version of the format
		return "", errTypedstream
	}
	if s, ok := t.bytes(); !ok || string(s) != "streamtyped" {
		return "", errTypedstream
	}
	if _, ok := t.number(); !ok { // of the system that wrote it
		return "", errTypedstream
	}
	text, ok := t.object(0)
	if !ok {
		return "", errTypedstream
	}
	return text, nil
}

func (t *typedstream) take(tag byte) bool {
	if len(t.b) == 0 || t.b[0] != tag {
		return false
	}
	t.b = t.b[1:]
	return true
}

// number reads a number that is no reference.
func (t *typedstream) number() (int, bool) {
	if len(t.b) == 0 {
		return 0, false
	}
	c := t.b[0]
	switch {
	case c == tagInt16 && len(t.b) >= 3:
		n := int(binary.LittleEndian.Uint16(t.b[1:]))
		t.b = t.b[3:]
		return n, true
	case c == tagInt32 && len(t.b) >= 5:
		n := int(binary.LittleEndian.Uint32(t.b[1:]))
		t.b = t.b[5:]
		return n, true
	case c < tagInt16:
		t.b = t.b[1:]
		return int(c), true
	}
	return 0, false
}

// bytes reads a string that is not shared: its length, and as many bytes.
func (t *typedstream) bytes() ([]byte, bool) {
	n, ok := t.number()
	if !ok || n > len(t.b) {
		return nil, false
	}
	s := t.b[:n]
	t.b = t.b[n:]
	return s, true
}

// reference reads the number of something that was read before.
func (t *typedstream) reference() (int, bool) {
	if len(t.b) == 0 || t.b[0] < firstReference {
		return 0, false
	}
	n := int(t.b[0]) - firstReference
	t.b = t.b[1:]
	return n, true
}

// shared reads a string that later ones may refer to: names and types.
func (t *typedstream) shared() ([]byte, bool) {
	if t.take(tagNew) {
		s, ok := t.bytes()
		t.strings = append(t.strings, s)
		return s, ok
	}
	n, ok := t.reference()
	if !ok || n >= len(t.strings) {
		return nil, false
	}
	return t.strings[n], true
}

// class reads the class of an object with what it is derived from, and returns the
// names, its own first.
func (t *typedstream) class() (names [][]byte, ok bool) {
	for range maxClasses {
		if t.take(tagNil) {
			return names, len(names) > 0
		}
		if !t.take(tagNew) {
			n, ok := t.reference()
			if !ok || t.classes[n] == nil {
				return nil, false
			}
			return append(names, t.classes[n]), true
		}
		name, ok := t.shared()
		if !ok {
			return nil, false
		}
		if _, ok := t.number(); !ok { // its version
			return nil, false
		}
		t.classes[t.objects] = name
		t.objects++
		names = append(names, name)
	}
	return nil, false
}

// object reads a value of type @ as far as its text: that of a string itself, or of
// the first object in an attributed one.
func (t *typedstream) object(depth int) (string, bool) {
	if typ, ok := t.shared(); !ok || string(typ) != "@" || depth > 1 || !t.take(tagNew) {
		return "", false
	}
	t.objects++
	names, ok := t.class()
	if !ok {
		return "", false
	}
	for _, name := range names {
		switch {
		case bytes.Equal(name, []byte("NSAttributedString")):
			return t.object(depth + 1)
		case bytes.Equal(name, []byte("NSString")):
			if typ, ok := t.shared(); !ok || string(typ) != "+" {
				return "", false
			}
			s, ok := t.bytes()
			return string(s), ok
		}
	}
	return "", false
}
