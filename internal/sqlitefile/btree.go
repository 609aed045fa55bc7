package sqlitefile

import (
	"encoding/binary"
	"fmt"
)

// The kinds of b-tree pages (§1.6).
const (
	interiorIndex = 0x02
	interiorTable = 0x05
	leafIndex     = 0x0a
	leafTable     = 0x0d
)

// maxDepth is SQLite's own bound of a b-tree's depth (BTCURSOR_MAX_DEPTH).
const maxDepth = 20

// node is a b-tree page. Its bytes belong to a cache or a walk and change with it.
type node struct {
	page  uint32
	data  []byte
	kind  byte
	cells int
	array int // where the cell pointers begin
	right uint32
}

// parse reads the header of a b-tree page.
func (f *File) parse(page uint32, data []byte) (node, error) {
	n := node{page: page, data: data}
	at := 0
	if page == 1 {
		at = headerSize
	}
	n.kind, n.cells = data[at], int(binary.BigEndian.Uint16(data[at+3:]))
	n.array = at + 8
	switch n.kind {
	case interiorTable, interiorIndex:
		n.right = binary.BigEndian.Uint32(data[at+8:])
		n.array = at + 12
	case leafTable, leafIndex:
	default:
		return n, fmt.Errorf("%w: page %d is no b-tree page", ErrCorrupt, page)
	}
	if n.array+2*n.cells > f.usable {
		return n, fmt.Errorf("%w: page %d states %d cells", ErrCorrupt, page, n.cells)
	}
	return n, nil
}

// cell returns the offset of cell i in its page.
func (f *File) cell(n *node, i int) (int, error) {
	at := int(binary.BigEndian.Uint16(n.data[n.array+2*i:]))
	if at < n.array+2*n.cells || at >= f.usable {
		return 0, fmt.Errorf("%w: cell %d of page %d lies outside of its page", ErrCorrupt, i, n.page)
	}
	return at, nil
}

// child returns the page and the largest rowid of cell i of an interior page of a table.
func (f *File) child(n *node, i int) (page uint32, key int64, err error) {
	at, err := f.cell(n, i)
	if err != nil {
		return 0, 0, err
	}
	if at+4 > f.usable {
		return 0, 0, fmt.Errorf("%w: cell %d of page %d has no end", ErrCorrupt, i, n.page)
	}
	v, w := varint(n.data[at+4 : f.usable])
	if w == 0 {
		return 0, 0, fmt.Errorf("%w: cell %d of page %d has no end", ErrCorrupt, i, n.page)
	}
	return binary.BigEndian.Uint32(n.data[at:]), int64(v), nil
}

// row is a cell of a leaf page of a table.
type row struct {
	id       int64
	at       int    // of the cell in its page
	head     int    // bytes before the payload
	payload  int64  // bytes of it
	local    int    // bytes of it in the cell
	overflow uint32 // the page where it goes on, 0 for none
}

// leaf reads cell i of a leaf page of a table.
func (f *File) leaf(n *node, i int) (row, error) {
	at, err := f.cell(n, i)
	if err != nil {
		return row{}, err
	}
	size, w := varint(n.data[at:f.usable])
	if w == 0 || size > 1<<31 {
		return row{}, fmt.Errorf("%w: cell %d of page %d states an impossible size", ErrCorrupt, i, n.page)
	}
	id, w2 := varint(n.data[at+w : f.usable])
	if w2 == 0 {
		return row{}, fmt.Errorf("%w: cell %d of page %d has no end", ErrCorrupt, i, n.page)
	}
	r := row{id: int64(id), at: at, head: w + w2, payload: int64(size)}
	r.local = f.local(r.payload)
	end := at + r.head + r.local
	if int64(r.local) < r.payload {
		if end+4 > f.usable {
			return row{}, fmt.Errorf("%w: cell %d of page %d has no end", ErrCorrupt, i, n.page)
		}
		r.overflow = binary.BigEndian.Uint32(n.data[end:])
	} else if end > f.usable {
		return row{}, fmt.Errorf("%w: cell %d of page %d has no end", ErrCorrupt, i, n.page)
	}
	return r, nil
}

// local returns how much of a payload stands in the cell of a table's leaf (§1.6).
func (f *File) local(payload int64) int {
	u := int64(f.usable)
	if payload <= u-35 {
		return int(payload)
	}
	least := (u-12)*32/255 - 23
	if k := least + (payload-least)%(u-4); k <= u-35 {
		return int(k)
	}
	return int(least)
}

// varint reads a variable-length integer of 1 to 9 bytes; n is 0 where b ends first.
func varint(b []byte) (v uint64, n int) {
	for i := range min(8, len(b)) {
		v = v<<7 | uint64(b[i]&0x7f)
		if b[i] < 0x80 {
			return v, i + 1
		}
	}
	if len(b) < 9 {
		return 0, 0
	}
	return v<<8 | uint64(b[8]), 9
}
