package sdk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync/atomic"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// MaxLineBytes bounds a record or a diagnostic as written, its ending included
// (docs/formats/wire.md).
const MaxLineBytes = 1 << 20

// Limits bound a job; zero means no limit of that kind.
type Limits struct {
	MaxRecords, MaxRecordBytes, MaxDiagnostics, MaxArtifacts int64
	// MaxOutputBytes is of all artifacts together, MaxRatio that to the input's size.
	MaxOutputBytes, MaxRatio int64
	// MaxDepth is of containers within containers.
	MaxDepth int64
}

// Key is a decryption key handed to a job.
type Key struct {
	// Fingerprint is what records and diagnostics call it; Value never leaves the process.
	Fingerprint, Name string
	Value             []byte
}

// Job is one operation over its inputs: what the host asks for, and what tests
// and `plugin run` make up.
type Job struct {
	// Operation is parse, decrypt, unpack or analyze.
	Operation string
	// Config is canonical JSON, nil for {}.
	Config json.RawMessage
	Inputs []*Input
	Keys   []Key
	Limits Limits
	// Where records, diagnostics and artifact frames go.
	Records, Diagnostics, Artifacts io.Writer
}

// Result is a job's account of itself; the host checks it against what arrived.
type Result struct {
	Outcome evidence.Outcome
	Reason  string
	// Err is what the operation returned, nil where it ended well.
	Err       error
	Units     evidence.Units
	BytesRead int64
	// KeysUsed are fingerprints in ascending order.
	KeysUsed                        []string
	Records, Diagnostics, Artifacts StreamSum
}

// job is the state of one run of an operation; nothing of it outlives the run.
type job struct {
	ctx                             context.Context
	config                          settings
	limits                          Limits
	inputs                          []*Input
	keys                            []Key
	used                            []bool
	enc                             encoder
	src                             Source // of the record being put
	records, diagnostics, artifacts *stream
	open                            *Artifact // begun and not ended
	outputBytes                     int64
	outputLimit                     int64

	units   evidence.Units
	last    unit
	verdict verdict // on last
	read    atomic.Int64

	err     error  // the first that ends the run
	partial string // why the run is not complete
}

// verdict is what became of a unit.
type verdict uint8

const (
	pending verdict = iota
	emitted
	rejected
)

// Run runs one job of p in this process, to its end. The error is ctx's, or that
// of a writer of the job; what went wrong in the operation is in the Result.
func Run(ctx context.Context, p Plugin, j Job) (Result, error) {
	return newJob(ctx, j).run(p, j.Operation)
}

func newJob(ctx context.Context, j Job) *job {
	r := &job{
		ctx: ctx, limits: j.Limits, inputs: j.Inputs, keys: j.Keys, used: make([]bool, len(j.Keys)),
		records: newStream(j.Records), diagnostics: newStream(j.Diagnostics), artifacts: newStream(j.Artifacts),
		units: evidence.Units{Declared: -1},
	}
	r.outputLimit = j.Limits.outputBytes(r.size())
	for _, in := range j.Inputs {
		in.job = r
	}
	r.err = r.config.parse(j.Config)
	return r
}

// main is the input that the job is about: of several that with the role "main",
// else the first.
func (j *job) main() *Input {
	for _, in := range j.inputs {
		if in.Role == evidence.RoleMain {
			return in
		}
	}
	return j.inputs[0]
}

func (j *job) size() (n int64) {
	for _, in := range j.inputs {
		n += in.Size
	}
	return n
}

// outputBytes returns the smaller of the two limits on output, 0 for none. A
// ratio binds only above 64 MiB: small inputs may well grow a lot.
func (l Limits) outputBytes(size int64) int64 {
	limit := l.MaxOutputBytes
	if l.MaxRatio > 0 && size < (1<<62)/l.MaxRatio {
		if byRatio := max(size*l.MaxRatio, 64<<20); limit == 0 || byRatio < limit {
			limit = byRatio
		}
	}
	return limit
}

func (j *job) run(p Plugin, operation string) (Result, error) {
	op := p.op(operation)
	var err error
	switch {
	case j.err != nil:
		err = j.err
	case op == nil:
		err = fmt.Errorf("%w: operation %q", ErrUnsupported, operation)
	case len(j.inputs) == 0:
		err = fmt.Errorf("%w: a job without inputs", ErrMalformed)
	default:
		err = j.call(op)
	}
	if err == nil {
		err = j.err
	}
	if j.open != nil {
		j.open.cut(err)
	}
	return j.finish(err)
}

// finish flushes the streams and says how the run ended.
func (j *job) finish(err error) (Result, error) {
	for _, s := range []*stream{j.records, j.diagnostics, j.artifacts} {
		if werr := s.flush(); werr != nil {
			return Result{}, fmt.Errorf("sdk: write: %w", werr)
		}
	}
	if cerr := j.ctx.Err(); cerr != nil {
		return Result{}, cerr
	}
	r := Result{
		Outcome: evidence.OutcomeComplete, Units: j.units, Err: err,
		Records: j.records.sum(), Diagnostics: j.diagnostics.sum(), Artifacts: j.artifacts.sum(),
	}
	for _, in := range j.inputs {
		r.BytesRead += in.covered.total()
	}
	for i, used := range j.used {
		if used {
			r.KeysUsed = append(r.KeysUsed, j.keys[i].Fingerprint)
		}
	}
	slices.Sort(r.KeysUsed)
	r.KeysUsed = slices.Compact(r.KeysUsed)
	switch {
	case errors.Is(err, ErrLimit):
		r.Outcome, r.Reason = evidence.OutcomePartial, reasonOf(err)
	case err != nil:
		r.Outcome, r.Reason = evidence.OutcomeFailed, reasonOf(err)
	case j.partial != "":
		r.Outcome, r.Reason = evidence.OutcomePartial, j.partial
	}
	return r, nil
}

// stop ends the run with err: the first counts.
func (j *job) stop(err error) error {
	if j.err == nil {
		j.err = err
	}
	return j.err
}

// alive reports why the run must not go on.
func (j *job) alive() error {
	if j.err != nil {
		return j.err
	}
	if err := j.ctx.Err(); err != nil {
		return j.stop(err)
	}
	return nil
}

// judge counts a unit that src names, once. It reports what the unit is by now.
func (j *job) judge(src *Source, v verdict) verdict {
	u := src.unit()
	if j.verdict != pending && u == j.last {
		return j.verdict
	}
	j.last, j.verdict = u, v
	if v == emitted {
		j.units.Emitted++
	} else {
		j.units.Rejected++
	}
	j.met(1)
	return v
}

func (j *job) met(n int64) {
	j.units.Read += n
	j.read.Store(j.units.Read)
}
