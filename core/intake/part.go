package intake

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/blob"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// A part is written when it has grown to one of these: little is lost by an
// interruption, and making many small files durable costs one flush.
const (
	partFiles = 500
	partBytes = 64 << 20
	partAge   = 2 * time.Second
)

// part gathers what goes into the log as one entry.
type part struct {
	start       time.Time
	counts      Counts
	occurrences []evidence.Occurrence
	artifacts   []evidence.Artifact
	staged      []*blob.Staged
	held        map[evidence.Digest]bool
	// expected and mismatches are about the files of this part.
	expected, mismatches []any
}

// collector takes finished jobs in the order of the walk and writes parts.
type collector struct {
	*adding
	part part
	age  *time.Timer
	beat *time.Ticker
	// read counts the bytes that the workers have read.
	read *atomic.Int64
}

func (a *adding) collect(ctx context.Context, order <-chan *job, read *atomic.Int64) error {
	c := &collector{adding: a, age: time.NewTimer(partAge), beat: time.NewTicker(progressEvery), read: read}
	defer c.age.Stop()
	defer c.beat.Stop()
	defer c.discard()
	c.reset()
	for {
		j, err := c.next(ctx, order)
		if err != nil {
			return err
		}
		if j == nil {
			err := c.write(ctx)
			c.tell()
			return err
		}
		c.take(j)
		if len(c.part.occurrences) >= partFiles || c.part.counts.Bytes >= partBytes {
			if err := c.write(ctx); err != nil {
				return err
			}
		}
	}
}

// next returns the next job that is done, or nil after the last. While it
// waits, parts that have grown old are written.
func (c *collector) next(ctx context.Context, order <-chan *job) (*job, error) {
	var waiting *job
	for {
		var done <-chan struct{}
		from := order
		if waiting != nil {
			done, from = waiting.done, nil
		}
		select {
		case j, more := <-from:
			if !more {
				return nil, context.Cause(ctx)
			}
			waiting = j
		case <-done:
			if waiting.err != nil {
				return nil, waiting.err
			}
			if err := context.Cause(ctx); err != nil {
				waiting.drop()
				return nil, err
			}
			return waiting, nil
		case <-c.age.C:
			if err := c.write(ctx); err != nil {
				return nil, c.lose(waiting, err)
			}
		case <-c.beat.C:
			c.tell()
		}
	}
}

// lose drops a job that is still with a worker once the worker is done with it.
func (c *collector) lose(j *job, err error) error {
	if j != nil {
		<-j.done
		j.drop()
	}
	return err
}

// take adds a job to the part.
func (c *collector) take(j *job) {
	failure := j.typ == typeRefused && !j.special
	if failure {
		if c.want != nil && c.want.sums[j.rel] != nil {
			c.want.failed[j.rel] = true
		}
		if c.before.failedAlike(j.rel, &j.st) {
			c.report(j, failure) // recorded before the interruption, and no better now
			return
		}
		j.flags = append(j.flags, flagUnreadable)
	}
	occ := evidence.Occurrence{
		Item: c.rep.Exhibit, Path: evidence.NewName(j.rel), Type: j.typ,
		FS: j.fs, Flags: j.flags, Note: j.note,
	}
	if c.before.hasPath(j.rel) {
		occ.Flags = append(occ.Flags, flagResumed)
		occ.Note = join(occ.Note, "it was received before the interruption as well, and has changed since")
	}
	if j.typ == typeFile {
		occ.Artifact = j.artifact.SHA256
		c.part.expected = append(c.part.expected, c.want.about(j.rel)...)
		if mismatches := c.compare(j.rel, j.artifact); len(mismatches) > 0 {
			occ.Flags = append(occ.Flags, flagMismatch)
			for _, m := range mismatches {
				occ.Note = join(occ.Note, m.text())
				c.part.mismatches = append(c.part.mismatches, m.entry())
			}
		}
		c.hold(j)
		c.part.counts.Bytes += j.artifact.Size
		c.rep.Counts.Bytes += j.artifact.Size
	}
	slices.Sort(occ.Flags)
	c.part.occurrences = append(c.part.occurrences, occ)
	c.part.counts.count(occ.Type, failure, occ.Flags)
	c.rep.Counts.count(occ.Type, failure, occ.Flags)
	c.report(j, failure)
}

// hold keeps the bytes of a job for the part, once.
func (c *collector) hold(j *job) {
	if c.part.held[j.artifact.SHA256] {
		j.drop()
		return
	}
	c.part.held[j.artifact.SHA256] = true
	if j.staged != nil {
		c.part.staged = append(c.part.staged, j.staged)
		return
	}
	c.part.artifacts = append(c.part.artifacts, j.artifact)
}

// report tells a person what was noticed about a job.
func (c *collector) report(j *job, failure bool) {
	switch {
	case slices.Contains(j.flags, flagChanged):
		c.notice(ConcernChanged, j.rel, j.note)
	case failure:
		c.notice(ConcernUnreadable, j.rel, j.note)
	case j.typ == typeRefused:
		c.notice(ConcernRefused, j.rel, j.note)
	}
}

// compare checks a file against the lists, and counts and reports the outcome.
func (a *adding) compare(rel string, art evidence.Artifact) []Mismatch {
	if a.want == nil {
		return nil
	}
	if a.want.sums[rel] == nil {
		a.rep.Counts.Unlisted++
		a.notice(ConcernUnlisted, rel, "no list names it")
		return nil
	}
	mismatches := a.want.check(rel, art.SHA256, art.Hashes)
	if !a.want.compared[rel] {
		a.want.compared[rel] = true
		a.rep.Counts.Compared++
	}
	for _, m := range mismatches {
		a.notice(ConcernMismatch, rel, m.text())
	}
	a.rep.Mismatches = append(a.rep.Mismatches, mismatches...)
	return mismatches
}

// write makes the part durable and begins another.
func (c *collector) write(ctx context.Context) error {
	c.age.Reset(partAge)
	if len(c.part.occurrences) == 0 {
		return nil
	}
	artifacts := c.part.artifacts
	for _, st := range c.part.staged {
		artifacts = append(artifacts, st.Artifact(evidence.Original))
	}
	secret := map[string]any{}
	if len(c.part.expected) > 0 {
		secret["asserted.expected"] = c.part.expected
	}
	if len(c.part.mismatches) > 0 {
		secret["observed.mismatches"] = c.part.mismatches
	}
	_, err := c.c.Append(ctx, store.Batch{
		Kind: "receive", Start: c.part.start, End: c.o.Now(),
		Plain:  map[string]any{"phase": "part", "counts": c.part.counts.plain()},
		Secret: secret,
		Refs:   map[string]int64{"item": c.rep.Begin},
		Staged: c.part.staged, Artifacts: artifacts, Occurrences: c.part.occurrences,
	})
	if err != nil {
		return fmt.Errorf("write a part of the item: %w", err)
	}
	c.reset()
	return nil
}

func (c *collector) reset() {
	c.part = part{start: c.o.Now(), held: map[evidence.Digest]bool{}}
}

// discard gives up what was never written.
func (c *collector) discard() {
	for _, st := range c.part.staged {
		st.Discard()
	}
}

func (c *collector) tell() {
	if c.o.Progress == nil {
		return
	}
	p := c.totals
	p.Files, p.Bytes = c.rep.Counts.Files, c.resumedBytes+c.read.Load()
	c.o.Progress(p)
}

// count adds one occurrence.
func (n *Counts) count(typ string, failure bool, flags []string) {
	switch {
	case typ == typeFile:
		n.Files++
	case typ == typeDirectory:
		n.Directories++
	case typ == typeSymlink:
		n.Symlinks++
	case failure:
		n.Unreadable++
	default:
		n.Special++
	}
	if slices.Contains(flags, flagChanged) {
		n.Changed++
	}
	if slices.Contains(flags, flagMismatch) {
		n.Mismatched++
	}
}

func join(a, b string) string {
	if a == "" {
		return b
	}
	return a + "; " + b
}
