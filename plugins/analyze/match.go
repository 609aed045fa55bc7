package main

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// matcher finds terms in folded text: leftmost, of those the longest, not overlapping.
// At each letter the next few bytes are looked up in a table of bits that fits in the
// fastest cache; where a term may begin, the terms that begin like this are compared, the
// longest first. Text that makes this slow is left to an automaton.
type matcher struct {
	terms [][]byte
	// sizes are the lengths of beginnings that are looked up, the longest first: terms that
	// are shorter go by a shorter one.
	sizes []beginning
	// The automaton, once it was needed.
	class   [256]uint8
	classes uint32
	auto    *automaton
}

// beginning is the terms that go by their first so many bytes.
type beginning struct {
	mask uint64
	bits []uint64
	by   map[uint64][]int32
}

const (
	// bitsLog is the size of a table of bits: 32 KiB.
	bitsLog = 18
	// patience is how much comparing may cost for each byte of text, in comparisons.
	patience = 8
)

// beginnings are two letters of Chinese, one, and a byte.
var beginningSizes = [...]int{6, 3, 1}

// newMatcher readies a matcher of folded terms, all different, none of them empty or
// longer than maxTerm.
func newMatcher(terms [][]byte) (*matcher, error) {
	m := &matcher{terms: terms}
	var err error
	if m.class, m.classes, err = classify(terms); err != nil {
		return nil, err
	}
	for i, size := range beginningSizes {
		b := beginning{mask: 1<<(8*size) - 1, bits: make([]uint64, 1<<bitsLog/64), by: map[uint64][]int32{}}
		for t, term := range terms {
			if len(term) < size || i > 0 && len(term) >= beginningSizes[i-1] {
				continue
			}
			key := load(term) & b.mask
			b.by[key] = append(b.by[key], int32(t))
			h := hash(key)
			b.bits[h/64] |= 1 << (h % 64)
		}
		for _, list := range b.by {
			slices.SortFunc(list, func(x, y int32) int { return len(terms[y]) - len(terms[x]) })
		}
		if len(b.by) > 0 {
			m.sizes = append(m.sizes, b)
		}
	}
	return m, nil
}

func hash(key uint64) uint64 { return key * 0x9e3779b97f4a7c15 >> (64 - bitsLog) }

// load reads up to eight bytes, zeros behind the end. No term holds a zero byte that
// could be taken for them: a candidate is compared.
func load(b []byte) uint64 {
	if len(b) >= 8 {
		return binary.LittleEndian.Uint64(b)
	}
	var w [8]byte
	copy(w[:], b)
	return binary.LittleEndian.Uint64(w[:])
}

// scan appends to hits the number of each term found in folded text, once for each place.
func (m *matcher) scan(text []byte, hits []int32) []int32 {
	if len(m.sizes) == 0 {
		return hits
	}
	before, left := len(hits), patience*len(text)+1024
	for i := 0; i < len(text); {
		if text[i]&0xc0 == 0x80 { // inside a letter
			i++
			continue
		}
		w, best := load(text[i:]), int32(-1)
		for k := range m.sizes {
			b := &m.sizes[k]
			key := w & b.mask
			h := hash(key)
			if b.bits[h/64]&(1<<(h%64)) == 0 {
				continue
			}
			for _, t := range b.by[key] {
				term := m.terms[t]
				left -= 1 + len(term)/16
				if bytes.HasPrefix(text[i:], term) {
					best = t
					break
				}
			}
			if left -= 4; best >= 0 { // shorter beginnings are of shorter terms
				break
			}
		}
		if left < 0 {
			return m.slow(text, hits[:before])
		}
		if best < 0 {
			i++
			continue
		}
		hits = append(hits, best)
		i += len(m.terms[best])
	}
	return hits
}

// slow does the same by the automaton.
func (m *matcher) slow(text []byte, hits []int32) []int32 {
	if m.auto == nil {
		m.auto = newAutomaton(m.terms, m.class, m.classes)
	}
	return m.auto.scan(text, hits)
}

var ideographicSpace = []byte("\u3000")

// fold writes text with the capitals of ASCII in lower case, and the full-width forms of
// ASCII (U+FF01 to U+FF5E, U+3000) as ASCII.
func fold(buf, text []byte) []byte {
	buf = append(buf[:0], text...)
	if bytes.IndexByte(text, 0xef) >= 0 || bytes.Contains(text, ideographicSpace) {
		buf = narrow(buf)
	}
	for i, c := range buf {
		if c-'A' < 26 {
			buf[i] = c | 0x20
		}
	}
	return buf
}

// narrow writes full-width forms as ASCII, in place.
func narrow(text []byte) []byte {
	out := text[:0]
	for i := 0; i < len(text); {
		if i+2 < len(text) {
			switch a, b, c := text[i], text[i+1], text[i+2]; {
			case a == 0xef && b == 0xbc && c >= 0x81 && c <= 0xbf: // U+FF01 to U+FF3F
				out, i = append(out, c-0x81+'!'), i+3
				continue
			case a == 0xef && b == 0xbd && c >= 0x80 && c <= 0x9e: // U+FF40 to U+FF5E
				out, i = append(out, c-0x80+'`'), i+3
				continue
			case a == 0xe3 && b == 0x80 && c == 0x80:
				out, i = append(out, ' '), i+3
				continue
			}
		}
		out = append(out, text[i])
		i++
	}
	return out
}

// lower is fold into new memory.
func lower(term []byte) []byte { return fold(nil, term) }
