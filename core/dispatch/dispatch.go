// Package dispatch decides which plugin gets which input under which
// configuration, and says why. It reads manifests, layouts and profiles, and rests on
// what identify found; it never reads an artifact and never runs a plugin. Whoever
// calls it asks a plugin's Probe.
package dispatch

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/exhibit-forensics/exhibit/core/identify"
	"github.com/exhibit-forensics/exhibit/evidence"
)

// Layout is one of the case's layouts as routing needs it.
type Layout struct {
	Name string
	// For are the path globs that it claims.
	For []string
	// Plugin is the one that it is for; "" leaves it to the one that reads any layout.
	Plugin string
	// Tables: it describes tables and not lines.
	Tables bool
	// Unconfirmed: the program guessed it, and nobody has confirmed it.
	Unconfirmed bool
	// Body is what a run's config gets: the layout without its name, globs and
	// plugin, because a run knows nothing of names and paths.
	Body json.RawMessage
}

// Profile is one encryption profile as routing needs it.
type Profile struct {
	Name string
	// Kind is that of its units; "" where a layout says it, and then For are files that
	// are encrypted as a whole.
	Kind string
	For  []string
	// Body is the whole profile, for those the examiner added.
	Body json.RawMessage
}

// Plugin is a plugin as routing needs it.
type Plugin struct {
	Manifest evidence.PluginManifest
	Digest   evidence.Digest
	// Profiles are those in the plugin's own file.
	Profiles []Profile
}

// Table is all that routing depends on.
type Table struct {
	Plugins []Plugin
	Layouts []Layout
	// Added are profiles the examiner added to the case.
	Added []Profile
}

// Place is where an artifact stands, with what was declared for its item.
type Place struct {
	Path    string
	Zone    string
	Charset string
	// SQLite is the schema as it is here, with the write-ahead log that lies beside
	// it; nil: the same as in the Identity.
	SQLite *identify.SQLite
	// Beside returns the artifacts that stand under Path and suffix; nil: there are none.
	Beside func(suffix string) []evidence.ManifestMember
	// Around returns those in its directory, or below, at a path that the pattern fits, each
	// with that path as its name and in the order of them; nil: there are none.
	Around func(pattern string) []evidence.ManifestMember
}

// Input is an artifact to be routed.
type Input struct {
	Artifact evidence.Digest
	Size     int64
	Identity identify.Identity
	Head     []byte
	Places   []Place
	// Probe asks a plugin about the input; where it is nil, or returns nil, that
	// plugin is not asked here.
	Probe func(p Plugin) *Answer
	// Explain fills in Decision.Refusals.
	Explain bool
}

// Answer is what came of asking a plugin's Probe.
type Answer struct {
	Takes bool
	// Why is a few words; of the plugin, or of what it did instead of answering.
	Why string
	// Failed: it crashed, hung or broke the protocol.
	Failed bool
}

// Decision is one plugin operation and one input: taken or not, and why.
type Decision struct {
	Plugin    string          `json:"plugin"`
	Digest    evidence.Digest `json:"digest"`
	Operation string          `json:"operation"`
	Takes     bool            `json:"takes"`
	// Ambiguous: what the examiner stated or what lies beside the input does not say
	// what reads it (several layouts claim it, or its layout is for no plugin here, or
	// for several; too many companions), and nothing may be chosen silently.
	Ambiguous bool `json:"ambiguous,omitempty"`
	// Asks: all conditions hold but for the plugin's Probe, which was not asked.
	Asks bool `json:"asks,omitempty"`
	// ProbeFailed: the plugin crashed, hung or broke the protocol when it was asked.
	// Config and Inputs are those it would have been run with.
	ProbeFailed bool `json:"probe_failed,omitempty"`
	// Layout is the name of the layout under which the input is taken.
	Layout string          `json:"layout,omitempty"`
	Config json.RawMessage `json:"config,omitempty"`
	// Inputs are the input and its companions where it has any, as a manifest lists them.
	Inputs []evidence.ManifestMember `json:"inputs,omitempty"`
	// Run is the input of the run: the artifact, or the manifest of Inputs.
	Run evidence.Digest `json:"input,omitzero"`
	Why string          `json:"why"`
	// Refusals are the conditions that failed, one for each accepts and place.
	Refusals []Refusal `json:"refusals,omitempty"`
	// At is the number of the first place for which this was decided.
	At int `json:"-"`
}

// Refusal is a condition that did not hold.
type Refusal struct {
	// Condition is the manifest's word for it.
	Condition string `json:"condition"`
	// Wanted is what it asks for, Met what there is.
	Wanted []string `json:"wanted,omitempty"`
	Met    string   `json:"met,omitempty"`
	Why    string   `json:"why"`
	// Place is the path for which it was decided.
	Place string `json:"place,omitempty"`
}

// Decide returns a decision for every operation of every plugin, in a fixed
// order. One operation may take an input under several configurations, where
// its occurrences were declared to be of different zones, charsets or layouts.
func (t *Table) Decide(in Input) []Decision {
	out := make([]Decision, 0, 2*len(t.Plugins))
	for _, p := range t.Plugins {
		for _, op := range p.Manifest.Operations {
			if evidence.OverRecords(op.Operation) {
				continue // it reads record sets, when it is asked to
			}
			out = t.decide(out, p, op, &in)
		}
	}
	return out
}

// decide appends to out what is decided of one operation.
func (t *Table) decide(out []Decision, p Plugin, op evidence.PluginOperation, in *Input) []Decision {
	base := Decision{Plugin: p.Manifest.Name, Digest: p.Digest, Operation: op.Operation}
	if in.Identity.Content == identify.Empty {
		base.Why = "the artifact is empty"
		if in.Explain {
			base.Refusals = []Refusal{{Condition: "content", Met: identify.Empty, Why: base.Why}}
		}
		return append(out, base)
	}
	c := &candidate{table: t, plugin: p, op: op, in: in}
	var seen map[string]bool
	before := len(out)
	for i := range in.Places {
		c.place = &in.Places[i]
		for _, d := range c.accept(base) {
			d.At = i
			if !d.Takes && !d.Ambiguous && !d.Asks && !d.ProbeFailed {
				continue
			}
			key := string(d.Config) + "\x00" + string(d.Run[:])
			if d.Ambiguous {
				key = d.Why
			}
			if !seen[key] {
				if seen == nil {
					seen = map[string]bool{}
				}
				seen[key] = true
				out = append(out, d)
			}
		}
	}
	if len(out) > before {
		return out
	}
	base.Why, base.Refusals = strings.Join(c.reasons, "; "), c.refusals
	return append(out, base)
}

// Claiming are the layouts that are for a path. What a person stated goes before what
// the program guessed.
func (t *Table) Claiming(path string) []Layout {
	var stated, guessed []Layout
	for _, l := range t.Layouts {
		if _, ok := anyGlob(l.For, path); !ok {
			continue
		}
		if l.Unconfirmed {
			guessed = append(guessed, l)
		} else {
			stated = append(stated, l)
		}
	}
	if len(stated) > 0 {
		return stated
	}
	return guessed
}

// Guessed reports whether nobody has confirmed the layout of that name.
func (t *Table) Guessed(name string) bool {
	return slices.ContainsFunc(t.Layouts, func(l Layout) bool { return l.Name == name && l.Unconfirmed })
}

// profileFor finds a profile that states path. To parse, it must say what a unit holds.
func profileFor(profiles []Profile, path string, parses bool) (string, bool) {
	for _, p := range profiles {
		if parses && p.Kind == "" {
			continue
		}
		if _, ok := anyGlob(p.For, path); ok {
			return p.Name, true
		}
	}
	return "", false
}

// EscapeGlob returns the glob that only path fits.
func EscapeGlob(path string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`, "]", `\]`, "{", `\{`, "}", `\}`).Replace(path)
}

// anyGlob matches a path of the form EX-path!member/name, where "!" counts as "/".
func anyGlob(globs []string, path string) (string, bool) {
	path = strings.ReplaceAll(path, "!", "/")
	for _, g := range globs {
		if ok, err := doublestar.Match(strings.ReplaceAll(g, "!", "/"), path); err == nil && ok {
			return g, true
		}
	}
	return "", false
}

// config is what decides a run's output besides plugin, input and keys. A
// declared zone matters to parse alone: nothing else reads a time.
func (t *Table) config(p Plugin, operation string, place Place, layout *Layout) (json.RawMessage, error) {
	c := map[string]any{}
	if place.Zone != "" && (operation == evidence.OpParse || operation == evidence.OpSurvey) {
		c["zone"] = place.Zone
	}
	if place.Charset != "" {
		c["charset"] = place.Charset
	}
	if layout != nil {
		c["layout"] = layout.Body
	}
	if p.Manifest.Profiles != "" {
		var added []any
		for _, a := range t.Added {
			if _, mine := anyGlob(a.For, place.Path); mine || len(a.For) == 0 {
				added = append(added, a.Body)
			}
		}
		if len(added) > 0 {
			c["profiles"] = added
		}
	}
	b, err := evidence.Canonical(c)
	if err != nil {
		return nil, fmt.Errorf("dispatch: config: %w", err)
	}
	return b, nil
}
