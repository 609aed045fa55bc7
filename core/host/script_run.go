package host

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/internal/ndjson"
	"github.com/exhibit-forensics/exhibit/internal/wire"
)

// errStopped ends the pipes of an attempt that was stopped.
var errStopped = errors.New("stopped")

// runScript is run for a script: its answer is translated into the three streams
// that other plugins write, and these are read and checked like theirs.
func (a *attempt) runScript(ctx context.Context) (*wire.Done, *stop) {
	ctx, a.cancel = context.WithCancelCause(ctx)
	defer a.cancel(nil)
	var r [3]*io.PipeReader
	var w [3]*io.PipeWriter
	for i := range r {
		r[i], w[i] = io.Pipe()
	}
	a.read(r[0], r[1], r[2])
	release := context.AfterFunc(ctx, func() {
		a.proc.run.signal()
		_ = a.proc.answer.r.SetReadDeadline(time.Unix(1, 0))
		for _, p := range r {
			_ = p.CloseWithError(errStopped)
		}
	})
	var reading, watching sync.WaitGroup
	watching.Go(func() { a.watch(ctx) })
	truncated := a.drain(&reading)
	account, err := ndjson.Translate(a.proc.answer.r, ndjson.Streams{Records: w[0], Diagnostics: w[1], Artifacts: w[2]}, a.options())
	if s := a.answered(ctx, err); s != nil {
		a.stop(s)
	}
	for _, p := range w {
		_ = p.Close()
	}
	reading.Wait()
	var done *wire.Done
	if account != nil {
		done = doneOf(account)
	}
	s := a.scriptVerdict(ctx, done, truncated())
	if err := a.artifacts.finish(s); err != nil {
		s = hostFailure(err)
	}
	release()
	a.cancel(nil)
	watching.Wait()
	if s != nil {
		return nil, s
	}
	return done, nil
}

func (a *attempt) options() ndjson.Options {
	var bytes, units int64
	return ndjson.Options{
		MaxLine: int(a.lim.RecordBytes),
		// Only progress is progress: a script that hangs can still say the same again.
		Progress: func(b, u int64) {
			if b > bytes || u > units {
				bytes, units = max(bytes, b), max(units, u)
				a.clock.touch()
			}
		},
		Done: func() {
			a.clock.touch()
			a.clock.done.Store(true)
		},
	}
}

// answered judges the end of an answer.
func (a *attempt) answered(ctx context.Context, err error) *stop {
	switch {
	case err == nil || ctx.Err() != nil:
		return nil
	case errors.Is(err, ndjson.ErrLine):
		return broken("%v", err)
	case errors.Is(err, ndjson.ErrNoDone):
		// It said nothing of its end: most likely its process did.
		if !a.proc.run.await(exitWait) {
			return broken("closed its output without saying that it is done")
		}
		if a.proc.run.exit != exitedWell {
			return fault("crashed: %s", a.proc.run.exit)
		}
		return broken("%v", err)
	}
	return hostFailure(err)
}

func (a *attempt) scriptVerdict(ctx context.Context, done *wire.Done, truncated bool) *stop {
	switch {
	case ctx.Err() != nil:
		return stopOf(ctx)
	case truncated || done == nil:
		return broken("a stream ends inside a line or frame")
	}
	return a.account(done)
}

// doneOf is what another plugin would send. The streams' counts and digests are not
// in it: it was this process that wrote them.
func doneOf(a *ndjson.Account) *wire.Done {
	outcome := map[evidence.Outcome]wire.Outcome{
		evidence.OutcomeComplete: wire.Outcome_OUTCOME_COMPLETE,
		evidence.OutcomePartial:  wire.Outcome_OUTCOME_PARTIAL,
		evidence.OutcomeFailed:   wire.Outcome_OUTCOME_FAILED,
	}[a.Outcome]
	u := a.Units
	return &wire.Done{
		Outcome: outcome, Reason: a.Reason, BytesRead: uint64(a.BytesRead), KeysUsed: a.KeysUsed,
		Units: &wire.Units{Declared: u.Declared, Read: u.Read, Emitted: u.Emitted, Rejected: u.Rejected, Skipped: u.Skipped},
	}
}
