package xmlread

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// valueReader decodes the references of a value that comes in pieces.
type valueReader struct {
	b    []byte
	room *int // of the element
	long bool
	odd  bool
	// A reference may be cut by the end of a piece: pending is what there is of it.
	pending []byte
	high    rune // a first half of a surrogate pair, 0 for none
}

// maxReference is how long a reference may be, from & to ;.
const maxReference = 12

// add takes the next piece.
func (v *valueReader) add(b []byte) {
	for len(b) > 0 {
		if len(v.pending) > 0 {
			c := b[0]
			b = b[1:]
			v.pending = append(v.pending, c)
			switch {
			case c == ';':
				v.reference()
			case !inReference(c) || len(v.pending) == maxReference:
				last := v.pending[len(v.pending)-1]
				v.pending = v.pending[:len(v.pending)-1]
				v.literal()
				if last == '&' {
					v.pending = append(v.pending[:0], last)
				} else {
					v.plain([]byte{last})
				}
			}
			continue
		}
		i := bytes.IndexByte(b, '&')
		if i < 0 {
			v.plain(b)
			return
		}
		v.plain(b[:i])
		v.pending, b = append(v.pending[:0], '&'), b[i+1:]
	}
}

func inReference(c byte) bool {
	return c == '#' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

// plain takes text without references.
func (v *valueReader) plain(b []byte) {
	if len(b) == 0 {
		return
	}
	v.lone()
	v.keep(b)
}

// keep appends, as far as there is room.
func (v *valueReader) keep(b []byte) {
	if v.long {
		return
	}
	if len(v.b)+len(b) > MaxValue || len(b) > *v.room {
		*v.room += len(v.b)
		v.long, v.b = true, nil
		return
	}
	*v.room -= len(b)
	v.b = append(v.b, b...)
}

// literal takes what looked like a reference as it stands.
func (v *valueReader) literal() {
	if len(v.pending) == 0 {
		return
	}
	v.odd = true
	b := v.pending
	v.pending = v.pending[:0]
	v.plain(b)
}

// reference takes what is pending, from & to ;.
func (v *valueReader) reference() {
	name := string(v.pending[1 : len(v.pending)-1])
	if c, ok := standard[name]; ok {
		v.pending = v.pending[:0]
		v.plain([]byte{c})
		return
	}
	var n uint64
	err := strconv.ErrSyntax
	if len(name) > 1 && name[0] == '#' {
		if name[1] == 'x' || name[1] == 'X' {
			n, err = strconv.ParseUint(name[2:], 16, 32)
		} else {
			n, err = strconv.ParseUint(name[1:], 10, 32)
		}
	}
	if err != nil || n > utf8.MaxRune {
		v.literal()
		return
	}
	v.pending = v.pending[:0]
	v.char(rune(n))
}

var standard = map[string]byte{"lt": '<', "gt": '>', "amp": '&', "quot": '"', "apos": '\''}

// char takes a character by its number.
func (v *valueReader) char(r rune) {
	switch {
	case r >= 0xD800 && r < 0xDC00:
		v.lone()
		v.high = r
		return
	case r >= 0xDC00 && r < 0xE000 && v.high != 0:
		r = (v.high-0xD800)<<10 | (r - 0xDC00) + 0x10000
		v.high = 0
	case r >= 0xDC00 && r < 0xE000:
		v.half(r)
		return
	}
	v.lone()
	if r < 0x20 && r != '\t' && r != '\r' && r != '\n' || r == 0xFFFE || r == 0xFFFF {
		v.odd = true // no character of XML 1.0
	}
	v.keep(utf8.AppendRune(nil, r))
}

// lone takes a first half that no second one followed.
func (v *valueReader) lone() {
	if v.high != 0 {
		r := v.high
		v.high = 0
		v.half(r)
	}
}

// half takes half of a surrogate pair as UTF-8 would have it if it could: three
// bytes that are no text, so that the record shows U+FFFD and keeps them.
func (v *valueReader) half(r rune) {
	v.odd = true
	v.keep([]byte{0xE0 | byte(r>>12), 0x80 | byte(r>>6)&0x3F, 0x80 | byte(r)&0x3F})
}

// text returns the value.
func (v *valueReader) text() (s string, long bool) {
	v.literal()
	v.lone()
	return string(v.b), v.long
}
