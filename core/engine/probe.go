package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/exhibit-forensics/exhibit/core/dispatch"
	"github.com/exhibit-forensics/exhibit/core/host"
	"github.com/exhibit-forensics/exhibit/core/identify"
	"github.com/exhibit-forensics/exhibit/evidence"
)

// asked is a question to a plugin's Probe: plugin and artifact, by their digests.
type asked struct{ plugin, artifact evidence.Digest }

// probeReason begins the reason of a run that was not made because its plugin
// failed when it was asked about the input.
const probeReason = "Probe "

// probe asks a plugin's Probe, nil where it is not to be asked. A plugin that failed
// at it is not asked again by a later run: that it failed is on record.
func (p *planner) probe(ctx context.Context, a evidence.Artifact, plugin dispatch.Plugin) (*dispatch.Answer, error) {
	key := asked{plugin.Digest, a.SHA256}
	res, ok := p.e.probed[key]
	if !ok {
		if answer := p.recorded(a.SHA256, plugin.Digest); answer != nil {
			return answer, nil
		}
		if !p.ask {
			return nil, nil
		}
		var err error
		if res, err = p.e.askProbe(ctx, a, plugin); err != nil {
			return nil, err
		}
		p.e.probed[key] = res
	}
	return answerOf(res), nil
}

func answerOf(res host.ProbeResult) *dispatch.Answer {
	if res.Failed {
		return &dispatch.Answer{Failed: true, Why: probeReason + res.Reason}
	}
	reason := res.Reason
	if reason == "" {
		reason = "without a reason"
	}
	return &dispatch.Answer{Takes: res.Confidence >= host.ProbeTakes, Why: fmt.Sprintf("%s (confidence %d of 100)", reason, res.Confidence)}
}

// recorded is the answer that earlier runs imply.
func (p *planner) recorded(input, plugin evidence.Digest) *dispatch.Answer {
	for _, r := range slices.Backward(p.about(input)) {
		switch {
		case r.Plugin.SHA256 != plugin:
		case !strings.HasPrefix(r.Reason, probeReason) || r.Outcome != evidence.OutcomeFailed:
			return &dispatch.Answer{Takes: true, Why: "as it did when it was asked"}
		case !p.ask || !p.e.o.Retry:
			return &dispatch.Answer{Failed: true, Why: r.Reason}
		default:
			return nil
		}
	}
	return nil
}

// askProbe hands a plugin the first bytes of an artifact. The error is the host's
// own, or that the plugin was refused.
func (e *Engine) askProbe(ctx context.Context, a evidence.Artifact, plugin dispatch.Plugin) (host.ProbeResult, error) {
	if err := e.startHost(); err != nil {
		return host.ProbeResult{}, err
	}
	obj, err := e.c.Blobs().Reader(ctx, a)
	if err != nil {
		return host.ProbeResult{}, err
	}
	defer obj.Close()
	head := make([]byte, min(a.Size, identify.HeadSize))
	if n, err := obj.ReadAt(head, 0); err != nil && (!errors.Is(err, io.EOF) || n < len(head)) {
		return host.ProbeResult{}, fmt.Errorf("read %s: %w", a.SHA256.Short(), err)
	}
	res, err := e.host.Probe(ctx, e.byName(plugin.Manifest.Name), host.Sample{Head: head, Size: a.Size})
	if err != nil {
		return host.ProbeResult{}, fmt.Errorf("engine: %s asked about %s: %w", plugin.Manifest.Name, a.SHA256.Short(), err)
	}
	return res, nil
}
