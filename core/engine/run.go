package engine

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/exhibit-forensics/exhibit/core/host"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// Results are recorded in batches: one entry and one fsync for many small runs,
// and never long after they were made.
const (
	batchRuns  = 200
	batchBytes = 64 << 20
	batchAge   = 500 * time.Millisecond
)

// Run works until nothing new appears and returns the case's completeness
// statement. It records what it finished even where it is cancelled. Errors are
// the host's own: a plugin's failure is an outcome, recorded.
func (e *Engine) Run(ctx context.Context) (*Report, error) {
	if err := e.checkPins(ctx); err != nil {
		return nil, err
	}
	if err := e.start(ctx); err != nil {
		return nil, err
	}
	if err := e.Reindex(ctx); err != nil {
		return nil, err
	}
	p, err := e.newPlanner(ctx)
	if err != nil {
		return nil, err
	}
	p.ask = true
	tasks, err := p.all(ctx)
	if err != nil {
		return nil, err
	}
	var did tally
	wave := 0
	for {
		for len(tasks) > 0 {
			wave++
			if tasks, err = e.round(ctx, p, wave, tasks, &did); err != nil {
				return nil, err
			}
		}
		if tasks, err = e.after(ctx, p, &wave, &did); err != nil {
			return nil, err
		}
		if tasks == nil {
			break
		}
	}
	if err := e.index.Flush(ctx); err != nil {
		return nil, fmt.Errorf("engine: %w", err)
	}
	report, err := p.complete(ctx)
	if err != nil {
		return nil, err
	}
	report.Executed, report.Crashed = did.runs, did.crashed
	return report, nil
}

// round executes tasks and plans what follows from them.
func (e *Engine) round(ctx context.Context, p *planner, wave int, tasks []Task, did *tally) ([]Task, error) {
	fresh, err := e.wave(ctx, p, wave, tasks, did)
	if err != nil {
		return nil, err
	}
	if p.places, err = e.c.PlaceIndex(ctx); err != nil {
		return nil, err
	}
	tasks = tasks[:0:0]
	for _, a := range fresh {
		more, err := p.due(ctx, a)
		if err != nil {
			return nil, err
		}
		tasks = append(tasks, more...)
	}
	return tasks, nil
}

// searchRounds bounds searches that follow from each other: with the keys at hand, then
// for keys that are not. One that fails each time must not go on for ever.
const searchRounds = 10

// after is what is done once every input that a plugin reads was read: keys are
// looked for, and what is still closed is described. It returns what can be read with
// the keys that were found, nil where there is nothing more to do.
func (e *Engine) after(ctx context.Context, p *planner, wave *int, did *tally) ([]Task, error) {
	if !e.o.NoKeyFind {
		var tasks []Task
		for range searchRounds {
			var err error
			if tasks, err = p.searchTasks(ctx); err != nil {
				return nil, err
			}
			if len(tasks) == 0 {
				break
			}
			*wave++
			if _, err := e.wave(ctx, p, *wave, tasks, did); err != nil {
				return nil, err
			}
		}
		fresh, err := p.adopt(ctx)
		if err != nil {
			return nil, err
		}
		if fresh {
			next, err := e.newPlanner(ctx)
			if err != nil {
				return nil, err
			}
			next.ask, next.retried = p.ask, p.retried
			*p = *next
			if tasks, err = p.all(ctx); err != nil || len(tasks) > 0 {
				return tasks, err
			}
		}
	}
	tasks, err := p.surveys(ctx)
	if err != nil || len(tasks) == 0 {
		return nil, err
	}
	*wave++
	_, err = e.wave(ctx, p, *wave, tasks, did)
	return nil, err
}

// tally is what one call of Run did.
type tally struct {
	runs, crashed int64
	records       int64
	bytes         int64
}

// finished is one executed task on its way into the log.
type finished struct {
	task Task
	run  evidence.Run
	sink *sink
}

// wave executes tasks side by side and returns the artifacts they brought forth.
func (e *Engine) wave(ctx context.Context, p *planner, n int, tasks []Task, did *tally) ([]evidence.Artifact, error) {
	intent, err := e.intend(ctx, tasks)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)

	queue := make(chan Task)
	results := make(chan finished)
	var workers sync.WaitGroup
	for range min(e.o.Jobs, len(tasks)) {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for t := range queue {
				f, err := e.execute(ctx, t)
				if err != nil {
					cancel(err)
					continue
				}
				results <- f
			}
		}()
	}
	go func() {
		defer close(queue)
		for _, t := range tasks {
			select {
			case queue <- t:
			case <-ctx.Done():
				return
			}
		}
	}()
	go func() {
		workers.Wait()
		close(results)
	}()
	fresh, err := e.record(ctx, p, n, len(tasks), intent, results, did)
	if err != nil {
		cancel(err)
		for f := range results { // let the workers end
			f.sink.Abort()
		}
		return nil, err
	}
	if cause := context.Cause(ctx); cause != nil {
		return nil, cause
	}
	return fresh, nil
}

// intend writes the entry that says what is about to be run, and pins the plugins.
func (e *Engine) intend(ctx context.Context, tasks []Task) (int64, error) {
	counts := map[string]int64{"runs": int64(len(tasks))}
	var used []*host.Plugin
	var refs []any
	seen := map[string]bool{}
	for _, t := range tasks {
		counts["bytes"] += t.size()
		name := t.Plugin.Manifest.Name
		if !seen[name] {
			seen[name] = true
			used = append(used, t.Plugin)
			refs = append(refs, map[string]any{"name": name, "version": t.Plugin.Manifest.Version, "sha256": t.Plugin.Digest.String()})
		}
	}
	if err := e.pin(ctx, used); err != nil {
		return 0, err
	}
	return e.c.Append(ctx, store.Batch{
		Kind:  "derive",
		Plain: map[string]any{"phase": "intent", "counts": counts, "plugins": refs},
	})
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

// record gathers finished runs and writes them to the log until results ends.
func (e *Engine) record(ctx context.Context, p *planner, wave, planned int, intent int64, results <-chan finished, did *tally) ([]evidence.Artifact, error) {
	var fresh []evidence.Artifact
	var pending []finished
	var bytes int64
	done := 0
	flush := func() error {
		if len(pending) == 0 {
			return nil
		}
		made, err := e.commit(ctx, intent, pending)
		if err != nil {
			return err
		}
		fresh = append(fresh, made...)
		for _, f := range pending {
			p.note(f.run)
		}
		pending, bytes = nil, 0
		return nil
	}
	timer := time.NewTimer(batchAge)
	defer timer.Stop()
	for {
		select {
		case f, ok := <-results:
			if !ok {
				return fresh, flush()
			}
			if len(pending) == 0 {
				timer.Reset(batchAge)
			}
			pending = append(pending, f)
			for _, st := range f.sink.staged {
				bytes += st.Size
			}
			done++
			did.add(f.run)
			if e.o.Progress != nil {
				e.o.Progress(Progress{Wave: wave, Done: done, Planned: planned, Records: did.records, Bytes: did.bytes})
			}
			if len(pending) >= batchRuns || bytes >= batchBytes {
				if err := flush(); err != nil {
					abort(pending)
					return nil, err
				}
			}
		case <-timer.C:
			if err := flush(); err != nil {
				abort(pending)
				return nil, err
			}
		}
	}
}

func abort(list []finished) {
	for _, f := range list {
		f.sink.Abort()
	}
}

func (t *tally) add(r evidence.Run) {
	t.runs++
	t.bytes += r.BytesRead
	if r.Records != nil {
		t.records += r.Records.Count
	}
	if r.Outcome == evidence.OutcomeFailed {
		t.crashed++
	}
}

// commit makes a batch durable: objects, then rows and their entry, then the
// index. It returns the artifacts that plugins may be given next. A cancelled
// context does not stop it: what was finished is kept.
func (e *Engine) commit(ctx context.Context, intent int64, list []finished) ([]evidence.Artifact, error) {
	ctx = context.WithoutCancel(ctx)
	b := store.Batch{Kind: "derive", Refs: map[string]int64{"intent": intent}}
	counts := map[string]int64{"runs": int64(len(list))}
	var plugins []any
	seen := map[string]bool{}
	var children []evidence.Digest
	for _, f := range list {
		r := f.run
		b.Staged = append(b.Staged, f.sink.staged...)
		b.Artifacts = append(b.Artifacts, f.sink.artifacts()...)
		b.Derivations = append(b.Derivations, f.sink.derivations(r.ID, r.Main())...)
		b.Runs = append(b.Runs, store.RunRow{Run: r, Seed: f.sink.seed})
		for _, c := range f.sink.children {
			children = append(children, c.staged.Digest)
		}
		counts[string(r.Outcome)]++
		counts["artifacts"] += r.Artifacts
		counts["rejected"] += r.Units.Rejected
		if r.Records != nil {
			counts["records"] += r.Records.Count
		}
		if r.Diagnostics != nil {
			counts["diagnostics"] += r.Diagnostics.Count
		}
		if key := r.Plugin.SHA256.Hex(); !seen[key] {
			seen[key] = true
			plugins = append(plugins, map[string]any{"name": r.Plugin.Name, "version": r.Plugin.Version, "sha256": r.Plugin.SHA256.String()})
		}
	}
	b.Plain = map[string]any{"phase": "result", "counts": counts, "plugins": plugins}
	if _, err := e.c.Append(ctx, b); err != nil {
		return nil, fmt.Errorf("engine: record results: %w", err)
	}
	for _, f := range list {
		if f.sink.segment == nil {
			continue
		}
		if err := f.sink.segment.Commit(ctx, f.run.Records.Artifact); err != nil {
			return nil, err
		}
	}
	// How a child is stored is known only now: the object may have been there.
	fresh := make([]evidence.Artifact, 0, len(children))
	for _, d := range children {
		a, err := e.c.Artifact(ctx, d)
		if err != nil {
			return nil, fmt.Errorf("engine: %w", err)
		}
		fresh = append(fresh, a)
	}
	return fresh, nil
}

// Reindex builds the segments that index.db lacks, from the record sets.
func (e *Engine) Reindex(ctx context.Context) error {
	if err := e.start(ctx); err != nil {
		return err
	}
	if _, err := e.index.Fill(ctx, e.c, nil); err != nil {
		return fmt.Errorf("engine: %w", err)
	}
	return nil
}
