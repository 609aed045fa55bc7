package search

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/exhibit-forensics/exhibit/core/index"
	"github.com/exhibit-forensics/exhibit/evidence"
)

// sets are what the index knows of a condition about the records of a chunk:
// those of which it is true, and those of which it is not false, each as a lower
// and an upper bound. Where a bound is the other, or true is not false, they are
// the same bitmap, and work is done once. They must not be changed.
type sets struct{ trueLow, trueHigh, maybeLow, maybeHigh *roaring.Bitmap }

// exactly is a condition that the index answers, and that is never unknown.
func exactly(m *roaring.Bitmap) sets { return sets{m, m, m, m} }

// atMost is one of which the index knows candidates only.
func atMost(m *roaring.Bitmap) sets { return sets{roaring.New(), m, roaring.New(), m} }

// combine applies And or Or to all four.
func combine(op func(a, b *roaring.Bitmap) *roaring.Bitmap, a, b sets) sets {
	var out sets
	out.trueLow = op(a.trueLow, b.trueLow)
	out.trueHigh, out.maybeLow = out.trueLow, out.trueLow
	if a.trueHigh != a.trueLow || b.trueHigh != b.trueLow {
		out.trueHigh = op(a.trueHigh, b.trueHigh)
	}
	if a.maybeLow != a.trueLow || b.maybeLow != b.trueLow {
		out.maybeLow = op(a.maybeLow, b.maybeLow)
	}
	switch {
	case a.maybeHigh == a.trueHigh && b.maybeHigh == b.trueHigh:
		out.maybeHigh = out.trueHigh
	case a.maybeHigh == a.maybeLow && b.maybeHigh == b.maybeLow:
		out.maybeHigh = out.maybeLow
	default:
		out.maybeHigh = op(a.maybeHigh, b.maybeHigh)
	}
	return out
}

// negate: true of what was surely not maybe, within all.
func negate(all *roaring.Bitmap, a sets) sets {
	done := map[*roaring.Bitmap]*roaring.Bitmap{}
	without := func(m *roaring.Bitmap) *roaring.Bitmap {
		if done[m] == nil {
			done[m] = roaring.AndNot(all, m)
		}
		return done[m]
	}
	return sets{without(a.maybeHigh), without(a.maybeLow), without(a.trueHigh), without(a.trueLow)}
}

// within narrows to the records of a part.
func within(all *roaring.Bitmap, a sets) sets { return combine(roaring.And, a, exactly(all)) }

func evaluate(n node, all *roaring.Bitmap, leaves []sets) sets {
	switch n := n.(type) {
	case *leaf:
		return leaves[n.n]
	case not:
		return negate(all, evaluate(n.node, all, leaves))
	case allOf:
		if len(n) == 0 {
			return exactly(all)
		}
		out := evaluate(n[0], all, leaves)
		for _, c := range n[1:] {
			out = combine(roaring.And, out, evaluate(c, all, leaves))
		}
		return out
	case anyOf:
		out := evaluate(n[0], all, leaves)
		for _, c := range n[1:] {
			out = combine(roaring.Or, out, evaluate(c, all, leaves))
		}
		return out
	}
	panic(fmt.Sprintf("search: node %T", n))
}

// chunk is what a query finds in one chunk, before the conditions that depend on
// the run are known.
type chunk struct {
	id     int64
	leaves []sets
	// may holds every record that can be a hit or left open.
	may *roaring.Bitmap
}

// chunk looks a chunk up; the last few are remembered.
func (s *searcher) chunk(ctx context.Context, id int64) (*chunk, error) {
	for i, c := range s.chunks {
		if c.id == id {
			copy(s.chunks[1:i+1], s.chunks[:i])
			s.chunks[0] = c
			return c, nil
		}
	}
	c := &chunk{id: id, leaves: make([]sets, len(s.q.leaves))}
	all := roaring.New()
	all.AddRange(0, index.ChunkRecords)
	for _, l := range s.q.leaves {
		var err error
		if c.leaves[l.n], err = s.ask(ctx, c, l, all); err != nil {
			return nil, err
		}
	}
	c.may = evaluate(s.q.root, all, c.leaves).maybeHigh
	const remembered = 4
	s.chunks = slices.Insert(s.chunks, 0, c)
	s.chunks = s.chunks[:min(len(s.chunks), remembered)]
	return c, nil
}

func (s *searcher) ask(ctx context.Context, c *chunk, l *leaf, all *roaring.Bitmap) (sets, error) {
	switch l.test {
	case testText:
		m, exact, err := s.x.Text(ctx, c.id, string(l.folded))
		if exact {
			return exactly(m), err
		}
		return atMost(m), err
	case testField:
		if l.unindexed() {
			return atMost(all), nil
		}
		m, _, err := s.x.Text(ctx, c.id, string(l.folded))
		return atMost(m), err
	case testKind:
		m, err := s.x.Kind(ctx, c.id, l.value)
		return exactly(m), err
	case testIP:
		return s.askIP(ctx, c, l, all)
	case testAfter, testBefore:
		t, err := s.timesOf(ctx, c.id)
		if err != nil {
			return sets{}, err
		}
		return l.compareTimes(t), nil
	}
	return atMost(all), nil // the same for all of a run, or known by id: part fills it in
}

// unindexed reports whether the field's values may be such as are not indexed.
func (l *leaf) unindexed() bool {
	text := string(l.folded)
	return l.any || strings.Contains("true", text) || strings.Contains("false", text)
}

// askIP asks for what every spelling of an address of the prefix must hold: its
// whole leading octets, or the mark of an IPv4 address written as IPv6.
func (s *searcher) askIP(ctx context.Context, c *chunk, l *leaf, all *roaring.Bitmap) (sets, error) {
	octets := l.prefix.Bits() / 8
	if !l.prefix.Addr().Is4() || octets == 0 {
		return atMost(all), nil
	}
	text := l.prefix.Addr().String()
	if octets < 4 {
		text = strings.Join(strings.Split(text, ".")[:octets], ".") + "."
	}
	m, _, err := s.x.Text(ctx, c.id, text)
	if err != nil {
		return sets{}, err
	}
	mapped, _, err := s.x.Text(ctx, c.id, "ffff:")
	if err != nil {
		return sets{}, err
	}
	return atMost(roaring.Or(m, mapped)), nil
}

// maxTimes is of how many chunks the times are kept, half a megabyte each or so.
const maxTimes = 32

func (s *searcher) timesOf(ctx context.Context, chunk int64) (*index.Times, error) {
	if t := s.times[chunk]; t != nil {
		return t, nil
	}
	t, err := s.x.Times(ctx, chunk)
	if err != nil {
		return nil, err
	}
	if len(s.times) == maxTimes {
		clear(s.times)
	}
	s.times[chunk] = &t
	return &t, nil
}

// compareTimes compares the index's times, which are cut to the microsecond: where
// the bound is not whole microseconds, one of them is left to a closer look.
func (l *leaf) compareTimes(t *index.Times) sets {
	bound, whole := l.at.UnixMicro(), l.at.Nanosecond()%1000 == 0
	n := t.Len()
	low, high, none := make([]uint64, (n+63)/64), make([]uint64, (n+63)/64), make([]uint64, (n+63)/64)
	for i := range uint32(n) {
		word, bit := i/64, uint64(1)<<(i%64)
		switch at := t.At(i); {
		case at == index.NoTime:
			none[word] |= bit
		case at == bound && !whole:
			high[word] |= bit
		case at >= bound == (l.test == testAfter):
			low[word] |= bit
			high[word] |= bit
		}
	}
	a := roaring.FromDense(low, false)
	b := a
	if !whole {
		b = roaring.FromDense(high, false)
	}
	u := roaring.FromDense(none, false)
	if u.IsEmpty() {
		return sets{a, b, a, b}
	}
	c := roaring.Or(a, u)
	d := c
	if !whole {
		d = roaring.Or(b, u)
	}
	return sets{a, b, c, d}
}

// part works out what the index knows of a part's records.
func (s *searcher) sets(ctx context.Context, p *part) (sets, error) {
	c, err := s.chunk(ctx, p.Chunk)
	if err != nil {
		return sets{}, err
	}
	low, high := uint64(p.Base), uint64(p.Base)+uint64(p.Count)
	if !c.may.IntersectsWithInterval(low, high) {
		return exactly(roaring.New()), nil
	}
	all := roaring.New()
	all.AddRange(low, high)
	leaves := make([]sets, len(c.leaves))
	for _, l := range s.q.leaves {
		if says, fixed := l.fixed(p.j); fixed {
			leaves[l.n] = exactly(roaring.New())
			if says {
				leaves[l.n] = exactly(all)
			}
			continue
		}
		if ids, ok := s.marked[l]; ok {
			leaves[l.n] = exactly(ids.in(p))
			continue
		}
		leaves[l.n] = within(all, c.leaves[l.n])
	}
	return evaluate(s.q.root, all, leaves), nil
}

// marked are record ids as line numbers from 1, ascending, by the digits of the set.
type marked map[string][]int64

func markedBy(ids map[string]bool) marked {
	out := marked{}
	for id, ok := range ids {
		digits, n, cut := strings.Cut(id, ":")
		if k, err := strconv.ParseInt(n, 10, 64); ok && cut && err == nil && k > 0 {
			out[digits] = append(out[digits], k)
		}
	}
	for _, list := range out {
		slices.SortFunc(list, cmp.Compare[int64])
	}
	return out
}

func digitsOf(set evidence.Digest) string {
	digits, _, _ := strings.Cut(evidence.RecordID(set, 1), ":")
	return digits
}

func (m marked) in(p *part) *roaring.Bitmap {
	out := roaring.New()
	list := m[digitsOf(p.j.Set().Artifact)]
	from, _ := slices.BinarySearch(list, p.First+1)
	for _, n := range list[from:] {
		if n > p.First+p.Count {
			break
		}
		out.Add(p.Base + uint32(n-1-p.First))
	}
	return out
}
