package host

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/internal/wire"
)

const (
	// exitWait is how long a process whose connection broke has to end by itself, so
	// that its own exit status is known.
	exitWait = time.Second
	// freeEvents come at full speed; beyond them one every eventPause is enough.
	freeEvents = 1000
	eventPause = 10 * time.Millisecond
)

// attempt is one job in one process.
type attempt struct {
	proc   *process
	job    Job
	lim    Limits
	sink   Sink
	clock  *clock
	cancel context.CancelCauseFunc
	clean  bool // the process may be given another job

	records     lines
	diagnostics lines
	artifacts   frames
	rejects     func() int64
}

// stop ends the attempt; the first reason counts.
func (a *attempt) stop(s *stop) { a.cancel(s) }

// run executes the attempt. It returns the plugin's account, verified, or why
// there is none. When it returns nothing of it is going on, except that a stopped
// process may still be dying.
func (a *attempt) run(ctx context.Context) (*wire.Done, *stop) {
	ctx, a.cancel = context.WithCancelCause(ctx)
	defer a.cancel(nil)
	streams, err := a.streams()
	if err != nil {
		return nil, hostFailure(err)
	}
	defer func() {
		for _, s := range streams {
			s.close()
		}
	}()
	a.proc.number++
	err = hand(a.proc.socket, a.proc.number, streams, a.job.Inputs)
	for _, s := range streams {
		s.handed()
	}
	switch {
	case errors.Is(err, errHandOver):
		return nil, fault("does not take its descriptors")
	case err != nil:
		return nil, hostFailure(err)
	}

	// Whatever ends the attempt early ends the process at once, and the reading.
	release := context.AfterFunc(ctx, func() {
		a.proc.run.signal()
		for _, s := range streams {
			_ = s.r.SetReadDeadline(time.Unix(1, 0))
		}
	})
	var reading, watching sync.WaitGroup
	watching.Go(func() { a.watch(ctx) })
	truncated := a.drain(&reading)
	done, eventErr := a.events(ctx)
	if s := a.ended(ctx, done, eventErr); s != nil {
		a.stop(s)
	}
	reading.Wait()
	s := a.verdict(ctx, done, truncated())
	if err := a.artifacts.finish(s); err != nil {
		s = hostFailure(err)
	}
	a.clean = release() // otherwise the process was told to die, however late
	a.cancel(nil)
	watching.Wait()
	if s != nil {
		return nil, s
	}
	return done, nil
}

// streams makes the three pipes and their readers.
func (a *attempt) streams() ([]*stream, error) {
	var made []*stream
	for _, name := range []string{"records", "diagnostics", "artifacts"} {
		s, err := newStream(name)
		if err != nil {
			for _, s := range made {
				s.close()
			}
			return nil, err
		}
		made = append(made, s)
	}
	a.read(made[0].r, made[1].r, made[2].r)
	return made, nil
}

// read makes the readers of the three streams.
func (a *attempt) read(records, diagnostics, artifacts io.Reader) {
	size := newSizes(a.job.Inputs)
	rec := &recordLines{sizes: size, sink: a.sink}
	diag := &diagnosticLines{sizes: size, sink: a.sink}
	a.records = lines{
		r: records, clock: a.clock, max: a.lim.RecordBytes, count: a.lim.Records, bytes: a.lim.OutputBytes,
		what: "records", check: rec.check, flush: rec.flush,
	}
	if s, ok := a.sink.(Summer); ok {
		a.records.summed = s.RecordsSum
	}
	a.diagnostics = lines{
		r: diagnostics, clock: a.clock, max: a.lim.RecordBytes, count: a.lim.Diagnostics, bytes: a.lim.OutputBytes,
		what: "diagnostics", check: diag.check, flush: diag.flush,
	}
	a.artifacts = frames{r: artifacts, clock: a.clock, sink: a.sink, count: a.lim.Artifacts, bytes: a.lim.OutputBytes}
	a.rejects = func() int64 { return diag.rejects }
}

// drain reads the three streams, each to its end. The function it returns says,
// after wg, whether one ended in the middle of something.
func (a *attempt) drain(wg *sync.WaitGroup) (truncated func() bool) {
	var cut [3]bool
	for i, read := range []func() error{a.records.read, a.diagnostics.read, a.artifacts.read} {
		wg.Go(func() {
			err := read()
			var s *stop
			switch {
			case err == nil || errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, errStopped):
			case errors.Is(err, errTruncated):
				cut[i] = true
			case errors.As(err, &s):
				a.stop(s)
			default:
				a.stop(hostFailure(err))
			}
		})
	}
	return func() bool { return cut[0] || cut[1] || cut[2] }
}

// events calls Process and reads its events: Done, and nil where the stream ended
// after it as it should.
func (a *attempt) events(ctx context.Context) (*wire.Done, error) {
	req := &wire.ProcessRequest{Job: a.proc.number, Operation: a.job.Operation, ConfigJson: a.job.Config, Limits: a.lim.wire()}
	for i, in := range a.job.Inputs {
		req.Inputs = append(req.Inputs, &wire.Input{Role: in.Role, Name: in.Name, Size: uint64(in.Size), Sha256: in.SHA256[:], Descriptor_: uint32(3 + i)})
	}
	for _, k := range a.job.Keys {
		req.Keys = append(req.Keys, &wire.Key{Fingerprint: k.Fingerprint, Name: k.Name, Value: k.Value})
	}
	events, err := a.proc.rpc.Process(ctx, req)
	if err != nil {
		return nil, err
	}
	var done *wire.Done
	var bytes, units uint64
	for n := 0; ; n++ {
		ev, err := events.Recv()
		if errors.Is(err, io.EOF) {
			return done, nil
		}
		if err != nil {
			return nil, err
		}
		if done != nil {
			return nil, broken("an event after Done")
		}
		if done = ev.GetDone(); done != nil {
			a.clock.touch()
			a.clock.done.Store(true)
			continue
		}
		// Only progress is progress: a plugin that hangs can still say the same again.
		if p := ev.GetProgress(); p.GetBytesRead() > bytes || p.GetUnitsRead() > units {
			bytes, units = max(bytes, p.GetBytesRead()), max(units, p.GetUnitsRead())
			a.clock.touch()
		}
		if n > freeEvents {
			pause(ctx, eventPause)
		}
	}
}

// ended judges the end of the events.
func (a *attempt) ended(ctx context.Context, done *wire.Done, err error) *stop {
	var s *stop
	switch {
	case ctx.Err() != nil:
		return nil // stopped already
	case errors.As(err, &s):
		return s
	case err == nil && done == nil:
		return broken("ended without Done")
	case err == nil:
		return nil
	}
	if code := status.Code(err); code == codes.Unavailable || code == codes.Canceled || code == codes.Internal {
		// The connection broke, most likely because the process did.
		if a.proc.run.await(exitWait) {
			return fault("crashed: %s", a.proc.run.exit)
		}
		if code == codes.Unavailable {
			return fault("closed its connection")
		}
	}
	return broken("Process returned %s: %s", status.Code(err), printable(status.Convert(err).Message(), 200))
}

// verdict is nil where the attempt ran to its end and the plugin's account agrees
// with the host's.
func (a *attempt) verdict(ctx context.Context, done *wire.Done, truncated bool) *stop {
	if ctx.Err() != nil {
		return stopOf(ctx)
	}
	if truncated {
		return broken("a stream ends inside a line or frame")
	}
	return a.verify(done)
}

// stopOf is why ctx was ended.
func stopOf(ctx context.Context) *stop {
	var s *stop
	if errors.As(context.Cause(ctx), &s) {
		return s
	}
	return hostFailure(context.Cause(ctx))
}

// pause waits d or until ctx is done.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// outcomeOf translates the plugin's word.
func outcomeOf(o wire.Outcome) (evidence.Outcome, bool) {
	switch o {
	case wire.Outcome_OUTCOME_COMPLETE:
		return evidence.OutcomeComplete, true
	case wire.Outcome_OUTCOME_PARTIAL:
		return evidence.OutcomePartial, true
	case wire.Outcome_OUTCOME_FAILED:
		return evidence.OutcomeFailed, true
	case wire.Outcome_OUTCOME_UNSPECIFIED:
	}
	return "", false
}
