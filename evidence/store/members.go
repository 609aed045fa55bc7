package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// Member is a row of one of an entry's sets, as the log commits to it.
type Member struct {
	// Seq is the entry, N the member's number in its set.
	Seq, N int64
	// Body is canonical JSON, Leaf its leaf hash under the set's seed. Both are good
	// until the next one is asked for.
	Body, Leaf []byte
}

// SetNames are the sets that an entry may have.
func SetNames() []string {
	return []string{setArtifacts, setDerivations, setOccurrences, setRuns, setSubjects}
}

// Members yields the members of the sets of that name, of entry seq alone or of all
// where seq is -1, in the order of the log. It fails with evidence.ErrFormat where
// there is no such set.
func (c *Case) Members(ctx context.Context, set string, seq int64) iter.Seq2[Member, error] {
	if !slices.Contains(SetNames(), set) {
		return func(yield func(Member, error) bool) {
			yield(Member{}, fmt.Errorf("store: members: %w: no set is called %q", evidence.ErrFormat, set))
		}
	}
	query, args := "SELECT seq, n, body, leaf FROM "+set+" ORDER BY seq, n", []any(nil)
	if seq >= 0 {
		query, args = "SELECT seq, n, body, leaf FROM "+set+" WHERE seq = ? ORDER BY n", []any{seq}
	}
	return rows(ctx, c, "members of "+set, query, args, func(scan func(...any) error) (m Member, err error) {
		var body, leaf sql.RawBytes
		if err := scan(&m.Seq, &m.N, &body, &leaf); err != nil {
			return Member{}, err
		}
		m.Body, m.Leaf = body, leaf
		return m, nil
	})
}

// SetSeed returns the seed of the salts of a set of entry seq (docs/formats/custody.md,
// Sets). It is never disclosed whole. It fails with evidence.ErrNotFound.
func (c *Case) SetSeed(ctx context.Context, seq int64, set string) (seed [32]byte, err error) {
	err = c.reader.do(ctx, func(tx *sql.Tx) error {
		var b []byte
		if err := tx.QueryRowContext(ctx, "SELECT seed FROM sets WHERE seq = ? AND name = ?", seq, set).Scan(&b); err != nil {
			return err
		}
		if copy(seed[:], b) != len(seed) {
			return evidence.ErrIntegrity
		}
		return nil
	})
	if errors.Is(err, sql.ErrNoRows) {
		err = evidence.ErrNotFound
	}
	if err != nil {
		return seed, fmt.Errorf("store: seed of set %s of entry %d: %w", set, seq, classify(err))
	}
	return seed, nil
}
