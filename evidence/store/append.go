package store

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
)

// The sets of an entry, each with a table of the same name.
const (
	setArtifacts   = "artifacts"
	setOccurrences = "occurrences"
	setDerivations = "derivations"
	setRuns        = "runs"
	setSubjects    = "subjects"
)

// Append makes a batch durable: first its objects, then, in one transaction, an
// entry of the log with nodes, openings, sets and rows. When it returns an entry's
// number, all of it is on the device and stays there.
//
// A batch that is refused for what is in it, or because ctx ended first, leaves
// the case as it was. So does a batch that fails to be written, but then the
// writer is suspect and every later write fails with ErrSuspect. Either way the
// staged objects are spent. Append may be called from several goroutines.
func (c *Case) Append(ctx context.Context, b Batch) (seq int64, err error) {
	c.destroying.RLock()
	seq, err = c.appendBatch(ctx, b)
	c.destroying.RUnlock()
	if err != nil {
		for _, st := range b.Staged {
			st.Discard()
		}
		return 0, fmt.Errorf("store: append %s: %w", b.Kind, err)
	}
	return seq, nil
}

func (c *Case) appendBatch(ctx context.Context, b Batch) (seq int64, err error) {
	if c.w == nil {
		return 0, ErrClosed
	}
	if err := errors.Join(ctx.Err(), c.w.usable()); err != nil {
		return 0, err
	}
	p := &batch{Batch: b}
	if err := p.encode(); err != nil {
		return 0, err
	}
	if len(b.Staged) > 0 {
		if err := c.blobs.Commit(ctx, b.Staged...); err != nil {
			return 0, c.w.blobFailed(ctx, err)
		}
	}
	if err := p.encodeArtifacts(); err != nil {
		return 0, err
	}
	err = c.w.submit(ctx, func() error {
		seq, err = c.w.append(context.WithoutCancel(ctx), p)
		return err
	})
	return seq, err
}

// blobFailed decides whether a failed commit of objects says anything about the
// device. A damaged object and a caller who gave up do not.
func (w *writer) blobFailed(ctx context.Context, err error) error {
	if errors.Is(err, evidence.ErrIntegrity) || ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return err
	}
	return w.distrust(classify(err))
}

// set is the members of one of an entry's sets, ready to be written.
type set struct {
	name   string
	seed   [sha256.Size]byte
	bodies [][]byte
	leaves [][sha256.Size]byte
}

// append runs in the writer's goroutine. Everything that can be refused is
// refused before the transaction begins.
func (w *writer) append(ctx context.Context, b *batch) (int64, error) {
	fresh, err := w.fresh(ctx, b.artifacts)
	if err != nil {
		return 0, err
	}
	if err := w.checkReferences(ctx, b, fresh); err != nil {
		return 0, err
	}
	artifacts := make([][]byte, len(fresh))
	for i, a := range fresh {
		artifacts[i] = a.body
	}
	roots := map[string]custody.SetRoot{}
	var sets []set
	for _, s := range []set{
		{name: setArtifacts, bodies: artifacts},
		{name: setOccurrences, bodies: b.occurrences},
		{name: setDerivations, bodies: b.derivations},
		{name: setRuns, bodies: b.runs},
		{name: setSubjects, bodies: b.subjects},
	} {
		if len(s.bodies) == 0 {
			continue
		}
		if roots[s.name], err = s.commit(w.o.Rand); err != nil {
			return 0, err
		}
		sets = append(sets, s)
	}
	body, openings, err := custody.Build(custody.Head{Origin: w.origin, Size: w.size, Prev: w.prev}, w.draft(b, roots), w.o.Rand)
	if err != nil {
		return 0, err
	}
	nodes, err := custody.NewNodes(w.size, body, w.nodes(ctx))
	if err != nil {
		return 0, err
	}
	seq := w.size
	if err := w.transact(func() error { return w.write(ctx, seq, body, openings, nodes, sets, b.Runs) }); err != nil {
		return 0, err
	}
	w.advance(body)
	for _, a := range fresh {
		w.remember(a.artifact.SHA256)
		delete(w.gone, a.artifact.SHA256)
	}
	if destroys(b.Batch) {
		for _, s := range b.Subjects {
			w.gone[s.Artifact] = true
		}
	}
	return seq, nil
}

// commit computes the leaves and the root.
func (s *set) commit(rand io.Reader) (custody.SetRoot, error) {
	if _, err := io.ReadFull(rand, s.seed[:]); err != nil {
		return custody.SetRoot{}, fmt.Errorf("random source: %w", err)
	}
	members := custody.NewSet(s.seed)
	s.leaves = make([][sha256.Size]byte, len(s.bodies))
	for i, body := range s.bodies {
		var err error
		if s.leaves[i], err = members.Add(body); err != nil {
			return custody.SetRoot{}, err
		}
	}
	return members.Root(), nil
}

func (w *writer) draft(b *batch, roots map[string]custody.SetRoot) custody.Draft {
	d := custody.Draft{
		Kind: b.Kind, Start: b.Start, End: b.End,
		LocalOffset: w.o.LocalOffset(), MonotonicUS: w.o.Monotonic().Microseconds(), Clock: w.o.Clock(), Tool: w.o.Tool,
		Plain: b.Plain, Secret: map[string]any{}, Sets: roots, Refs: b.Refs,
	}
	if d.End.IsZero() {
		d.End = w.o.Now()
	}
	if d.Start.IsZero() {
		d.Start = d.End
	}
	for _, fields := range []map[string]any{w.o.Observed, w.o.Asserted, b.Secret} {
		maps.Copy(d.Secret, fields)
	}
	return d
}

// write inserts everything of one entry; it runs inside a transaction.
func (w *writer) write(ctx context.Context, seq int64, body []byte, openings []custody.Opening, nodes []custody.Node, sets []set, runs []RunRow) error {
	if seq == 0 {
		first, err := custody.ParseEntry(body)
		if err != nil {
			return err
		}
		for name, value := range metaOf(first) {
			if err := w.insert(ctx, "INSERT INTO meta (name, value) VALUES (?, ?)", name, value); err != nil {
				return err
			}
		}
	}
	if err := w.insert(ctx, "INSERT INTO entries (seq, body) VALUES (?, ?)", seq, body); err != nil {
		return err
	}
	for _, n := range nodes {
		if err := w.insert(ctx, "INSERT INTO nodes (idx, hash) VALUES (?, ?)", n.Idx, n.Hash[:]); err != nil {
			return err
		}
	}
	for _, o := range openings {
		if err := w.insert(ctx, "INSERT INTO openings (seq, field, salt, value) VALUES (?, ?, ?, ?)", seq, o.Field, o.Salt, o.Value); err != nil {
			return err
		}
	}
	for _, s := range sets {
		if err := w.insert(ctx, "INSERT INTO sets (seq, name, seed) VALUES (?, ?, ?)", seq, s.name, s.seed[:]); err != nil {
			return err
		}
		query := "INSERT INTO " + s.name + " (seq, n, body, leaf) VALUES (?, ?, ?, ?)"
		if s.name == setRuns {
			query = "INSERT INTO runs (seq, n, body, leaf, seed) VALUES (?, ?, ?, ?, ?)"
		}
		st, err := w.prepared(query)
		if err != nil {
			return err
		}
		for n := range s.bodies {
			st.args[0].Value, st.args[1].Value, st.args[2].Value, st.args[3].Value = seq, int64(n), s.bodies[n], s.leaves[n][:]
			if s.name == setRuns {
				st.args[4].Value = runs[n].Seed[:]
			}
			if _, err := st.stmt.ExecContext(ctx, st.args); err != nil {
				return err
			}
		}
	}
	return nil
}
