// Package view reads a case back: records and diagnostics as people and programs
// see them, joined with exhibit, path and id, which runs and record sets know
// nothing of.
package view

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// Filter narrows what is shown; the zero value is everything current.
type Filter struct {
	Kind    string
	Exhibit string
	// Superseded shows also what a later run took the place of.
	Superseded bool
}

// Records calls yield with each current record, joined (docs/formats/records.md,
// last paragraph): canonical JSON without newline, in the order of the log, those of
// kind redaction where f asks for them. The slice is good until yield returns.
func Records(ctx context.Context, c *store.Case, f Filter, yield func(line []byte) error) error {
	return each(ctx, c, f, func(r *joined) error {
		set := r.run.Records
		if set == nil || f.Kind != "" && set.Kinds[f.Kind] == 0 {
			return nil
		}
		if f.Kind == "" && r.run.Operation == evidence.OpRedact {
			return nil // several to every record, and they say nothing of their own
		}
		return Lines(ctx, c, set.Artifact, func(n int64, line []byte) error {
			if f.Kind != "" {
				if kind, _ := evidence.KindAndTime(line); kind != f.Kind {
					return nil
				}
			}
			out, err := r.join(line, evidence.RecordID(set.Artifact, n))
			if err != nil {
				return err
			}
			return yield(out)
		})
	})
}

// Diagnostics does the same for diagnostics; their ids name the diagnostic set.
func Diagnostics(ctx context.Context, c *store.Case, f Filter, yield func(line []byte) error) error {
	return each(ctx, c, f, func(r *joined) error {
		set := r.run.Diagnostics
		if set == nil {
			return nil
		}
		return Lines(ctx, c, set.Artifact, func(n int64, line []byte) error {
			out, err := r.join(line, evidence.RecordID(set.Artifact, n))
			if err != nil {
				return err
			}
			return yield(out)
		})
	})
}

// Joiner is a current run that has a record set, with what is joined to each of
// its lines. It is not for concurrent use.
type Joiner struct {
	j *joined
	// Places are those of the run's input; the first is joined.
	Places []store.PlaceOf
}

// Joiners returns what Records goes through, in its order.
func Joiners(ctx context.Context, c *store.Case) ([]*Joiner, error) {
	var out []*Joiner
	err := each(ctx, c, Filter{}, func(j *joined) error {
		if j.run.Records != nil {
			out = append(out, &Joiner{j, j.places})
		}
		return nil
	})
	return out, err
}

// Set is the run's record set.
func (j *Joiner) Set() *evidence.RecordSetRef { return j.j.run.Records }

// Lines calls f with each line of the record set and its number from 1; the line
// is as stored, and good until f returns.
func (j *Joiner) Lines(ctx context.Context, c *store.Case, f func(n int64, line []byte) error) error {
	return Lines(ctx, c, j.Set().Artifact, f)
}

// Join returns line n, from 1, as Records yields it. It is good until the next call.
func (j *Joiner) Join(line []byte, n int64) ([]byte, error) {
	return j.j.join(line, evidence.RecordID(j.Set().Artifact, n))
}

// Clone returns a Joiner of the same run for another goroutine.
func (j *Joiner) Clone() *Joiner {
	own := *j.j
	own.buf = nil
	return &Joiner{&own, j.Places}
}

// joined is a run with what is joined to each of its lines.
type joined struct {
	run     evidence.Run
	places  []store.PlaceOf
	exhibit []byte // `"exhibit":"…",` or nothing
	// members of source by name: artifact … via; those of a companion by its role.
	members    map[string][]byte
	companions map[string]map[string][]byte
	buf        []byte
}

func each(ctx context.Context, c *store.Case, f Filter, do func(*joined) error) error {
	runs, err := currentRuns(ctx, c, f.Superseded)
	if err != nil {
		return err
	}
	state, err := c.State(ctx)
	if err != nil {
		return err
	}
	items := map[string]store.Item{}
	for _, it := range state.Items {
		items[it.Exhibit] = it
	}
	places, err := c.PlaceIndex(ctx)
	if err != nil {
		return err
	}
	found := newSited(places, runs)
	for _, run := range runs {
		all, err := found.places(run)
		if err != nil {
			return err
		}
		mine := placesOf(run, all, items, f.Exhibit)
		if len(mine) == 0 && (!evidence.OverRecords(run.Operation) || f.Exhibit != "") {
			continue // what an analysis says stands nowhere: it is about all exhibits
		}
		j, err := newJoined(run, mine, found)
		if err != nil {
			return err
		}
		if err := do(j); err != nil {
			return err
		}
	}
	return nil
}

// currentRuns in the order of the log.
func currentRuns(ctx context.Context, c *store.Case, all bool) ([]evidence.Run, error) {
	if !all {
		return c.CurrentRuns(ctx)
	}
	var rows []evidence.Run
	for row, err := range c.Runs(ctx) {
		if err != nil {
			return nil, err
		}
		rows = append(rows, row.Run)
	}
	return rows, nil
}

// placesOf are the places of a run's input whose item was declared as the run's
// config says: one artifact may stand in two items with different zones.
func placesOf(run evidence.Run, all []store.PlaceOf, items map[string]store.Item, exhibit string) []store.PlaceOf {
	var config struct{ Zone, Charset string }
	if err := json.Unmarshal(run.Config, &config); err != nil {
		return nil
	}
	var out []store.PlaceOf
	for _, p := range all {
		it := items[p.Item]
		if exhibit != "" && p.Item != exhibit || config.Charset != it.Charset {
			continue
		}
		if run.Operation == evidence.OpParse && config.Zone != it.Zone {
			continue
		}
		out = append(out, p)
	}
	return out
}

func newJoined(run evidence.Run, places []store.PlaceOf, found *sited) (*joined, error) {
	members, err := sourceMembers(run.Main(), places)
	if err != nil {
		return nil, err
	}
	j := &joined{run: run, places: places, members: members}
	for _, c := range run.Companions() {
		at, err := found.beside(c, places)
		if err != nil {
			return nil, err
		}
		if j.companions == nil {
			j.companions = map[string]map[string][]byte{}
		}
		if j.companions[c.Role], err = sourceMembers(c.Artifact, at); err != nil {
			return nil, err
		}
	}
	if len(places) > 0 {
		j.exhibit, err = evidence.Canonical(places[0].Item)
	}
	return j, err
}

// sourceMembers is what is joined to the source of a record that lies in an artifact.
func sourceMembers(d evidence.Digest, places []store.PlaceOf) (map[string][]byte, error) {
	values := map[string]any{"artifact": d.String()}
	if len(places) > 0 {
		first := places[0]
		values["path"] = first.Path.String()
		if first.Path.Raw != nil {
			values["path_raw"] = first.Path.Raw
		}
		if len(first.Via) > 0 {
			values["via"] = first.Via
		}
		if first.Partial {
			values["partial"] = true
		}
	}
	if len(places) > 1 {
		var paths []string
		for _, p := range places {
			paths = append(paths, p.Item+":"+p.Path.String())
		}
		values["paths"] = paths
	}
	members := map[string][]byte{}
	for name, v := range values {
		b, err := evidence.Canonical(v)
		if err != nil {
			return nil, err
		}
		members[name] = b
	}
	return members, nil
}

// Lines calls f with every line of a record set, numbered from 1. A line is good until f
// returns.
func Lines(ctx context.Context, c *store.Case, set evidence.Digest, f func(n int64, line []byte) error) error {
	a, err := c.Artifact(ctx, set)
	if err != nil {
		return err
	}
	obj, err := c.Blobs().Reader(ctx, a)
	if err != nil {
		return err
	}
	defer obj.Close()
	var n int64
	return evidence.Lines(obj, a.Size, func(line []byte) error {
		if n++; n%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		return f(n, line)
	})
}

// join merges id, exhibit and source members into a line, keeping it canonical:
// both lists of members ascend, so this is a merge.
func (j *joined) join(line []byte, id string) ([]byte, error) {
	idText := evidence.AppendString(nil, id)
	m := merger{dst: append(j.buf[:0], '{')}
	if j.exhibit != nil {
		m.extra(nameExhibit, j.exhibit)
	}
	m.extra(nameID, idText)
	hasSource := false
	err := evidence.Members(line, func(name, value []byte) error {
		if bytes.Equal(name, nameSource) {
			hasSource = true
			merged, err := j.joinSource(value)
			if err != nil {
				return err
			}
			value = merged
		}
		m.member(name, value)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("view: record %s: %w", id, err)
	}
	if !hasSource {
		merged, err := j.joinSource([]byte("{}"))
		if err != nil {
			return nil, err
		}
		m.late(nameSource, merged)
	}
	j.buf = m.end()
	return j.buf, nil
}

var (
	nameExhibit = []byte("exhibit")
	nameID      = []byte("id")
	nameSource  = []byte("source")
	sourceNames = []string{"artifact", "partial", "path", "path_raw", "paths", "via"}
)

func (j *joined) joinSource(value []byte) ([]byte, error) {
	m := merger{dst: []byte{'{'}}
	members := j.members
	if j.companions != nil {
		if of, ok := j.companions[roleOf(value)]; ok {
			members = of
		}
	}
	for _, name := range sourceNames {
		if v, ok := members[name]; ok {
			m.extra([]byte(name), v)
		}
	}
	if err := evidence.Members(value, func(name, v []byte) error {
		m.member(name, v)
		return nil
	}); err != nil {
		return nil, fmt.Errorf("view: source: %w", err)
	}
	return m.end(), nil
}
