package search

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/exhibit-forensics/exhibit/core/index"
	"github.com/exhibit-forensics/exhibit/evidence"
)

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
