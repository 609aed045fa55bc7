// Package dispatch decides which plugin gets which input under which
// configuration, and says why. It reads manifests, layouts and profiles; it never
// runs a plugin and never reads more of an artifact than identify did.
package dispatch

import (
	"bytes"
	"encoding/hex"
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
	// Body is what a run's config gets: the layout without its name, globs and
	// plugin, because a run knows nothing of names and paths.
	Body json.RawMessage
}

// Profile is one encryption profile as routing needs it.
type Profile struct {
	Name string
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
}

// Input is an artifact to be routed.
type Input struct {
	Identity identify.Identity
	Head     []byte
	Places   []Place
}

// Decision is one plugin operation and one input: taken or not, and why.
type Decision struct {
	Plugin    string          `json:"plugin"`
	Digest    evidence.Digest `json:"digest"`
	Operation string          `json:"operation"`
	Takes     bool            `json:"takes"`
	// Ambiguous: the examiner's layouts do not say what reads the input (several
	// claim it, or its layout is for no plugin here, or for several), and nothing may
	// be chosen silently.
	Ambiguous bool `json:"ambiguous,omitempty"`
	// Layout is the name of the layout under which the input is taken.
	Layout string          `json:"layout,omitempty"`
	Config json.RawMessage `json:"config,omitempty"`
	Why    string          `json:"why"`
}

// Decide returns a decision for every operation of every plugin, in a fixed
// order. One operation may take an input under several configurations, where
// its occurrences were declared to be of different zones, charsets or layouts.
func (t *Table) Decide(in Input) []Decision {
	var out []Decision
	for _, p := range t.Plugins {
		for _, op := range p.Manifest.Operations {
			out = append(out, t.decide(p, op, in)...)
		}
	}
	return out
}

func (t *Table) decide(p Plugin, op evidence.PluginOperation, in Input) []Decision {
	base := Decision{Plugin: p.Manifest.Name, Digest: p.Digest, Operation: op.Operation}
	if in.Identity.Content == identify.Empty {
		base.Why = "the artifact is empty"
		return []Decision{base}
	}
	seen := map[string]bool{}
	var taken []Decision
	var refusals []string
	for _, place := range in.Places {
		d := base
		d.Config, d.Layout, d.Why, d.Ambiguous = t.accept(p, op, in, place)
		if d.Takes = d.Config != nil; !d.Takes {
			if d.Ambiguous && !seen[d.Why] {
				seen[d.Why] = true
				taken = append(taken, d)
			}
			if !slices.Contains(refusals, d.Why) {
				refusals = append(refusals, d.Why)
			}
			continue
		}
		if !seen[string(d.Config)] {
			seen[string(d.Config)] = true
			taken = append(taken, d)
		}
	}
	if len(taken) > 0 {
		return taken
	}
	base.Why = strings.Join(refusals, "; ")
	return []Decision{base}
}

// accept tries the operation's conditions on one place. A nil config means no.
func (t *Table) accept(p Plugin, op evidence.PluginOperation, in Input, place Place) (config json.RawMessage, layoutName, why string, ambiguous bool) {
	found := t.layoutsFor(place.Path)
	parses := op.Operation == evidence.OpParse
	var refusals []string
	refuse := func(why string) {
		if !slices.Contains(refusals, why) {
			refusals = append(refusals, why)
		}
	}
	for _, a := range op.Accepts {
		byLayout := a.Layout || a.LayoutNamed
		if parses && len(found) > 0 && !byLayout {
			refuse(claimed(found))
			continue
		}
		because, no := matches(a, in, place)
		if no != "" {
			refuse(no)
			continue
		}
		var layout *Layout
		if byLayout {
			switch {
			case len(found) == 0:
				refuse("no layout is for its path")
				continue
			case len(found) > 1:
				return nil, "", fmt.Sprintf("%s all claim %q; make their globs exclusive", names(found), place.Path), true
			}
			layout = &found[0]
			if why, ambiguous := t.refusesLayout(p, a, layout, parses); why != "" {
				if ambiguous {
					return nil, "", why, true
				}
				refuse(why)
				continue
			}
			because = append(because, fmt.Sprintf("layout %q is for its path", layout.Name))
			layoutName = layout.Name
		}
		if a.Profile {
			name, ok := profileFor(append(slices.Clone(p.Profiles), t.Added...), place.Path)
			if !ok {
				refuse("no profile states its path")
				continue
			}
			because = append(because, fmt.Sprintf("profile %q is for its path", name))
		}
		c, err := t.config(p, op.Operation, place, layout)
		if err != nil {
			return nil, "", err.Error(), false
		}
		return c, layoutName, strings.Join(because, ", "), false
	}
	return nil, "", strings.Join(refusals, "; "), false
}

// matches checks the conditions that rest on bytes and path alone.
func matches(a evidence.Accept, in Input, place Place) (because []string, no string) {
	if a.Content != "" {
		if a.Content != in.Identity.Content {
			return nil, fmt.Sprintf("its content is %s, not %s", in.Identity.Content, a.Content)
		}
		because = append(because, "content "+a.Content)
	}
	if len(a.MediaTypes) > 0 {
		if !slices.Contains(a.MediaTypes, in.Identity.MediaType) {
			return nil, "its media type is " + in.Identity.MediaType
		}
		because = append(because, "media type "+in.Identity.MediaType)
	}
	if len(a.Magic) > 0 {
		m, ok := magic(a.Magic, in.Head)
		if !ok {
			return nil, "it does not begin as such a file does"
		}
		because = append(because, fmt.Sprintf("bytes %s at %d", m.Hex, m.Offset))
	}
	if len(a.Paths) > 0 {
		glob, ok := anyGlob(a.Paths, place.Path)
		if !ok {
			return nil, "its path fits none of the plugin's"
		}
		because = append(because, fmt.Sprintf("path fits %q", glob))
	}
	return because, ""
}

func magic(list []evidence.Magic, head []byte) (evidence.Magic, bool) {
	for _, m := range list {
		want, err := hex.DecodeString(m.Hex)
		if err == nil && m.Offset >= 0 && m.Offset <= int64(len(head)) && bytes.HasPrefix(head[m.Offset:], want) {
			return m, true
		}
	}
	return evidence.Magic{}, false
}

func (t *Table) layoutsFor(path string) []Layout {
	var out []Layout
	for _, l := range t.Layouts {
		if _, ok := anyGlob(l.For, path); ok {
			out = append(out, l)
		}
	}
	return out
}

func profileFor(profiles []Profile, path string) (string, bool) {
	for _, p := range profiles {
		if _, ok := anyGlob(p.For, path); ok {
			return p.Name, true
		}
	}
	return "", false
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
	if place.Zone != "" && operation == evidence.OpParse {
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
