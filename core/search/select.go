package search

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/exhibit-forensics/exhibit/core/index"
	"github.com/exhibit-forensics/exhibit/core/view"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// Select calls yield with the hits of a query among the current records, in the
// order asked for, until there are no more, Limit is reached, or yield fails,
// whose error it returns.
//
// What the index answers is not read; candidates are read and looked at; record
// sets that are not indexed are read through. Memory is bounded by the number of
// records, not by their size: two bits a record that is a hit or a candidate, 8
// bytes a hit in a set that is not indexed, and for ByRelevance 12 bytes a hit
// and term.
func Select(ctx context.Context, c *store.Case, q *Query, o Options, yield func(Hit) error) (Summary, error) {
	s := &searcher{c: c, q: q, o: o, yield: yield, marked: map[*leaf]marked{}, times: map[int64]*index.Times{}}
	var err error
	if s.tags, err = q.tags(o); err != nil {
		return Summary{}, err
	}
	for l, ids := range s.tags {
		s.marked[l] = markedBy(ids)
	}
	if err := s.begin(ctx); err != nil {
		return Summary{}, err
	}
	defer s.close()
	switch {
	case o.Order == InLog:
		err = s.inLog(ctx)
	default:
		err = s.ordered(ctx)
	}
	if errors.Is(err, errEnough) {
		err = nil
	}
	return s.sum, err
}

// errEnough ends a search early: no more is asked for.
var errEnough = errors.New("enough")

// searcher is one call of Select.
type searcher struct {
	c     *store.Case
	q     *Query
	o     Options
	yield func(Hit) error
	sum   Summary

	tags   tags
	marked map[*leaf]marked
	x      *index.Index // nil where there is none to rest on
	parts  []*part
	// byBound are those with candidates, for an order other than that of the log.
	byBound []*part
	chunks  []*chunk
	times   map[int64]*index.Times
	lines   *readers
	pools   []*readers // one for each goroutine; lines is the first

	yielded int64
	// known: every candidate is a hit. leftOpen are those of Untimed that were
	// candidates and looked at in order.
	known    bool
	leftOpen int64
	met      int64 // candidates looked at in order
}

// part is some records of a run that are in one chunk, or all of them where the
// set is not indexed: then Chunk is -1, and record n of the set is n here too.
type part struct {
	index.Part
	n int // in the order of the log
	j *view.Joiner

	// sure are hits, check candidates.
	sure, check *roaring.Bitmap

	// No candidate comes before bound in the order asked for.
	bound key

	// Where the set is not indexed: the times of sure in order, and where each
	// sparse-th line begins.
	times  []int64
	starts []int64

	// For ByRelevance, of sure in order.
	stats  []stat
	scores []float64
}

const noChunk = -1

func (s *searcher) begin(ctx context.Context) error {
	joiners, err := view.Joiners(ctx, s.c)
	if err != nil {
		return fmt.Errorf("search: %w", err)
	}
	segments, err := s.openIndex(ctx)
	if err != nil {
		return err
	}
	for range runtime.GOMAXPROCS(0) {
		s.pools = append(s.pools, &readers{s: s})
	}
	s.lines = s.pools[0]
	for _, j := range joiners {
		set := j.Set()
		if j.Run().Operation == evidence.OpRedact {
			continue // places in records, without a text to search
		}
		s.sum.Records += set.Count
		parts, ok := segments[set.Artifact]
		if !ok {
			s.sum.Unindexed++
			parts = []index.Part{{Chunk: noChunk, Count: set.Count}}
		}
		for _, p := range parts {
			s.parts = append(s.parts, &part{Part: p, n: len(s.parts), j: j})
		}
	}
	return nil
}

// openIndex opens index.db and returns what is in it: nothing where there is
// none, or none to rest on.
func (s *searcher) openIndex(ctx context.Context) (map[evidence.Digest][]index.Part, error) {
	x, err := index.OpenReader(ctx, filepath.Join(s.c.Dir(), "index.db"))
	if errors.Is(err, evidence.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	trusted, err := x.Trusted(ctx, s.o.Boot)
	var segments map[evidence.Digest][]index.Part
	if err == nil && trusted {
		segments, err = x.Segments(ctx)
	}
	if err != nil || !trusted { // damaged, or torn by a power cut: the sets themselves tell
		return nil, errors.Join(x.Close(), ctx.Err())
	}
	s.x = x
	return segments, nil
}

func (s *searcher) close() {
	for _, r := range s.pools {
		r.close()
	}
	if s.x != nil {
		_ = s.x.Close()
	}
}

// candidates fills a part's sure and check, and counts what the index leaves open.
func (s *searcher) candidates(ctx context.Context, p *part) error {
	a, err := s.sets(ctx, p)
	if err != nil {
		return fmt.Errorf("search: index: %w", err)
	}
	p.sure, p.check = a.trueLow, roaring.New()
	if a.trueHigh != a.trueLow {
		p.check = roaring.AndNot(a.trueHigh, a.trueLow)
	}
	if a.maybeHigh != a.maybeLow {
		p.check.Or(roaring.AndNot(a.maybeHigh, a.maybeLow))
	}
	if a.maybeLow != a.trueHigh {
		s.sum.Untimed += int64(a.maybeLow.GetCardinality() - a.maybeLow.AndCardinality(a.trueHigh))
	}
	return nil
}

// wanted reports whether hits are still to be yielded.
func (s *searcher) wanted() bool { return s.o.Limit <= 0 || s.yielded < s.o.Limit }

// hit counts a hit, and says whether it is to be yielded.
func (s *searcher) hit() bool {
	s.sum.Hits++
	return s.sum.Hits > s.o.Offset && s.wanted()
}

// give yields line n, from 0, of a part's set.
func (s *searcher) give(p *part, n int64, line []byte, score float64) error {
	joined, err := p.j.Join(line, n+1)
	if err != nil {
		return err
	}
	s.yielded++
	return s.yield(Hit{ID: evidence.RecordID(p.j.Set().Artifact, n+1), Line: joined, Score: score})
}

// full is errEnough where nothing more is to be yielded or counted.
func (s *searcher) full() error {
	if !s.wanted() && !s.o.Count {
		return errEnough
	}
	return nil
}

func (s *searcher) inLog(ctx context.Context) error {
	e := newEvaluator(s.q, s.tags, false)
	for _, p := range s.parts {
		if err := errors.Join(ctx.Err(), s.full()); err != nil {
			return err
		}
		var err error
		if p.Chunk == noChunk {
			err = s.scan(ctx, e, p)
		} else {
			err = s.walk(ctx, e, p)
		}
		if err != nil {
			return err
		}
		p.sure, p.check = nil, nil
	}
	s.sum.Exact = true
	return nil
}

// scan reads a set through.
func (s *searcher) scan(ctx context.Context, e *evaluator, p *part) error {
	e.enter(p.j)
	return p.j.Lines(ctx, s.c, func(n int64, line []byte) error {
		says, err := e.record(line, n)
		if err != nil {
			return err
		}
		switch {
		case says == unknown:
			s.sum.Untimed++
		case says == yes && s.hit():
			return s.give(p, n-1, line, 0)
		}
		return s.full()
	})
}

// walk goes through a part's candidates in order while hits are to be yielded,
// and only counts the rest.
func (s *searcher) walk(ctx context.Context, e *evaluator, p *part) error {
	if err := s.candidates(ctx, p); err != nil {
		return err
	}
	e.enter(p.j)
	done := uint64(p.Base)
	for it := roaring.Or(p.sure, p.check).Iterator(); it.HasNext() && s.wanted(); {
		doc := it.Next()
		done = uint64(doc) + 1
		n := p.First + int64(doc-p.Base)
		var line []byte
		if p.check.Contains(doc) {
			var err error
			if line, err = s.lines.read(ctx, p, n); err != nil {
				return err
			}
			says, err := e.record(line, n+1)
			if err != nil {
				return err
			}
			if says == unknown {
				s.sum.Untimed++
			}
			if says != yes {
				continue
			}
		}
		if !s.hit() {
			continue
		}
		if line == nil {
			var err error
			if line, err = s.lines.read(ctx, p, n); err != nil {
				return err
			}
		}
		if err := s.give(p, n, line, 0); err != nil {
			return err
		}
	}
	if err := s.full(); err != nil {
		return err
	}
	p.sure.RemoveRange(0, done)
	p.check.RemoveRange(0, done)
	s.sum.Hits += int64(p.sure.GetCardinality())
	return s.verify(ctx, p, p.check, false, func(_ uint32, says truth, _ *stat) {
		switch says {
		case yes:
			s.sum.Hits++
		case unknown:
			s.sum.Untimed++
		}
	})
}
