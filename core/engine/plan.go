package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/exhibit-forensics/exhibit/core/dispatch"
	"github.com/exhibit-forensics/exhibit/core/host"
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
	// Inputs are Input and what comes with it, as a manifest lists them; nil where it
	// comes alone. Run is the digest of that manifest, else of Input.
	Inputs []evidence.ManifestMember
	Run    evidence.Digest
	// Place is where the input stands, for people; the run itself knows no place.
	Place string
	// Why says why the plugin takes the input and why now.
	Why string
	// keys are those the plugin is handed.
	keys []keyring.Key
	// supersedes are earlier runs whose place this one takes.
	supersedes []evidence.Digest
	// asks: whether it is due is still for the plugin's Probe to say.
	asks bool
	// refused is what a Probe that failed did: the run is recorded and not made.
	refused *host.ProbeResult
}

// planner holds what a plan rests on, read once.
type planner struct {
	e      *Engine
	table  *dispatch.Table
	keys   map[string][]keyring.Key // by plugin name
	items  map[string]store.Item
	places *store.PlaceIndex
	// runs are all rows of runs that were handed an artifact, in the order of the log.
	runs map[evidence.Digest][]evidence.Run
	// ask: plugins' Probes may be asked.
	ask bool
	// explain: decisions say which conditions failed.
	explain bool
	// profiles are all that the plugins bring and the case was given.
	profiles []json.RawMessage
	// retried: a search for keys that did not end well was made again.
	retried bool
}

func (e *Engine) newPlanner(ctx context.Context) (*planner, error) { return e.planner(ctx, true) }

// planner reads what a plan rests on. Without withKeys it may plan no run.
func (e *Engine) planner(ctx context.Context, withKeys bool) (*planner, error) {
	state, err := e.c.State(ctx)
	if err != nil {
		return nil, err
	}
	table, err := e.table(state)
	if err != nil {
		return nil, err
	}
	var keys map[string][]keyring.Key
	if withKeys {
		if keys, err = e.keys(ctx, state); err != nil {
			return nil, err
		}
	}
	places, err := e.c.PlaceIndex(ctx)
	if err != nil {
		return nil, err
	}
	p := &planner{e: e, table: table, keys: keys, items: map[string]store.Item{}, places: places, runs: map[evidence.Digest][]evidence.Run{}}
	for _, item := range state.Items {
		p.items[item.Exhibit] = item
	}
	if p.profiles, err = e.allProfiles(state); err != nil {
		return nil, err
	}
	for row, err := range e.c.Runs(ctx) {
		if err != nil {
			return nil, err
		}
		p.note(row.Run)
	}
	return p, nil
}

// note remembers a run.
func (p *planner) note(r evidence.Run) {
	for _, d := range r.Reads() {
		p.runs[d] = append(p.runs[d], r)
	}
}

// current are the runs about an artifact whose results count.
func (p *planner) current(d evidence.Digest) []evidence.Run {
	return evidence.CurrentRuns(p.about(d))
}

// about are the rows of runs whose main input is d.
func (p *planner) about(d evidence.Digest) []evidence.Run {
	rows := p.runs[d]
	for i := range rows {
		if rows[i].Main() != d { // seldom: it was a companion
			return slices.DeleteFunc(slices.Clone(rows), func(r evidence.Run) bool { return r.Main() != d })
		}
	}
	return rows
}

// due returns the tasks for one artifact: what is taken and not yet done.
func (p *planner) due(ctx context.Context, a evidence.Artifact) ([]Task, error) {
	decisions, places, err := p.decide(ctx, a)
	if err != nil {
		return nil, err
	}
	var out []Task
	for _, d := range decisions {
		if !d.Takes && !d.Asks && !d.ProbeFailed || evidence.Surveys(d.Operation) {
			continue
		}
		plugin := p.e.byName(d.Plugin)
		keys := p.keys[d.Plugin]
		why, ok := p.wanted(a.SHA256, d, keys)
		if !ok {
			continue
		}
		t := Task{
			Plugin: plugin, Operation: d.Operation, Config: d.Config, Input: a, Inputs: d.Inputs, Run: d.Run, keys: keys,
			Place: placeText(places[d.At]), Why: why + ": " + d.Why, supersedes: p.superseded(a.SHA256, d, decisions), asks: d.Asks,
		}
		if d.ProbeFailed {
			answer := p.e.probed[asked{plugin.Digest, a.SHA256}]
			t.refused = &answer
		}
		out = append(out, t)
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
	rows := p.about(input)
	for i := range rows {
		r := &rows[i]
		switch {
		case r.Plugin.Name != d.Plugin || r.Operation != d.Operation:
		case r.Plugin.SHA256 == d.Digest && string(r.Config) == string(d.Config) && r.Input == d.Run:
			last = r
		default:
			older = true
		}
	}
	switch {
	case last == nil && older:
		return "under another plugin version, layout or option, or with other files beside it, than before", true
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
// configuration or companions nothing asks for any more, and the same one with fewer
// keys. A run by a layout takes the place of what other plugins read before it was stated.
func (p *planner) superseded(input evidence.Digest, d dispatch.Decision, all []dispatch.Decision) []evidence.Digest {
	var out []evidence.Digest
	for _, r := range p.about(input) {
		if slices.Contains(out, r.ID) {
			continue
		}
		same := r.Plugin.Name == d.Plugin
		if r.Operation != d.Operation || !same && (d.Layout == "" || d.Operation != evidence.OpParse) {
			continue
		}
		asked := slices.ContainsFunc(all, func(o dispatch.Decision) bool {
			return o.Takes && o.Digest == r.Plugin.SHA256 && o.Operation == r.Operation && string(o.Config) == string(r.Config) && o.Run == r.Input &&
				!(same && string(o.Config) == string(d.Config) && o.Run == d.Run)
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
	if err == nil && len(tasks) == 0 {
		tasks, err = p.looks(ctx)
	}
	if err != nil {
		return nil, err
	}
	out := &Plan{Runs: []PlannedRun{}}
	for _, t := range tasks {
		out.Runs = append(out.Runs, PlannedRun{
			Plugin: t.Plugin.Manifest.Name, Operation: t.Operation, Input: t.Input.SHA256, Inputs: t.Inputs, Size: t.Input.Size, Place: t.Place, Why: t.Why, Config: t.Config, Asks: t.asks,
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
	// Inputs are the input and what comes with it, where anything does.
	Inputs []evidence.ManifestMember `json:"inputs,omitempty"`
	// Asks: the plugin's Probe is asked first.
	Asks bool `json:"asks,omitempty"`
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
