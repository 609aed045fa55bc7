package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
)

// LogEntry is an entry as stored, with what its commitments hide.
type LogEntry struct {
	Seq int64
	// Body is canonical JSON; custody.ParseEntry reads it.
	Body []byte
	// Openings ascend by field. They are not checked here: custody.CheckOpening.
	Openings []custody.Opening
}

// Head returns how many entries the log has and the root of its tree, from the
// stored nodes.
func (c *Case) Head(ctx context.Context) (size int64, root [32]byte, err error) {
	err = c.reader.do(ctx, func(tx *sql.Tx) error {
		if err := tx.QueryRowContext(ctx, "SELECT coalesce(max(seq) + 1, 0) FROM entries").Scan(&size); err != nil {
			return err
		}
		root, err = custody.Root(size, readNodes(ctx, tx))
		return err
	})
	if err != nil {
		return 0, [32]byte{}, fmt.Errorf("store: head of the log: %w", classify(err))
	}
	return size, root, nil
}

func readNodes(ctx context.Context, tx *sql.Tx) custody.ReadHashes {
	var st *sql.Stmt
	return func(idx []int64) (_ [][32]byte, err error) {
		if st == nil {
			if st, err = tx.PrepareContext(ctx, "SELECT hash FROM nodes WHERE idx = ?"); err != nil { //nolint:sqlclosecheck // it ends with the transaction
				return nil, err
			}
		}
		out := make([][32]byte, len(idx))
		for i, n := range idx {
			var b []byte
			err := st.QueryRowContext(ctx, n).Scan(&b)
			if errors.Is(err, sql.ErrNoRows) || err == nil && len(b) != len(out[i]) {
				return nil, fmt.Errorf("%w: node %d of the log is missing", evidence.ErrIntegrity, n)
			}
			if err != nil {
				return nil, err
			}
			copy(out[i][:], b)
		}
		return out, nil
	}
}

// Nodes calls f with a reader of the tree's stored hashes and the number of
// entries they are of, both of one snapshot: what proofs are made from.
func (c *Case) Nodes(ctx context.Context, f func(size int64, read custody.ReadHashes) error) error {
	err := c.reader.do(ctx, func(tx *sql.Tx) error {
		var size int64
		if err := tx.QueryRowContext(ctx, "SELECT coalesce(max(seq) + 1, 0) FROM entries").Scan(&size); err != nil {
			return err
		}
		return f(size, readNodes(ctx, tx))
	})
	if err != nil {
		return fmt.Errorf("store: nodes of the log: %w", classify(err))
	}
	return nil
}

// Entries yields the log from entry from on, with openings, as of one moment.
func (c *Case) Entries(ctx context.Context, from int64) iter.Seq2[LogEntry, error] {
	return func(yield func(LogEntry, error) bool) {
		var e LogEntry
		stopped := false
		flush := func() bool {
			stopped = e.Body != nil && !yield(e, nil)
			return !stopped
		}
		// One row for each opening, at least one for each entry.
		for r, err := range rows(ctx, c, "the log",
			"SELECT e.seq, e.body, o.field, o.salt, o.value FROM entries AS e LEFT JOIN openings AS o ON o.seq = e.seq WHERE e.seq >= ? ORDER BY e.seq, o.field",
			[]any{from}, scanLog) {
			if err != nil {
				yield(LogEntry{}, err)
				return
			}
			if e.Body == nil || r.seq != e.Seq {
				if !flush() {
					return
				}
				e = LogEntry{Seq: r.seq, Body: r.body}
			}
			if r.field.Valid {
				e.Openings = append(e.Openings, custody.Opening{Field: r.field.String, Salt: r.salt.String, Value: r.value})
			}
		}
		flush()
	}
}

type logRow struct {
	seq         int64
	body, value []byte
	field, salt sql.NullString
}

func scanLog(scan func(...any) error) (r logRow, err error) {
	err = scan(&r.seq, &r.body, &r.field, &r.salt, &r.value)
	return r, err
}
