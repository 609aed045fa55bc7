// Package prove makes proofs (docs/formats/proof.md) of what a case holds: it finds what a
// person means, the checkpoint to prove it under, and what the proof is made from.
package prove

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"

	"github.com/exhibit-forensics/exhibit/core/marks"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"github.com/exhibit-forensics/exhibit/evidence/proof"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// Maker makes proofs of one case under one checkpoint.
type Maker struct {
	c     *store.Case
	under proof.Under
	size  int64
}

// New proves under the note given, as in a receipt, or under the case's latest checkpoint
// where note is nil. It fails with evidence.ErrNotFound where the case has no checkpoint, with
// custody.ErrUnknownSigner where the note is signed by no key that the log names.
func New(ctx context.Context, c *store.Case, note []byte) (*Maker, error) {
	m := &Maker{c: c}
	if note == nil {
		for cp, err := range c.Checkpoints(ctx) {
			if err != nil {
				return nil, err
			}
			note = cp.Note
		}
	}
	if note == nil {
		return nil, fmt.Errorf("prove: checkpoint: %w: the log was never sealed", evidence.ErrNotFound)
	}
	key, err := m.keyOf(ctx, note)
	if err != nil {
		return nil, err
	}
	cp, err := custody.OpenCheckpoint(note, key)
	if err != nil {
		return nil, err
	}
	m.under, m.size = proof.Under{Note: note, Key: key}, cp.Size
	return m, nil
}

// keyOf is the key among those that the log names by which a note is signed; one that signs the
// log still, where there are several.
func (m *Maker) keyOf(ctx context.Context, note []byte) (string, error) {
	state, err := m.c.State(ctx)
	if err != nil {
		return "", err
	}
	found := ""
	for _, key := range state.Signers {
		if _, err := custody.OpenCheckpoint(note, key); err == nil && (found == "" || custody.MaySign(state.Handovers, key) == nil) {
			found = key
		}
	}
	if found == "" {
		return "", fmt.Errorf("prove: checkpoint: %w that this log names", custody.ErrUnknownSigner)
	}
	return found, nil
}

// Size is how many entries the checkpoint is over.
func (m *Maker) Size() int64 { return m.size }

// Entry proves an entry and opens the fields named. TLog, of the result, is a C2SP tlog-proof.
func (m *Maker) Entry(ctx context.Context, seq int64, fields []string) (proof.Proof, error) {
	le, err := m.c.Entry(ctx, seq)
	if err != nil {
		return proof.Proof{}, err
	}
	if seq >= m.size {
		return proof.Proof{}, fmt.Errorf("prove: entry %d: %w under the checkpoint of %d entries: seal the log first", seq, evidence.ErrNotFound, m.size)
	}
	var openings []custody.Opening
	for _, field := range fields {
		i := -1
		for j, o := range le.Openings {
			if o.Field == field {
				i = j
			}
		}
		if i < 0 {
			return proof.Proof{}, fmt.Errorf("prove: field %q of entry %d: %w", field, seq, evidence.ErrNotFound)
		}
		openings = append(openings, le.Openings[i])
	}
	var p proof.Proof
	err = m.c.Nodes(ctx, func(_ int64, read custody.ReadHashes) error {
		p, err = proof.OfEntry(m.under, le.Body, openings, read)
		return err
	})
	return p, err
}

// Member proves a member of one of an entry's sets, and discloses the fields named.
func (m *Maker) Member(ctx context.Context, set string, seq, n int64, fields []string) (proof.Proof, error) {
	p, err := m.Entry(ctx, seq, nil)
	if err != nil {
		return p, err
	}
	row, err := m.c.Member(ctx, set, seq, n)
	if err != nil {
		return proof.Proof{}, err
	}
	return proof.OfMember(p, proof.SetMember{Set: set, N: n, Body: row.Body, Seed: row.Seed, Leaves: m.c.Leaves(ctx, set, seq)}, fields)
}

// first is the first row of a set about an artifact that the checkpoint reaches and pick takes.
func (m *Maker) first(ctx context.Context, set string, d evidence.Digest, pick func(body []byte) bool) (store.MemberRow, error) {
	later := false
	for row, err := range m.c.MembersOf(ctx, set, d) {
		if err != nil {
			return row, err
		}
		if !pick(row.Body) {
			continue
		}
		if row.Seq < m.size {
			return row, nil
		}
		later = true
	}
	if later {
		return store.MemberRow{}, fmt.Errorf("prove: %s: %w under the checkpoint of %d entries: seal the log first", d.Short(), evidence.ErrNotFound, m.size)
	}
	return store.MemberRow{}, fmt.Errorf("prove: %s: %w", d.Short(), evidence.ErrNotFound)
}

// Artifact proves an artifact's row; its digest is disclosed, and the other fields named.
func (m *Maker) Artifact(ctx context.Context, d evidence.Digest, fields []string) (proof.Proof, error) {
	row, err := m.first(ctx, "artifacts", d, func([]byte) bool { return true })
	if err != nil {
		return proof.Proof{}, err
	}
	return m.Member(ctx, "artifacts", row.Seq, row.N, with(fields, "artifact"))
}

// Occurrence proves that a file was received with an item: item and digest are disclosed, and
// the other fields named.
func (m *Maker) Occurrence(ctx context.Context, item, path string, fields []string) (proof.Proof, error) {
	var at evidence.Digest
	n := 0
	for o, err := range m.c.Occurrences(ctx, item) {
		if err != nil {
			return proof.Proof{}, err
		}
		if !o.Artifact.IsZero() && (path == "" || o.Path.String() == path) {
			at = o.Artifact
			n++
		}
	}
	switch {
	case n == 0:
		return proof.Proof{}, fmt.Errorf("prove: file %q of %s: %w", path, item, evidence.ErrNotFound)
	case n > 1:
		return proof.Proof{}, fmt.Errorf("prove: %s: %w: it has %d files: name one, as in %s:PATH", item, evidence.ErrAmbiguous, n, item)
	}
	row, err := m.first(ctx, "occurrences", at, func(body []byte) bool {
		var o evidence.Occurrence
		return json.Unmarshal(body, &o) == nil && o.Item == item && (path == "" || o.Path.String() == path)
	})
	if err != nil {
		return proof.Proof{}, err
	}
	return m.Member(ctx, "occurrences", row.Seq, row.N, with(fields, "item", "artifact"))
}

// Record proves one record of a record set; line counts from 1. Of the run's row the root of its
// records is disclosed, and the other fields named.
func (m *Maker) Record(ctx context.Context, set evidence.Digest, line int64, fields []string) (proof.Proof, error) {
	row, err := m.first(ctx, "runs", set, func([]byte) bool { return true })
	if err != nil {
		return proof.Proof{}, err
	}
	var run evidence.Run
	if err := json.Unmarshal(row.Body, &run); err != nil || run.RecordTree == nil {
		return proof.Proof{}, fmt.Errorf("prove: run %d of entry %d: %w", row.N, row.Seq, evidence.ErrIntegrity)
	}
	p, err := m.Member(ctx, "runs", row.Seq, row.N, with(fields, proof.RecordTreeField))
	if err != nil {
		return proof.Proof{}, err
	}
	seed, err := m.seed(ctx, row)
	if err != nil {
		return proof.Proof{}, err
	}
	return proof.OfRecord(p, proof.RecordLine{N: line - 1, Tree: *run.RecordTree, Seed: seed, Lines: m.lines(ctx, set)})
}

// lines yields the lines of a record set.
func (m *Maker) lines(ctx context.Context, set evidence.Digest) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		a, err := m.c.Artifact(ctx, set)
		if err != nil {
			yield(nil, err)
			return
		}
		obj, err := m.c.Blobs().Reader(ctx, a)
		if err != nil {
			yield(nil, err)
			return
		}
		defer obj.Close()
		stop := errors.New("stop")
		err = evidence.Lines(obj, a.Size, func(line []byte) error {
			if !yield(line, nil) {
				return stop
			}
			return nil
		})
		if err != nil && !errors.Is(err, stop) {
			yield(nil, err)
		}
	}
}

// seed is that of the run's records.
func (m *Maker) seed(ctx context.Context, at store.MemberRow) ([32]byte, error) {
	for row, err := range m.c.Runs(ctx) {
		if err != nil {
			return [32]byte{}, err
		}
		if row.Seq == at.Seq && row.N == at.N {
			return row.Seed, nil
		}
	}
	return [32]byte{}, fmt.Errorf("prove: run %d of entry %d: %w", at.N, at.Seq, evidence.ErrNotFound)
}

// Consistency proves that the log under the Maker's checkpoint continues the one under old.
func (m *Maker) Consistency(ctx context.Context, old []byte) (proof.Proof, error) {
	key, err := m.keyOf(ctx, old)
	if err != nil {
		return proof.Proof{}, err
	}
	var p proof.Proof
	err = m.c.Nodes(ctx, func(_ int64, read custody.ReadHashes) error {
		p, err = proof.OfConsistency(proof.Under{Note: old, Key: key}, m.under, read)
		return err
	})
	return p, err
}

// Resolve reads what a person calls a record, an artifact or an exhibit.
func Resolve(ctx context.Context, c *store.Case, text string) (evidence.Subject, error) {
	r, err := marks.NewResolver(ctx, c)
	if err != nil {
		return evidence.Subject{}, err
	}
	return r.Resolve(ctx, text)
}

// with adds names that are missing.
func with(fields []string, names ...string) []string {
	seen := map[string]bool{}
	var out []string
	for _, list := range [][]string{names, fields} {
		for _, f := range list {
			if !seen[f] {
				seen[f] = true
				out = append(out, f)
			}
		}
	}
	return out
}
