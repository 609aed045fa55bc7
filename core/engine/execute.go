package engine

import (
	"context"
	"fmt"
	"slices"

	"github.com/exhibit-forensics/exhibit/core/handover"
	"github.com/exhibit-forensics/exhibit/core/host"
	"github.com/exhibit-forensics/exhibit/evidence"
)

// size is how many bytes the task hands over.
func (t *Task) size() int64 {
	if t.Inputs == nil {
		return t.Input.Size
	}
	var n int64
	for _, m := range t.Inputs {
		n += m.Size
	}
	return n
}

// execute runs one task. The error is ours or the context's; what the plugin did
// wrong is in the run's outcome.
func (e *Engine) execute(ctx context.Context, t Task) (finished, error) {
	run := evidence.Run{
		Plugin:    evidence.PluginRef{Name: t.Plugin.Manifest.Name, Version: t.Plugin.Manifest.Version, SHA256: t.Plugin.Digest},
		Operation: t.Operation, Config: t.Config, Input: t.Run, Inputs: t.Inputs, Keys: []string{}, Offered: []string{}, Size: t.size(),
	}
	for _, k := range t.keys {
		run.Offered = append(run.Offered, k.Fingerprint)
	}
	start := e.o.Now()
	last, err := e.attempt(ctx, t, &run)
	if err != nil {
		return finished{}, err
	}
	run.Start, run.End = stamp(start), stamp(e.o.Now())
	if run.Outcome == evidence.OutcomeFailed || last == nil {
		if last != nil {
			last.Abort()
		}
		if last, err = newSink(ctx, e.c.Blobs(), e.index, e.o.Rand); err != nil {
			return finished{}, err
		}
		run.Keys = []string{}
	}
	if err := e.conclude(t, &run, last); err != nil {
		last.Abort()
		return finished{}, err
	}
	return finished{t, run, last}, nil
}

// conclude fills in what follows from the output, and names the run.
func (e *Engine) conclude(t Task, run *evidence.Run, s *sink) (err error) {
	if err = s.finish(run); err == nil && t.Inputs != nil {
		err = s.manifest(t.Inputs)
	}
	if err != nil {
		return fmt.Errorf("engine: output of %s over %s: %w", run.Plugin.Name, t.Place, err)
	}
	key := evidence.RunKey{Plugin: t.Plugin.Digest, Operation: t.Operation, Config: t.Config, Keys: run.Keys, Input: t.Run}
	if run.ID, err = key.ID(); err != nil {
		return fmt.Errorf("engine: %w", err)
	}
	for _, d := range t.supersedes {
		if d != run.ID && run.Outcome != evidence.OutcomeFailed {
			run.Supersedes = append(run.Supersedes, d)
		}
	}
	return nil
}

// attempt has the host run the plugin, and returns the sink of the last try, nil
// where there was none.
func (e *Engine) attempt(ctx context.Context, t Task, run *evidence.Run) (*sink, error) {
	if t.refused != nil {
		run.Outcome, run.Reason, run.Attempts, run.Sandbox = evidence.OutcomeFailed, probeReason+t.refused.Reason, t.refused.Attempts, t.refused.Sandbox
		run.Units = evidence.Units{Declared: -1}
		return nil, nil
	}
	inputs, err := e.open(ctx, t)
	defer func() {
		for _, in := range inputs {
			in.File.Close() // only read from
		}
	}()
	if err != nil {
		return nil, err
	}
	job := host.Job{Plugin: t.Plugin, Operation: t.Operation, Config: t.Config, Inputs: inputs}
	for _, k := range t.keys {
		job.Keys = append(job.Keys, host.Key{Fingerprint: k.Fingerprint, Name: k.Name, Value: k.Value})
	}
	var last *sink
	res, err := e.host.Run(ctx, job, func() (host.Sink, error) {
		s, err := newSink(ctx, e.c.Blobs(), e.index, e.o.Rand)
		last = s
		return s, err
	})
	switch {
	case err != nil:
		err = fmt.Errorf("engine: %s %s of %s: %w", run.Plugin.Name, t.Operation, t.Place, err)
	case res.Refused:
		err = fmt.Errorf("%w: %s: %s. What was finished before is kept", evidence.ErrRefused, run.Plugin.Name, res.Reason)
	}
	if err != nil {
		if last != nil {
			last.Abort()
		}
		return nil, err
	}
	run.Outcome, run.Reason, run.Units, run.BytesRead = res.Outcome, res.Reason, res.Units, res.BytesRead
	run.Sandbox, run.Limits, run.Attempts = res.Sandbox, res.Limits, res.Attempts
	if evidence.OverRecords(t.Operation) { // the manifest is read besides what it lists
		run.BytesRead = max(0, run.BytesRead-handover.ManifestSize(t.Inputs))
	}
	if res.KeysUsed != nil {
		run.Keys = res.KeysUsed
	}
	return last, nil
}

// open opens what the task hands over, the main input first. On error, too, the
// caller closes what is returned.
func (e *Engine) open(ctx context.Context, t Task) ([]host.Input, error) {
	if evidence.OverRecords(t.Operation) {
		out, err := handover.Open(ctx, e.c, t.Inputs)
		if err != nil {
			err = fmt.Errorf("engine: inputs of %s: %w", t.Plugin.Manifest.Name, err)
		}
		return out, err
	}
	var out []host.Input
	add := func(role, name string, a evidence.Artifact) error {
		f, err := e.c.Blobs().Descriptor(ctx, a)
		if err != nil {
			return fmt.Errorf("engine: input %s (%s): %w", t.Place, a.SHA256.Short(), err)
		}
		out = append(out, host.Input{Role: role, Name: name, File: f, Size: a.Size, SHA256: a.SHA256})
		return nil
	}
	if t.Inputs == nil {
		err := add(evidence.RoleInput, "", t.Input)
		return out, err
	}
	main := slices.ContainsFunc(t.Inputs, func(m evidence.ManifestMember) bool { return m.Role == evidence.RoleMain })
	if main {
		if err := add(evidence.RoleMain, "", t.Input); err != nil {
			return out, err
		}
	}
	for _, m := range t.Inputs {
		if m.Role == evidence.RoleMain {
			continue
		}
		a, err := e.c.Artifact(ctx, m.Artifact)
		if err != nil {
			return out, fmt.Errorf("engine: the %s of %s: %w", m.Role, t.Place, err)
		}
		if err := add(m.Role, m.Name, a); err != nil {
			return out, err
		}
	}
	return out, nil
}
