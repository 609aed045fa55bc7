package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
)

// Entry returns one entry of the log. It fails with evidence.ErrNotFound.
func (c *Case) Entry(ctx context.Context, seq int64) (LogEntry, error) {
	for e, err := range c.Entries(ctx, seq) {
		if err != nil {
			return LogEntry{}, err
		}
		if e.Seq == seq {
			return e, nil
		}
		break
	}
	return LogEntry{}, fmt.Errorf("store: entry %d: %w", seq, evidence.ErrNotFound)
}

// MemberRow is a member of a set of an entry: what a proof of it is made from.
type MemberRow struct {
	Seq, N int64
	// Body is canonical JSON, Seed that of the set: never disclosed.
	Body []byte
	Seed [32]byte
}

// Member returns a member of one of an entry's sets. It fails with evidence.ErrNotFound.
func (c *Case) Member(ctx context.Context, set string, seq, n int64) (MemberRow, error) {
	m := MemberRow{Seq: seq, N: n}
	err := c.reader.do(ctx, func(tx *sql.Tx) error {
		if !slices.Contains(custody.SetNames(), set) {
			return sql.ErrNoRows
		}
		var seed []byte
		err := tx.QueryRowContext(ctx, "SELECT body FROM "+set+" WHERE seq = ? AND n = ?", seq, n).Scan(&m.Body)
		if err == nil {
			err = tx.QueryRowContext(ctx, "SELECT seed FROM sets WHERE seq = ? AND name = ?", seq, set).Scan(&seed)
		}
		if err == nil && copy(m.Seed[:], seed) != len(m.Seed) {
			err = fmt.Errorf("%w: the seed of set %d/%s", evidence.ErrIntegrity, seq, set)
		}
		return err
	})
	if errors.Is(err, sql.ErrNoRows) {
		err = evidence.ErrNotFound
	}
	if err != nil {
		return MemberRow{}, fmt.Errorf("store: member %d of set %s of entry %d: %w", n, set, seq, classify(err))
	}
	return m, nil
}

// Leaves yields the leaf hashes of a set of an entry, as stored, in the order of its members.
func (c *Case) Leaves(ctx context.Context, set string, seq int64) iter.Seq2[[32]byte, error] {
	if !slices.Contains(custody.SetNames(), set) {
		return func(func([32]byte, error) bool) {}
	}
	return rows(ctx, c, "set "+set, "SELECT leaf FROM "+set+" WHERE seq = ? ORDER BY n", []any{seq}, func(scan func(...any) error) (h [32]byte, err error) {
		var leaf sql.RawBytes
		if err := scan(&leaf); err != nil {
			return h, err
		}
		if copy(h[:], leaf) != len(h) {
			return h, fmt.Errorf("%w: a leaf of set %d/%s", evidence.ErrIntegrity, seq, set)
		}
		return h, nil
	})
}

// MembersOf yields where a set's table has rows about an artifact, in the order of the log:
// rows of artifacts with that digest, occurrences of it, runs that read that record set.
func (c *Case) MembersOf(ctx context.Context, set string, d evidence.Digest) iter.Seq2[MemberRow, error] {
	column, ok := map[string]string{setArtifacts: "digest", setOccurrences: "digest", setRuns: "records"}[set]
	if !ok {
		return func(func(MemberRow, error) bool) {}
	}
	return rows(ctx, c, "set "+set, "SELECT seq, n, body FROM "+set+" WHERE "+column+" = ? ORDER BY seq, n", []any{d.String()}, func(scan func(...any) error) (m MemberRow, err error) {
		err = scan(&m.Seq, &m.N, &m.Body)
		return m, err
	})
}
