package redact

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// visitor is told what a pass comes by; what is nil is not asked.
type visitor struct {
	choose   func(id string) bool
	record   func(*Record) error
	withheld func(Withheld) error
	value    func(o Original) error
	// await is told of spans that await a reviewer, of all of them where all is set.
	await func(Found) error
	all   bool
}

// pass goes through all records in the order of the log, one by one, in memory that does
// not depend on how many there are.
func (r *Redactor) pass(ctx context.Context, v visitor) (Counts, error) {
	counts := Counts{Dropped: map[string]int64{}}
	found, err := openFound(ctx, r.c, &r.run)
	if err != nil {
		return counts, err
	}
	w := &walker{r: r, tally: tally{}, dropped: map[[2]string]int64{}, names: map[string]string{}, v: &v}
	for _, s := range r.sets {
		if err = r.passSet(ctx, found, s, w, &counts); err != nil {
			break
		}
	}
	counts.Spans = w.tally.list()
	for at, n := range w.dropped {
		counts.Dropped[at[0]+"."+at[1]] = n
	}
	return counts, errors.Join(err, found.obj.Close())
}

func (r *Redactor) passSet(ctx context.Context, found *findings, s *set, w *walker, counts *Counts) error {
	v := w.v
	if s.withheld != nil {
		counts.WithheldSets++
	}
	if s.outside || s.withheld != nil && v.withheld == nil {
		if s.outside {
			counts.OutOfScope += s.count
		} else {
			counts.Withheld += s.count
		}
		return ctx.Err()
	}
	spans := found.reader(s)
	w.set = s
	var rec Record
	err := s.joiner.Lines(ctx, r.c, func(n int64, line []byte) error {
		mine, err := spans.of(n)
		if err == nil {
			err = r.one(w, n, line, mine, counts, &rec)
		}
		if err != nil {
			return fmt.Errorf("redact: record %s: %w", evidence.RecordID(s.digest, n), err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := spans.done(); err != nil {
		return fmt.Errorf("redact: record set %s: %w", s.digest.Short(), err)
	}
	return nil
}

// one record of a pass.
func (r *Redactor) one(w *walker, n int64, line []byte, spans []span, counts *Counts, rec *Record) error {
	v, s := w.v, w.set
	if v.choose != nil && !v.choose(evidence.RecordID(s.digest, n)) {
		return nil
	}
	if err := w.load(line); err != nil {
		return err
	}
	inside, undated, err := r.scope.admits(w)
	if err != nil {
		return err
	}
	if !inside {
		counts.OutOfScope++
		if undated {
			counts.Undated++
		}
		return nil
	}
	if s.withheld != nil {
		counts.Withheld++
		return v.withheld(Withheld{Entry: s.entry, Run: s.run, Leaf: n - 1, Exhibit: s.exhibit, Kind: w.kind, Category: cmp.Or(s.withheld.Category, "withheld"), Basis: s.withheld.Basis, By: ByAuto})
	}
	w.record = evidence.Subject{Artifact: s.digest, Line: n}
	if err := w.redact(spans); err != nil {
		return err
	}
	if w.withheld != nil {
		counts.Withheld++
		if v.withheld == nil {
			return nil
		}
		h := *w.withheld
		h.Entry, h.Run, h.Leaf, h.Exhibit, h.Kind = s.entry, s.run, n-1, s.exhibit, w.kind
		return v.withheld(h)
	}
	counts.Records++
	if len(w.applied) > 0 {
		counts.Redacted++
	}
	counts.Pending += w.pending
	if w.pending > 0 {
		counts.PendingRecords++
	}
	if v.record == nil {
		return nil
	}
	*rec = Record{
		ID: evidence.RecordID(s.digest, n), Kind: w.kind, Set: s.digest, Line: n, Exhibit: s.exhibit,
		Entry: s.entry, Run: s.run, Leaf: n - 1, Body: w.out, Original: line, Applied: w.applied,
	}
	rec.Time = w.shownTime
	return v.record(rec)
}

// Each calls f with each record that is in scope and not withheld, in the order of the
// log; choose, which may be nil, says by its id whether a record is wanted. The record is
// good until f returns.
func (r *Redactor) Each(ctx context.Context, choose func(id string) bool, f func(*Record) error) error {
	counts, err := r.pass(ctx, visitor{choose: choose, record: f})
	if err == nil {
		r.counts = counts
	}
	return err
}

// Withheld calls f with each record in scope that is withheld; choose as in Each.
func (r *Redactor) Withheld(ctx context.Context, choose func(id string) bool, f func(Withheld) error) error {
	_, err := r.pass(ctx, visitor{choose: choose, withheld: f})
	return err
}

// Spans calls f with each span in scope that awaits a reviewer, or with each one at all, in
// the order of the log.
func (r *Redactor) Spans(ctx context.Context, all bool, f func(Found) error) error {
	_, err := r.pass(ctx, visitor{await: f, all: all})
	return err
}

// Original is a value that is redacted, and what stands for it.
type Original struct {
	// Mark is what stands there now, Category what it is of, Value how it is written,
	// Canonical the spelling that all of its spellings share.
	Mark, Category, Value, Canonical string
}

// maxSeenValues bounds the spellings that Values and Originals remember; beyond them some
// come again.
const maxSeenValues = 2 << 20

// Originals calls f with every value that is redacted in what choose (as in Each) says is
// wanted, each spelling under each mark once: what a vault holds. Of more than two million
// some come more than once.
func (r *Redactor) Originals(ctx context.Context, choose func(id string) bool, f func(Original) error) error {
	seen := map[[16]byte]struct{}{}
	_, err := r.pass(ctx, visitor{choose: choose, value: func(o Original) error {
		sum := evidence.Sum([]byte(o.Mark + "\x00" + o.Category + "\x00" + o.Value))
		key := [16]byte(sum[:16])
		if _, ok := seen[key]; ok {
			return nil
		}
		if len(seen) >= maxSeenValues {
			clear(seen)
		}
		seen[key] = struct{}{}
		return f(o)
	}})
	return err
}

// Values calls f with every value that is redacted, each spelling at least once: category,
// as it is written, canonical.
func (r *Redactor) Values(ctx context.Context, f func(category, raw, canonical string) error) error {
	return r.Originals(ctx, nil, func(o Original) error { return f(o.Category, o.Value, o.Canonical) })
}
