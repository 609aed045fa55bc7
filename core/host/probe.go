package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/internal/wire"
)

const (
	// ProbeTakes is the confidence from which on a plugin takes an input.
	ProbeTakes = 50
	// probeTime is how long a plugin may think about a sample.
	probeTime = 10 * time.Second
	// maxConfidence is certainty.
	maxConfidence = 100
)

// Sample is what a plugin's Probe is told of an input: nothing that depends on where
// it was found.
type Sample struct {
	// Head is the first min(Size, evidence.HeadSize) bytes.
	Head []byte
	Size int64
}

// ProbeResult is a plugin's judgement of a sample.
type ProbeResult struct {
	// Confidence is from 0, not mine, to 100, certain.
	Confidence int
	// Reason is what the plugin says, or, where it failed, what it did. Printable
	// UTF-8, at most 1 KiB.
	Reason string
	// Failed: it crashed, hung or broke the protocol, and so again in a fresh process.
	Failed bool
	// Sandbox is canonical JSON {features, level}, nil where no process came to be.
	Sandbox json.RawMessage
	// Attempts is 1, or 2 where the first process failed.
	Attempts int
}

// Probe asks p about an input, in a sandboxed process like that of a run, without
// keys and without configuration. It fails with evidence.ErrRefused where p may not
// run; what the plugin does wrong is in the result.
func (h *Host) Probe(ctx context.Context, p *Plugin, s Sample) (ProbeResult, error) {
	ctx, leave, err := h.enter(ctx)
	if err != nil {
		return ProbeResult{}, err
	}
	defer leave()
	if err := h.pool.reserve(ctx); err != nil {
		return ProbeResult{}, fmt.Errorf("host: %w", err)
	}
	defer h.pool.unreserve()
	j := Job{Plugin: p}
	lim := j.Limits.resolve(h.cfg.Limits, "", s.Size)
	res := ProbeResult{}
	for {
		res.Attempts++
		s, err := h.tryProbe(ctx, j, lim, s, res.Attempts > 1, &res)
		switch {
		case ctx.Err() != nil:
			return ProbeResult{}, fmt.Errorf("host: %w", context.Cause(ctx))
		case err != nil:
			return ProbeResult{}, fmt.Errorf("host: probe %s: %w", p.Manifest.Name, err)
		case s == nil:
			return res, nil
		case s.kind == stopBroken || res.Attempts == maxAttempts:
			res.Failed, res.Confidence, res.Reason = true, 0, printable(s.reason, maxReason)
			return res, nil
		}
	}
}

// tryProbe asks once. A nil stop says that res has the answer.
func (h *Host) tryProbe(ctx context.Context, j Job, lim Limits, s Sample, fresh bool, res *ProbeResult) (*stop, error) {
	if j.Plugin.isScript() {
		return h.probeScript(ctx, j.Plugin, lim, s, res)
	}
	proc, err := h.process(ctx, j, lim, fresh)
	switch {
	case errors.Is(err, evidence.ErrRefused):
		return nil, err
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
	call, cancel := context.WithTimeout(ctx, min(probeTime, lim.Progress))
	defer cancel()
	answer, err := proc.rpc.Probe(call, &wire.ProbeRequest{Head: s.Head, Size: uint64(s.Size)})
	if err != nil {
		return proc.probeFault(ctx, call, err), nil
	}
	if answer.GetConfidence() > maxConfidence {
		return broken("a confidence of %d; 100 is certain", answer.GetConfidence()), nil
	}
	keep = true
	res.Confidence, res.Reason = int(answer.GetConfidence()), printable(answer.GetReason(), maxReason)
	return nil, nil
}

// probeFault says what an error of a Probe call means.
func (p *process) probeFault(ctx, call context.Context, err error) *stop {
	switch code := status.Code(err); {
	case ctx.Err() != nil:
		return hostFailure(ctx.Err())
	case code == codes.Unimplemented:
		return broken("its manifest says that it probes, the program does not")
	case call.Err() != nil, code == codes.DeadlineExceeded: // the plugin knows the deadline too, and may be first
		return fault("hung: no answer")
	case (code == codes.Unavailable || code == codes.Canceled || code == codes.Internal) && p.run.await(exitWait):
		return fault("crashed: %s", p.run.exit)
	case code == codes.Unavailable:
		return fault("closed its connection")
	default:
		return broken("it returned %s: %s", code, printable(status.Convert(err).Message(), 200))
	}
}
