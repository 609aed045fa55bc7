package leakcheck

import (
	"encoding/binary"
	"math/bits"
)

// prefixTable tells whether the first width bytes at a place are those of some pattern.
type prefixTable struct {
	width int
	mask  uint64
	shift uint
	bits  []uint64
	// slots is an open table from key to the first pattern that has it; next goes on.
	keys  []uint64
	first []uint32 // +1; 0 is free
	next  map[uint32]uint32
	lower uint // shift for slots
}

// filling is how many bits of the map there are for each pattern: few false alarms, and the
// map stays in the processor's cache.
const filling = 32

func newPrefixTable(width, n int) prefixTable {
	wide := uint(max(12, min(25, bits.Len(uint(n*filling)))))
	slots := uint(max(4, bits.Len(uint(2*n))))
	return prefixTable{
		width: width, mask: ^uint64(0) >> (64 - 8*width), shift: 64 - wide, bits: make([]uint64, 1<<wide/64),
		keys: make([]uint64, 1<<slots), first: make([]uint32, 1<<slots), next: map[uint32]uint32{}, lower: 64 - slots,
	}
}

const multiplier = 0x9e3779b97f4a7c15 // 2^64 divided by the golden ratio

// keyOf is the first bytes of text in lower case, as a number.
func keyOf(text []byte, width int) uint64 {
	var b [8]byte
	copy(b[:], text[:width])
	for i := range b {
		b[i] = lower[b[i]]
	}
	return binary.LittleEndian.Uint64(b[:])
}

func (t *prefixTable) add(key uint64, id uint32) {
	h := key * multiplier
	t.bits[h>>t.shift>>6] |= 1 << (h >> t.shift & 63)
	at := h >> t.lower
	for t.first[at] != 0 && t.keys[at] != key {
		at = (at + 1) & uint64(len(t.keys)-1)
	}
	if t.first[at] != 0 {
		t.next[id] = t.first[at]
	}
	t.keys[at], t.first[at] = key, id+1
}

// scan calls found with each pattern whose first bytes stand at a place of folded, in the
// order of the places. folded has 8 bytes of anything behind its n bytes.
func (t *prefixTable) scan(folded []byte, n int, found func(id uint32, at int)) {
	mask, shift, bitmap := t.mask, t.shift, t.bits
	for i := 0; i+t.width <= n; i++ {
		key := binary.LittleEndian.Uint64(folded[i:]) & mask
		h := key * multiplier >> shift
		if bitmap[h>>6]>>(h&63)&1 == 0 {
			continue
		}
		t.candidates(key, func(id uint32) { found(id, i) })
	}
}

func (t *prefixTable) candidates(key uint64, found func(id uint32)) {
	at := key * multiplier >> t.lower
	for t.first[at] != 0 && t.keys[at] != key {
		at = (at + 1) & uint64(len(t.keys)-1)
	}
	for id := t.first[at]; id != 0; id = t.next[id-1] {
		found(id - 1)
	}
}

// lower is ASCII in lower case; every other byte is itself.
var lower = func() (t [256]byte) {
	for i := range t {
		t[i] = byte(i)
		if i >= 'A' && i <= 'Z' {
			t[i] = byte(i) + 'a' - 'A'
		}
	}
	return t
}()

// foldInto puts text in lower case into to, which it makes larger where it must, with 8 zero
// bytes behind it.
func foldInto(to, text []byte) []byte {
	if cap(to) < len(text)+8 {
		to = make([]byte, len(text)+8)
	}
	to = to[:len(text)+8]
	i := 0
	for ; i+8 <= len(text); i += 8 {
		// A byte is a capital where it is at least 'A' and at most 'Z', bit 7 being 0.
		w := binary.LittleEndian.Uint64(text[i:])
		low := w & 0x7f7f7f7f7f7f7f7f
		capital := (low + 0x3f3f3f3f3f3f3f3f) &^ (low + 0x2525252525252525) &^ w & 0x8080808080808080
		binary.LittleEndian.PutUint64(to[i:], w|capital>>2)
	}
	for ; i < len(text); i++ {
		to[i] = lower[text[i]]
	}
	clear(to[len(text):])
	return to
}
