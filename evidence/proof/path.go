package proof

import (
	"crypto/sha256"
	"math/bits"
)

// Path finds the way from one leaf of an RFC 6962 tree to its root (§2.1.1) while the
// leaves pass by once, in order: it keeps a few hashes, however many leaves there are.
type Path struct {
	index, size, next int64
	leaf              [32]byte
	// spans are the ranges of leaves whose roots are the siblings on the way, in the order
	// of the leaves; at, where the leaf itself stands among them.
	spans []span
	now   int
}

// span is a range of leaves and its tree so far, as the roots of its full subtrees.
type span struct {
	from, to int64
	// up is the sibling's place on the way, 0 next to the leaf.
	up    int
	peaks []peak
}

type peak struct {
	size int64
	hash [32]byte
}

// NewPath is for leaf index of a tree of size leaves; 0 <= index < size.
func NewPath(index, size int64) *Path {
	p := &Path{index: index, size: size}
	var left, right []span // left in order, right in reverse
	from, to := int64(0), size
	depth := 0
	for to-from > 1 {
		k := int64(1) << (bits.Len64(uint64(to-from-1)) - 1) // the largest power of two below
		if index < from+k {
			right = append(right, span{from: from + k, to: to, up: depth})
			to = from + k
		} else {
			left = append(left, span{from: from, to: from + k, up: depth})
			from += k
		}
		depth++
	}
	p.spans = left
	for i := len(right) - 1; i >= 0; i-- {
		p.spans = append(p.spans, right[i])
	}
	for i := range p.spans {
		p.spans[i].up = depth - 1 - p.spans[i].up
	}
	return p
}

// Add takes the next leaf hash.
func (p *Path) Add(leaf [32]byte) {
	n := p.next
	p.next++
	if n == p.index {
		p.leaf = leaf
		return
	}
	for p.now < len(p.spans) && n >= p.spans[p.now].to {
		p.now++
	}
	if p.now < len(p.spans) {
		p.spans[p.now].add(leaf)
	}
}

func (s *span) add(leaf [32]byte) {
	k := peak{1, leaf}
	for len(s.peaks) > 0 && s.peaks[len(s.peaks)-1].size == k.size {
		last := s.peaks[len(s.peaks)-1]
		s.peaks = s.peaks[:len(s.peaks)-1]
		k = peak{2 * k.size, node(last.hash, k.hash)}
	}
	s.peaks = append(s.peaks, k)
}

func (s *span) root() [32]byte {
	h := s.peaks[len(s.peaks)-1].hash
	for i := len(s.peaks) - 2; i >= 0; i-- {
		h = node(s.peaks[i].hash, h)
	}
	return h
}

// Done returns the leaf's hash and the siblings from it upwards; ok is false where other
// than size leaves came.
func (p *Path) Done() (leaf [32]byte, path [][32]byte, ok bool) {
	if p.next != p.size || p.index < 0 || p.index >= p.size {
		return leaf, nil, false
	}
	path = make([][32]byte, len(p.spans))
	for i := range p.spans {
		path[p.spans[i].up] = p.spans[i].root()
	}
	return p.leaf, path, true
}

// Root returns the root that leaf and path lead to: what a maker compares before it hands
// a proof out.
func (p *Path) Root() ([32]byte, bool) {
	h, path, ok := p.Done()
	if !ok {
		return h, false
	}
	byUp := make([]*span, len(p.spans))
	for i := range p.spans {
		byUp[p.spans[i].up] = &p.spans[i]
	}
	for i, sibling := range path {
		if byUp[i].from < p.index {
			h = node(sibling, h)
		} else {
			h = node(h, sibling)
		}
	}
	return h, true
}

func node(left, right [32]byte) [32]byte {
	var b [65]byte
	b[0] = 1
	copy(b[1:], left[:])
	copy(b[33:], right[:])
	return sha256.Sum256(b[:])
}
