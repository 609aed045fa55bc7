package main

import (
	"bytes"
	"strings"
)

// What is kept of a sample.
const (
	cellBytes     = 128
	sampleColumns = 256
	settleBytes   = 64 << 10
)

// sample is the first rows of a table.
type sample struct {
	rows  [][]cell
	stats []stats
}

type cell struct {
	kind valueKind
	text string // its first bytes
}

// stats count what the values of a column look like.
type stats struct {
	// filled is how many are neither null nor empty.
	filled, texts, numbers, distinct                                        int
	email, ip, phone, mobile, nationalID, residentID, name, time, digest, n int
	// epoch counts integers that count a time; unit is that of the first.
	epoch int
	unit  string
}

func (s *sample) add(r *row) {
	cells := make([]cell, min(len(r.values), sampleColumns))
	for i := range cells {
		v := &r.values[i]
		b := r.bytes(v)
		cells[i] = cell{v.kind, string(b[:min(len(b), cellBytes)])}
	}
	s.rows = append(s.rows, cells)
}

// measure fills stats for n columns.
func (s *sample) measure(n int) {
	s.stats = make([]stats, min(n, sampleColumns))
	for i := range s.stats {
		seen := map[string]bool{}
		for _, r := range s.rows {
			if i < len(r) {
				s.stats[i].count(r[i], seen)
			}
		}
		s.stats[i].distinct = len(seen)
	}
}

func (s *stats) count(c cell, seen map[string]bool) {
	s.n++
	b := bytes.TrimSpace([]byte(c.text))
	if c.kind == nullValue || c.kind == exprValue || len(b) == 0 {
		return
	}
	s.filled++
	seen[strings.ToLower(c.text)] = true
	switch c.kind {
	case textValue:
		s.texts++
	case numberValue:
		s.numbers++
	}
	for _, is := range []struct {
		n  *int
		is func([]byte) bool
	}{
		{&s.email, isEmail},
		{&s.ip, isIP},
		{&s.phone, isPhone},
		{&s.mobile, isMobile},
		{&s.nationalID, isNationalID},
		{&s.residentID, isResidentID},
		{&s.name, isName},
		{&s.time, isTime},
		{&s.digest, isDigest},
	} {
		if is.is(b) {
			*is.n++
		}
	}
	if n, ok := integer(b); ok {
		if unit := epochUnit(n); unit != "" {
			s.epoch++
			if s.unit == "" {
				s.unit = unit
			}
		} else if n == 0 {
			s.filled-- // never, as programs write it
		}
	}
}

// most reports whether at least share of the filled values look like it.
func (s *stats) most(n int, share float64) bool {
	return s.filled > 0 && float64(n) >= share*float64(s.filled)
}

// namesBeside returns adjacent columns whose values stand in the local parts of
// the addresses in column email: MARY, SMITH beside MARY.SMITH@example.org.
func (s *sample) namesBeside(email int, free func(int) bool) []int {
	var found []int
	for i := range s.stats {
		if !free(i) || !s.stats[i].most(s.stats[i].name, 0.9) {
			continue
		}
		inside, of := 0, 0
		for _, r := range s.rows {
			if i >= len(r) || email >= len(r) || r[i].text == "" {
				continue
			}
			of++
			local, _, _ := strings.Cut(strings.ToLower(r[email].text), "@")
			if word := strings.ToLower(r[i].text); len(word) >= 2 && strings.Contains(local, word) {
				inside++
			}
		}
		if of >= 2 && float64(inside) >= 0.8*float64(of) && (len(found) == 0 || found[len(found)-1] == i-1) {
			found = append(found, i)
		}
	}
	return found
}
