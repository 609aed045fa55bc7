package redact

import (
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/redact/canon"
)

// Span is what a test says was found.
type Span struct {
	Field           string
	Start, End      int
	Category, Class string
}

// Bench redacts records without a case.
type Bench struct {
	r *Redactor
	w *walker
}

// NewBench redacts by a policy under a case's key.
func NewBench(p *Policy, secret []byte, recipient string) *Bench {
	r := &Redactor{p: p, rules: newRuleBook(p), marker: newMarker(secret, recipient), allow: map[string]bool{}, spellings: map[valueKey]string{}, scope: &scope{}}
	r.decisions = &Decisions{values: map[valueKey]*Decision{}, places: map[place]*Decision{}, added: map[evidence.Subject][]*Decision{}}
	for _, v := range p.Allow {
		r.allow[canon.Fold(v)] = true
	}
	r.marker.settle()
	return &Bench{r, &walker{r: r, set: &set{}, tally: tally{}, dropped: map[[2]string]int64{}, names: map[string]string{}, v: &visitor{record: func(*Record) error { return nil }}}}
}

// Redact redacts one record.
func (b *Bench) Redact(line []byte, list []Span) ([]byte, []Applied, error) {
	spans := make([]span, 0, len(list))
	for _, s := range list {
		spans = append(spans, span{field: s.Field, start: s.Start, end: s.End, category: s.Category, class: s.Class, rule: "test@1", form: formPlain})
	}
	if err := b.w.load(line); err != nil {
		return nil, nil, err
	}
	if err := b.w.redact(spans); err != nil {
		return nil, nil, err
	}
	return b.w.out, b.w.applied, nil
}

// Mark is what an operator puts for a value.
func (b *Bench) Mark(op, category, raw string, rule Rule) string {
	return b.r.marker.mark(&operation{op: op, rule: &rule, category: category, by: ByAuto}, raw, canon.Of(category, raw, "CN"), "someone")
}

// Tokens are the pseudonyms of values of which all were met before.
func Tokens(secret []byte, clash map[uint64]struct{}, category string, values ...string) (out []string) {
	m := newMarker(secret, "")
	for _, v := range values {
		m.meet(category, v)
	}
	m.settle()
	if clash != nil {
		m.clash = clash
	}
	for _, v := range values {
		out = append(out, m.pseudonym(category, v))
	}
	return out
}

// Prefix is the first 40 bits of a value's pseudonym.
func Prefix(secret []byte, category, value string) uint64 {
	_, v := newMarker(secret, "").digits("pseudonym", category, value, longToken)
	return v >> 24
}
