package verify

import (
	"errors"
	"fmt"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// How artifacts are counted.
const (
	inCase      = "artifacts"
	leftInPlace = "artifacts left in place, read at their source"
)

// checkObjects reads the bytes of every artifact and compares them with its row.
func (v *verifier) checkObjects() error {
	total, err := v.extent("SELECT coalesce(sum(CAST(body AS TEXT) ->> '$.stored.size'), 0) FROM artifacts")
	if err != nil {
		return err
	}
	v.begin("objects", total)
	v.c.count(inCase, 0, 0)
	v.c.count(leftInPlace, 0, 0)
	v.c.count(disposedOf, 0, 0)
	c, err := v.cursor(v.ctx, "artifacts", "SELECT seq, n, body, NULL FROM artifacts ORDER BY seq, n")
	if err != nil {
		return err
	}
	defer c.close()
	pool := v.newPool(v.read)
	for rec := c.peek(); rec != nil && err == nil; rec = c.peek() {
		if err = v.submitArtifact(pool, rec); err == nil {
			err = c.advance()
		}
	}
	return errors.Join(err, pool.wait())
}

func (v *verifier) submitArtifact(pool *pool, rec *record) error {
	p := v.c.place()
	a, err := parseArtifact(rec.data)
	if err != nil {
		p.find(Altered, rowName("artifacts", rec.seq, rec.n), "is not an artifact as the format has it", err.Error())
		return nil
	}
	later, err := v.number("SELECT count(*) FROM artifacts WHERE digest = ? AND (seq > ? OR seq = ? AND n > ?)", a.digest.String(), rec.seq, rec.seq, rec.n)
	if err != nil {
		return err
	}
	if later > 0 {
		return v.superseded(p, a, rec)
	}
	what := inCase
	if a.path != "" {
		what = leftInPlace
	}
	gone, disposed := v.disposals.of(a.digest, rec.seq)
	return pool.submit(func(w *worker) error {
		if disposed && w.disposed(p, a, gone) {
			return nil
		}
		_, err := w.artifact(pool.ctx, p, a, nil)
		v.c.count(what, 1, a.size)
		return err
	})
}

// superseded compares an artifact row with the last of the same digest, which
// counts: it may say more, but nothing else.
func (v *verifier) superseded(p place, a *artifact, rec *record) error {
	last, err := v.find(a.digest)
	if err != nil || last == nil {
		return err
	}
	same := a.size == last.size
	for algorithm, sum := range a.hashes {
		same = same && last.hashes[algorithm] == sum
	}
	if !same {
		p.find(Altered, rowName("artifacts", rec.seq, rec.n), "contradicts the later row of the same artifact", a.digest.String())
	}
	v.c.count("earlier rows of the same artifacts", 1, 0)
	return nil
}

// find returns the row that counts of the artifact with a digest, nil where there is none.
func (v *verifier) find(d evidence.Digest) (*artifact, error) {
	p := v.c.place()
	r, err := v.db.query(v.ctx, "SELECT body FROM artifacts WHERE digest = ? ORDER BY seq DESC, n DESC LIMIT 1", d.String())
	if err != nil {
		return nil, v.unreadable(p, "the table artifacts", err)
	}
	defer r.close()
	row, err := r.next()
	if err != nil {
		return nil, v.unreadable(p, "the table artifacts", err)
	}
	if row == nil {
		return nil, nil
	}
	body, _ := row[0].([]byte)
	a, err := parseArtifact(body)
	if err != nil || a.digest != d {
		return nil, nil // the row itself has been reported
	}
	return a, nil
}

// checkReferences finds rows that name what no other row has.
func (v *verifier) checkReferences() error {
	for _, q := range []struct{ table, column, query string }{
		{"occurrences", "artifact", "SELECT seq, n, digest FROM occurrences t WHERE digest <> '' AND NOT EXISTS (SELECT 1 FROM artifacts a WHERE a.digest = t.digest AND a.seq <= t.seq)"},
		{"derivations", "parent", "SELECT seq, n, parent FROM derivations t WHERE NOT EXISTS (SELECT 1 FROM artifacts a WHERE a.digest = t.parent AND a.seq <= t.seq)"},
		{"derivations", "child", "SELECT seq, n, child FROM derivations t WHERE NOT EXISTS (SELECT 1 FROM artifacts a WHERE a.digest = t.child AND a.seq <= t.seq)"},
		{"derivations", "run", "SELECT seq, n, run FROM derivations t WHERE NOT EXISTS (SELECT 1 FROM runs r WHERE r.run = t.run)"},
		{"subjects", "subject", "SELECT seq, n, digest FROM subjects t WHERE digest <> '' AND NOT EXISTS (SELECT 1 FROM artifacts a WHERE a.digest = t.digest AND a.seq <= t.seq)"},
		{"runs", "input", "SELECT seq, n, input FROM runs t WHERE NOT EXISTS (SELECT 1 FROM artifacts a WHERE a.digest = t.input AND a.seq <= t.seq)"},
		{"runs", "inputs", "SELECT t.seq, t.n, m.value FROM runs t, json_each(CASE WHEN json_valid(CAST(t.body AS TEXT)) THEN CAST(t.body AS TEXT) ELSE '{}' END, '$.inputs') m" +
			" WHERE m.type = 'object' AND NOT EXISTS (SELECT 1 FROM artifacts a WHERE a.digest = m.value ->> '$.artifact' AND CAST(a.body AS TEXT) ->> '$.size' = m.value ->> '$.size' AND a.seq <= t.seq)"},
	} {
		if err := v.references(q.table, q.column, q.query); err != nil {
			return err
		}
	}
	return nil
}

func (v *verifier) references(table, column, query string) error {
	p := v.c.place()
	r, err := v.db.query(v.ctx, query)
	if err != nil {
		return v.unreadable(p, "the table "+table, err)
	}
	defer r.close()
	for {
		row, err := r.next()
		if err != nil {
			return v.unreadable(p, "the table "+table, err)
		}
		if row == nil {
			return nil
		}
		seq, _ := row[0].(int64)
		n, _ := row[1].(int64)
		p.find(Incomplete, rowName(table, seq, n), fmt.Sprintf("names as its %s what the case does not have, or had only later", column), fmt.Sprint(row[2]))
	}
}
