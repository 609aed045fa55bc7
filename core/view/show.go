package view

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/exhibit-forensics/exhibit/core/index"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// maxShown bounds how many bytes of a span are shown.
const maxShown = 4096

// Shown is one record and the way from it to the original bytes.
type Shown struct {
	ID     string          `json:"id"`
	Record json.RawMessage `json:"record"`
	Run    evidence.Run    `json:"run"`
	// Walk leads from the artifact the record was read in to the original.
	Walk []Link `json:"walk"`
	// Bytes are those of the record's span in that artifact, at most 4096 of them.
	Offset int64  `json:"offset"`
	Length int64  `json:"length"`
	Bytes  []byte `json:"bytes"`
}

// Link is one artifact of a walk. Steps say how it was made out of the next one.
type Link struct {
	Artifact evidence.Digest   `json:"artifact"`
	Size     int64             `json:"size"`
	Origin   string            `json:"origin"`
	Hashes   map[string]string `json:"hashes,omitempty"`
	Places   []string          `json:"places"`
	Run      evidence.Digest   `json:"run,omitzero"`
	Plugin   string            `json:"plugin,omitempty"`
	Steps    json.RawMessage   `json:"steps,omitempty"`
	Partial  string            `json:"partial,omitempty"`
}

// ShownArtifact is one artifact, where it stands, and what was done with it.
type ShownArtifact struct {
	Artifact evidence.Artifact `json:"artifact"`
	Places   []string          `json:"places"`
	Walk     []Link            `json:"walk"`
	Runs     []evidence.Run    `json:"runs"`
}

// Record finds a record by the id that Records prints. Where the index lacks the
// record set the set is read through.
func Record(ctx context.Context, c *store.Case, id string) (*Shown, error) {
	prefix, number, ok := strings.Cut(id, ":")
	n, err := strconv.ParseInt(number, 10, 64)
	if !ok || err != nil || n < 1 {
		return nil, fmt.Errorf("%w: %q is no record id; one looks like 0123456789abcdef:17", evidence.ErrFormat, id)
	}
	var run *evidence.Run
	for row, err := range c.Runs(ctx) {
		if err != nil {
			return nil, err
		}
		if r := row.Run; r.Records != nil && strings.HasPrefix(r.Records.Artifact.Hex(), prefix) {
			if run != nil && run.Records.Artifact != r.Records.Artifact {
				return nil, fmt.Errorf("%w: record set %q", evidence.ErrAmbiguous, prefix)
			}
			run = &r
		}
	}
	if run == nil || n > run.Records.Count {
		return nil, fmt.Errorf("record %q: %w", id, evidence.ErrNotFound)
	}
	line, err := readRecord(ctx, c, run.Records.Artifact, n)
	if err != nil {
		return nil, err
	}
	s := &Shown{ID: evidence.RecordID(run.Records.Artifact, n), Run: *run}
	found := false
	err = each(ctx, c, Filter{Superseded: true}, func(j *joined) error {
		if found || j.run.ID != run.ID {
			return nil
		}
		found = true
		joinedLine, err := j.join(line, s.ID)
		s.Record = append(json.RawMessage(nil), joinedLine...)
		return err
	})
	if err != nil {
		return nil, err
	}
	if !found {
		s.Record = line
	}
	if s.Walk, err = walk(ctx, c, run.Input); err != nil {
		return nil, err
	}
	return s, s.readSpan(ctx, c, line)
}

func (s *Shown) readSpan(ctx context.Context, c *store.Case, line []byte) error {
	var record struct {
		Source struct {
			Offset *int64 `json:"offset"`
			Length int64  `json:"length"`
		} `json:"source"`
	}
	if err := json.Unmarshal(line, &record); err != nil || record.Source.Offset == nil {
		return err
	}
	s.Offset, s.Length = *record.Source.Offset, record.Source.Length
	a, err := c.Artifact(ctx, s.Run.Input)
	if err != nil {
		return err
	}
	obj, err := c.Blobs().Reader(ctx, a)
	if err != nil {
		return err
	}
	defer obj.Close()
	s.Bytes = make([]byte, min(s.Length, maxShown))
	if n, err := obj.ReadAt(s.Bytes, s.Offset); err != nil && !(errors.Is(err, io.EOF) && n == len(s.Bytes)) {
		return fmt.Errorf("view: bytes of record %s: %w", s.ID, err)
	}
	return nil
}

func readRecord(ctx context.Context, c *store.Case, set evidence.Digest, n int64) ([]byte, error) {
	a, err := c.Artifact(ctx, set)
	if err != nil {
		return nil, err
	}
	obj, err := c.Blobs().Reader(ctx, a)
	if err != nil {
		return nil, err
	}
	defer obj.Close()
	if x, err := index.OpenReader(ctx, filepath.Join(c.Dir(), "index.db")); err == nil {
		row, err := x.Locate(ctx, set, n-1)
		_ = x.Close()
		if err == nil && row.Length > 0 && row.Length <= evidence.MaxLine {
			line := make([]byte, row.Length-1)
			if _, err := obj.ReadAt(line, row.Offset); err == nil && evidence.CheckCanonical(line) == nil {
				return line, nil
			}
		}
	}
	var line []byte
	var at int64
	errStop := errors.New("stop")
	err = evidence.Lines(obj, a.Size, func(l []byte) error {
		if at++; at < n {
			return nil
		}
		line = append([]byte(nil), l...)
		return errStop
	})
	if line == nil {
		return nil, errors.Join(fmt.Errorf("record %d of %s: %w", n, set.Short(), evidence.ErrNotFound), err)
	}
	return line, nil
}

// Artifact shows one artifact.
func Artifact(ctx context.Context, c *store.Case, d evidence.Digest) (*ShownArtifact, error) {
	a, err := c.Artifact(ctx, d)
	if err != nil {
		return nil, err
	}
	w, err := walk(ctx, c, d)
	if err != nil {
		return nil, err
	}
	out := &ShownArtifact{Artifact: a, Places: w[0].Places, Walk: w}
	for row, err := range c.Runs(ctx) {
		if err != nil {
			return nil, err
		}
		r := row.Run
		if r.Input == d || r.Records != nil && r.Records.Artifact == d || r.Diagnostics != nil && r.Diagnostics.Artifact == d {
			out.Runs = append(out.Runs, r)
		}
	}
	return out, nil
}

// walk goes from an artifact to the original it was made from, by the first
// derivation of each.
func walk(ctx context.Context, c *store.Case, d evidence.Digest) ([]Link, error) {
	places, err := c.PlaceIndex(ctx)
	if err != nil {
		return nil, err
	}
	made := map[evidence.Digest]evidence.Derivation{}
	for der, err := range c.Derivations(ctx) {
		if err != nil {
			return nil, err
		}
		if _, ok := made[der.Child]; !ok {
			made[der.Child] = der
		}
	}
	plugins := map[evidence.Digest]string{}
	for row, err := range c.Runs(ctx) {
		if err != nil {
			return nil, err
		}
		plugins[row.Run.ID] = row.Run.Plugin.Name
	}
	var out []Link
	for seen := map[evidence.Digest]bool{}; !seen[d]; {
		seen[d] = true
		a, err := c.Artifact(ctx, d)
		if err != nil {
			return nil, err
		}
		l := Link{Artifact: d, Size: a.Size, Origin: a.Origin, Hashes: a.Hashes}
		at, err := places.Places(d)
		if err != nil {
			return nil, err
		}
		for _, p := range at {
			l.Places = append(l.Places, p.Item+":"+p.Path.String())
		}
		der, derived := made[d]
		if derived && a.Origin == evidence.Derived {
			l.Run, l.Plugin, l.Steps, l.Partial = der.Run, plugins[der.Run], der.Steps, der.Reason
			d = der.Parent
		}
		out = append(out, l)
	}
	return out, nil
}
