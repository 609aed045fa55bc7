package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/exhibit-forensics/exhibit/core/dispatch"
	"github.com/exhibit-forensics/exhibit/core/host"
	"github.com/exhibit-forensics/exhibit/core/keyring"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// Kinds of the records by which a plugin tells the engine what it saw.
const (
	// KindDescription says what an artifact is that nothing opens.
	KindDescription = "x-exhibit/description"
	// KindKey says which bytes of the evidence are the key of what.
	KindKey = "x-exhibit/key"
)

// looker returns the plugin that offers an operation that only looks, nil where none
// does or another is the only one to be run.
func (e *Engine) looker(operation string) *host.Plugin {
	for _, p := range e.plugins {
		if e.o.Only != "" && p.Manifest.Name != e.o.Only {
			continue
		}
		if slices.ContainsFunc(p.Manifest.Operations, func(o evidence.PluginOperation) bool { return o.Operation == operation }) {
			return p
		}
	}
	return nil
}

// looks reports whether a plugin offers such an operation.
func looks(p *host.Plugin) bool {
	return slices.ContainsFunc(p.Manifest.Operations, func(o evidence.PluginOperation) bool { return evidence.Surveys(o.Operation) })
}

// closed reports whether nothing has opened an artifact: no run that reads took it,
// or one did and could not resolve all of it.
func (p *planner) closed(d evidence.Digest) bool {
	read := false
	for _, r := range p.runs[d] {
		if evidence.Surveys(r.Operation) || r.Outcome == evidence.OutcomeFailed {
			continue
		}
		read = true
	}
	if !read {
		return true
	}
	for _, r := range p.current(d) {
		if !evidence.Surveys(r.Operation) && r.Diagnostics != nil && r.Diagnostics.Severities[evidence.SeverityUnresolved] > 0 {
			return true
		}
	}
	return false
}

// surveys are the runs that are due to describe what is closed.
func (p *planner) surveys(ctx context.Context) ([]Task, error) {
	plugin := p.e.looker(evidence.OpSurvey)
	if plugin == nil {
		return nil, nil
	}
	var out []Task
	for a, err := range p.e.c.Work(ctx) {
		if err != nil {
			return nil, err
		}
		if !p.closed(a.SHA256) {
			continue
		}
		decisions, places, err := p.decide(ctx, a)
		if err != nil {
			return nil, err
		}
		for _, d := range decisions {
			if d.Plugin != plugin.Manifest.Name || d.Operation != evidence.OpSurvey || !d.Takes {
				continue
			}
			if d.Config, err = p.withProfiles(d.Config); err != nil {
				return nil, err
			}
			keys := p.keys[d.Plugin]
			if why, due := p.wanted(a.SHA256, d, keys); due {
				out = append(out, Task{
					Plugin: plugin, Operation: d.Operation, Config: d.Config, Input: a, Run: d.Run, keys: keys, Place: placeText(places[d.At]),
					Why: why + ": nothing opens it", supersedes: p.superseded(a.SHA256, d, decisions),
				})
			}
		}
	}
	return out, nil
}

// withProfiles adds all profiles to a configuration: what is tried rests on them, and
// so do the published keys.
func (p *planner) withProfiles(config json.RawMessage) (json.RawMessage, error) {
	members := map[string]any{"profiles": p.profiles}
	var c map[string]json.RawMessage
	if err := json.Unmarshal(config, &c); err != nil {
		return nil, fmt.Errorf("engine: config: %w", err)
	}
	for name, value := range c {
		members[name] = value
	}
	out, err := evidence.Canonical(members)
	if err != nil {
		return nil, fmt.Errorf("engine: config: %w", err)
	}
	return out, nil
}

// looks is what Run does after all that is read.
func (p *planner) looks(ctx context.Context) ([]Task, error) {
	var out []Task
	if !p.e.o.NoKeyFind {
		var err error
		if out, err = p.searchTasks(ctx); err != nil {
			return nil, err
		}
	}
	more, err := p.surveys(ctx)
	return append(out, more...), err
}

// searches are the searches for keys that count, each once.
func (p *planner) searches() (out []evidence.Run) {
	var rows []evidence.Run
	seen := map[string]bool{}
	for _, list := range p.runs {
		for _, r := range list {
			if key := r.ID.Hex() + r.Start; r.Operation == evidence.OpFindKey && !seen[key] {
				seen[key] = true
				rows = append(rows, r)
			}
		}
	}
	slices.SortFunc(rows, func(a, b evidence.Run) int {
		if c := strings.Compare(a.Start, b.Start); c != 0 {
			return c
		}
		return strings.Compare(a.ID.Hex(), b.ID.Hex())
	})
	return evidence.CurrentRuns(rows)
}

// batches divides a search into runs. Targets are sources of every run that they
// are handed to, and each batch of targets meets each batch of sources.
func (p *planner) batches(plugin *host.Plugin, s searched, keys []keyring.Key, outdated []evidence.Digest) ([]Task, error) {
	targets := slices.Collect(slices.Chunk(s.targets, batchTargets))
	sources := slices.Collect(slices.Chunk(s.sources, batchSources))
	if len(sources) == 0 {
		sources = [][]evidence.Artifact{nil}
	}
	// Of the finds by chance that are put up with in a case each run gets its part.
	threshold := 7
	for n := len(targets) * len(sources); n > 10; n /= 10 {
		threshold++
	}
	config, err := evidence.Canonical(map[string]any{"profiles": p.profiles, "threshold": threshold})
	if err != nil {
		return nil, fmt.Errorf("engine: %w", err)
	}
	var out []Task
	for _, ts := range targets {
		for _, ss := range sources {
			var members []evidence.ManifestMember
			for i, a := range ts {
				members = append(members, evidence.ManifestMember{Role: fmt.Sprintf(roleEncrypted+"%04d", i+1), Artifact: a.SHA256, Size: a.Size})
			}
			for i, a := range ss {
				members = append(members, evidence.ManifestMember{Role: fmt.Sprintf(roleSource+"%04d", i+1), Artifact: a.SHA256, Size: a.Size})
			}
			m := evidence.NewManifest(members)
			b, err := m.Bytes()
			if err != nil {
				return nil, fmt.Errorf("engine: %w", err)
			}
			place := "keys"
			if places, err := p.places.Places(ts[0].SHA256); err == nil && len(places) > 0 {
				place = placeText(places[0])
			}
			out = append(out, Task{
				Plugin: plugin, Operation: evidence.OpFindKey, Config: config, Input: ts[0], Inputs: m.Members, Run: evidence.Sum(b), keys: keys, supersedes: outdated,
				Place: place, Why: fmt.Sprintf("the keys of %d files that may be encrypted, looked for in %d", len(ts), len(ts)+len(ss)),
			})
		}
	}
	return out, nil
}

// lines reads the records of a run.
func (e *Engine) lines(ctx context.Context, r *evidence.Run, each func(line []byte) error) error {
	return lines(ctx, e.c, r, each)
}

func lines(ctx context.Context, c *store.Case, r *evidence.Run, each func(line []byte) error) error {
	if r.Records == nil {
		return nil
	}
	a, err := c.Artifact(ctx, r.Records.Artifact)
	if err != nil {
		return err
	}
	obj, err := c.Blobs().Reader(ctx, a)
	if err != nil {
		return err
	}
	defer obj.Close()
	return evidence.Lines(obj, a.Size, each)
}

// description is what the current survey of an artifact said, nil where there is none.
func (p *planner) description(ctx context.Context, d evidence.Digest) (json.RawMessage, error) {
	var out json.RawMessage
	for _, r := range p.current(d) {
		if r.Operation != evidence.OpSurvey || r.Outcome == evidence.OutcomeFailed {
			continue
		}
		if err := p.e.lines(ctx, &r, func(line []byte) error {
			out = slices.Clone(line)
			return nil
		}); err != nil {
			return nil, fmt.Errorf("engine: description of %s: %w", d.Short(), err)
		}
	}
	return out, nil
}

// Seen is what the survey of an artifact says of it in a sentence, "" where it says nothing.
// runs are the current ones over it.
func Seen(ctx context.Context, c *store.Case, runs []evidence.Run) (string, error) {
	out := ""
	for i := range runs {
		r := &runs[i]
		if r.Operation != evidence.OpSurvey || r.Outcome == evidence.OutcomeFailed || r.Records == nil {
			continue
		}
		err := lines(ctx, c, r, func(line []byte) error {
			var d struct {
				Kind, Summary string
			}
			if json.Unmarshal(line, &d) == nil && d.Kind == KindDescription {
				out = d.Summary
			}
			return nil
		})
		if err != nil {
			return "", fmt.Errorf("engine: description by %s: %w", r.ID.Short(), err)
		}
	}
	return out, nil
}

// Searched is in how many files keys were looked for, and for how many that may be encrypted.
// runs are the current ones of the case.
func Searched(runs []evidence.Run) (targets, sources map[evidence.Digest]bool) {
	targets, sources = map[evidence.Digest]bool{}, map[evidence.Digest]bool{}
	for i := range runs {
		if runs[i].Operation != evidence.OpFindKey {
			continue
		}
		for _, m := range runs[i].Inputs {
			sources[m.Artifact] = true
			if strings.HasPrefix(m.Role, roleEncrypted) {
				targets[m.Artifact] = true
			}
		}
	}
	return targets, sources
}

// exactGlobs are globs that fit the places of an artifact and nothing else.
func (p *planner) exactGlobs(d evidence.Digest) ([]string, error) {
	places, err := p.places.Places(d)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, pl := range places {
		out = append(out, dispatch.EscapeGlob(pl.Path.String()))
	}
	return out, nil
}

// placed is a place of a key.
func placed(artifact string, offset, length int64) (store.Place, error) {
	d, err := evidence.ParseDigest(artifact)
	if err != nil {
		return store.Place{}, err
	}
	return store.Place{Artifact: d, Offset: offset, Length: length}, nil
}
