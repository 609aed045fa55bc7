package store

import (
	"context"
	"database/sql/driver"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// maxKnown bounds the memory of digests that are known to have a row.
const maxKnown = 1 << 17

// lookups is how many digests one query asks for: the way into SQLite and back
// costs as much as finding one of them.
const lookups = 32

// fresh returns the artifacts that need a row: those the case has none of, and
// those of which more is known now (docs/formats/case.md, artifacts).
func (w *writer) fresh(ctx context.Context, rows []artifactRow) ([]artifactRow, error) {
	have := make(map[evidence.Digest]evidence.Artifact)
	for some := range slices.Chunk(rows, lookups) {
		if err := w.lookUp(ctx, some, have); err != nil {
			return nil, err
		}
	}
	var out []artifactRow
	at := make(map[evidence.Digest]int, len(rows)) // position in out
	for _, row := range rows {
		d := row.artifact.SHA256
		i, again := at[d]
		old, known := have[d]
		if again {
			old, known = out[i].artifact, true
		}
		if known {
			merged, err := supersede(artifactRow{artifact: old}, row, w.gone[d] && !again)
			if err != nil {
				return nil, err
			}
			if merged == nil {
				continue
			}
			row = *merged
		}
		if again {
			out[i] = row
			continue
		}
		at[d] = len(out)
		out = append(out, row)
	}
	return out, nil
}

// lookUp adds to have the latest row of each of at most lookups artifacts.
func (w *writer) lookUp(ctx context.Context, rows []artifactRow, have map[evidence.Digest]evidence.Artifact) error {
	s, err := w.prepared("SELECT body FROM artifacts WHERE digest IN (?" + strings.Repeat(",?", lookups-1) + ") ORDER BY seq, n")
	if err != nil {
		return err
	}
	for i := range s.args {
		s.args[i].Value = nil // equals nothing
		if i < len(rows) {
			s.args[i].Value = rows[i].artifact.SHA256.String()
		}
	}
	return s.each(ctx, func(row []driver.Value) error {
		var a evidence.Artifact
		if err := decode(asBytes(row[0]), &a); err != nil {
			return err
		}
		have[a.SHA256] = a
		return nil
	})
}

// supersede returns the row that says all that both say of one digest, or nil
// where the older says it already: bytes in place that are now kept in the case,
// derived bytes that now were received, bytes that had been destroyed (gone).
func supersede(old, row artifactRow, gone bool) (*artifactRow, error) {
	if old.artifact.Size != row.artifact.Size {
		return nil, fmt.Errorf("%w: artifact %s has %d bytes, not %d", evidence.ErrFormat, row.artifact.SHA256, old.artifact.Size, row.artifact.Size)
	}
	merged, changed := old.artifact, false
	if old.artifact.Stored.Encoding == evidence.StoredInPlace && row.artifact.Stored.Encoding != evidence.StoredInPlace {
		merged.Stored, changed = row.artifact.Stored, true
	}
	if gone {
		merged.Stored, changed = row.artifact.Stored, true
	}
	if old.artifact.Origin == evidence.Derived && row.artifact.Origin == evidence.Original {
		merged.Origin, changed = evidence.Original, true
		merged.Hashes = maps.Clone(row.artifact.Hashes)
		maps.Copy(merged.Hashes, old.artifact.Hashes)
	}
	if !changed {
		return nil, nil
	}
	body, err := artifactBody(merged)
	if err != nil {
		return nil, err
	}
	return &artifactRow{artifact: merged, body: body}, nil
}

// checkReferences refuses rows that name an artifact the case has no row of.
func (w *writer) checkReferences(ctx context.Context, b *batch, fresh []artifactRow) error {
	here := make(map[evidence.Digest]struct{}, len(fresh))
	for _, a := range fresh {
		here[a.artifact.SHA256] = struct{}{}
	}
	check := func(what string, d evidence.Digest) error {
		if d.IsZero() {
			return nil
		}
		if _, ok := here[d]; ok {
			return nil
		}
		if _, ok := w.known[d]; ok {
			return nil
		}
		s, err := w.prepared("SELECT 1 FROM artifacts WHERE digest = ? LIMIT 1")
		if err != nil {
			return err
		}
		_, found, err := s.first(ctx, d.String())
		if err != nil {
			return err
		}
		if !found {
			return fmt.Errorf("%w: %s %s is no artifact of the case", evidence.ErrFormat, what, d)
		}
		w.remember(d)
		return nil
	}
	for _, sub := range b.Subjects {
		if err := check("a subject", sub.Artifact); err != nil {
			return err
		}
	}
	for _, o := range b.Occurrences {
		if err := check("the content of an occurrence", o.Artifact); err != nil {
			return err
		}
	}
	for _, d := range b.Derivations {
		if err := check("a derivation's parent", d.Parent); err != nil {
			return err
		}
		if err := check("a derivation's child", d.Child); err != nil {
			return err
		}
	}
	for _, r := range b.Runs {
		if err := check("a run's input", r.Run.Input); err != nil {
			return err
		}
		if r.Run.Records != nil {
			if err := check("a record set", r.Run.Records.Artifact); err != nil {
				return err
			}
		}
		if r.Run.Diagnostics != nil {
			if err := check("a set of diagnostics", r.Run.Diagnostics.Artifact); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *writer) remember(d evidence.Digest) {
	if len(w.known) >= maxKnown {
		clear(w.known)
	}
	w.known[d] = struct{}{}
}
