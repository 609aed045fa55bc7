package index

import (
	"cmp"
	"encoding/binary"
	"slices"
)

const (
	pageSize = 1 << 16
	// slabs of a list grow from the first size to the last.
	firstSlab, lastSlab = 8, 512
	// linkSize is what the place of the next slab takes at the end of one.
	linkSize = 4
)

// lists are posting lists that grow side by side, in slabs.
type lists struct {
	all   []postings
	grams []uint64 // of all
	pages [][]byte
	free  int // place behind the last slab
	buf   []byte
}

// postings are the records of one gram, by number in the chunk, as gaps less one
// in uvarints.
type postings struct {
	head, at uint32 // place of the first slab, and of the next byte
	end      uint32 // place of the link of the slab being filled
	next     uint32 // 1 + the last record, 0 for none
	count    uint32
	slab     uint16
}

func (l *lists) reset() { l.all, l.grams, l.free = l.all[:0], l.grams[:0], 0 }

func (l *lists) memory() int { return l.free + len(l.all)*32 }

// list makes an empty list.
func (l *lists) list(gram uint64) uint32 {
	at := l.alloc(firstSlab)
	l.all = append(l.all, postings{head: at, at: at, end: at + firstSlab - linkSize, slab: firstSlab})
	l.grams = append(l.grams, gram)
	return uint32(len(l.all) - 1)
}

// alloc returns the place of a new slab, which lies within one page.
func (l *lists) alloc(size int) uint32 {
	if left := pageSize - l.free%pageSize; left < size {
		l.free += left
	}
	at := l.free
	l.free += size
	if at/pageSize == len(l.pages) {
		l.pages = append(l.pages, make([]byte, pageSize))
	}
	return uint32(at)
}

// append notes a record in a list, once.
func (l *lists) append(list, record uint32) {
	p := &l.all[list]
	if p.next == record+1 {
		return
	}
	gap := record - p.next
	p.next = record + 1
	p.count++
	for gap >= 0x80 {
		l.put(p, byte(gap)|0x80)
		gap >>= 7
	}
	l.put(p, byte(gap))
}

func (l *lists) put(p *postings, c byte) {
	if p.at == p.end {
		size := min(int(p.slab)*2, lastSlab)
		to := l.alloc(size)
		binary.LittleEndian.PutUint32(l.pages[p.end/pageSize][p.end%pageSize:], to)
		p.at, p.end, p.slab = to, to+uint32(size)-linkSize, uint16(size)
	}
	l.pages[p.at/pageSize][p.at%pageSize] = c
	p.at++
}

// bytes returns the gaps of a list, good until the next call.
func (l *lists) bytes(list uint32) []byte {
	p := &l.all[list]
	l.buf = l.buf[:0]
	at, size := p.head, firstSlab
	for {
		page, from := l.pages[at/pageSize], at%pageSize
		if link := at + uint32(size) - linkSize; link != p.end {
			l.buf = append(l.buf, page[from:from+uint32(size)-linkSize]...)
			at, size = binary.LittleEndian.Uint32(l.pages[link/pageSize][link%pageSize:]), min(size*2, lastSlab)
			continue
		}
		l.buf = append(l.buf, page[from:from+p.at-at]...)
		return l.buf
	}
}

// sorted returns the numbers of all lists by ascending gram.
func (l *lists) sorted() []uint32 {
	out := make([]uint32, len(l.all))
	for i := range out {
		out[i] = uint32(i)
	}
	slices.SortFunc(out, func(a, b uint32) int { return cmp.Compare(l.grams[a], l.grams[b]) })
	return out
}
