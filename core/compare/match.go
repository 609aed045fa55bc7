package compare

import (
	"cmp"
	"slices"
	"strings"
)

// match pairs rows, each with one other at most: first those that say the same in all
// fields, then those of the same number, then those of the same time or the same words.
func match(m *Mapping, ours, theirs []Row, tolerance int64) *Part {
	p := &Part{Mapping: m, Ours: int64(len(ours)), Theirs: int64(len(theirs)), Fields: map[string]int64{}, Offsets: map[string]int64{}}
	s := &sides{part: p, ours: ours, theirs: theirs, ourPair: filled(len(ours)), theirPair: filled(len(theirs)), tolerance: tolerance}
	s.exact()
	numbered := slices.ContainsFunc(m.Fields, func(f Field) bool { return f.Is == "row" })
	if numbered {
		s.byNumber()
	}
	s.byWords()
	if len(m.Fields) > 1 {
		s.byTime()
	}
	for j := range theirs {
		i := s.theirPair[j]
		if i < 0 {
			p.OnlyTheirs++
			p.Pairs = append(p.Pairs, Pair{Verdict: OnlyTheirs, Theirs: &theirs[j]})
			continue
		}
		d := p.differences(&ours[i], &theirs[j], tolerance)
		if len(d) == 0 {
			p.Matched++
			continue
		}
		p.Differing++
		for _, one := range d {
			p.Fields[one.Field]++
			if one.Off != "" {
				p.Offsets[one.Off]++
			}
		}
		p.Pairs = append(p.Pairs, Pair{Verdict: Differs, Ours: &ours[i], Theirs: &theirs[j], Differences: d})
	}
	for i := range ours {
		if s.ourPair[i] < 0 {
			p.OnlyOurs++
			p.Pairs = append(p.Pairs, Pair{Verdict: OnlyOurs, Ours: &ours[i]})
		}
	}
	return p
}

// sides are what is being paired: which of the other each belongs to, -1 for none yet.
type sides struct {
	part               *Part
	ours, theirs       []Row
	ourPair, theirPair []int
	tolerance          int64
}

func filled(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = -1
	}
	return list
}

func (s *sides) pair(i, j int) { s.ourPair[i], s.theirPair[j] = j, i }

func join(values []string) string { return strings.Join(values, "\x1f") }

// groups gathers what is not paired yet by a key, "" left out, in the order of time.
func groups(rows []Row, paired []int, key func(*Row) string) map[string][]int {
	m := map[string][]int{}
	for i := range rows {
		if paired[i] < 0 {
			if k := key(&rows[i]); k != "" {
				m[k] = append(m[k], i)
			}
		}
	}
	for _, list := range m {
		slices.SortStableFunc(list, func(a, b int) int { return slices.Compare(rows[a].clock, rows[b].clock) })
	}
	return m
}

// exact pairs what is the same in all fields. In a group whose values are the same the
// times of both sides are gone through in order, which pairs as many as can be.
func (s *sides) exact() {
	key := func(r *Row) string { return "=" + join(r.values) }
	mine := groups(s.ours, s.ourPair, key)
	for k, list := range groups(s.theirs, s.theirPair, key) {
		own, at := mine[k], 0
		for _, j := range list {
			for at < len(own) && s.earlier(own[at], j) {
				at++
			}
			if at < len(own) && len(s.part.differences(&s.ours[own[at]], &s.theirs[j], s.tolerance)) == 0 {
				s.pair(own[at], j)
				at++
			}
		}
	}
}

// earlier reports whether ours i cannot belong to theirs j, nor to any after it.
func (s *sides) earlier(i, j int) bool {
	for t, a := range s.ours[i].clock {
		if b := s.theirs[j].clock[t]; a != b {
			return a < b && !near(a, b, s.tolerance)
		}
	}
	return false
}

// byNumber pairs what has the same number of a row, and one field at least.
func (s *sides) byNumber() {
	key := func(r *Row) string { return r.number }
	mine := groups(s.ours, s.ourPair, key)
	for k, list := range groups(s.theirs, s.theirPair, key) {
		for n, j := range list[:min(len(list), len(mine[k]))] {
			if i := mine[k][n]; s.alike(i, j) > 0 {
				s.pair(i, j)
			}
		}
	}
}

// apart is how far the times of what says the same words may be apart, for one to be
// the other with a clock or a zone that is wrong: a day and two hours, in microseconds.
const apart = 26 * 3600 * 1_000_000

// byWords pairs what differs in times only.
func (s *sides) byWords() {
	key := func(r *Row) string { return strings.Trim(join(r.values), "\x1f") }
	mine := groups(s.ours, s.ourPair, key)
	for k, list := range groups(s.theirs, s.theirPair, key) {
		own, at := mine[k], 0
		for _, j := range list {
			for at < len(own) && first(&s.ours[own[at]]) < first(&s.theirs[j])-apart {
				at++
			}
			if at < len(own) && first(&s.ours[own[at]]) <= first(&s.theirs[j])+apart {
				s.pair(own[at], j)
				at++
			}
		}
	}
}

// first is a row's first time, far from all others where it has none.
func first(r *Row) int64 {
	if len(r.clock) == 0 || r.clock[0] <= badTime {
		return -1 << 61
	}
	return r.clock[0]
}

// alike counts the fields that are the same.
func (s *sides) alike(i, j int) int {
	n := 0
	for _, f := range s.part.Mapping.Fields {
		if f.Is != "row" {
			n++
		}
	}
	return n - len(s.part.differences(&s.ours[i], &s.theirs[j], s.tolerance))
}

// window bounds how many rows of one time are held against each other.
const window = 64

// byTime pairs what has the same first time and at least one field more in common, the
// most alike first.
func (s *sides) byTime() {
	type candidate struct{ alike, i, j int }
	left := func(rows []Row, paired []int) (list []int) {
		for i := range rows {
			if paired[i] < 0 && len(rows[i].clock) > 0 && rows[i].clock[0] > badTime {
				list = append(list, i)
			}
		}
		slices.SortStableFunc(list, func(a, b int) int { return cmp.Compare(rows[a].clock[0], rows[b].clock[0]) })
		return list
	}
	own, other := left(s.ours, s.ourPair), left(s.theirs, s.theirPair)
	var all []candidate
	start := 0
	for _, j := range other {
		at := s.theirs[j].clock[0]
		for start < len(own) && s.ours[own[start]].clock[0] < at-s.tolerance {
			start++
		}
		for n := start; n < len(own) && n < start+window && s.ours[own[n]].clock[0] <= at+s.tolerance; n++ {
			if k := s.alike(own[n], j); k > 1 {
				all = append(all, candidate{k, own[n], j})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b candidate) int { return cmp.Compare(b.alike, a.alike) })
	for _, c := range all {
		if s.ourPair[c.i] < 0 && s.theirPair[c.j] < 0 {
			s.pair(c.i, c.j)
		}
	}
}
