package replay

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/exhibit-forensics/exhibit/core/host"
	"github.com/exhibit-forensics/exhibit/evidence"
)

// Difference is the first thing that came out otherwise. It quotes the evidence.
type Difference struct {
	// In is records, diagnostics, artifacts, outcome or units.
	In string `json:"in"`
	// Line counts from 1 in records and diagnostics, artifacts in their order; 0 elsewhere.
	Line int64 `json:"line,omitempty"`
	// Field is the member that differs, by its path; "" where there is no such line on one side.
	Field string `json:"field,omitempty"`
	// Recorded and Here are the two values, shortened; "" where there is none.
	Recorded string `json:"recorded"`
	Here     string `json:"here"`
	// Source is where the line says it was read, Bytes the first of them.
	Source json.RawMessage `json:"source,omitempty"`
	Bytes  []byte          `json:"bytes,omitempty"`
}

const (
	maxValue = 200
	maxBytes = 64
)

// compare holds what came against what was recorded.
func (r *replayer) compare(ctx context.Context, j job, s *sink, res host.Result) (*Result, error) {
	d, err := r.difference(ctx, &j.run, s, res)
	if err != nil {
		return nil, err
	}
	deterministic := j.plugin.Manifest.Deterministic
	switch {
	case d == nil && deterministic:
		return j.result(Reproduced, ""), nil
	case d == nil:
		return j.result(MaySame, "its plugin says that it may give something else each time"), nil
	case len(j.lacks) > 0:
		return j.result(KeyMissing, fmt.Sprintf("it came out otherwise without keys that it was offered and did not use: %v", j.lacks)), nil
	}
	out := j.result(Differs, "the same plugin gave something else")
	if !deterministic {
		out = j.result(MayDiffer, "its plugin says that it may give something else each time, and it did")
	}
	out.Difference = d
	return out, nil
}

func (r *replayer) difference(ctx context.Context, run *evidence.Run, s *sink, res host.Result) (*Difference, error) {
	if s == nil {
		s = &sink{records: &lines{}, diagnostics: &lines{}}
	}
	s.records.end()
	s.diagnostics.end()
	var records, diagnostics evidence.Digest
	if run.Records != nil {
		records = run.Records.Artifact
	}
	if run.Diagnostics != nil {
		diagnostics = run.Diagnostics.Artifact
	}
	for _, one := range []struct {
		in   string
		want evidence.Digest
		got  host.StreamResult
		l    *lines
	}{{"records", records, res.Records, s.records}, {"diagnostics", diagnostics, res.Diagnostics, s.diagnostics}} {
		if one.want.IsZero() && one.got.Count == 0 || one.want == one.got.SHA256 {
			continue
		}
		return r.lineDifference(ctx, run, one.in, one.l, one.want, one.got.SHA256)
	}
	want := r.derived[run.ID]
	for i := range max(len(want), len(s.children)) {
		d := &Difference{In: "artifacts", Line: int64(i) + 1}
		switch {
		case i >= len(want):
			d.Here = s.children[i].String()
		case i >= len(s.children):
			d.Recorded = want[i].String()
		case want[i].sum == s.children[i].sum:
			continue
		default:
			d.Recorded, d.Here, d.Field = want[i].String(), s.children[i].String(), "artifact"
			if want[i].artifact == s.children[i].artifact {
				d.Field = "name, steps, meta or completeness"
			}
		}
		return d, nil
	}
	switch {
	case run.Outcome != res.Outcome:
		return &Difference{In: "outcome", Recorded: string(run.Outcome), Here: string(res.Outcome) + " " + res.Reason}, nil
	case run.Units != res.Units:
		return &Difference{In: "units", Recorded: fmt.Sprintf("%+v", run.Units), Here: fmt.Sprintf("%+v", res.Units)}, nil
	case !slices.Equal(run.Keys, res.KeysUsed) && len(run.Keys)+len(res.KeysUsed) > 0:
		return &Difference{In: "keys", Recorded: fmt.Sprint(run.Keys), Here: fmt.Sprint(res.KeysUsed)}, nil
	}
	return nil, nil
}

// String names an artifact.
func (c child) String() string { return shorten(c.artifact.String() + " " + strconv.Quote(c.name)) }

// lineDifference explains the first line that differs.
func (r *replayer) lineDifference(ctx context.Context, run *evidence.Run, in string, l *lines, was, is evidence.Digest) (*Difference, error) {
	d := &Difference{In: in}
	if !l.differ { // the recorded lines cannot be read
		d.Recorded, d.Here = was.String(), is.String()
		return d, nil
	}
	d.Line = l.n + 1
	line := l.was
	switch {
	case l.was == nil:
		line, d.Here = l.is, shorten(string(l.is))
	case l.is == nil:
		d.Recorded = shorten(string(l.was))
	default:
		d.Field, d.Recorded, d.Here = firstField(l.was, l.is, "")
	}
	var of struct {
		Source json.RawMessage `json:"source"`
	}
	if json.Unmarshal(line, &of) == nil {
		d.Source = of.Source
	}
	var err error
	d.Bytes, err = r.bytesOf(ctx, run, d.Source)
	return d, err
}

// firstField compares two JSON values and returns the path of the first member that
// differs with both values.
func firstField(was, is []byte, path string) (field, wasText, isText string) {
	var a, b map[string]json.RawMessage
	if json.Unmarshal(was, &a) != nil || json.Unmarshal(is, &b) != nil || a == nil || b == nil {
		return path, shorten(string(was)), shorten(string(is))
	}
	names := maps.Clone(a)
	maps.Copy(names, b)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if !bytes.Equal(a[name], b[name]) {
			if path != "" {
				name = path + "." + name
			}
			return firstField(a[last(name, path)], b[last(name, path)], name)
		}
	}
	return path, shorten(string(was)), shorten(string(is))
}

// last is a name without the path in front of it.
func last(name, path string) string {
	if path == "" {
		return name
	}
	return name[len(path)+1:]
}

func shorten(s string) string {
	if utf8.RuneCountInString(s) <= maxValue {
		return s
	}
	return string([]rune(s)[:maxValue]) + "…"
}

// bytesOf reads the first bytes of where a line says it was read.
func (r *replayer) bytesOf(ctx context.Context, run *evidence.Run, source json.RawMessage) ([]byte, error) {
	var at struct {
		Offset *int64 `json:"offset"`
		Length int64  `json:"length"`
		Role   string `json:"role"`
	}
	if json.Unmarshal(source, &at) != nil || at.Offset == nil || *at.Offset < 0 {
		return nil, nil
	}
	a, err := r.c.Artifact(ctx, run.InputOf(at.Role))
	if err != nil {
		return nil, nil //nolint:nilerr // it only explains
	}
	obj, err := r.c.Blobs().Reader(ctx, a)
	if err != nil {
		return nil, ctx.Err()
	}
	defer obj.Close()
	b := make([]byte, max(0, min(at.Length, maxBytes, a.Size-*at.Offset)))
	n, err := obj.ReadAt(b, *at.Offset)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, ctx.Err()
	}
	return b[:n], nil
}

// gatherDerived reads what the runs derived: of one number the last counts, since a
// run may have been made several times.
func (r *replayer) gatherDerived(ctx context.Context, due []job) error {
	r.derived = map[evidence.Digest][]child{}
	for _, j := range due {
		if j.run.Artifacts > 0 {
			r.derived[j.run.ID] = make([]child, 0, min(j.run.Artifacts, 1<<10))
		}
	}
	want := map[evidence.Digest]int64{}
	for _, j := range due {
		want[j.run.ID] = j.run.Artifacts
	}
	for d, err := range r.c.Derivations(ctx) {
		if err != nil {
			return err
		}
		list, ok := r.derived[d.Run]
		if !ok || d.N < 0 || d.N >= want[d.Run] || d.N > int64(len(list)) {
			continue
		}
		c, err := childOf(d)
		if err != nil {
			return err
		}
		if d.N == int64(len(list)) {
			list = append(list, c)
		} else {
			list[d.N] = c
		}
		r.derived[d.Run] = list
	}
	return nil
}
