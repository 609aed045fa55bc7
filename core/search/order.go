package search

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/exhibit-forensics/exhibit/core/index"
	"github.com/exhibit-forensics/exhibit/evidence"
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

// gather reads a set that is not indexed through and notes its hits.
func (s *searcher) gather(ctx context.Context, p *part, score bool) error {
	e := newEvaluator(s.q, s.tags, score)
	e.enter(p.j)
	p.sure, p.check = roaring.New(), roaring.New()
	offset := int64(0)
	return p.j.Lines(ctx, s.c, func(n int64, line []byte) error {
		if (n-1)%sparse == 0 {
			p.starts = append(p.starts, offset)
		}
		offset += int64(len(line)) + 1
		says, err := e.record(line, n)
		switch {
		case err != nil:
			return err
		case says == unknown:
			s.sum.Untimed++
		case says == yes && n > math.MaxUint32:
			return fmt.Errorf("search: %w: record set %s has over %d records and is not indexed; exhibit reindex", evidence.ErrFormat, p.j.Set().Artifact.Short(), uint32(math.MaxUint32))
		case says == yes:
			p.sure.Add(uint32(n - 1))
			p.times = append(p.times, timeOf(line))
			if score {
				p.stats = append(p.stats, e.stat)
			}
		}
		return nil
	})
}

func timeOf(line []byte) int64 {
	if _, at := evidence.KindAndTime(line); at != "" {
		if t, err := time.Parse(time.RFC3339Nano, at); err == nil {
			return t.UnixMicro()
		}
	}
	return index.NoTime
}

// seek reads line n, from 0, of a set that is not indexed.
func (p *part) seek(r *reader, n int64) ([]byte, error) {
	at := p.starts[n/sparse]
	skip := n % sparse
	window := int64(64 << 10)
	for {
		b, err := r.window(n, at, window)
		if err != nil {
			return nil, err
		}
		whole := int64(len(b)) < window // all there is
		for skip > 0 {
			i := bytes.IndexByte(b, '\n')
			if i < 0 {
				break
			}
			b, skip, at = b[i+1:], skip-1, at+int64(i)+1
		}
		if skip == 0 {
			if i := bytes.IndexByte(b, '\n'); i >= 0 {
				return b[:i], nil
			}
		}
		if whole {
			return nil, fmt.Errorf("search: record %s: %w", evidence.RecordID(r.set, n+1), evidence.ErrNotFound)
		}
		if window < evidence.MaxLine {
			window *= 4
		}
	}
}

// window reads up to size bytes from at.
func (r *reader) window(n, at, size int64) ([]byte, error) {
	size = min(size, r.obj.Size()-at)
	if int64(cap(r.buf)) < size {
		r.buf = make([]byte, size)
	}
	if _, err := r.obj.ReadAt(r.buf[:size], at); err != nil {
		return nil, fmt.Errorf("search: record %s: %w", evidence.RecordID(r.set, n+1), err)
	}
	return r.buf[:size], nil
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

// looked is what came of looking at a candidate; line is nil where there was no
// room for it, or no need.
type looked struct {
	says truth
	line []byte
}

// batch yields the hits among the first of the keys and returns the rest.
func (s *searcher) batch(ctx context.Context, keys []key) ([]key, error) {
	n := min(len(keys), batchLines)
	if s.o.Limit > 0 { // about as many as are needed, by how many were hits so far
		need := s.o.Offset + s.o.Limit - s.sum.Hits
		if !s.known {
			need = need*(s.met+1)/(s.sum.Hits+1) + need/8
		}
		n = int(min(int64(n), max(need, 1)))
	}
	s.met += int64(n)
	got := make([]looked, n)
	if err := s.look(ctx, keys[:n], got); err != nil {
		return nil, err
	}
	for i, k := range keys[:n] {
		if got[i].says == unknown {
			s.sum.Untimed++
			s.leftOpen++
		}
		if got[i].says != yes || !s.hit() {
			continue
		}
		p := s.parts[k.part]
		at := p.First + int64(k.doc-p.Base)
		line := got[i].line
		if line == nil {
			var err error
			if line, err = s.lines.read(ctx, p, at); err != nil {
				return nil, err
			}
		}
		if err := s.give(p, at, line, -k.score); err != nil {
			return nil, err
		}
	}
	return keys[n:], ctx.Err()
}

// look reads candidates side by side, in the order in which they lie, so that
// hardly a frame is decoded twice, and decides about those that need it.
func (s *searcher) look(ctx context.Context, keys []key, got []looked) error {
	order := make([]int, len(keys))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(keys[a].part, keys[b].part), cmp.Compare(keys[a].doc, keys[b].doc))
	})
	// All of them may lie before those that are asked for.
	skip := s.sum.Hits+int64(len(keys)) <= s.o.Offset
	workers := min(len(s.pools), len(keys)/perLook+1)
	errs := make([]error, workers)
	var wait sync.WaitGroup
	for w := range workers {
		mine := order[len(order)*w/workers : len(order)*(w+1)/workers]
		wait.Go(func() { errs[w] = s.lookAt(ctx, s.pools[w], mine, keys, got, skip, batchBytes/workers) })
	}
	wait.Wait()
	return errors.Join(errs...)
}

// perLook is how many scattered lines are worth a goroutine.
const perLook = 16

func (s *searcher) lookAt(ctx context.Context, lines *readers, mine []int, keys []key, got []looked, skip bool, room int) error {
	e := newEvaluator(s.q, s.tags, false)
	entered := -1
	for _, i := range mine {
		k := keys[i]
		p := s.parts[k.part]
		got[i].says = yes
		checked := p.check.Contains(k.doc)
		if !checked && skip {
			continue
		}
		at := p.First + int64(k.doc-p.Base)
		line, err := lines.read(ctx, p, at)
		if err != nil {
			return err
		}
		if checked {
			if entered != p.n {
				e.enter(p.j.Clone())
				entered = p.n
			}
			if got[i].says, err = e.record(line, at+1); err != nil {
				return err
			}
		}
		if room -= len(line); got[i].says == yes && room >= 0 {
			got[i].line = slices.Clone(line)
		}
	}
	return nil
}

// score works out the scores of all hits by BM25 (Robertson and Zaragoza, The
// Probabilistic Relevance Framework, 2009) with k1 = 1.2 and b = 0.75. A term's
// frequency counts where it is a substring, the length is that of the searched
// text in bytes, folded; the mean is that of the hits.
func (s *searcher) score() {
	const k1, b = 1.2, 0.75
	terms := len(s.q.scored())
	var with [maxTerms]int64
	var hits, length int64
	for _, p := range s.parts {
		for i := range p.stats {
			hits++
			length += int64(p.stats[i].length)
			for t := range terms {
				if p.stats[i].found[t] > 0 {
					with[t]++
				}
			}
		}
	}
	mean := math.Max(float64(length)/math.Max(float64(hits), 1), 1)
	var weight [maxTerms]float64
	for t := range terms {
		weight[t] = math.Log(1 + (float64(s.sum.Records-with[t])+0.5)/(float64(with[t])+0.5))
	}
	for _, p := range s.parts {
		p.scores = make([]float64, len(p.stats))
		for i, st := range p.stats {
			norm := k1 * (1 - b + b*float64(st.length)/mean)
			for t := range terms {
				// The conversions keep compilers from rounding once less on some machines.
				tf := float64(st.found[t])
				p.scores[i] += float64(weight[t] * float64(tf*(k1+1)) / float64(tf+norm))
			}
		}
		p.stats = nil
	}
}
