package sqlitefile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"unicode/utf16"
	"unicode/utf8"
)

// Object is a table, index, view or trigger, as sqlite_schema has it (§2.6).
type Object struct {
	// Type is table, index, view or trigger, in the database's own words.
	Type string
	// Name is its own, Table that of the table it belongs to.
	Name, Table string
	// SQL is the statement that made it, "" for what SQLite made by itself.
	SQL string
	// Root is the page at which its b-tree begins; 0 for views, triggers and virtual tables.
	Root uint32
}

// Bounds of a schema.
const (
	maxSchemaPages = 1 << 16
	maxSchemaBytes = 32 << 20 // of all rows together
	maxSchemaFault = 1000     // damaged places
)

// Schema returns at most max objects, in the file's order. Text that is not well
// formed has U+FFFD in it. What could be read is returned beside an error that says
// what could not: damage (ErrCorrupt, the first there is) costs the objects of its
// page; there are more objects than max, or they are larger than is reasonable (ErrLimit).
func (f *File) Schema(max int) (objects []Object, err error) {
	w := f.newWalk(maxSchemaPages)
	room, faults := int64(maxSchemaBytes), 0
	note := func(e error) {
		if faults++; err == nil {
			err = e
		}
	}
	for faults < maxSchemaFault {
		n, werr := w.next(1)
		var damage *PageError
		switch {
		case errors.As(werr, &damage):
			note(werr)
			continue
		case werr != nil:
			return objects, werr
		case n == nil:
			return objects, err
		}
		for i := 0; i < n.cells && faults < maxSchemaFault; i++ {
			if len(objects) == max {
				return objects, fmt.Errorf("%w: more than %d objects in the schema", ErrLimit, max)
			}
			r, rerr := f.leaf(n, i)
			if rerr != nil {
				note(rerr)
				continue
			}
			if room -= r.payload; room < 0 {
				return objects, fmt.Errorf("%w: a schema of more than %d bytes", ErrLimit, maxSchemaBytes)
			}
			o, rerr := f.object(n, r)
			switch {
			case rerr == nil:
				objects = append(objects, o)
			case errors.Is(rerr, ErrCorrupt):
				note(rerr)
			default:
				return objects, rerr
			}
		}
	}
	return objects, err
}

// object reads one row of sqlite_schema.
func (f *File) object(n *node, r row) (Object, error) {
	payload, err := f.payload(n, r)
	if err != nil {
		return Object{}, err
	}
	values, ok := f.record(payload, 5)
	if !ok {
		return Object{}, fmt.Errorf("%w: a row of the schema on page %d is no record", ErrCorrupt, n.page)
	}
	o := Object{Type: values[0].text, Name: values[1].text, Table: values[2].text, SQL: values[4].text}
	if root := values[3].integer; root > 0 && root <= math.MaxUint32 {
		o.Root = uint32(root)
	}
	return o, nil
}

// payload returns all bytes of a row, which the caller has found to be not too many.
func (f *File) payload(n *node, r row) ([]byte, error) {
	start := r.at + r.head
	b := bytes.Clone(n.data[start : start+r.local])
	if r.overflow == 0 {
		return b, nil
	}
	places, err := f.overflow(nil, r)
	if err != nil {
		return nil, err
	}
	for _, p := range places {
		from := len(b)
		b = append(b, make([]byte, p.Length)...)
		reader := f.db
		if p.WAL {
			reader = f.wal
		}
		if err := readFull(reader, b[from:], p.Offset); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// value is a column of a record, as far as a schema needs it.
type value struct {
	text    string
	integer int64
}

// record reads the first n columns of a record (§2.1).
func (f *File) record(b []byte, n int) ([]value, bool) {
	size, w := varint(b)
	if w == 0 || size > uint64(len(b)) || size < uint64(w) {
		return nil, false
	}
	types, body := b[w:size], b[size:]
	values := make([]value, n)
	for i := range values {
		serial, w := varint(types)
		if w == 0 {
			return nil, false
		}
		types = types[w:]
		length := serialLength(serial)
		if length > uint64(len(body)) {
			return nil, false
		}
		v := body[:length]
		body = body[length:]
		switch {
		case serial == 9:
			values[i].integer = 1
		case serial >= 1 && serial <= 6:
			values[i].integer = bigEndian(v)
		case serial >= 13 && serial%2 == 1:
			values[i].text = f.text(v)
		}
	}
	return values, true
}

// serialLength returns how many bytes a value of a serial type has; the types that
// are reserved are too long for any record.
func serialLength(serial uint64) uint64 {
	switch {
	case serial <= 4:
		return serial
	case serial == 5:
		return 6
	case serial == 6 || serial == 7:
		return 8
	case serial == 8 || serial == 9:
		return 0
	case serial < 12:
		return math.MaxUint64
	}
	return (serial - 12) / 2
}

// bigEndian reads a two's complement integer of up to 8 bytes.
func bigEndian(b []byte) int64 {
	var v int64
	if len(b) > 0 && b[0] >= 0x80 {
		v = -1
	}
	for _, c := range b {
		v = v<<8 | int64(c)
	}
	return v
}

// text decodes text of the database's encoding.
func (f *File) text(b []byte) string {
	var order binary.ByteOrder = binary.LittleEndian
	switch f.header.TextEncoding {
	case UTF8:
		if utf8.Valid(b) {
			return string(b)
		}
		return string(bytes.ToValidUTF8(b, []byte("\uFFFD")))
	case UTF16BE:
		order = binary.BigEndian
	}
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = order.Uint16(b[2*i:])
	}
	return string(utf16.Decode(units))
}
