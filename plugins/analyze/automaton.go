package main

import "errors"

// maxTable bounds the automaton, in transitions of four bytes.
const maxTable = 48 << 20

var errManyTerms = errors.New("the lists hold more terms than one automaton does")

// automaton finds terms as a matcher does, in time that does not depend on the terms
// (Aho and Corasick 1975, as a table over classes of bytes). Its table is larger than
// caches are, so that it is for text that defeats the matcher's own way.
type automaton struct {
	class   [256]uint8
	classes uint32
	// next is the state after a class of byte, state × classes + class.
	next []uint32
	// out is the longest term that ends in a state, -1 for none; depth how many
	// bytes of text a state stands for.
	out   []int32
	depth []uint16
	// length of each term, folded.
	length []int
}

// maxTerm is the longest term that is looked for, in bytes.
const maxTerm = 4096

// classify gives each byte that is in a term a class of its own, and returns how many
// classes there are, with that of the others. It fails where the table would be too large.
func classify(terms [][]byte) (class [256]uint8, classes uint32, err error) {
	used := [256]bool{}
	total := 1
	for _, t := range terms {
		total += len(t)
		for _, c := range t {
			used[c] = true
		}
	}
	classes = 1
	for c := range used {
		if used[c] {
			class[c] = uint8(classes)
			classes++
		}
	}
	if classes > 255 || int64(total)*int64(classes) > maxTable {
		return class, 0, errManyTerms
	}
	return class, classes, nil
}

// newAutomaton builds the automaton of folded terms that classify has passed.
func newAutomaton(terms [][]byte, class [256]uint8, classes uint32) *automaton {
	m := &automaton{class: class, classes: classes, length: make([]int, len(terms))}
	m.grow()
	for i, t := range terms {
		m.length[i] = len(t)
		at := uint32(0)
		for d, c := range t {
			edge := at*m.classes + uint32(m.class[c])
			if m.next[edge] == 0 {
				m.next[edge] = uint32(len(m.out))
				m.grow()
				m.depth[len(m.depth)-1] = uint16(d + 1)
			}
			at = m.next[edge]
		}
		m.out[at] = int32(i)
	}
	m.link()
	return m
}

func (m *automaton) grow() {
	m.next = append(m.next, make([]uint32, m.classes)...)
	m.out = append(m.out, -1)
	m.depth = append(m.depth, 0)
}

// link turns the trie into the automaton, breadth first.
func (m *automaton) link() {
	fail := make([]uint32, len(m.out))
	var queue []uint32
	for c := range m.classes {
		if s := m.next[c]; s != 0 {
			queue = append(queue, s)
		}
	}
	for len(queue) > 0 {
		s := queue[0]
		queue = queue[1:]
		if m.out[s] < 0 {
			m.out[s] = m.out[fail[s]]
		}
		for c := range m.classes {
			edge, other := s*m.classes+c, m.next[fail[s]*m.classes+c]
			if t := m.next[edge]; t != 0 {
				fail[t] = other
				queue = append(queue, t)
			} else {
				m.next[edge] = other
			}
		}
	}
}

// scan appends to hits the number of each term found in folded text, once for each place.
func (m *automaton) scan(text []byte, hits []int32) []int32 {
	state, found, start, end := uint32(0), int32(-1), 0, 0
	for i := 0; ; {
		for i < len(text) {
			state = m.next[state*m.classes+uint32(m.class[text[i]])]
			i++
			if o := m.out[state]; o >= 0 {
				if s := i - m.length[o]; found < 0 || s < start || s == start && i > end {
					found, start, end = o, s, i
				}
			}
			// What is still open began after the match: nothing can take its place.
			if found >= 0 && i-int(m.depth[state]) > start {
				break
			}
		}
		if found < 0 {
			return hits
		}
		hits = append(hits, found)
		i, state, found = end, 0, -1
	}
}
