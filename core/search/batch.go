package search

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
)

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
