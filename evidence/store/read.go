package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// rows yields what a query returns, in one snapshot. After an error nothing more
// comes. Appending while it runs is allowed; what is appended does not show.
func rows[T any](ctx context.Context, c *Case, what, query string, args []any, scan func(scan func(...any) error) (T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		stopped := false
		err := c.reader.do(ctx, func(tx *sql.Tx) error {
			r, err := tx.QueryContext(ctx, query, args...)
			if err != nil {
				return err
			}
			defer r.Close()
			for r.Next() {
				v, err := scan(r.Scan)
				if err != nil {
					return err
				}
				if !yield(v, nil) {
					stopped = true
					return nil
				}
			}
			return r.Err()
		})
		if err != nil && !stopped {
			var zero T
			yield(zero, fmt.Errorf("store: read %s: %w", what, classify(err)))
		}
	}
}

// bodies yields rows whose one column is a body, decoded.
func bodies[T any](ctx context.Context, c *Case, what, query string, args ...any) iter.Seq2[T, error] {
	return rows(ctx, c, what, query, args, func(scan func(...any) error) (v T, err error) {
		var b sql.RawBytes
		if err := scan(&b); err != nil {
			return v, err
		}
		return v, decode(b, &v)
	})
}

// decode reads a row's body; encoding/json copies what it keeps.
func decode(b []byte, v any) error {
	if err := json.Unmarshal(b, v); err != nil {
		return fmt.Errorf("%w: a row's body: %w", evidence.ErrIntegrity, err)
	}
	return nil
}

// latestArtifact is the row that counts for a digest.
const latestArtifact = "SELECT body FROM artifacts WHERE digest = ? ORDER BY seq DESC, n DESC LIMIT 1"

// Artifact returns what is known of d, by its latest row. It fails with
// evidence.ErrNotFound.
func (c *Case) Artifact(ctx context.Context, d evidence.Digest) (evidence.Artifact, error) {
	var a evidence.Artifact
	err := c.reader.do(ctx, func(tx *sql.Tx) error {
		var b []byte
		if err := tx.QueryRowContext(ctx, latestArtifact, d.String()).Scan(&b); err != nil {
			return err
		}
		return decode(b, &a)
	})
	if errors.Is(err, sql.ErrNoRows) {
		err = evidence.ErrNotFound
	}
	if err != nil {
		return evidence.Artifact{}, fmt.Errorf("store: artifact %s: %w", d, classify(err))
	}
	return a, nil
}

// Artifacts yields every artifact once, by its latest row, in the order of those rows.
func (c *Case) Artifacts(ctx context.Context) iter.Seq2[evidence.Artifact, error] {
	return bodies[evidence.Artifact](ctx, c, "artifacts", latestBodies("TRUE"))
}

// Work yields the artifacts that plugins may be given: those with an occurrence
// or a derivation, so neither record sets nor diagnostics, and whose bytes were not
// destroyed.
func (c *Case) Work(ctx context.Context) iter.Seq2[evidence.Artifact, error] {
	return bodies[evidence.Artifact](ctx, c, "artifacts",
		latestBodies("x.digest IN (SELECT digest FROM occurrences UNION ALL SELECT child FROM derivations) AND x.digest NOT IN (SELECT digest FROM ("+disposedRows+"))"))
}

// latestBodies selects the latest row of each artifact that fulfils a condition
// on x. The choice is made in the index alone: outside it a generated column is
// worked out of the body anew at each mention.
func latestBodies(where string) string {
	return `SELECT a.body FROM (
		SELECT x.seq, x.n FROM artifacts AS x INDEXED BY artifacts_digest WHERE ` + where + `
		AND NOT EXISTS (SELECT 1 FROM artifacts AS y WHERE y.digest = x.digest AND (y.seq, y.n) > (x.seq, x.n))
		ORDER BY x.seq, x.n) AS chosen CROSS JOIN artifacts AS a ON a.seq = chosen.seq AND a.n = chosen.n ORDER BY chosen.seq, chosen.n`
}

// Occurrences yields those of an item, or all where item is "", in the order in
// which they were recorded.
func (c *Case) Occurrences(ctx context.Context, item string) iter.Seq2[evidence.Occurrence, error] {
	if item == "" {
		return bodies[evidence.Occurrence](ctx, c, "occurrences", "SELECT body FROM occurrences ORDER BY seq, n")
	}
	return bodies[evidence.Occurrence](ctx, c, "occurrences", "SELECT body FROM occurrences WHERE item = ? ORDER BY seq, n", item)
}

// Derivations yields all of them in the order in which they were recorded.
func (c *Case) Derivations(ctx context.Context) iter.Seq2[evidence.Derivation, error] {
	return bodies[evidence.Derivation](ctx, c, "derivations", "SELECT body FROM derivations ORDER BY seq, n")
}

// SubjectRow is a subject with its place in the log.
type SubjectRow struct {
	Seq, N  int64
	Subject evidence.Subject
}

// Subjects yields what entries are about, in the order of the log; those of entry
// seq alone, or of all where seq is -1.
func (c *Case) Subjects(ctx context.Context, seq int64) iter.Seq2[SubjectRow, error] {
	query, args := "SELECT seq, n, body FROM subjects ORDER BY seq, n", []any(nil)
	if seq >= 0 {
		query, args = "SELECT seq, n, body FROM subjects WHERE seq = ? ORDER BY n", []any{seq}
	}
	return rows(ctx, c, "subjects", query, args, func(scan func(...any) error) (row SubjectRow, err error) {
		var body sql.RawBytes
		if err := scan(&row.Seq, &row.N, &body); err != nil {
			return SubjectRow{}, err
		}
		err = evidence.Members(body, func(name, value []byte) error {
			if string(name) == "subject" {
				row.Subject, err = evidence.ParseSubject(unquote(value))
			}
			return err
		})
		if err != nil {
			return SubjectRow{}, fmt.Errorf("%w: subject %d of entry %d: %w", evidence.ErrIntegrity, row.N, row.Seq, err)
		}
		return row, nil
	})
}

// Runs yields all runs in the order in which they were recorded. A run whose record set or
// diagnostics were destroyed is yielded without them.
func (c *Case) Runs(ctx context.Context) iter.Seq2[RunRow, error] {
	return func(yield func(RunRow, error) bool) {
		gone, err := c.Disposed(ctx)
		if err != nil {
			yield(RunRow{}, err)
			return
		}
		for row, err := range c.allRuns(ctx) {
			if r := row.Run.Records; r != nil && gone[r.Artifact] > 0 {
				row.Run.Records, row.Run.RecordTree = nil, nil
			}
			if d := row.Run.Diagnostics; d != nil && gone[d.Artifact] > 0 {
				row.Run.Diagnostics = nil
			}
			if !yield(row, err) || err != nil {
				return
			}
		}
	}
}

// allRuns yields runs as their rows have them.
func (c *Case) allRuns(ctx context.Context) iter.Seq2[RunRow, error] {
	return rows(ctx, c, "runs", "SELECT seq, n, body, seed FROM runs ORDER BY seq, n", nil, func(scan func(...any) error) (RunRow, error) {
		var row RunRow
		var body, seed sql.RawBytes
		if err := scan(&row.Seq, &row.N, &body, &seed); err != nil {
			return RunRow{}, err
		}
		if copy(row.Seed[:], seed) != len(row.Seed) {
			return RunRow{}, fmt.Errorf("%w: the seed of run %d of entry %d", evidence.ErrIntegrity, row.N, row.Seq)
		}
		return row, decode(body, &row.Run)
	})
}

// CurrentRuns returns the runs whose results count (evidence.CurrentRuns), in the
// order of the log.
func (c *Case) CurrentRuns(ctx context.Context) ([]evidence.Run, error) {
	var all []evidence.Run
	for row, err := range c.Runs(ctx) {
		if err != nil {
			return nil, err
		}
		all = append(all, row.Run)
	}
	return evidence.CurrentRuns(all), nil
}

// Find returns the artifacts whose digest begins with prefix, hexadecimal with
// or without "sha256:", in ascending order. It fails with evidence.ErrFormat
// where prefix is no beginning of a digest.
func (c *Case) Find(ctx context.Context, prefix string) ([]evidence.Digest, error) {
	digits := strings.TrimPrefix(prefix, evidence.DigestPrefix)
	if digits == "" || len(digits) > 64 || strings.Trim(digits, "0123456789abcdef") != "" {
		return nil, fmt.Errorf("store: find %q: %w: not the beginning of a digest", prefix, evidence.ErrFormat)
	}
	low := evidence.DigestPrefix + digits
	var out []evidence.Digest
	// "g" comes after every hexadecimal digit.
	for d, err := range rows(ctx, c, "digests", "SELECT DISTINCT digest FROM artifacts WHERE digest >= ? AND digest < ? ORDER BY digest", []any{low, low + "g"},
		func(scan func(...any) error) (d evidence.Digest, err error) {
			var text string
			if err := scan(&text); err != nil {
				return d, err
			}
			return evidence.ParseDigest(text)
		}) {
		if err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	return out, nil
}
