package search

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/exhibit-forensics/exhibit/core/index"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/blob"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// reader reads lines of one record set by number. Not for concurrent use.
type reader struct {
	c      *store.Case
	set    evidence.Digest
	obj    *blob.Object
	places *index.Places
	buf    []byte
}

func (s *searcher) reader(ctx context.Context, set evidence.Digest) (*reader, error) {
	a, err := s.c.Artifact(ctx, set)
	if err != nil {
		return nil, err
	}
	obj, err := s.c.Blobs().Reader(ctx, a)
	if err != nil {
		return nil, err
	}
	r := &reader{c: s.c, set: set, obj: obj}
	if s.x != nil {
		r.places = s.x.Places(set)
	}
	return r, nil
}

// line returns line n, from 0, of an indexed set, good until the next call.
func (r *reader) line(ctx context.Context, n int64) ([]byte, error) {
	at, err := r.places.Locate(ctx, n)
	if err != nil {
		return nil, err
	}
	return r.at(n, at.Offset, at.Length)
}

func (r *reader) at(n, offset, length int64) ([]byte, error) {
	if int64(cap(r.buf)) < length {
		r.buf = make([]byte, max(length, 4<<10))
	}
	b := r.buf[:length]
	if _, err := r.obj.ReadAt(b, offset); err != nil {
		return nil, fmt.Errorf("search: record %s: %w", evidence.RecordID(r.set, n+1), err)
	}
	if b[length-1] != '\n' || length > 1 && b[length-2] == '\n' {
		return nil, fmt.Errorf("search: record %s: %w: index.db and the record set do not agree; exhibit reindex --all", evidence.RecordID(r.set, n+1), evidence.ErrFormat)
	}
	return b[:length-1], nil
}

// readers keeps the readers used last: hits in the order of time jump about.
type readers struct {
	s    *searcher
	open []*reader
}

// maxReaders is how many are kept; each holds about a megabyte.
const maxReaders = 8

func (r *readers) of(ctx context.Context, set evidence.Digest) (*reader, error) {
	for i, o := range r.open {
		if o.set == set {
			copy(r.open[1:i+1], r.open[:i])
			r.open[0] = o
			return o, nil
		}
	}
	o, err := r.s.reader(ctx, set)
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	if len(r.open) == maxReaders {
		_ = r.open[maxReaders-1].obj.Close()
		r.open = r.open[:maxReaders-1]
	}
	r.open = append([]*reader{o}, r.open...)
	return o, nil
}

// read returns line n, from 0, of a part's set, good until the next call.
func (r *readers) read(ctx context.Context, p *part, n int64) ([]byte, error) {
	o, err := r.of(ctx, p.j.Set().Artifact)
	if err != nil {
		return nil, err
	}
	if p.Chunk == noChunk {
		return p.seek(o, n)
	}
	return o.line(ctx, n)
}

func (r *readers) close() {
	for _, o := range r.open {
		_ = o.obj.Close()
	}
	r.open = nil
}

// perWorker is how many candidates are worth a goroutine.
const perWorker = 512

// verify reads candidates of an indexed part, side by side, and calls f with each
// in order, from one goroutine.
func (s *searcher) verify(ctx context.Context, p *part, docs *roaring.Bitmap, score bool, f func(doc uint32, says truth, st *stat)) error {
	list := docs.ToArray()
	if len(list) == 0 {
		return nil
	}
	workers := min(runtime.GOMAXPROCS(0), len(list)/perWorker+1)
	says := make([]truth, len(list))
	var stats []stat
	if score {
		stats = make([]stat, len(list))
	}
	errs := make([]error, workers)
	var wait sync.WaitGroup
	for w := range workers {
		from, to := len(list)*w/workers, len(list)*(w+1)/workers
		wait.Go(func() {
			errs[w] = s.verifySome(ctx, p, list[from:to], func(i int, t truth, st stat) {
				says[from+i] = t
				if score {
					stats[from+i] = st
				}
			}, score)
		})
	}
	wait.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	for i, doc := range list {
		var st *stat
		if score {
			st = &stats[i]
		}
		f(doc, says[i], st)
	}
	return nil
}

func (s *searcher) verifySome(ctx context.Context, p *part, docs []uint32, f func(i int, says truth, st stat), score bool) error {
	r, err := s.reader(ctx, p.j.Set().Artifact)
	if err != nil {
		return fmt.Errorf("search: %w", err)
	}
	defer r.obj.Close()
	e := newEvaluator(s.q, s.tags, score)
	e.enter(p.j.Clone())
	for i, doc := range docs {
		if i%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		n := p.First + int64(doc-p.Base)
		line, err := r.line(ctx, n)
		if err != nil {
			return err
		}
		t, err := e.record(line, n+1)
		if err != nil {
			return err
		}
		f(i, t, e.stat)
	}
	return nil
}
