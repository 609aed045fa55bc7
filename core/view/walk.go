package view

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/exhibit-forensics/exhibit/core/keyring"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// viewer reads once what walking takes.
type viewer struct {
	ctx    context.Context
	c      *store.Case
	o      ShowOptions
	state  *store.State
	places *store.PlaceIndex
	// made is how each derived artifact was made, the first complete time.
	made map[evidence.Digest]evidence.Derivation
	runs []evidence.Run
	byID map[evidence.Digest]evidence.Run
	// given are the case's keys, those at hand.
	given  []keyring.Key
	secret []byte
}

func newViewer(ctx context.Context, c *store.Case, o ShowOptions) (*viewer, error) {
	v := &viewer{ctx: ctx, c: c, o: o, made: map[evidence.Digest]evidence.Derivation{}, byID: map[evidence.Digest]evidence.Run{}}
	if v.o.Profiles == nil {
		v.o.Profiles = func(evidence.Run) []json.RawMessage { return nil }
	}
	var err error
	if v.state, err = c.State(ctx); err != nil {
		return nil, err
	}
	if v.places, err = c.PlaceIndex(ctx); err != nil {
		return nil, err
	}
	for der, err := range c.Derivations(ctx) {
		if err != nil {
			return nil, err
		}
		if have, ok := v.made[der.Child]; !ok || !have.Complete && der.Complete {
			v.made[der.Child] = der
		}
	}
	for row, err := range c.Runs(ctx) {
		if err != nil {
			return nil, err
		}
		v.runs = append(v.runs, row.Run)
		v.byID[row.Run.ID] = row.Run
	}
	// Without secrets, as in a copy of a case, everything but keys is shown.
	if v.secret, err = c.Secret(); err == nil {
		if v.given, err = keyring.Resolve(ctx, c); err != nil && !errors.Is(err, evidence.ErrKey) {
			return nil, err
		}
	}
	return v, nil
}

// way is a walk with what writing it down takes.
type way struct {
	v        *viewer
	links    []Link
	original *Original
	// run is the one whose profiles count for the step at hand.
	run *evidence.Run
}

// way goes from an artifact to the original it was made from.
func (v *viewer) way(d evidence.Digest, exhibit string) (*way, error) {
	w := &way{v: v}
	for seen := map[evidence.Digest]bool{}; !seen[d]; {
		seen[d] = true
		a, err := v.c.Artifact(v.ctx, d)
		if err != nil {
			return nil, err
		}
		l := Link{Artifact: d, Size: a.Size, Origin: a.Origin, Hashes: a.Hashes}
		at, err := v.places.Places(d)
		if err != nil {
			return nil, err
		}
		for _, p := range at {
			l.Places = append(l.Places, p.Item+":"+p.Path.String())
		}
		der, derived := v.made[d]
		if derived && a.Origin == evidence.Derived {
			l.Run, l.Plugin, l.Steps, l.Partial = der.Run, v.byID[der.Run].Plugin.Name, der.Steps, der.Reason
			d = der.Parent
		}
		w.links = append(w.links, l)
	}
	var err error
	w.original, err = original(v.ctx, v.c, w.links[len(w.links)-1].Artifact, exhibit)
	return w, err
}

// profileOf looks a profile up as the run at hand had it, else as any run of the walk.
func (w *way) profileOf(name string) (*profile, error) {
	var err error
	runs := []evidence.Run{}
	if w.run != nil {
		runs = append(runs, *w.run)
	}
	for _, l := range w.links {
		if run, ok := w.v.byID[l.Run]; ok {
			runs = append(runs, run)
		}
	}
	for _, run := range runs {
		p, perr := findProfile(name, run, w.v.o.Profiles(run))
		if perr == nil {
			return p, nil
		}
		err = perr
	}
	if err == nil {
		err = fmt.Errorf("profile %q: %w", name, evidence.ErrNotFound)
	}
	return nil, err
}

// key describes a key; one that lies in the evidence with the way to it.
func (w *way) key(fingerprint string) *Key {
	v := w.v
	keys := v.given
	runs := []evidence.Run{}
	if w.run != nil {
		runs = append(runs, *w.run)
	}
	for _, l := range w.links {
		if run, ok := v.byID[l.Run]; ok {
			runs = append(runs, run)
		}
	}
	for _, run := range runs {
		var config struct {
			Profiles []json.RawMessage `json:"profiles"`
		}
		_ = json.Unmarshal(run.Config, &config) // without it there are the plugin's own
		for _, list := range [][]json.RawMessage{config.Profiles, v.o.Profiles(run)} {
			if published, err := keyring.PublishedIn(v.secret, list); err == nil && v.secret != nil {
				keys = append(keys[:len(keys):len(keys)], published...)
			}
		}
	}
	k := keyOf(fingerprint, v.state, keys, v.placeText, v.o.ShowKeys)
	if k != nil && k.at != nil {
		if to, err := v.way(k.at.Artifact, ""); err == nil {
			k.way = to
		}
	}
	return k
}

func (v *viewer) placeText(at store.Place) string {
	name := at.Artifact.String()
	if places, err := v.places.Places(at.Artifact); err == nil && len(places) > 0 {
		name = places[0].Item + ":" + places[0].Path.String()
	}
	return fmt.Sprintf("%s:%d:%d", name, at.Offset, at.Length)
}

// complete fills in everything that leads from the record to the original.
func (s *Shown) complete(ctx context.Context, c *store.Case, line []byte, o ShowOptions) error {
	var record struct {
		Charset string       `json:"charset"`
		Exhibit string       `json:"exhibit"`
		Source  recordSource `json:"source"`
	}
	if err := json.Unmarshal(line, &record); err != nil {
		return fmt.Errorf("view: record %s: %w: %w", s.ID, evidence.ErrFormat, err)
	}
	_ = json.Unmarshal(s.Record, &struct{ Exhibit *string }{&record.Exhibit}) // absent where no item has it any more
	s.source, s.Charset = record.Source, record.Charset
	v, err := newViewer(ctx, c, o)
	if err != nil {
		return err
	}
	input := s.Run.InputOf(s.source.Role)
	w, err := v.way(input, record.Exhibit)
	if err != nil {
		return err
	}
	w.run = &s.Run
	s.Walk, s.Original = w.links, w.original
	if err := s.readSpan(ctx, c, input); err != nil {
		return err
	}
	if s.source.Profile != "" {
		p, perr := w.profileOf(s.source.Profile)
		s.Opened = openLine(s.span, s.source.Profile, s.Charset, p, perr, w.key(s.source.Key))
	} else if text, err := toUTF8(s.Charset, s.Bytes); err == nil && s.HasSpan {
		s.Text = text
	}
	s.Recipe = s.recipe(w)
	return nil
}

func readPart(ctx context.Context, c *store.Case, a evidence.Artifact, offset, length int64) ([]byte, error) {
	obj, err := c.Blobs().Reader(ctx, a)
	if err != nil {
		return nil, err
	}
	defer obj.Close()
	b := make([]byte, length)
	if n, err := obj.ReadAt(b, offset); err != nil && (!errors.Is(err, io.EOF) || n < len(b)) {
		return nil, fmt.Errorf("view: %d bytes at %d of %s: %w", length, offset, a.SHA256, err)
	}
	return b, nil
}

func (s *Shown) readSpan(ctx context.Context, c *store.Case, input evidence.Digest) error {
	s.Bytes = []byte{}
	if s.source.Offset == nil {
		return nil
	}
	s.HasSpan, s.Offset, s.Length = true, *s.source.Offset, s.source.Length
	a, err := c.Artifact(ctx, input)
	if err != nil {
		return err
	}
	if !(evidence.Span{Offset: s.Offset, Length: s.Length}).Within(a.Size) {
		return fmt.Errorf("view: record %s: %w: its bytes lie outside %s", s.ID, evidence.ErrIntegrity, input)
	}
	if s.span, err = readPart(ctx, c, a, s.Offset, min(s.Length, maxOpened)); err != nil {
		return err
	}
	s.Bytes = s.span[:min(s.Length, maxShown, int64(len(s.span)))]
	return nil
}

// recipe writes down how to come from the original to the record's text.
func (s *Shown) recipe(w *way) *Recipe {
	k := newCook()
	file := k.artifact(w)
	switch {
	case file == "":
	case s.HasSpan && s.Opened == nil:
		k.r.Steps = append(k.r.Steps, RecipeStep{
			What:     fmt.Sprintf("the record: %d bytes at %d", s.Length, s.Offset),
			Commands: []string{feed(slice(s.Offset, s.Length), file) + k.convert(s.Charset)},
		})
	case s.HasSpan:
		out := k.file()
		d := evidence.Sum(s.span)
		step := RecipeStep{What: fmt.Sprintf("the record's line, encrypted: %d bytes at %d", s.Length, s.Offset), Commands: []string{feed(slice(s.Offset, s.Length), file) + " > " + out}, Output: out}
		if s.Length == int64(len(s.span)) {
			step.SHA256 = &d
			step.Commands = append(step.Commands, check("'"+out+"'", d))
		}
		k.r.Steps = append(k.r.Steps, step)
		k.line("'"+out+"'", s.span, s.Opened, s.Charset, w)
	case s.source.Table != "":
		k.need("sqlite3")
		query := fmt.Sprintf(`SELECT * FROM "%s" WHERE rowid = %d`, strings.ReplaceAll(s.source.Table, `"`, `""`), s.source.RowID)
		step := RecipeStep{What: fmt.Sprintf("the record: row %d of table %s", s.source.RowID, s.source.Table)}
		if log := s.log(k, w); log == "" {
			step.Commands = []string{"sqlite3 -readonly -line " + file + " " + quote(query)}
		} else { // sqlite3 looks for the log beside the database, and writes an index of it there
			db := k.file()
			step.Commands = []string{"cp " + file + " " + db, "cp " + log + " " + db + "-wal", "sqlite3 -line " + db + " " + quote(query)}
		}
		k.r.Steps = append(k.r.Steps, step)
	default:
		k.unknown("the record has no bytes of its own: it stands at %s", s.source.Pointer)
	}
	return &k.r
}

// log adds the steps to the write-ahead log that the run read with its database, and
// returns the word for it, "" where there is none.
func (s *Shown) log(k *cook, w *way) string {
	for _, c := range s.Run.Companions() {
		if c.Role != "wal" {
			continue
		}
		way, err := w.v.way(c.Artifact, "")
		if err != nil {
			k.unknown("the write-ahead log that was read with it: %v", err)
			return ""
		}
		return k.artifact(way)
	}
	return ""
}
