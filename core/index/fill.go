package index

import (
	"context"
	"errors"
	"fmt"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// Fill builds the segments that the index lacks, from the case's record sets in
// the order of the log, and returns how many. progress, which may be nil, is told
// how many records were indexed so far.
func (x *Index) Fill(ctx context.Context, c *store.Case, progress func(records int64)) (built int64, err error) {
	defer func() { err = errors.Join(err, x.Flush(context.WithoutCancel(ctx))) }()
	var records int64
	for row, err := range c.Runs(ctx) {
		if err != nil {
			return built, err
		}
		if row.Run.Records == nil {
			continue
		}
		set := row.Run.Records.Artifact
		if has, err := x.Has(ctx, set); err != nil || has {
			if err != nil {
				return built, err
			}
			continue
		}
		if err := x.build(ctx, c, set); err != nil {
			return built, fmt.Errorf("index: record set %s: %w", set.Short(), err)
		}
		built++
		if records += row.Run.Records.Count; progress != nil {
			progress(records)
		}
	}
	return built, nil
}

func (x *Index) build(ctx context.Context, c *store.Case, set evidence.Digest) (err error) {
	s, err := x.Begin(ctx)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Abort(context.WithoutCancel(ctx)))
		}
	}()
	a, err := c.Artifact(ctx, set)
	if err != nil {
		return err
	}
	obj, err := c.Blobs().Reader(ctx, a)
	if err != nil {
		return err
	}
	defer obj.Close()
	var members []evidence.Member
	n := 0
	if err := evidence.Lines(obj, a.Size, func(line []byte) error {
		if n++; n%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		var h evidence.RecordHeader
		if h, members, err = evidence.ScanRecord(line, members[:0]); err != nil {
			return err
		}
		s.Add(line, members, string(h.Kind), string(h.Time))
		return nil
	}); err != nil {
		return err
	}
	return s.Commit(ctx, set)
}
