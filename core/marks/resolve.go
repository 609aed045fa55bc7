package marks

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/exhibit-forensics/exhibit/core/locate"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// Resolver turns what people write into subjects. It reads the runs once.
type Resolver struct {
	c     *store.Case
	items []store.Item
	// sets by the sixteen digits that printed ids have, with how many records each has.
	sets map[string][]recordSet
}

type recordSet struct {
	artifact evidence.Digest
	count    int64
}

// idDigits is how many digits of a record set's digest a printed id has.
const idDigits = 16

// NewResolver reads what is there to be named.
func NewResolver(ctx context.Context, c *store.Case) (*Resolver, error) {
	state, err := c.State(ctx)
	if err != nil {
		return nil, err
	}
	r := &Resolver{c: c, items: state.Items, sets: map[string][]recordSet{}}
	for row, err := range c.Runs(ctx) {
		if err != nil {
			return nil, err
		}
		if ref := row.Run.Records; ref != nil {
			set, key := recordSet{ref.Artifact, ref.Count}, ref.Artifact.Hex()[:idDigits]
			if !slices.Contains(r.sets[key], set) {
				r.sets[key] = append(r.sets[key], set)
			}
		}
	}
	return r, nil
}

// Resolve reads a record id as it is printed (or with the whole digest, with or without
// "sha256:"), an artifact's digest, the beginning of one, a place such as
// EX-001:conf/enc.key, or an exhibit number. It fails with evidence.ErrNotFound,
// ErrAmbiguous or ErrFormat.
func (r *Resolver) Resolve(ctx context.Context, text string) (evidence.Subject, error) {
	if s, ok, err := r.record(text); ok || err != nil {
		return s, err
	}
	number := strings.TrimPrefix(text, "exhibit:")
	for _, it := range r.items {
		if it.Exhibit == number {
			return evidence.Subject{Exhibit: number}, nil
		}
	}
	d, err := locate.Artifact(ctx, r.c, text)
	if err != nil {
		return evidence.Subject{}, err
	}
	return evidence.Subject{Artifact: d}, nil
}

// record reads a record id; ok is false where text is none.
func (r *Resolver) record(text string) (s evidence.Subject, ok bool, err error) {
	prefix, number, cut := strings.Cut(strings.TrimPrefix(text, evidence.DigestPrefix), ":")
	if !cut || len(prefix) < idDigits || len(prefix) > 64 || strings.Trim(prefix, "0123456789abcdef") != "" {
		return s, false, nil
	}
	line, err := strconv.ParseInt(number, 10, 64)
	if err != nil || line < 1 || strconv.FormatInt(line, 10) != number {
		return s, false, nil // a place whose exhibit number looks like a digest
	}
	for _, set := range r.sets[prefix[:idDigits]] {
		if !strings.HasPrefix(set.artifact.Hex(), prefix) {
			continue
		}
		if ok {
			return s, false, fmt.Errorf("%w: record id %q; give more digits", evidence.ErrAmbiguous, text)
		}
		if line > set.count {
			return s, false, fmt.Errorf("record %q: %w: the set has %d records", text, evidence.ErrNotFound, set.count)
		}
		s, ok = evidence.Subject{Artifact: set.artifact, Line: line}, true
	}
	if !ok {
		return s, false, fmt.Errorf("record %q: %w", text, evidence.ErrNotFound)
	}
	return s, true, nil
}
