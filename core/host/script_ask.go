package host

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/internal/ndjson"
)

// maxAnswer bounds what a script answers where nothing of it is kept: a line or two.
const maxAnswer = 1 * mib

// describeScript is what a launch is for other plugins: whether p starts in the
// sandbox and offers what its manifest says. The process has ended when it returns.
func (h *Host) describeScript(ctx context.Context, p *Plugin, lim Limits) (*process, error) {
	proc, err := h.launchScript(ctx, Job{Plugin: p, Operation: operationDescribe}, lim)
	if err != nil {
		return proc, err
	}
	defer proc.end()
	account, s := proc.ask(ctx, lim.Start)
	if s != nil {
		why := s.reason
		// There is no evidence in this process, so that its own words can be told.
		if last := lastLine(proc.run.takeStderr()); last != "" {
			why += ": " + last
		}
		return proc, fmt.Errorf("%w: describe: %s", evidence.ErrPlugin, why)
	}
	var want []string
	for _, op := range p.Manifest.Operations {
		want = append(want, op.Operation)
	}
	slices.Sort(want)
	want = slices.Compact(want)
	if account.Describe == nil {
		return proc, fmt.Errorf("%w: it does not answer describe", evidence.ErrPlugin)
	}
	got := sorted(account.Describe.Operations)
	if account.Describe.Protocol != evidence.PluginProtocol || !slices.Equal(want, got) {
		return proc, fmt.Errorf("%w: the manifest says protocol %d, %v; the script says protocol %d, %s", evidence.ErrRefused,
			p.Manifest.Protocol, want, account.Describe.Protocol, printable(fmt.Sprint(got), 100))
	}
	return proc, nil
}

// ask reads the whole answer of a script that is asked something, and ends it.
func (p *process) ask(ctx context.Context, d time.Duration) (*ndjson.Account, *stop) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	defer context.AfterFunc(ctx, func() {
		p.run.signal()
		_ = p.answer.r.SetReadDeadline(time.Unix(1, 0))
	})()
	limited := &io.LimitedReader{R: p.answer.r, N: maxAnswer}
	account, err := ndjson.Translate(limited, ndjson.Streams{Records: io.Discard, Diagnostics: io.Discard, Artifacts: io.Discard}, ndjson.Options{MaxLine: maxAnswer})
	switch {
	case err == nil:
		return account, nil
	case ctx.Err() != nil:
		return nil, fault("hung: no answer")
	case limited.N <= 0:
		return nil, broken("an answer of more than %d bytes", maxAnswer)
	case errors.Is(err, ndjson.ErrNoDone) && p.run.await(exitWait) && p.run.exit != exitedWell:
		return nil, fault("crashed: %s", p.run.exit)
	}
	return nil, broken("%v", err)
}

// lastLine is the last thing that a program said, which is why it ended.
func lastLine(stderr []byte) string {
	stderr = bytes.TrimSpace(stderr)
	return strings.TrimSpace(printable(string(stderr[bytes.LastIndexByte(stderr, '\n')+1:]), 300))
}

// probeScript asks a script about a sample, which it gets as its input.
func (h *Host) probeScript(ctx context.Context, p *Plugin, lim Limits, s Sample, res *ProbeResult) (*stop, error) {
	head, err := jobFile(s.Head)
	if err != nil {
		return nil, err
	}
	defer closeAll(head)
	proc, err := h.launchScript(ctx, Job{
		Plugin: p, Operation: operationProbe, Config: []byte(fmt.Sprintf(`{"size":%d}`, s.Size)),
		Inputs: []Input{{Role: evidence.RoleInput, File: head, Size: int64(len(s.Head)), SHA256: evidence.Sum(s.Head)}},
	}, lim)
	switch {
	case errors.Is(err, evidence.ErrRefused):
		return nil, err
	case errors.Is(err, evidence.ErrPlugin):
		return fault("%v", err), nil
	case err != nil:
		return nil, err
	}
	defer proc.end()
	if res.Sandbox, err = proc.run.report.Canonical(); err != nil {
		return nil, err
	}
	account, stopped := proc.ask(ctx, min(probeTime, lim.Progress))
	switch {
	case stopped != nil:
		return stopped, nil
	case account.Probe == nil:
		return broken("its manifest says that it probes, the script does not"), nil
	case account.Probe.Confidence < 0 || account.Probe.Confidence > maxConfidence:
		return broken("a confidence of %d; 100 is certain", account.Probe.Confidence), nil
	}
	res.Confidence, res.Reason = account.Probe.Confidence, printable(account.Probe.Reason, maxReason)
	return nil, nil
}
