package store

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
)

// State is what the log says, read from its first entry to its last.
type State struct {
	// Size is the number of entries.
	Size int64
	// Created is when the case was made, RFC 3339 UTC; Case what was said of it
	// then, by field name.
	Created string
	Case    map[string]json.RawMessage
	// Items in the order in which they were begun.
	Items []Item
	// Keys, Layouts, Profiles and Pins in the order in which their names were
	// first used; of one name the latest entry counts.
	Keys     []Key
	Layouts  []Layout
	Profiles []Profile
	Pins     []Pin
	// Dangling are the intents that were not carried out to the end: the program
	// was stopped, or is at work.
	Dangling []Intent
	// Signers are the verifier keys that entries name as signing the log, Handovers the
	// rotations and revocations among them.
	Signers   []string
	Handovers []custody.Handover
	// Corrections of earlier entries, in the order of the log. What they correct of items
	// and of the case is seen above already.
	Corrections []Correction
}

// Item is something received as a unit.
type Item struct {
	Exhibit string
	// Seq is the entry with which it was begun.
	Seq int64
	// Path is where it was read from, absolute.
	Path                  evidence.Name
	Zone, Charset, Source string
	InPlace               bool
	// Complete: receiving it was ended.
	Complete bool
	// Counts are those of its end, or until then the sums over its parts.
	Counts map[string]int64
	// Transfers, Accesses and Disposals of it, in the order of the log.
	Transfers []Transfer
	Accesses  []Access
	Disposals []Disposal
}

// Key is a decryption key's entry; its bytes are elsewhere.
type Key struct {
	Name, Fingerprint, Encoding, Form string
	// Place is where in the evidence it lies, nil for one that was given.
	Place *Place
	// Found says how the program found it, nil where a person stated it (docs/formats/case.md, Keys).
	Found json.RawMessage
	Seq   int64
}

// Place is a range of bytes of an artifact.
type Place struct {
	Artifact evidence.Digest `json:"artifact"`
	Offset   int64           `json:"offset"`
	Length   int64           `json:"length"`
}

// Layout is a description of a delimited text's columns; Body is canonical JSON.
type Layout struct {
	Name string
	Body json.RawMessage
	Seq  int64
}

// Profile is a description of an encryption; Body is canonical JSON.
type Profile struct {
	Name string
	Body json.RawMessage
	Seq  int64
}

// Pin is the digest by which a plugin is known to the case.
type Pin struct {
	Name, Version string
	SHA256        evidence.Digest
	Seq           int64
}

// Intent is work that was announced and not finished.
type Intent struct {
	Seq int64
	// Kind is derive, redact or export.
	Kind string
	// Runs were announced, Done of them have a result. Where nothing says how many, it is one.
	Runs, Done int64
}

// State reads the whole log. Every opening is checked against its commitment:
// it fails with evidence.ErrIntegrity where one does not fit.
func (c *Case) State(ctx context.Context) (*State, error) {
	f := fold{state: &State{}, items: map[int64]int{}, exhibits: map[string]int{}, intents: map[int64]*Intent{}}
	for e, err := range c.Entries(ctx, 0) {
		if err != nil {
			return nil, err
		}
		if err := f.entry(e); err != nil {
			return nil, fmt.Errorf("store: state: entry %d: %w", e.Seq, err)
		}
	}
	if err := c.carryHandovers(ctx, f.state); err != nil {
		return nil, err
	}
	for _, seq := range slices.Sorted(maps.Keys(f.intents)) {
		if i := f.intents[seq]; i.Done < i.Runs {
			f.state.Dangling = append(f.state.Dangling, *i)
		}
	}
	return f.state, nil
}

// fold builds a State entry by entry.
type fold struct {
	state *State
	// items by the entry that began them, and by exhibit number.
	items    map[int64]int
	exhibits map[string]int
	intents  map[int64]*Intent
}

// said is what the fold reads of an entry's plain part.
type said struct {
	Phase       string              `json:"phase"`
	Fingerprint string              `json:"fingerprint"`
	Encoding    string              `json:"encoding"`
	Form        string              `json:"form"`
	InPlace     bool                `json:"in_place"`
	Counts      map[string]int64    `json:"counts"`
	Plugin      *evidence.PluginRef `json:"plugin"`
}

func (f *fold) entry(le LogEntry) error {
	e, err := custody.ParseEntry(le.Body)
	if err != nil {
		return fmt.Errorf("%w: %w", evidence.ErrIntegrity, err)
	}
	if e.Seq != le.Seq || e.Seq != f.state.Size {
		return fmt.Errorf("%w: it stands where number %d should", evidence.ErrIntegrity, f.state.Size)
	}
	f.state.Size++
	var plain struct {
		Plain said `json:"plain"`
	}
	if err := decode(le.Body, &plain); err != nil {
		return err
	}
	opened := make(map[string]json.RawMessage, len(le.Openings))
	for _, o := range le.Openings {
		if err := custody.CheckOpening(e, o); err != nil {
			return err
		}
		opened[o.Field] = o.Value
	}
	return f.apply(e, plain.Plain, opened)
}

func (f *fold) apply(e custody.Entry, p said, opened map[string]json.RawMessage) error {
	switch e.Kind {
	case "create":
		f.state.Created, f.state.Case = e.Start.UTC().Format(entryTime), opened
	case "receive":
		return f.receive(e, p, opened)
	case "derive", "redact", "export":
		f.derive(e, p)
	case "identity", "seal":
		f.signers(e)
	case "transfer", "access", "dispose":
		return f.handled(e, p, opened)
	case "correct":
		return f.correct(e, opened)
	case "key":
		k := Key{Fingerprint: p.Fingerprint, Encoding: p.Encoding, Form: p.Form, Found: opened["observed.found"], Seq: e.Seq}
		if err := open1(opened, "asserted.name", &k.Name); err != nil {
			return err
		}
		if err := open1(opened, "asserted.place", &k.Place); err != nil {
			return err
		}
		put(&f.state.Keys, k, func(a Key) bool { return a.Name == k.Name })
	case "layout":
		l := Layout{Body: opened["asserted.layout"], Seq: e.Seq}
		if err := open1(opened, "asserted.name", &l.Name); err != nil {
			return err
		}
		put(&f.state.Layouts, l, func(a Layout) bool { return a.Name == l.Name })
	case "profile":
		l := Profile{Body: opened["asserted.profile"], Seq: e.Seq}
		if err := open1(opened, "asserted.name", &l.Name); err != nil {
			return err
		}
		put(&f.state.Profiles, l, func(a Profile) bool { return a.Name == l.Name })
	case "plugin":
		if p.Plugin != nil {
			pin := Pin{Name: p.Plugin.Name, Version: p.Plugin.Version, SHA256: p.Plugin.SHA256, Seq: e.Seq}
			put(&f.state.Pins, pin, func(a Pin) bool { return a.Name == pin.Name })
		}
	}
	return nil
}

// receive follows an item through its entries: begin without refs.item opens it;
// begin with refs.item, part and end belong to the item that entry began.
func (f *fold) receive(e custody.Entry, p said, opened map[string]json.RawMessage) error {
	begun, known := e.Refs["item"]
	if p.Phase == "begin" && !known {
		it := Item{Seq: e.Seq, InPlace: p.InPlace, Counts: map[string]int64{}}
		for _, field := range []struct {
			name string
			to   any
		}{
			{"asserted.exhibit", &it.Exhibit},
			{"observed.source.path", &it.Path},
			{"asserted.zone", &it.Zone},
			{"asserted.charset", &it.Charset},
			{"asserted.source", &it.Source},
		} {
			if err := open1(opened, field.name, field.to); err != nil {
				return err
			}
		}
		maps.Copy(it.Counts, p.Counts)
		f.items[e.Seq] = len(f.state.Items)
		f.state.Items = append(f.state.Items, it)
		return nil
	}
	i, ok := f.items[begun]
	if !ok {
		return fmt.Errorf("%w: refs.item names no entry that began an item", evidence.ErrFormat)
	}
	it := &f.state.Items[i]
	switch p.Phase {
	case "end":
		it.Complete = true
		if len(p.Counts) > 0 {
			it.Counts = p.Counts
		}
	default:
		for name, n := range p.Counts {
			it.Counts[name] += n
		}
	}
	return nil
}

// derive pairs intents with results. An intent that says how many runs it
// announces is done when its results add up to them, any other with its first.
func (f *fold) derive(e custody.Entry, p said) {
	n, counted := p.Counts["runs"]
	if p.Phase == "intent" {
		if !counted {
			n = 1
		}
		f.intents[e.Seq] = &Intent{Seq: e.Seq, Kind: e.Kind, Runs: n}
		return
	}
	if intent := f.intents[e.Refs["intent"]]; intent != nil {
		if !counted {
			n = intent.Runs
		}
		intent.Done += n
	}
}

// open1 decodes an opened field into to; a field that is not there leaves it.
func open1(opened map[string]json.RawMessage, name string, to any) error {
	b, ok := opened[name]
	if !ok {
		return nil
	}
	if err := json.Unmarshal(b, to); err != nil {
		return fmt.Errorf("%w: field %s", evidence.ErrFormat, name)
	}
	return nil
}

// put replaces the element that same picks, or appends.
func put[T any](list *[]T, v T, same func(T) bool) {
	if i := slices.IndexFunc(*list, same); i >= 0 {
		(*list)[i] = v
		return
	}
	*list = append(*list, v)
}
