package engine

import (
	"context"
	"encoding/hex"
	"errors"
	"strings"

	"github.com/exhibit-forensics/exhibit/core/dispatch"
	"github.com/exhibit-forensics/exhibit/core/identify"
	"github.com/exhibit-forensics/exhibit/evidence"
)

// Explanation says what an artifact is, which plugin operations take it, which do
// not, what was done with it and what would be needed to have it read.
type Explanation struct {
	// Artifact is zero for a file outside of any case, which is not hashed.
	Artifact evidence.Digest   `json:"artifact,omitzero"`
	File     string            `json:"file,omitempty"`
	Size     int64             `json:"size"`
	Identity identify.Identity `json:"identity"`
	// Begins are the first bytes, in hexadecimal.
	Begins string     `json:"begins"`
	Places []WhyPlace `json:"places,omitempty"`
	// Status is that of the completeness statement, "" outside of a case.
	Status string `json:"status,omitempty"`
	// Taken are the operations that take it, NotTaken those that do not.
	Taken    []WhyDecision `json:"taken"`
	NotTaken []WhyDecision `json:"not_taken"`
	// Layouts are those of the case that are for its path.
	Layouts []WhyLayout `json:"layouts,omitempty"`
	// Runs are those over it that count, companions of others among them.
	Runs []RunReport `json:"runs,omitempty"`
	// Replaced is how many runs over it a later one took the place of.
	Replaced int `json:"replaced,omitempty"`
	// Needed says, in sentences, what would be needed to have it read.
	Needed []string `json:"needed"`
}

// WhyPlace is one place of the artifact.
type WhyPlace struct {
	Exhibit string        `json:"exhibit"`
	Path    evidence.Name `json:"path"`
	Via     []string      `json:"via,omitempty"`
	// SQLite is the schema with the write-ahead log that lies beside it here.
	SQLite *identify.SQLite `json:"sqlite,omitempty"`
}

// WhyLayout is a layout that is for one of the places.
type WhyLayout struct {
	Name   string `json:"name"`
	Plugin string `json:"plugin,omitempty"`
	Path   string `json:"path"`
}

// WhyDecision is a decision with what a person should know of the plugin.
type WhyDecision struct {
	dispatch.Decision
	Version string `json:"version"`
	// Companions are the files that would be handed over with it, by role.
	Companions map[string]string `json:"companions,omitempty"`
	// Due says why it would be run now, "" where it would not.
	Due string `json:"due,omitempty"`
	// Pinned is the digest that the case uses, where it is another.
	Pinned evidence.Digest `json:"pinned,omitzero"`
}

// Why explains one artifact of the case. Plugins' Probes are asked where all other
// conditions hold.
func (e *Engine) Why(ctx context.Context, d evidence.Digest) (*Explanation, error) {
	a, err := e.c.Artifact(ctx, d)
	if err != nil {
		return nil, err
	}
	p, err := e.planner(ctx, true)
	keyless := errors.Is(err, evidence.ErrKey)
	if keyless {
		p, err = e.planner(ctx, false)
	}
	if err != nil {
		return nil, err
	}
	p.ask, p.explain = true, true
	decisions, places, err := p.decide(ctx, a)
	if err != nil {
		return nil, err
	}
	state, err := e.c.State(ctx)
	if err != nil {
		return nil, err
	}
	s, err := e.look(ctx, a, nil)
	if err != nil {
		return nil, err
	}
	x := &Explanation{Artifact: d, Size: a.Size, Identity: s.Identity, Begins: begins(s.head)}
	for _, pl := range places {
		at := WhyPlace{Exhibit: pl.Item, Path: pl.Path, Via: pl.Via}
		if s.SQLite != nil {
			if at.SQLite, err = p.schema(ctx, a, pl); err != nil {
				return nil, err
			}
		}
		x.Places = append(x.Places, at)
		for _, l := range p.table.Claiming(pl.Path.String()) {
			x.Layouts = append(x.Layouts, WhyLayout{l.Name, l.Plugin, placeText(pl)})
		}
	}
	for _, dec := range decisions {
		w := WhyDecision{Decision: dec, Version: e.byName(dec.Plugin).Manifest.Version}
		if pin, ok := pinOf(state, dec.Plugin); ok && pin.SHA256 != dec.Digest {
			w.Pinned = pin.SHA256
		}
		for _, m := range dec.Inputs {
			if m.Role != evidence.RoleMain {
				w.company(m.Role, p.nameOf(m.Artifact))
			}
		}
		if dec.Takes && !keyless {
			w.Due, _ = p.wanted(d, dec, p.keys[dec.Plugin])
		}
		x.add(w)
	}
	if err := p.history(ctx, a, x); err != nil {
		return nil, err
	}
	x.need(len(places) > 0)
	return x, nil
}

// andMore ends a companion's name where there are others in its role.
const andMore = " and others"

func (w *WhyDecision) company(role, name string) {
	if w.Companions == nil {
		w.Companions = map[string]string{}
	}
	if first, more := w.Companions[role]; more { // of many the first, and that there are others
		name = strings.TrimSuffix(first, andMore) + andMore
	}
	w.Companions[role] = name
}

// nameOf is an artifact's first place, for people.
func (p *planner) nameOf(d evidence.Digest) string {
	if places, err := p.places.Places(d); err == nil && len(places) > 0 {
		return placeText(places[0])
	}
	return d.String()
}

func (x *Explanation) add(w WhyDecision) {
	if w.Takes || w.ProbeFailed || w.Asks {
		x.Taken = append(x.Taken, w)
		return
	}
	x.NotTaken = append(x.NotTaken, w)
}

// history fills in what was run over the artifact.
func (p *planner) history(ctx context.Context, a evidence.Artifact, x *Explanation) error {
	one, err := p.report(ctx, a, &Totals{Kinds: map[string]int64{}})
	if err != nil {
		return err
	}
	x.Status, x.Runs = one.Status, one.Runs
	identities := map[evidence.Digest]bool{}
	for _, r := range p.about(a.SHA256) {
		identities[r.ID] = true
	}
	x.Replaced = len(identities) - len(p.current(a.SHA256))
	return nil
}

func begins(head []byte) string { return hex.EncodeToString(head[:min(len(head), 16)]) }
