package sqlitefile

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// cachedPages is how many pages Row keeps: those of a descent, and the last leaves.
const cachedPages = 16

// pageCache holds the pages that were used last.
type pageCache struct {
	pages [cachedPages]struct {
		page uint32 // 0: empty
		used uint64
		data []byte
	}
	size  int
	clock uint64
}

func (c *pageCache) init(pageSize int) { c.size = pageSize }

// get returns a page's bytes, which are good until cachedPages others were asked for.
func (f *File) get(page uint32) ([]byte, error) {
	c := &f.cache
	c.clock++
	oldest := &c.pages[0]
	for i := range c.pages {
		p := &c.pages[i]
		if p.page == page && page != 0 {
			p.used = c.clock
			return p.data, nil
		}
		if p.used < oldest.used {
			oldest = p
		}
	}
	if oldest.data == nil {
		oldest.data = make([]byte, c.size)
	}
	oldest.page = 0
	if err := f.readPage(page, oldest.data); err != nil {
		return nil, err
	}
	oldest.page, oldest.used = page, c.clock
	return oldest.data, nil
}

// descent remembers the leaf that the last row was found in: rows are mostly asked
// for in order.
type descent struct {
	root, leaf  uint32
	first, last int64
}

// Row returns where the row's bytes lie: its cell on the leaf page of the table
// whose b-tree begins at page root, and what overflows to other pages, in the order
// of the payload. Read one after another they are the payload's length and the
// rowid, each a varint, and the whole payload (§1.6); the links between overflow
// pages are left out. The error is ErrNoRow, ErrWithoutRowID, ErrCorrupt, ErrLimit or that of reading.
func (f *File) Row(root uint32, rowid int64) ([]Place, error) {
	n, err := f.leafOf(root, rowid)
	if err != nil {
		return nil, err
	}
	r, err := f.find(&n, rowid)
	if err != nil {
		return nil, err
	}
	p, _ := f.place(n.page, r.at, r.head+r.local)
	places := []Place{p}
	if r.overflow == 0 {
		return places, nil
	}
	return f.overflow(places, r)
}

// leafOf descends to the leaf page that has the row, if the table has it.
func (f *File) leafOf(root uint32, rowid int64) (node, error) {
	if d := &f.descent; d.root == root && d.leaf != 0 && d.first <= rowid && rowid <= d.last {
		data, err := f.get(d.leaf)
		if err != nil {
			return node{}, err
		}
		return f.parse(d.leaf, data)
	}
	page := root
	for range maxDepth {
		data, err := f.get(page)
		if err != nil {
			return node{}, err
		}
		n, err := f.parse(page, data)
		if err != nil {
			return node{}, err
		}
		switch n.kind {
		case leafTable:
			return n, f.remember(root, &n)
		case interiorTable:
			if page, err = f.branch(&n, rowid); err != nil {
				return node{}, err
			}
		default:
			if page != root {
				return node{}, fmt.Errorf("%w: page %d of an index in a table", ErrCorrupt, page)
			}
			return node{}, ErrWithoutRowID
		}
	}
	return node{}, fmt.Errorf("%w: a b-tree deeper than %d pages", ErrCorrupt, maxDepth)
}

// remember notes a leaf for the next row.
func (f *File) remember(root uint32, n *node) error {
	f.descent = descent{}
	if n.cells == 0 {
		return nil
	}
	first, err := f.leaf(n, 0)
	if err != nil {
		return nil // find says so, if it matters
	}
	last, err := f.leaf(n, n.cells-1)
	if err != nil {
		return nil
	}
	f.descent = descent{root, n.page, first.id, last.id}
	return nil
}

// branch returns the child in which the row is: that of the first cell whose key is
// not less.
func (f *File) branch(n *node, rowid int64) (uint32, error) {
	lo, hi := 0, n.cells
	for lo < hi {
		mid := (lo + hi) / 2
		_, key, err := f.child(n, mid)
		if err != nil {
			return 0, err
		}
		if key < rowid {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo == n.cells {
		return n.right, nil
	}
	page, _, err := f.child(n, lo)
	return page, err
}

// find returns the row's cell on a leaf page.
func (f *File) find(n *node, rowid int64) (row, error) {
	lo, hi := 0, n.cells
	for lo < hi {
		mid := (lo + hi) / 2
		r, err := f.leaf(n, mid)
		if err != nil {
			return row{}, err
		}
		switch {
		case r.id == rowid:
			return r, nil
		case r.id < rowid:
			lo = mid + 1
		default:
			hi = mid
		}
	}
	return row{}, ErrNoRow
}

// overflow follows a chain of overflow pages, each a page number and bytes.
func (f *File) overflow(places []Place, r row) ([]Place, error) {
	room := int64(f.usable - 4)
	rest := r.payload - int64(r.local)
	if need := (rest + room - 1) / room; need > int64(f.header.Pages) {
		return nil, fmt.Errorf("%w: a row of %d overflow pages in a file of %d", ErrCorrupt, need, f.header.Pages)
	}
	var b [4]byte
	// Brent's way to find a cycle: nothing is kept of the pages gone through.
	page, marked, steps, power := r.overflow, uint32(0), 0, 1
	for rest > 0 {
		if page == marked || page == 0 || page > f.header.Pages {
			return nil, fmt.Errorf("%w: a chain of overflow pages is broken at page %d", ErrCorrupt, page)
		}
		if steps++; steps == power {
			marked, steps, power = page, 0, power*2
		}
		p, ok := f.place(page, 4, int(min(rest, room)))
		if !ok {
			return nil, fmt.Errorf("%w: page %d lies beyond the end of the file", ErrCorrupt, page)
		}
		places = append(places, p)
		rest -= p.Length
		reader := f.db
		if p.WAL {
			reader = f.wal
		}
		if err := readFull(reader, b[:], p.Offset-4); err != nil {
			return nil, err
		}
		page = binary.BigEndian.Uint32(b[:])
	}
	return slices.Clip(places), nil
}
