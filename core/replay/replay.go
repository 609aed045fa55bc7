package replay

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/exhibit-forensics/exhibit/core/handover"
	"github.com/exhibit-forensics/exhibit/core/host"
	"github.com/exhibit-forensics/exhibit/core/keyring"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// Options say what to make again, and with what.
type Options struct {
	// Plugins are those that are here.
	Plugins []*host.Plugin
	Host    *host.Host
	// Sample is how many runs to make again, 0 for all; Seed chooses which.
	Sample int
	Seed   string
	// Jobs is how many runs go on at once; 1 where 0.
	Jobs     int
	Progress func(done, total int)
}

// replayer is one call of Case.
type replayer struct {
	c       *store.Case
	o       Options
	state   *store.State
	lock    lock
	secret  []byte
	keys    []keyring.Key
	derived map[evidence.Digest][]child
}

// Case makes the current runs of a case again, or a sample of them. Errors are the
// host's own or the context's; all else is in the report.
func Case(ctx context.Context, c *store.Case, o Options) (*Report, error) {
	r := &replayer{c: c, o: o}
	report, err := r.run(ctx)
	if err != nil {
		return nil, fmt.Errorf("replay: %w", err)
	}
	return report, nil
}

func (r *replayer) run(ctx context.Context) (*Report, error) {
	if err := r.gather(ctx); err != nil {
		return nil, err
	}
	current, err := r.c.CurrentRuns(ctx)
	if err != nil {
		return nil, err
	}
	t := newTally(len(current))
	var due []job
	for _, run := range current {
		j, not := r.prepare(run)
		if not != nil {
			t.add(*not)
			continue
		}
		due = append(due, j)
	}
	t.r.Possible = len(due)
	if r.o.Sample > 0 && r.o.Sample < len(due) {
		due = sample(due, r.o.Sample, r.o.Seed)
		t.r.Seed = r.o.Seed
	}
	t.r.Chosen = len(due)
	if err := r.gatherDerived(ctx, due); err != nil {
		return nil, err
	}
	return t.report(), r.all(ctx, due, t)
}

// gather reads what every run needs.
func (r *replayer) gather(ctx context.Context) (err error) {
	if r.state, err = r.c.State(ctx); err != nil {
		return err
	}
	r.lock = readLock(r.c.Dir())
	if r.secret, err = r.c.Secret(); err != nil { // a copy without secrets: runs that used keys are not made again
		r.secret = nil
		return ctx.Err()
	}
	r.keys, _, err = keyring.AtHand(ctx, r.c)
	return err
}

// all makes runs again, a few at a time. What came of them stands in the order of
// the log.
func (r *replayer) all(ctx context.Context, due []job, t *tally) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	results := make([]*Result, len(due))
	queue := make(chan int)
	var workers sync.WaitGroup
	var mu sync.Mutex
	done := 0
	for range max(1, min(r.o.Jobs, len(due))) {
		workers.Go(func() {
			for i := range queue {
				res, err := r.again(ctx, due[i])
				if err != nil {
					cancel(err)
					continue
				}
				results[i] = res
				mu.Lock()
				if done++; r.o.Progress != nil {
					r.o.Progress(done, len(due))
				}
				mu.Unlock()
			}
		})
	}
feed:
	for i := range due {
		select {
		case queue <- i:
		case <-ctx.Done():
			break feed
		}
	}
	close(queue)
	workers.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	for _, res := range results {
		t.add(*res)
	}
	t.finish()
	return nil
}

// again makes one run again.
func (r *replayer) again(ctx context.Context, j job) (*Result, error) {
	inputs, why, err := r.open(ctx, &j.run)
	defer func() {
		for _, in := range inputs {
			in.File.Close() // only read from
		}
	}()
	if err != nil {
		return nil, err
	}
	if why != "" {
		return j.result(NotDone, why), nil
	}
	var last *sink
	defer func() { last.close() }()
	res, err := r.o.Host.Run(ctx, host.Job{
		Plugin: j.plugin, Operation: j.run.Operation, Config: j.run.Config, Keys: j.keys, Inputs: inputs, Limits: j.limits,
	}, func() (host.Sink, error) {
		last.close()
		var err error
		last, err = r.newSink(ctx, &j.run)
		return last, err
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s %s of %s: %w", j.run.Plugin.Name, j.run.Operation, j.run.Main().Short(), err)
	case res.Refused:
		return j.result(NotDone, "the plugin was refused: "+res.Reason), nil
	case res.Outcome == evidence.OutcomePartial && byHost(res.Reason):
		return j.result(NotDone, "it was ended here before it was done: "+res.Reason), nil
	case res.Outcome == evidence.OutcomeFailed:
		return j.result(NotDone, "it did not come to its end here: "+res.Reason), nil
	}
	return r.compare(ctx, j, last, res)
}

// open opens what the run was handed, the main input first. why says what cannot be read.
func (r *replayer) open(ctx context.Context, run *evidence.Run) (inputs []host.Input, why string, err error) {
	if evidence.OverRecords(run.Operation) {
		if inputs, err = handover.Open(ctx, r.c, run.Inputs); err != nil && ctx.Err() == nil {
			return inputs, fmt.Sprintf("what it read cannot be read: %v", err), nil
		}
		return inputs, "", err
	}
	members := slices.Clone(run.Inputs)
	slices.SortStableFunc(members, func(a, b evidence.ManifestMember) int {
		return order(a, run) - order(b, run)
	})
	if members == nil {
		members = []evidence.ManifestMember{{Role: evidence.RoleInput, Artifact: run.Input}}
	}
	for _, m := range members {
		a, err := r.c.Artifact(ctx, m.Artifact)
		if err == nil {
			var in host.Input
			in.Role, in.Name, in.Size, in.SHA256 = m.Role, m.Name, a.Size, a.SHA256
			if in.File, err = r.c.Blobs().Descriptor(ctx, a); err == nil {
				inputs = append(inputs, in)
				continue
			}
		}
		if ctx.Err() != nil {
			return inputs, "", ctx.Err()
		}
		return inputs, fmt.Sprintf("its input %s cannot be read: %v", m.Artifact.Short(), err), nil
	}
	return inputs, "", nil
}

// order puts the main input before the others, which stay as they are.
func order(m evidence.ManifestMember, run *evidence.Run) int {
	if m.Role == evidence.RoleMain && m.Artifact == run.Main() {
		return 0
	}
	return 1
}
