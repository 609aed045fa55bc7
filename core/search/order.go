package search

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/exhibit-forensics/exhibit/core/index"
)

const (
	// fewKeys and manyKeys bound how many candidates are put in order at a time:
	// few at first, since few may be asked for.
	fewKeys, manyKeys = 256, 1 << 20
	// batchBytes and batchLines bound the lines held in memory until their turn.
	batchBytes, batchLines = 32 << 20, 8192
	// sparse is of how many lines of a set that is not indexed one place is kept.
	sparse = 256
)

// key places a candidate in the order asked for.
type key struct {
	score float64 // negative, so that less comes first
	at    int64
	part  uint32
	doc   uint32
}

func compare(a, b key) int {
	return cmp.Or(cmp.Compare(a.score, b.score), cmp.Compare(a.at, b.at), cmp.Compare(a.part, b.part), cmp.Compare(a.doc, b.doc))
}

// ordered yields hits by time or relevance.
func (s *searcher) ordered(ctx context.Context) error {
	for _, p := range s.parts {
		if err := s.prepare(ctx, p); err != nil {
			return err
		}
	}
	if s.o.Order == ByRelevance {
		s.score()
	}
	var hits int64 // that are known beforehand
	s.known = true
	for _, p := range s.parts {
		s.known = s.known && p.check.IsEmpty()
		hits += int64(p.sure.GetCardinality())
	}
	// The parts that fill a list soonest come first.
	for _, p := range s.parts {
		if p.sure.IsEmpty() && p.check.IsEmpty() {
			continue
		}
		if err := s.bound(ctx, p); err != nil {
			return err
		}
		s.byBound = append(s.byBound, p)
	}
	slices.SortFunc(s.byBound, func(a, b *part) int { return compare(a.bound, b.bound) })
	size := fewKeys
	if s.o.Limit > 0 {
		size = int(min(max(s.o.Offset+s.o.Limit, fewKeys), manyKeys))
	}
	last := key{score: math.Inf(-1)}
	for s.wanted() {
		keys, err := s.next(ctx, last, size)
		if err != nil {
			return err
		}
		if len(keys) == 0 {
			s.sum.Exact = true // all were met
			return nil
		}
		last = keys[len(keys)-1]
		for len(keys) > 0 && s.wanted() {
			if keys, err = s.batch(ctx, keys); err != nil {
				return err
			}
		}
		size = min(size*4, manyKeys)
	}
	if s.known {
		s.sum.Hits, s.sum.Exact = hits, true
		return nil
	}
	if !s.o.Count {
		return nil
	}
	s.sum.Hits = hits
	untimed := int64(0)
	for _, p := range s.parts {
		if err := s.verify(ctx, p, p.check, false, func(_ uint32, says truth, _ *stat) {
			switch says {
			case yes:
				s.sum.Hits++
			case unknown:
				untimed++
			}
		}); err != nil {
			return err
		}
	}
	s.sum.Untimed += untimed - s.leftOpen
	s.sum.Exact = true
	return nil
}

// prepare finds a part's candidates. For relevance, and where the set is not
// indexed, all are looked at.
func (s *searcher) prepare(ctx context.Context, p *part) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	score := s.o.Order == ByRelevance
	if p.Chunk == noChunk {
		return s.gather(ctx, p, score)
	}
	if err := s.candidates(ctx, p); err != nil || !score {
		return err
	}
	all := roaring.Or(p.sure, p.check)
	p.sure, p.check = roaring.New(), roaring.New()
	return s.verify(ctx, p, all, true, func(doc uint32, says truth, st *stat) {
		switch says {
		case yes:
			p.sure.Add(doc)
			p.stats = append(p.stats, *st)
		case unknown:
			s.sum.Untimed++
		}
	})
}

// each calls f with the key of every candidate of a part.
func (s *searcher) each(ctx context.Context, p *part, f func(key)) error {
	var times *index.Times
	if p.Chunk != noChunk {
		var err error
		if times, err = s.timesOf(ctx, p.Chunk); err != nil {
			return err
		}
	}
	docs := p.sure
	if !p.check.IsEmpty() {
		docs = roaring.Or(p.sure, p.check)
	}
	rank := 0
	for it := docs.Iterator(); it.HasNext(); rank++ {
		k := key{part: uint32(p.n), doc: it.Next()}
		if p.Chunk == noChunk {
			k.at = p.times[rank]
		} else {
			k.at = times.At(k.doc)
		}
		switch {
		case k.at == index.NoTime:
			k.at = math.MaxInt64
		case s.o.Order == ByTimeDesc:
			k.at = -k.at
		}
		if p.scores != nil {
			k.score = -p.scores[rank]
		}
		f(k)
	}
	return nil
}

func (s *searcher) bound(ctx context.Context, p *part) error {
	p.bound = key{at: math.MinInt64, part: uint32(p.n)}
	if p.scores != nil {
		p.bound.score = math.Inf(-1)
		return nil
	}
	if p.Chunk == noChunk {
		return nil
	}
	times, err := s.timesOf(ctx, p.Chunk)
	if err != nil {
		return err
	}
	low, high, ok := times.Bounds()
	if p.bound.at = low; s.o.Order == ByTimeDesc {
		p.bound.at = -high
	}
	if !ok {
		p.bound.at = math.MaxInt64
	}
	return nil
}

// next returns the first size keys after one, in order.
func (s *searcher) next(ctx context.Context, after key, size int) ([]key, error) {
	var keys []key
	bound, bounded := key{}, false
	cut := func() {
		slices.SortFunc(keys, compare)
		if len(keys) >= size {
			keys = keys[:size]
			bound, bounded = keys[size-1], true
		}
	}
	first := math.IsInf(after.score, -1)
	for _, p := range s.byBound {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if bounded && compare(p.bound, bound) > 0 {
			continue // nothing in it comes early enough
		}
		if err := s.each(ctx, p, func(k key) {
			if bounded && compare(k, bound) > 0 || !first && compare(k, after) <= 0 {
				return
			}
			if keys = append(keys, k); len(keys) >= 2*size {
				cut()
			}
		}); err != nil {
			return nil, err
		}
	}
	cut()
	return keys, nil
}
