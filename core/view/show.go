package view

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/exhibit-forensics/exhibit/core/index"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// maxShown bounds how many bytes of a span are shown.
const maxShown = 4096

// ShowOptions say what else is at hand for showing.
type ShowOptions struct {
	// Profiles returns the profiles that a run's plugin brings, nil where that plugin is not
	// here in the version that made the run.
	Profiles func(run evidence.Run) []json.RawMessage
	// ShowKeys writes the bytes of keys into what is returned.
	ShowKeys bool
}

// Shown is one record and the way from it to the original bytes.
type Shown struct {
	ID     string          `json:"id"`
	Record json.RawMessage `json:"record"`
	Run    evidence.Run    `json:"run"`
	// Superseded: a later run took the place of the one that made the record.
	Superseded bool `json:"superseded,omitempty"`
	// Walk leads from the artifact the record was read in to the original.
	Walk []Link `json:"walk"`
	// Original is where that was found and how it was received; nil where nothing was.
	Original *Original `json:"original,omitempty"`
	// Bytes are those of the record's span in that artifact, at most 4096 of them; Text the
	// same in UTF-8, where they are text in the charset that the record states.
	HasSpan bool   `json:"has_span"`
	Offset  int64  `json:"offset"`
	Length  int64  `json:"length"`
	Bytes   []byte `json:"bytes"`
	Text    string `json:"text,omitempty"`
	Charset string `json:"charset,omitempty"`
	// Opened is what a line held that was decrypted by itself.
	Opened *Opened `json:"opened,omitempty"`
	// Recipe says how to come from the original file to Text or Opened.Text by hand.
	Recipe *Recipe `json:"recipe,omitempty"`

	source recordSource
	span   []byte // all of it, up to maxOpened
}

// recordSource is what a record says of where it was read (docs/formats/records.md).
type recordSource struct {
	Offset  *int64 `json:"offset"`
	Length  int64  `json:"length"`
	Table   string `json:"table"`
	RowID   int64  `json:"rowid"`
	Pointer string `json:"pointer"`
	Role    string `json:"role"`
	Profile string `json:"profile"`
	Key     string `json:"key"`
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
	// Original is where the artifact, or what it was made of, was found.
	Original *Original      `json:"original,omitempty"`
	Runs     []evidence.Run `json:"runs"`
	// Recipe says how to make the artifact out of the original file by hand.
	Recipe *Recipe `json:"recipe,omitempty"`
}

// Record finds a record by the id that Records prints. Where the index lacks the
// record set the set is read through.
func Record(ctx context.Context, c *store.Case, id string, o ShowOptions) (*Shown, error) {
	prefix, number, ok := strings.Cut(id, ":")
	n, err := strconv.ParseInt(number, 10, 64)
	if !ok || err != nil || n < 1 {
		return nil, fmt.Errorf("%w: %q is no record id; one looks like 0123456789abcdef:17", evidence.ErrFormat, id)
	}
	var run *evidence.Run
	var rows []evidence.Run
	for row, err := range c.Runs(ctx) {
		if err != nil {
			return nil, err
		}
		rows = append(rows, row.Run)
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
	s.Superseded = !slices.ContainsFunc(evidence.CurrentRuns(rows), func(r evidence.Run) bool { return r.ID == run.ID })
	return s, s.complete(ctx, c, line, o)
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
func Artifact(ctx context.Context, c *store.Case, d evidence.Digest, o ShowOptions) (*ShownArtifact, error) {
	a, err := c.Artifact(ctx, d)
	if err != nil {
		return nil, err
	}
	v, err := newViewer(ctx, c, o)
	if err != nil {
		return nil, err
	}
	w, err := v.way(d, "")
	if err != nil {
		return nil, err
	}
	out := &ShownArtifact{Artifact: a, Places: w.links[0].Places, Walk: w.links, Original: w.original}
	for _, r := range v.runs {
		if slices.Contains(r.Reads(), d) || r.Input == d || r.Records != nil && r.Records.Artifact == d || r.Diagnostics != nil && r.Diagnostics.Artifact == d {
			out.Runs = append(out.Runs, r)
		}
	}
	if w.original != nil {
		k := newCook()
		k.artifact(w)
		out.Recipe = &k.r
	}
	return out, nil
}
