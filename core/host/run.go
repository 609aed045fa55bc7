package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/exhibit-forensics/exhibit/core/host/sandbox"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/internal/wire"
)

// maxAttempts: a crash or a hang is given one more try.
const maxAttempts = 2

// Run executes j. It returns an error for the host's own failures (the sink's
// among them) and for a cancelled ctx; whatever the plugin does is in the Result.
//
// sink is called once for each attempt. A plugin that crashes or hangs is tried
// once more, in a fresh process with a fresh sink. A plugin that breaks the
// protocol is not: it would do so again.
func (h *Host) Run(ctx context.Context, j Job, sink func() (Sink, error)) (Result, error) {
	ctx, leave, err := h.enter(ctx)
	if err != nil {
		return Result{}, err
	}
	defer leave()
	lim := j.Limits.resolve(h.cfg.Limits, j.Operation, total(j.Inputs))
	if err := check(j, lim); err != nil {
		return Result{}, fmt.Errorf("host: %w", err)
	}
	if err := h.pool.reserve(ctx); err != nil {
		return Result{}, fmt.Errorf("host: %w", err)
	}
	defer h.pool.unreserve()
	res := Result{Limits: lim.canonical()}
	for {
		res.Attempts++
		s, err := h.try(ctx, j, lim, sink, res.Attempts > 1, &res)
		// What the sink was given to keep counts, even if ctx was cancelled meanwhile.
		switch {
		case err == nil && s == nil:
			return res, nil
		case err == nil && s.kind == stopLimit:
			res.Outcome, res.Reason = s.outcome(), s.reason
			return res, nil
		case ctx.Err() != nil:
			return Result{}, fmt.Errorf("host: %w", context.Cause(ctx))
		case err != nil:
			return Result{}, fmt.Errorf("host: run %s: %w", j.Plugin.Manifest.Name, err)
		case s.kind == stopHost:
			return Result{}, fmt.Errorf("host: run %s: %w", j.Plugin.Manifest.Name, s.err)
		case s.kind == stopBroken || res.Attempts == maxAttempts:
			res.Outcome, res.Reason = s.outcome(), s.reason
			return res, nil
		}
		h.cfg.Log.InfoContext(ctx, "plugin is tried again", "plugin", j.Plugin.Manifest.Name, "reason", s.reason)
	}
}

// check refuses what is no job.
func check(j Job, lim Limits) error {
	switch {
	case j.Plugin == nil:
		return errors.New("no plugin")
	case !slices.ContainsFunc(j.Plugin.Manifest.Operations, func(o evidence.PluginOperation) bool { return o.Operation == j.Operation }):
		return fmt.Errorf("plugin %s does not offer %q", j.Plugin.Manifest.Name, j.Operation)
	case len(j.Inputs) == 0 || len(j.Inputs) > maxInputs:
		return fmt.Errorf("%d inputs; a job has 1 to %d", len(j.Inputs), maxInputs)
	}
	for _, in := range j.Inputs {
		if in.File == nil || in.Size < 0 {
			return fmt.Errorf("input %q has no file or no size", in.Role)
		}
	}
	request := len(j.Config)
	for _, k := range j.Keys {
		request += len(k.Fingerprint) + len(k.Name) + len(k.Value)
	}
	if request > maxRequest {
		return fmt.Errorf("%d bytes of configuration and keys; a plugin takes %d", request, maxRequest)
	}
	if err := evidence.CheckCanonical(j.Config); err != nil {
		return fmt.Errorf("config: %w", err)
	}
	return lim.check()
}

// try makes one attempt and fills in res. A nil stop says that res is complete.
func (h *Host) try(ctx context.Context, j Job, lim Limits, newSink func() (Sink, error), fresh bool, res *Result) (*stop, error) {
	res.Units = evidence.Units{Declared: -1}
	proc, err := h.process(ctx, j, lim, fresh)
	if err != nil && proc != nil {
		res.Stderr, res.Exit = proc.run.takeStderr(), proc.exit()
	}
	switch {
	case errors.Is(err, evidence.ErrRefused):
		res.Outcome, res.Reason, res.Refused = evidence.OutcomeFailed, err.Error(), true
		h.cfg.Log.WarnContext(ctx, "plugin refused", "plugin", j.Plugin.Manifest.Name, "reason", err.Error())
		return nil, nil
	case errors.Is(err, evidence.ErrPlugin):
		return fault("%v", err), nil
	case err != nil:
		return nil, err
	}
	keep := false
	defer func() { h.release(proc, keep) }()
	if res.Sandbox, err = proc.run.report.Canonical(); err != nil {
		return nil, err
	}
	sink, err := newSink()
	if err != nil {
		return nil, err
	}
	a := &attempt{proc: proc, job: j, lim: lim, sink: sink, clock: newClock(h.cfg.Now)}
	run := a.run
	if j.Plugin.isScript() {
		run = a.runScript
	}
	done, s := run(ctx)
	res.Records, res.Diagnostics, res.Artifacts = a.records.got, a.diagnostics.got, a.artifacts.got
	if s != nil {
		proc.end()
	}
	res.Stderr, res.Exit = proc.run.takeStderr(), proc.exit()
	switch {
	case s != nil && s.kind == stopLimit:
		return s, nil
	case s != nil:
		sink.Abort()
		return s, nil
	}
	keep = a.clean && !j.Plugin.isScript()
	outcome, _ := outcomeOf(done.GetOutcome())
	if outcome == evidence.OutcomeFailed {
		sink.Abort()
	}
	res.settle(outcome, done)
	return nil, nil
}

// settle takes over the plugin's account, which has been verified.
func (r *Result) settle(outcome evidence.Outcome, d *wire.Done) {
	r.Outcome = outcome
	if outcome != evidence.OutcomeComplete {
		r.Reason = printable(d.GetReason(), maxReason)
	}
	r.Units = unitsOf(d.GetUnits())
	r.BytesRead = int64(d.GetBytesRead())
	r.KeysUsed = sorted(d.GetKeysUsed())
}

// process returns a process for j: an idle one, unless fresh is asked for, or a new one.
func (h *Host) process(ctx context.Context, j Job, lim Limits, fresh bool) (*process, error) {
	key := poolKey(j, lim)
	for {
		ready, surplus := h.pool.take(key)
		for _, p := range surplus {
			p.end()
		}
		switch {
		case j.Plugin.isScript(): // one process for one job: nothing of a job is left for the next
			return h.launchScript(ctx, j, lim)
		case ready == nil:
			return h.launch(ctx, key, j.Plugin, lim)
		}
		if !fresh {
			return ready, nil
		}
		ready.end()
	}
}

// release puts a process back, or ends it.
func (h *Host) release(p *process, keep bool) {
	p.jobs++
	if !keep || !p.alive() || p.jobs >= h.pool.jobs || p.cpu > maxTotal || p.grows() {
		p.end()
		return
	}
	h.pool.put(p)
}

// Check launches p, compares what it says of itself with its manifest and ends it.
// It returns what the sandbox had in force; evidence.ErrRefused where p may not
// run, evidence.ErrPlugin where it does not start as a plugin does.
func (h *Host) Check(ctx context.Context, p *Plugin) (json.RawMessage, error) {
	ctx, leave, err := h.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	if err := h.pool.reserve(ctx); err != nil {
		return nil, fmt.Errorf("host: %w", err)
	}
	defer h.pool.unreserve()
	lim := Limits{}.resolve(h.cfg.Limits, "", 0)
	start := func() (*process, error) { return h.launch(ctx, "", p, lim) }
	if p.isScript() {
		start = func() (*process, error) { return h.describeScript(ctx, p, lim) }
	}
	proc, err := start()
	if err != nil {
		return nil, fmt.Errorf("host: check %s: %w", p.Manifest.Name, err)
	}
	defer proc.end()
	return proc.run.report.Canonical()
}

// Sandbox reports, without executing anything of a plugin's, what this system lets
// the launcher put in force.
func (h *Host) Sandbox(ctx context.Context) (sandbox.Report, error) {
	ctx, leave, err := h.enter(ctx)
	if err != nil {
		return sandbox.Report{}, err
	}
	defer leave()
	return h.probe(ctx)
}
