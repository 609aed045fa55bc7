package main

import (
	"encoding/binary"
	"errors"
	"math"
	"unicode/utf16"
)

// errPlist: the bytes are no binary property list, or one beyond the bounds.
var errPlist = errors.New("no binary property list")

// Bounds of a property list.
const (
	maxPlistObjects = 10_000
	maxPlistDepth   = 16
)

// plist reads a binary property list (bplist00; CoreFoundation's CFBinaryPList.c has
// the format). Values are map[string]any, []any, string, []byte, int64, float64 (a
// date is seconds since 2001), bool and nil.
func plist(b []byte) (any, error) {
	if len(b) < 40 || string(b[:8]) != "bplist00" {
		return nil, errPlist
	}
	trailer := b[len(b)-32:]
	p := plistReader{b: b[:len(b)-32], offsetSize: int(trailer[6]), refSize: int(trailer[7]), left: maxPlistObjects}
	p.objects = binary.BigEndian.Uint64(trailer[8:])
	top, table := binary.BigEndian.Uint64(trailer[16:]), binary.BigEndian.Uint64(trailer[24:])
	if p.offsetSize < 1 || p.offsetSize > 8 || p.refSize < 1 || p.refSize > 8 || table > uint64(len(p.b)) || p.objects > (uint64(len(p.b))-table)/uint64(p.offsetSize) {
		return nil, errPlist
	}
	p.table = p.b[table:]
	return p.object(top, 0)
}

type plistReader struct {
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
func (p *plistReader) object(n uint64, depth int) (any, error) {
	if p.left--; p.left < 0 || depth > maxPlistDepth || n >= p.objects {
		return nil, errPlist
	}
	at := bigEndian(p.table[n*uint64(p.offsetSize):][:p.offsetSize])
	if at >= uint64(len(p.b)) {
		return nil, errPlist
	}
	b := p.b[at:]
	kind, low := b[0]>>4, int(b[0]&15)
	b = b[1:]
	switch kind {
	case 0:
		return map[int]any{8: false, 9: true}[low], nil
	case 1, 2, 3:
		return p.scalar(b, kind, 1<<low)
	case 4, 5, 6, 10, 13:
	default:
		return nil, errPlist
	}
	count, b, err := p.count(b, low)
	if err != nil {
		return nil, err
	}
	switch kind {
	case 4, 5:
		if count > len(b) {
			return nil, errPlist
		}
		if kind == 4 {
			return b[:count:count], nil
		}
		return string(b[:count]), nil
	case 6:
		if count > len(b)/2 {
			return nil, errPlist
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

func (p *plistReader) scalar(b []byte, kind byte, size int) (any, error) {
	if size > 8 || size > len(b) {
		return nil, errPlist
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
	return nil, errPlist
}

// count reads how many; 15 says that a number follows.
func (p *plistReader) count(b []byte, low int) (int, []byte, error) {
	if low < 15 {
		return low, b, nil
	}
	if len(b) == 0 || b[0]>>4 != 1 || b[0]&15 > 3 {
		return 0, nil, errPlist
	}
	size := 1 << (b[0] & 15)
	if len(b) < 1+size {
		return 0, nil, errPlist
	}
	n := bigEndian(b[1 : 1+size])
	if n > uint64(len(p.b)) {
		return 0, nil, errPlist
	}
	return int(n), b[1+size:], nil
}

func (p *plistReader) array(b []byte, count, depth int) (any, error) {
	if count > len(b)/p.refSize || count > p.left {
		return nil, errPlist
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

func (p *plistReader) dict(b []byte, count, depth int) (any, error) {
	if count > len(b)/p.refSize/2 || count > p.left {
		return nil, errPlist
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
			return nil, errPlist
		}
		m[name] = v
	}
	return m, nil
}
