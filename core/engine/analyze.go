package engine

import (
	"context"
	"fmt"
	"slices"

	"github.com/exhibit-forensics/exhibit/core/host"
	"github.com/exhibit-forensics/exhibit/evidence"
)

// Analysis is one analysis that is asked for.
type Analysis struct {
	// Plugin is the name of the one that makes it.
	Plugin string
	// Operation is one over records, evidence.OpAnalyze where it is "".
	Operation string
	// Members are the record sets that it reads, and what else is named.
	Members []evidence.ManifestMember
	// Config is canonical JSON.
	Config []byte
}

// Analyzer is the plugin of that name that analyzes, nil where it is not here.
func (e *Engine) Analyzer(name string) *host.Plugin { return e.doer(name, evidence.OpAnalyze) }

// doer is the plugin of that name that does the operation, nil where it is not here.
func (e *Engine) doer(name, operation string) *host.Plugin {
	for _, p := range e.plugins {
		if p.Manifest.Name == name && slices.ContainsFunc(p.Manifest.Operations, func(o evidence.PluginOperation) bool { return o.Operation == operation }) {
			return p
		}
	}
	return nil
}

// Analyze makes an analysis, and takes the place of earlier ones by the same plugin. What
// was made before from the same record sets, in the same way, is returned as it is; made
// says whether it had to be made. A plugin that failed is in the run's outcome.
func (e *Engine) Analyze(ctx context.Context, a Analysis) (run evidence.Run, made bool, err error) {
	if err := e.checkPins(ctx); err != nil {
		return run, false, err
	}
	if a.Operation == "" {
		a.Operation = evidence.OpAnalyze
	}
	if !evidence.OverRecords(a.Operation) {
		return run, false, fmt.Errorf("engine: %w: operation %q reads no records", evidence.ErrFormat, a.Operation)
	}
	plugin := e.doer(a.Plugin, a.Operation)
	if plugin == nil {
		return run, false, fmt.Errorf("engine: plugin %q with the operation %s: %w", a.Plugin, a.Operation, evidence.ErrNotFound)
	}
	manifest := evidence.NewManifest(a.Members)
	text, err := manifest.Bytes()
	if err != nil {
		return run, false, fmt.Errorf("engine: %w", err)
	}
	t := Task{Plugin: plugin, Operation: a.Operation, Config: a.Config, Inputs: manifest.Members, Run: evidence.Sum(text), Place: "the records of the case"}
	key := evidence.RunKey{Plugin: t.Plugin.Digest, Operation: t.Operation, Config: t.Config, Input: t.Run}
	id, err := key.ID()
	if err != nil {
		return run, false, fmt.Errorf("engine: %w", err)
	}
	current, err := e.c.CurrentRuns(ctx)
	if err != nil {
		return run, false, err
	}
	for _, r := range current {
		if r.ID == id && r.Outcome == evidence.OutcomeComplete {
			return r, false, nil
		}
		if r.Operation == a.Operation && r.Plugin.Name == a.Plugin && r.ID != id {
			t.supersedes = append(t.supersedes, r.ID)
		}
	}
	if err := e.start(ctx); err != nil {
		return run, false, err
	}
	p, err := e.planner(ctx, false)
	if err != nil {
		return run, false, err
	}
	var did tally
	if _, err := e.wave(ctx, p, 1, []Task{t}, &did); err != nil {
		return run, false, err
	}
	if err := e.index.Flush(ctx); err != nil {
		return run, true, fmt.Errorf("engine: %w", err)
	}
	for row, err := range e.c.Runs(ctx) {
		if err != nil {
			return run, true, err
		}
		if row.Run.ID == id {
			run = row.Run
		}
	}
	return run, true, nil
}
