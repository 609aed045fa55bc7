package verify

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"sync"
	"time"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// Options say what is verified against, and how.
type Options struct {
	// Now is the clock; its time is only reported.
	Now func() time.Time
	// Trust holds verifier keys (C2SP signed-note) from outside the case. A key
	// counts for every log, whatever name it was written under.
	Trust []string
	// Receipts hold texts with receipts, as they were handed out, or bare signed notes.
	Receipts [][]byte
	// Witnesses holds verifier keys of witnesses (C2SP tlog-cosignature), TSACerts files with
	// certificates of time-stamping authorities, TSARoots files with roots of those (PEM, DER).
	Witnesses          []string
	TSACerts, TSARoots [][]byte
	// Require is the level of attestation below which the verdict is BelowRequired.
	// Above Unattested it is required of every entry.
	Require Level
	// Progress is called now and then, never by two goroutines at once: stages are
	// "log" (entries), "objects" (bytes), "runs" (runs). total may be 0 where unknown.
	Progress func(stage string, done, total int64)
	// Jobs is how many objects are read at the same time; 0 is 2.
	Jobs int

	// model is what checkStructure compares with, nil to have it made: tests
	// that verify thousands of times make it once.
	model *structure
}

// verifier is one verification of one case.
type verifier struct {
	ctx    context.Context
	dir    string
	o      Options
	c      *collector
	db     *database
	report *Report
	trust  []publicKey

	// Of the log: its name and size, the roots at sizes that matter, the keys and
	// plugins it names. unsound: entries and tree do not agree with each other.
	origin string
	size   int64
	roots  map[int64]digest
	keys   keyring
	pins   pinned
	seals  []int64 // entries that announce a checkpoint
	// handovers are rotations and revocations of keys, disposals what was destroyed on purpose.
	handovers []handover
	disposals disposals
	transfers transfers
	// holes: there are entries that are missing or cannot be read.
	unsound, holes bool

	claims []claim
	// anchors are what is under anchors/; agrees, by size, the case's checkpoints that agree
	// with the log; coverage is what all of it attests.
	anchors       *anchors
	agrees        map[int64]bool
	coverage      coverage
	noteFilesSeen map[int64][]byte
	noteRows      map[int64][]byte
	filesOnly     []int64 // checkpoints of which case.db has no row
	files         int64   // seen under objects/

	progressMu  sync.Mutex
	stage       string
	done, total int64
}

// Case verifies the case in dir and changes nothing in it. Whatever is wrong
// with the case is in the report. It fails with evidence.ErrNoCase where dir
// holds none, with evidence.ErrFormat where a key or certificate in o is none, and
// with ctx's error.
func Case(ctx context.Context, dir string, o Options) (*Report, error) {
	r, err := runCase(ctx, dir, o)
	if err != nil {
		return nil, fmt.Errorf("verify: case %q: %w", dir, err)
	}
	return r, nil
}

func runCase(ctx context.Context, dir string, o Options) (*Report, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if o.Jobs < 1 {
		o.Jobs = 2
	}
	v := &verifier{
		ctx: ctx, dir: dir, o: o, c: &collector{}, roots: map[int64]digest{}, pins: pinned{now: pins{}}, disposals: newDisposals(), agrees: map[int64]bool{},
		report: &Report{Case: dir, At: o.Now().UTC(), Anchors: []Anchor{}},
	}
	if v.anchors, err = newAnchors(o); err != nil {
		return nil, err
	}
	for _, s := range o.Trust {
		k, err := parseKey(s)
		if err != nil {
			return nil, fmt.Errorf("key to trust %q: %w", s, err)
		}
		v.trust = append(v.trust, k)
	}
	if _, err := stampOf(dir); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: it has no %s", evidence.ErrNoCase, dbName)
	}
	if err := v.run(); err != nil {
		return nil, err
	}
	return v.conclude(), nil
}

// run goes through the stages. Its error is that of a cancelled context, or of a
// program that cannot work at all.
func (v *verifier) run() error {
	if err := v.gatherClaims(); err != nil {
		return err
	}
	opened := v.c.place()
	db, err := openDatabase(v.ctx, v.dir)
	if err != nil {
		return v.unreadable(opened, "it", err)
	}
	v.db = db
	defer db.close()
	ok, err := v.checkStructure(v.ctx)
	if err != nil {
		return err
	}
	if !ok {
		v.c.skip("Rows of case.db and objects: the tables are not as the format has them.")
		return nil
	}
	for _, stage := range []func() error{
		v.gatherRows, v.gatherStatements, v.checkLog, v.checkReferences, v.checkPlugins, v.checkObjects, v.checkRuns, v.checkFiles,
	} {
		if err := stage(); err != nil {
			return err
		}
		if err := v.ctx.Err(); err != nil {
			return err
		}
	}
	v.judgeClaims()
	v.judgeStatements()
	v.judgeNamed()
	v.judgeStamps()
	v.orderAnchors()
	v.report.Attestation = v.coverage.attestation(v.size)
	v.require()
	if db.disturbed() {
		opened.find(CannotVerify, dbName, "was written to while it was read", "verify again")
	}
	return nil
}

// number returns the integer that a query gives, 0 where case.db cannot say.
func (v *verifier) number(query string, args ...any) (int64, error) {
	x, err := v.db.scalar(v.ctx, query, args...)
	if err != nil {
		return 0, v.unreadable(v.c.place(), "a table", err)
	}
	n, _ := x.(int64)
	return n, nil
}

// extent is number for how much there is to do: where that cannot be said, it is
// no finding.
func (v *verifier) extent(query string) (int64, error) {
	x, err := v.db.scalar(v.ctx, query)
	n, _ := x.(int64)
	if err != nil {
		return 0, v.ctx.Err()
	}
	return n, nil
}

// keepRoot remembers the root of the tree so far where a claim is about it, or a statement.
func (v *verifier) keepRoot(t *tree) {
	if v.transfers.sizes[t.size] {
		v.roots[t.size] = t.root()
		return
	}
	for _, c := range v.claims {
		if c.size == t.size {
			v.roots[t.size] = t.root()
			return
		}
	}
}

// begin starts a stage of which progress is reported.
func (v *verifier) begin(stage string, total int64) {
	v.progressMu.Lock()
	defer v.progressMu.Unlock()
	v.stage, v.done, v.total = stage, 0, total
	v.tell()
}

// read adds to what the stage has done.
func (v *verifier) read(n int64) {
	v.progressMu.Lock()
	defer v.progressMu.Unlock()
	v.done += n
	v.tell()
}

func (v *verifier) tell() {
	if v.o.Progress != nil {
		v.o.Progress(v.stage, v.done, v.total)
	}
}
