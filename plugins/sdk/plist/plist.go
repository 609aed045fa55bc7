// Package plist reads property lists that are evidence: binary ones, as Apple's systems
// keep them in files and in columns of databases, in memory that is bounded.
package plist

import (
	"encoding/binary"
	"errors"
	"math"
	"unicode/utf16"
)

// ErrFormat: the bytes are no binary property list, or one beyond the bounds.
var ErrFormat = errors.New("no binary property list")

// Magic begins a binary property list.
const Magic = "bplist00"

// UID is a reference to another object in a list that an archiver wrote (Archived).
type UID uint64

// Bounds of a property list.
const (
	maxObjects = 10_000
	maxDepth   = 16
)

// Parse reads a binary property list (bplist00; CoreFoundation's CFBinaryPList.c has
// the format). Values are map[string]any, []any, string, []byte, int64, float64 (a
// date is seconds since 2001), bool, UID and nil.
func Parse(b []byte) (any, error) {
	if len(b) < 40 || string(b[:8]) != Magic {
		return nil, ErrFormat
	}
	trailer := b[len(b)-32:]
	p := reader{b: b[:len(b)-32], offsetSize: int(trailer[6]), refSize: int(trailer[7]), left: maxObjects}
	p.objects = binary.BigEndian.Uint64(trailer[8:])
	top, table := binary.BigEndian.Uint64(trailer[16:]), binary.BigEndian.Uint64(trailer[24:])
	if p.offsetSize < 1 || p.offsetSize > 8 || p.refSize < 1 || p.refSize > 8 || table > uint64(len(p.b)) || p.objects > (uint64(len(p.b))-table)/uint64(p.offsetSize) {
		return nil, ErrFormat
	}
	p.table = p.b[table:]
	return p.object(top, 0)
}

type reader struct {
	b, table            []byte
	offsetSize, refSize int
	objects             uint64
	left                int // objects that may still be read: a list may name one over and over
}

func bigEndian(b []byte) (n uint64) {
	for _, c := range b {
		n = n<<8 | uint64(c)
	}
	return n
}

// object reads the object of that number.
func (p *reader) object(n uint64, depth int) (any, error) {
	if p.left--; p.left < 0 || depth > maxDepth || n >= p.objects {
		return nil, ErrFormat
	}
	at := bigEndian(p.table[n*uint64(p.offsetSize):][:p.offsetSize])
	if at >= uint64(len(p.b)) {
		return nil, ErrFormat
	}
	b := p.b[at:]
	kind, low := b[0]>>4, int(b[0]&15)
	b = b[1:]
	switch kind {
	case 0:
		return map[int]any{8: false, 9: true}[low], nil
	case 1, 2, 3:
		return p.scalar(b, kind, 1<<low)
	case 8: // a byte more than it says
		if size := low + 1; size <= 8 && size <= len(b) {
			return UID(bigEndian(b[:size])), nil
		}
		return nil, ErrFormat
	case 4, 5, 6, 10, 13:
	default:
		return nil, ErrFormat
	}
	count, b, err := p.count(b, low)
	if err != nil {
		return nil, err
	}
	switch kind {
	case 4, 5:
		if count > len(b) {
			return nil, ErrFormat
		}
		if kind == 4 {
			return b[:count:count], nil
		}
		return string(b[:count]), nil
	case 6:
		if count > len(b)/2 {
			return nil, ErrFormat
		}
		units := make([]uint16, count)
		for i := range units {
			units[i] = binary.BigEndian.Uint16(b[2*i:])
		}
		return string(utf16.Decode(units)), nil
	case 10:
		return p.array(b, count, depth)
	}
	return p.dict(b, count, depth)
}

func (p *reader) scalar(b []byte, kind byte, size int) (any, error) {
	if size > 8 || size > len(b) {
		return nil, ErrFormat
	}
	n := bigEndian(b[:size])
	switch {
	case kind == 1:
		return int64(n), nil
	case size == 4:
		return float64(math.Float32frombits(uint32(n))), nil
	case size == 8:
		return math.Float64frombits(n), nil
	}
	return nil, ErrFormat
}

// count reads how many; 15 says that a number follows.
func (p *reader) count(b []byte, low int) (int, []byte, error) {
	if low < 15 {
		return low, b, nil
	}
	if len(b) == 0 || b[0]>>4 != 1 || b[0]&15 > 3 {
		return 0, nil, ErrFormat
	}
	size := 1 << (b[0] & 15)
	if len(b) < 1+size {
		return 0, nil, ErrFormat
	}
	n := bigEndian(b[1 : 1+size])
	if n > uint64(len(p.b)) {
		return 0, nil, ErrFormat
	}
	return int(n), b[1+size:], nil
}

func (p *reader) array(b []byte, count, depth int) (any, error) {
	if count > len(b)/p.refSize || count > p.left {
		return nil, ErrFormat
	}
	list := make([]any, 0, count)
	for i := range count {
		v, err := p.object(bigEndian(b[i*p.refSize:][:p.refSize]), depth+1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, nil
}

func (p *reader) dict(b []byte, count, depth int) (any, error) {
	if count > len(b)/p.refSize/2 || count > p.left {
		return nil, ErrFormat
	}
	m := make(map[string]any, count)
	for i := range count {
		k, err := p.object(bigEndian(b[i*p.refSize:][:p.refSize]), depth+1)
		if err != nil {
			return nil, err
		}
		v, err := p.object(bigEndian(b[(count+i)*p.refSize:][:p.refSize]), depth+1)
		if err != nil {
			return nil, err
		}
		name, ok := k.(string)
		if !ok {
			return nil, ErrFormat
		}
		m[name] = v
	}
	return m, nil
}

// Archived returns the root object of what NSKeyedArchiver wrote, with its references
// followed one level: the members of the root. What they refer to in turn is for Follow.
func Archived(v any) (root map[string]any, objects []any, err error) {
	top, _ := v.(map[string]any)
	objects, _ = top["$objects"].([]any)
	names, _ := top["$top"].(map[string]any)
	at, ok := names["root"].(UID)
	if !ok || at >= UID(len(objects)) {
		return nil, nil, ErrFormat
	}
	archived, ok := objects[at].(map[string]any)
	if !ok {
		return nil, nil, ErrFormat
	}
	root = make(map[string]any, len(archived))
	for name, member := range archived {
		root[name] = Follow(member, objects)
	}
	return root, objects, nil
}

// Follow returns the object that v refers to, or v itself where it is no reference.
func Follow(v any, objects []any) any {
	if at, ok := v.(UID); ok {
		if at >= UID(len(objects)) {
			return nil
		}
		return objects[at]
	}
	return v
}
