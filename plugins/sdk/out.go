package sdk

import (
	"fmt"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// Out takes what an operation makes: records and artifacts.
type Out struct{ job *job }

// Declare says how many units the input itself claims to hold.
func (o *Out) Declare(n int64) { o.job.units.Declared = n }

// Skip counts n units that hold nothing by design: blank lines, headers, comments.
func (o *Out) Skip(n int64) {
	o.job.units.Skipped += n
	o.job.met(n)
}

// Put writes rec, read at src. Records put one after another with the same place
// in src are one unit of the input. An error means that the run must end: it was
// cancelled, reached a limit, or the plugin is at fault. A record too long to be
// written is no error: the unit is rejected with a diagnostic.
func (o *Out) Put(rec Record, src Source) error {
	j := o.job
	if err := j.alive(); err != nil {
		return err
	}
	j.src = src // not src itself, which would be allocated each time
	if err := j.admit(&j.src); err != nil {
		return err
	}
	e := &j.enc
	e.b, e.err = j.records.grown(), nil
	start := e.open()
	rec.encode(e, &j.src)
	e.close(start)
	e.b = append(e.b, '\n')
	if e.err != nil {
		e.members = e.members[:0]
		j.records.buf = e.b[:start]
		return j.stop(e.err)
	}
	return j.add(e.b, start, &j.src)
}

// PutRaw writes a line that is already canonical JSON with kind and source as
// docs/formats/records.md says, without ending. src is the unit it came from.
func (o *Out) PutRaw(line []byte, src Source) error {
	j := o.job
	if err := j.alive(); err != nil {
		return err
	}
	if err := j.admit(&src); err != nil {
		return err
	}
	if err := evidence.CheckCanonical(line); err != nil || line[0] != '{' {
		return j.stop(fmt.Errorf("%w: not a canonical JSON object", ErrRecord))
	}
	start := len(j.records.grown())
	return j.add(append(append(j.records.buf, line...), '\n'), start, &src)
}

// admit checks what must hold before a record of src may be written.
func (j *job) admit(src *Source) error {
	if err := j.checkSource(src); err != nil {
		return j.stop(err)
	}
	if max := j.limits.MaxRecords; max > 0 && j.records.count >= max {
		return j.stop(fmt.Errorf("%w: %d records", ErrLimit, max))
	}
	if j.verdict == rejected && src.unit() == j.last {
		return j.stop(fmt.Errorf("%w: its unit was rejected before", ErrRecord))
	}
	return nil
}

// add takes the line that buf has after start, or rejects it where it is too long.
func (j *job) add(buf []byte, start int, src *Source) error {
	max := MaxLineBytes
	if l := j.limits.MaxRecordBytes; l > 0 && l < MaxLineBytes {
		max = int(l)
	}
	if n := len(buf) - start; n > max {
		j.records.buf = buf[:start]
		j.diagnose(&Diagnostic{
			Code: "record.too_long", Severity: evidence.SeverityReject, Source: *src,
			Message: "the record is longer than a record may be",
			Data:    map[string]any{"bytes": n, "limit": max},
		}, false)
		return j.err
	}
	j.judge(src, emitted)
	j.records.count++
	if err := j.records.commit(buf); err != nil {
		return j.stop(err)
	}
	return nil
}
