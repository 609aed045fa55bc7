package verify

import (
	"crypto/sha256"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// run is a run row, as this package reads it.
type run struct {
	id, plugin, input       evidence.Digest
	operation, outcome      string
	config                  []byte
	keys                    []string
	declared, read, emitted int64
	rejected, skipped       int64
	bytesRead, size         int64
	artifacts               int64
	records, diagnostics    *lineSet
	// inputs is the list of the members of a manifest as it stands there, nil where
	// there is none; inputSize is what they come to.
	inputs    []byte
	inputSize int64
}

// lineSet is what a run says of its records or its diagnostics.
type lineSet struct {
	artifact evidence.Digest
	count    int64
	root     string // of records only
	// tallies count lines by the value of a member: kind; code and severity.
	tallies map[string]map[string]int64
}

// lineSort is a sort of artifact that is read line by line.
type lineSort struct {
	name  string // of one, in findings
	lines string // how its lines are counted
}

func recordSets() lineSort     { return lineSort{"record set", "records"} }
func diagnosticSets() lineSort { return lineSort{"diagnostics", "diagnostics"} }

func parseRun(body []byte) (*run, error) {
	o, err := parseObject(body)
	if err != nil {
		return nil, err
	}
	units := o.sub("units")
	r := &run{
		id: o.digest("run"), plugin: o.sub("plugin").digest("sha256"), input: o.digest("input"),
		operation: o.text("operation"), outcome: o.text("outcome"), config: o.members["config"], keys: o.texts("keys"),
		declared: units.integer("declared"), read: units.integer("read"), emitted: units.integer("emitted"),
		rejected: units.integer("rejected"), skipped: units.integer("skipped"),
		bytesRead: o.integer("bytes_read"), size: o.integer("size"), artifacts: o.integer("artifacts"),
	}
	if o.has("records") {
		s := o.sub("records")
		r.records = &lineSet{
			artifact: s.digest("artifact"), count: s.integer("count"),
			tallies: map[string]map[string]int64{"kind": s.counts("kinds")},
		}
		tree := o.sub("record_tree")
		tree.only("root", "size")
		r.records.root = tree.text("root")
		if size := tree.integer("size"); size != r.records.count {
			o.fail("record_tree", "not over as many records as there are")
		}
	} else if o.has("record_tree") {
		o.fail("record_tree", "of no records")
	}
	if o.has("diagnostics") {
		s := o.sub("diagnostics")
		r.diagnostics = &lineSet{
			artifact: s.digest("artifact"), count: s.integer("count"),
			tallies: map[string]map[string]int64{"code": s.counts("codes"), "severity": s.counts("severities")},
		}
	}
	if o.has("inputs") {
		r.inputs = o.members["inputs"]
		for _, b := range o.list("inputs") {
			m, err := parseObject(b)
			if err != nil {
				return nil, err
			}
			if size := m.integer("size"); m.digest("artifact").IsZero() || m.text("role") == "" || size < 0 || *m.err != nil {
				o.fail("inputs", "not a list of inputs")
			} else {
				r.inputSize += size
			}
		}
	}
	if r.id.IsZero() || r.config == nil {
		o.fail("", "not a run")
	}
	return r, *o.err
}

// identity recomputes the run's name (docs/formats/runs.md).
func (r *run) identity() evidence.Digest {
	keys := slices.Clone(r.keys)
	slices.Sort(keys)
	b := append([]byte(`{"config":`), r.config...)
	b = evidence.AppendString(append(b, `,"input":`...), r.input.String())
	b = append(b, `,"keys":[`...)
	for i, k := range slices.Compact(keys) {
		if i > 0 {
			b = append(b, ',')
		}
		b = evidence.AppendString(b, k)
	}
	b = evidence.AppendString(append(b, `],"operation":`...), r.operation)
	b = evidence.AppendString(append(b, `,"plugin":`...), r.plugin.String())
	return sha256.Sum256(append(b, '}'))
}

// account checks what a run says of itself.
func (r *run) account(p place, row string) {
	if id := r.identity(); id != r.id {
		p.find(Altered, row, "is named after another run", fmt.Sprintf("%s by what is in it, not %s", id, r.id))
	}
	if r.inputs != nil {
		r.accountInputs(p, row)
	}
	var rejects int64
	if r.diagnostics != nil {
		rejects = r.diagnostics.tallies["severity"][evidence.SeverityReject]
	}
	switch {
	case r.declared < -1 || min(r.read, r.emitted, r.rejected, r.skipped) < 0 || r.read != r.emitted+r.rejected+r.skipped:
		p.find(Altered, row, "its units do not add up", fmt.Sprintf("read %d, emitted %d, rejected %d, skipped %d", r.read, r.emitted, r.rejected, r.skipped))
	case r.outcome == string(evidence.OutcomeComplete) && r.rejected != rejects:
		p.find(Altered, row, "the units it rejected are not the diagnostics that say so", fmt.Sprintf("%d, and %d", r.rejected, rejects))
	case r.bytesRead < 0 || r.bytesRead > r.size:
		p.find(Altered, row, "says it read more than there is", fmt.Sprintf("%d of %d bytes", r.bytesRead, r.size))
	}
}

// accountInputs checks that the list of inputs is the manifest that the run names
// (docs/formats/runs.md).
func (r *run) accountInputs(p place, row string) {
	manifest := append(append([]byte(`{"members":`), r.inputs...), `,"v":1}`...)
	if got := evidence.Digest(sha256.Sum256(manifest)); got != r.input {
		p.find(Altered, row, "its inputs are not those of the manifest that it names as its input", fmt.Sprintf("%s, not %s", got, r.input))
	}
	if r.inputSize != r.size {
		p.find(Altered, row, "its inputs are not as long together as it says", fmt.Sprintf("%d bytes, not %d", r.inputSize, r.size))
	}
}

// checkRuns compares every run with what came of it.
func (v *verifier) checkRuns() error {
	total, err := v.extent("SELECT count(*) FROM runs")
	if err != nil {
		return err
	}
	v.begin("runs", total)
	for _, what := range []string{"runs", recordSets().lines, diagnosticSets().lines} {
		v.c.count(what, 0, 0)
	}
	c, err := v.cursor(v.ctx, "runs", "SELECT seq, n, body, seed FROM runs ORDER BY seq, n")
	if err != nil {
		return err
	}
	defer c.close()
	pool := v.newPool(nil)
	made := &derived{v: v, seq: -1}
	for rec := c.peek(); rec != nil && err == nil; rec = c.peek() {
		if err = v.submitRun(pool, made, rec); err == nil {
			err = c.advance()
		}
		v.read(1)
	}
	return errors.Join(err, pool.wait())
}

func (v *verifier) submitRun(pool *pool, made *derived, rec *record) error {
	p := v.c.place()
	row := rowName("runs", rec.seq, rec.n)
	r, err := parseRun(rec.data)
	if err != nil {
		p.find(Altered, row, "is not a run as the format has it", err.Error())
		return nil
	}
	v.c.count("runs", 1, 0)
	if len(rec.extra) != len(digest{}) {
		p.find(Altered, row, "its seed is not 32 bytes long", "")
	}
	r.account(p, row)
	if r.outcome != string(evidence.OutcomeFailed) {
		n, err := made.by(rec.seq, r.id)
		if err != nil {
			return err
		}
		if n != r.artifacts {
			p.find(Incomplete, row, "the artifacts it made are not all recorded with it", fmt.Sprintf("%d derivations, not %d", n, r.artifacts))
		}
	}
	if r.records != nil {
		if err := v.submitLines(pool, row, recordSets(), r.records, rec.extra); err != nil {
			return err
		}
	}
	if r.diagnostics != nil {
		return v.submitLines(pool, row, diagnosticSets(), r.diagnostics, nil)
	}
	return nil
}

// submitLines has a record set, or the diagnostics of a run, read line by line.
func (v *verifier) submitLines(pool *pool, row string, sort lineSort, set *lineSet, seed []byte) error {
	p := v.c.place()
	name := sort.name + " " + set.artifact.String()
	a, err := v.find(set.artifact)
	if err != nil {
		return err
	}
	if a == nil {
		p.find(Incomplete, name, "is missing from the artifacts", row)
		return nil
	}
	a.hashes = nil
	if gone, err := v.destroyed(a.digest); err != nil || gone {
		return err
	}
	return pool.submit(func(w *worker) error {
		lines := newLineCheck(set, seed)
		// What is wrong with the object itself has been reported.
		silent := (&collector{}).place()
		ok, err := w.artifact(pool.ctx, silent, a, lines)
		if err != nil {
			return err
		}
		if !ok {
			p.skip(fmt.Sprintf("The lines of %s: its object is not as it was recorded.", name))
			return nil
		}
		lines.judge(p, name, row)
		v.c.count(sort.lines, lines.n, a.size)
		return nil
	})
}

// derived counts derivations by run, for one entry at a time.
type derived struct {
	v   *verifier
	seq int64
	n   map[string]int64
}

func (d *derived) by(seq int64, run evidence.Digest) (int64, error) {
	if d.seq != seq {
		d.seq, d.n = seq, map[string]int64{}
		r, err := d.v.db.query(d.v.ctx, "SELECT run, count(*) FROM derivations WHERE seq = ? GROUP BY run", seq)
		for err == nil {
			var row []driver.Value
			if row, err = r.next(); row == nil {
				break
			}
			id, _ := row[0].(string)
			d.n[id], _ = row[1].(int64)
		}
		if r != nil {
			r.close()
		}
		if err != nil {
			return 0, d.v.unreadable(d.v.c.place(), "the table derivations", err)
		}
	}
	return d.n[run.String()], nil
}
