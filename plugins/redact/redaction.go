package main

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/redact/detect"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// redaction is one run.
type redaction struct {
	c    *sdk.Ctx
	out  *sdk.Out
	o    options
	sets []set

	dict   *detect.Dictionary
	finder *detect.Finder
	// plain knows no values.
	plain  *detect.Finder
	walker walker
	splits splits
	// bad lines are no records, all of lines.
	bad, lines int64
}

func redact(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
	o, err := readOptions(c)
	if err != nil {
		return err
	}
	r := &redaction{c: c, out: out, o: o, dict: detect.NewDictionary()}
	r.dict.Limit = o.Memory
	plain, err := o.detector(nil)
	if err != nil { // before all is read for nothing
		return err
	}
	r.plain = plain.Finder()
	if r.sets, err = open(c, in); err != nil {
		return err
	}
	if err := r.each(true, r.learn); err != nil {
		if errors.Is(err, detect.ErrFull) {
			err = fmt.Errorf("%w: %w; memory of the configuration is the bound", sdk.ErrLimit, err)
		}
		return err
	}
	if r.lines > 0 && r.bad == r.lines {
		return fmt.Errorf("%w: no line of the input is a record", sdk.ErrMalformed)
	}
	out.Skip(r.lines - r.bad)
	d, err := o.detector(r.dict)
	if err != nil {
		return err
	}
	r.finder = d.Finder()
	r.splits = splits{redaction: r, last: map[string]int64{}, joiner: d.Finder()}
	return r.each(false, r.find)
}

// record is one that is read.
type record struct {
	set  *set
	line int64
	// number tells it apart from all others.
	number uint64
	kind   string
	text   []byte
}

// each calls f with every record. What is none is said once, in the first pass.
func (r *redaction) each(first bool, f func(*record) error) error {
	var rec record
	for i := range r.sets {
		rec.set = &r.sets[i]
		err := rec.set.lines(func(n int64, at sdk.Source, line []byte, bad bool) error {
			if rec.number++; rec.number%1024 == 0 {
				if err := r.c.Err(); err != nil {
					return err
				}
			}
			if first {
				r.lines++
			}
			if !bad {
				h, err := header(line)
				rec.kind, bad = h, err != nil || h == ""
			}
			if bad {
				if first {
					r.bad++
					r.c.Reject(at, "line.not_a_record", "the line is not a record: not canonical JSON, without a kind, too long or cut off")
				}
				return nil
			}
			rec.line, rec.text = n, line
			return f(&rec)
		})
		if err != nil {
			return err
		}
		if !first {
			if err := r.splits.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// header checks that a line is canonical JSON and reads its kind.
func header(line []byte) (string, error) {
	h, _, err := evidence.ScanRecord(line, nil)
	return string(h.Kind), err
}

// learn takes the values that a record's own fields state.
func (r *redaction) learn(rec *record) error {
	return r.walker.walk(rec.text, func(l *leaf) error {
		what := r.field(rec.kind, l.path)
		if what == asText || what == asSkip || len(l.text) == 0 {
			return nil
		}
		category := r.category(rec.kind, what, l.text)
		if !learned(category) {
			return nil
		}
		return r.dict.Add(category, string(l.text), r.o.region(), rec.number)
	})
}

// find notes what is personal in a record.
func (r *redaction) find(rec *record) error {
	if err := r.splits.begin(rec); err != nil {
		return err
	}
	err := r.walker.walk(rec.text, func(l *leaf) error {
		r.splits.leaf(rec, l)
		what := r.field(rec.kind, l.path)
		switch {
		case what == asSkip || len(l.text) == 0:
		case what == asText:
			r.search(l)
		default:
			category := r.category(rec.kind, what, l.text)
			known := int64(0)
			if learned(category) {
				known = r.dict.KnownIn(category, string(l.text), r.o.region())
			}
			r.splits.put(found{pointer: string(l.pointer), span: detect.Span{
				End: len(l.text), Category: category, Rule: "field@1", Class: detect.Proven, Validator: "field", Form: detect.Plain, KnownIn: known,
			}})
		}
		return nil
	})
	r.splits.end()
	return err
}

// search looks for personal data in a leaf.
func (r *redaction) search(l *leaf) {
	var hint []byte
	if bytes.IndexByte(l.path, '.') >= 0 { // the evidence's own name
		hint = l.name
	}
	spans := r.finder.Find(l.text, hint)
	if l.number && len(spans) > 0 {
		spans = spans[:1]
		spans[0].Start, spans[0].End = 0, len(l.text)
	}
	for _, s := range spans {
		r.splits.put(found{pointer: string(l.pointer), span: s})
	}
}
