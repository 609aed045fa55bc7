package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/exhibit-forensics/exhibit/core/dispatch"
	"github.com/exhibit-forensics/exhibit/core/host"
	"github.com/exhibit-forensics/exhibit/core/identify"
	"github.com/exhibit-forensics/exhibit/core/keyring"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// Task is one run that is due.
type Task struct {
	Plugin    *host.Plugin
	Operation string
	Config    []byte
	Input     evidence.Artifact
	// Place is where the input stands, for people; the run itself knows no place.
	Place string
	// Why says why the plugin takes the input and why now.
	Why string
	// keys are those the plugin is handed.
	keys []keyring.Key
	// supersedes are earlier runs whose place this one takes.
	supersedes []evidence.Digest
}

type sniffed struct {
	identify.Identity
	head []byte // kept only as long as one plan
}

// planner holds what a plan rests on, read once.
type planner struct {
	e      *Engine
	table  *dispatch.Table
	keys   map[string][]keyring.Key // by plugin name
	items  map[string]store.Item
	places *store.PlaceIndex
	// runs are the last rows of each run identity over each input.
	runs map[evidence.Digest][]evidence.Run
}

func (e *Engine) newPlanner(ctx context.Context) (*planner, error) {
	state, err := e.c.State(ctx)
	if err != nil {
		return nil, err
	}
	table, err := e.table(state)
	if err != nil {
		return nil, err
	}
	keys, err := e.keys(ctx, state)
	if err != nil {
		return nil, err
	}
	places, err := e.c.PlaceIndex(ctx)
	if err != nil {
		return nil, err
	}
	p := &planner{e: e, table: table, keys: keys, items: map[string]store.Item{}, places: places, runs: map[evidence.Digest][]evidence.Run{}}
	for _, item := range state.Items {
		p.items[item.Exhibit] = item
	}
	for row, err := range e.c.Runs(ctx) {
		if err != nil {
			return nil, err
		}
		p.note(row.Run)
	}
	return p, nil
}

// note remembers a run; of one identity the last row counts.
func (p *planner) note(r evidence.Run) {
	list := p.runs[r.Input]
	list = slices.DeleteFunc(list, func(o evidence.Run) bool { return o.ID == r.ID })
	p.runs[r.Input] = append(list, r)
}

// table is what routing depends on: manifests, the case's layouts and profiles.
func (e *Engine) table(state *store.State) (*dispatch.Table, error) {
	t := &dispatch.Table{}
	for _, l := range state.Layouts {
		parsed, err := dispatch.ParseLayout(l.Name, l.Body)
		if err != nil {
			return nil, err
		}
		t.Layouts = append(t.Layouts, parsed)
	}
	for _, raw := range state.Profiles {
		parsed, err := dispatch.ParseProfile(raw.Body)
		if err != nil {
			return nil, err
		}
		t.Added = append(t.Added, parsed)
	}
	for _, p := range e.plugins {
		if e.o.Only != "" && p.Manifest.Name != e.o.Only {
			continue
		}
		bundled, err := bundledProfiles(p)
		if err != nil {
			return nil, err
		}
		d := dispatch.Plugin{Manifest: p.Manifest, Digest: p.Digest}
		for _, b := range bundled {
			parsed, err := dispatch.ParseProfile(b)
			if err != nil {
				return nil, fmt.Errorf("plugin %q: %w", p.Manifest.Name, err)
			}
			d.Profiles = append(d.Profiles, parsed)
		}
		t.Plugins = append(t.Plugins, d)
	}
	return t, nil
}

func bundledProfiles(p *host.Plugin) ([]json.RawMessage, error) {
	if p.Manifest.Profiles == "" {
		return nil, nil
	}
	text, err := os.ReadFile(filepath.Join(p.Dir, filepath.Base(p.Manifest.Profiles)))
	if err != nil {
		return nil, fmt.Errorf("plugin %q: profiles: %w", p.Manifest.Name, err)
	}
	if got := evidence.Sum(text); got != p.Files[p.Manifest.Profiles] {
		return nil, fmt.Errorf("%w: plugin %q: %s changed while it was read", evidence.ErrRefused, p.Manifest.Name, p.Manifest.Profiles)
	}
	var list []json.RawMessage
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, fmt.Errorf("%w: plugin %q: profiles: %w", evidence.ErrFormat, p.Manifest.Name, err)
	}
	return list, nil
}

// keys resolves the case's keys once and adds those that profiles state, the
// plugin's own and those the examiner added. A
// plugin without profiles decrypts nothing and is handed no key.
func (e *Engine) keys(ctx context.Context, state *store.State) (map[string][]keyring.Key, error) {
	own, err := keyring.Resolve(ctx, e.c)
	if err != nil {
		return nil, err
	}
	secret, err := e.c.Secret()
	if err != nil {
		return nil, err
	}
	var added []json.RawMessage
	for _, p := range state.Profiles {
		added = append(added, p.Body)
	}
	out := map[string][]keyring.Key{}
	for _, p := range e.plugins {
		bundled, err := bundledProfiles(p)
		if err != nil {
			return nil, err
		}
		if p.Manifest.Profiles == "" {
			continue
		}
		published, err := keyring.PublishedIn(secret, append(bundled, added...))
		if err != nil {
			return nil, fmt.Errorf("plugin %q: %w", p.Manifest.Name, err)
		}
		list := slices.Clone(own)
		for _, k := range published {
			if !slices.ContainsFunc(list, func(o keyring.Key) bool { return o.Fingerprint == k.Fingerprint }) {
				list = append(list, k)
			}
		}
		out[p.Manifest.Name] = list
	}
	return out, nil
}

// look identifies an artifact, reading its first bytes once per engine.
func (e *Engine) look(ctx context.Context, a evidence.Artifact) (sniffed, error) {
	if s, ok := e.sniffed[a.SHA256]; ok {
		return s, nil
	}
	obj, err := e.c.Blobs().Reader(ctx, a)
	if err != nil {
		return sniffed{}, err
	}
	defer obj.Close()
	head := make([]byte, min(a.Size, identify.HeadSize))
	if n, err := obj.ReadAt(head, 0); err != nil && !(errors.Is(err, io.EOF) && n == len(head)) {
		return sniffed{}, fmt.Errorf("read %s: %w", a.SHA256.Short(), err)
	}
	s := sniffed{Identity: identify.Sniff(head), head: slices.Clone(head[:min(len(head), 512)])}
	e.sniffed[a.SHA256] = s
	return s, nil
}

// decide routes one artifact.
func (p *planner) decide(ctx context.Context, a evidence.Artifact) ([]dispatch.Decision, []store.PlaceOf, error) {
	places, err := p.places.Places(a.SHA256)
	if err != nil {
		return nil, nil, err
	}
	if len(places) == 0 {
		return nil, nil, nil
	}
	s, err := p.e.look(ctx, a)
	if err != nil {
		return nil, nil, err
	}
	in := dispatch.Input{Identity: s.Identity, Head: s.head}
	shallow := false
	for _, pl := range places {
		item := p.items[pl.Item]
		in.Places = append(in.Places, dispatch.Place{Path: pl.Path.String(), Zone: item.Zone, Charset: item.Charset})
		shallow = shallow || depth(pl) <= MaxDepth
	}
	decisions := p.table.Decide(in)
	if !shallow {
		for i := range decisions {
			if decisions[i].Takes {
				decisions[i].Takes = false
				decisions[i].Why = fmt.Sprintf("it lies more than %d containers deep", MaxDepth)
			}
		}
	}
	return decisions, places, nil
}

func depth(p store.PlaceOf) int { return strings.Count(p.Path.Text, "!") + len(p.Via) }

// due returns the tasks for one artifact: what is taken and not yet done.
func (p *planner) due(ctx context.Context, a evidence.Artifact) ([]Task, error) {
	decisions, places, err := p.decide(ctx, a)
	if err != nil {
		return nil, err
	}
	var out []Task
	for _, d := range decisions {
		if !d.Takes {
			continue
		}
		plugin := p.e.byName(d.Plugin)
		keys := p.keys[d.Plugin]
		why, ok := p.wanted(a.SHA256, d, keys)
		if !ok {
			continue
		}
		out = append(out, Task{
			Plugin: plugin, Operation: d.Operation, Config: d.Config, Input: a, keys: keys,
			Place: placeText(places[0]), Why: why + ": " + d.Why, supersedes: p.superseded(a.SHA256, d, decisions),
		})
	}
	return out, nil
}

func placeText(p store.PlaceOf) string { return p.Item + ":" + p.Path.String() }

func (e *Engine) byName(name string) *host.Plugin {
	return e.plugins[slices.IndexFunc(e.plugins, func(p *host.Plugin) bool { return p.Manifest.Name == name })]
}

// wanted says whether the run a decision asks for is due, and why now.
func (p *planner) wanted(input evidence.Digest, d dispatch.Decision, keys []keyring.Key) (string, bool) {
	var last *evidence.Run
	older := false
	for i := range p.runs[input] {
		r := &p.runs[input][i]
		switch {
		case r.Plugin.Name != d.Plugin || r.Operation != d.Operation:
		case r.Plugin.SHA256 == d.Digest && string(r.Config) == string(d.Config):
			last = r
		default:
			older = true
		}
	}
	switch {
	case last == nil && older:
		return "under another plugin version, layout or option than before", true
	case last == nil:
		return "new", true
	case last.Outcome != evidence.OutcomeComplete && p.e.o.Retry:
		return fmt.Sprintf("again, it was %s", last.Outcome), true
	}
	var fresh []string
	for _, k := range keys {
		if !slices.Contains(last.Offered, k.Fingerprint) {
			fresh = append(fresh, k.Name)
		}
	}
	if len(fresh) > 0 && unresolved(last) {
		return fmt.Sprintf("with new key %s; some of it was not resolved", strings.Join(fresh, ", ")), true
	}
	return "", false
}

// unresolved: something in the input a further key might still open.
func unresolved(r *evidence.Run) bool {
	return r.Units.Rejected > 0 || r.Diagnostics != nil && r.Diagnostics.Severities[evidence.SeverityUnresolved] > 0 || r.Outcome != evidence.OutcomeComplete
}

// superseded are the runs of the same plugin and operation over the input whose
// configuration nothing asks for any more, and the same one with fewer keys. A run
// by a layout takes the place of what other plugins read before it was stated.
func (p *planner) superseded(input evidence.Digest, d dispatch.Decision, all []dispatch.Decision) []evidence.Digest {
	var out []evidence.Digest
	for _, r := range p.runs[input] {
		same := r.Plugin.Name == d.Plugin
		if r.Operation != d.Operation || !same && (d.Layout == "" || d.Operation != evidence.OpParse) {
			continue
		}
		asked := slices.ContainsFunc(all, func(o dispatch.Decision) bool {
			return o.Takes && o.Digest == r.Plugin.SHA256 && o.Operation == r.Operation && string(o.Config) == string(r.Config) && !(same && string(o.Config) == string(d.Config))
		})
		if !asked {
			out = append(out, r.ID)
		}
	}
	return out
}

// Plan says what Run would do next, and why, without doing it. What further waves
// would find inside archives cannot be known beforehand.
func (e *Engine) Plan(ctx context.Context) (*Plan, error) {
	if err := e.checkPins(ctx); err != nil {
		return nil, err
	}
	p, err := e.newPlanner(ctx)
	if err != nil {
		return nil, err
	}
	tasks, err := p.all(ctx)
	if err != nil {
		return nil, err
	}
	out := &Plan{Runs: []PlannedRun{}}
	for _, t := range tasks {
		out.Runs = append(out.Runs, PlannedRun{
			Plugin: t.Plugin.Manifest.Name, Operation: t.Operation, Input: t.Input.SHA256, Size: t.Input.Size, Place: t.Place, Why: t.Why, Config: t.Config,
		})
	}
	return out, nil
}

// all plans every artifact of the case.
func (p *planner) all(ctx context.Context) ([]Task, error) {
	var out []Task
	for a, err := range p.e.c.Work(ctx) {
		if err != nil {
			return nil, err
		}
		tasks, err := p.due(ctx, a)
		if err != nil {
			return nil, err
		}
		out = append(out, tasks...)
	}
	return out, nil
}

// Plan is what would be run next.
type Plan struct {
	Runs []PlannedRun `json:"runs"`
}

// PlannedRun is one run of a Plan.
type PlannedRun struct {
	Plugin    string          `json:"plugin"`
	Operation string          `json:"operation"`
	Input     evidence.Digest `json:"input"`
	Size      int64           `json:"size"`
	Place     string          `json:"place"`
	Config    json.RawMessage `json:"config"`
	Why       string          `json:"why"`
}

// Text writes the plan for a person.
func (p *Plan) Text(w io.Writer) error {
	if len(p.Runs) == 0 {
		_, err := fmt.Fprintln(w, "nothing to do: every input that a plugin reads has been read")
		return err
	}
	for _, r := range p.Runs {
		if _, err := fmt.Fprintf(w, "%s %s  %s\n    %s\n", r.Plugin, r.Operation, r.Place, r.Why); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "%d runs; what archives hold is planned once they are unpacked\n", len(p.Runs))
	return err
}

// Why explains, for one artifact, which plugin operations take it and which not.
func (e *Engine) Why(ctx context.Context, d evidence.Digest) ([]dispatch.Decision, error) {
	a, err := e.c.Artifact(ctx, d)
	if err != nil {
		return nil, err
	}
	p, err := e.newPlanner(ctx)
	if err != nil {
		return nil, err
	}
	decisions, _, err := p.decide(ctx, a)
	return decisions, err
}
