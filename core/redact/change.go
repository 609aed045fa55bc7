package redact

import (
	"cmp"
	"slices"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// decide says what is done with a span: what the policy says, unless a reviewer decided.
func (w *walker) decide(s *span, path, whole, canonical string) operation {
	o := w.ruled(s.category, s.class, path)
	d := w.r.decisions.of(place{w.record, s.field, s.start, s.end}, s.category, canonical)
	if s.part && d != nil && d.Value != "" {
		d = nil // a part is no value
	}
	switch {
	case d == nil:
		if o.op == OpReview {
			o.op, o.by = OpMask, ByPending
		}
		return o.of(s)
	case d.Verdict == Reject:
		o.op = OpKeep
	case d.Verdict == Amend:
		if d.To.Category != "" {
			o = w.ruled(d.To.Category, ClassProven, path)
		}
		if d.To.Op != "" {
			o.op = d.To.Op
		}
		if fits(whole, d.To.Start, d.To.End) {
			s.moved, s.was = true, [2]int{s.start, s.end}
			s.start, s.end = d.To.Start, d.To.End
		}
	}
	if o.op == OpReview {
		o.op = cmp.Or(o.rule.Accept, OpPseudonym)
	}
	o.by = cmp.Or(d.By, "a reviewer")
	return o.of(s)
}

func (w *walker) ruled(category, class, path string) operation {
	rule := w.r.rules.rule(category, class, w.kind, path)
	return operation{op: rule.Op, rule: rule, category: category, by: ByAuto}
}

// of sees to it that a part of a value is hidden whole: what shows some of a value, or
// stands for it, needs all of it.
func (o operation) of(s *span) operation {
	if s.part && o.op != OpKeep && o.op != OpDrop && o.op != OpWithhold {
		o.op = OpMask
	}
	return o
}

// change writes s with its spans, which fit it and ascend, replaced by marks.
func (w *walker) change(value []byte, s string, spans []span, path string) error {
	w.ops = w.ops[:0]
	for i := range spans {
		sp := &spans[i]
		raw := s[sp.start:sp.end]
		w.ops = append(w.ops, w.decide(sp, path, s, w.r.canonical(sp.category, raw)))
	}
	spans, ops := w.merge(spans)
	var b strings.Builder
	at, changed := 0, false
	for i := range spans {
		sp, o := &spans[i], &ops[i]
		raw := s[sp.start:sp.end]
		canonical := w.r.canonical(o.category, raw)
		b.WriteString(s[at:sp.start])
		at = sp.end
		a := Applied{
			Field: sp.field, Category: o.category, Class: sp.class, Rule: sp.rule, Form: sp.form, Operator: o.op, Basis: w.r.p.Basis, By: o.by,
			OutStart: b.Len(), OrigLen: len(raw),
		}
		if o.rule != nil {
			a.Reason = o.rule.Reason
		}
		w.tally.add(a.Category, a.Class, a.Operator)
		if o.by == ByPending {
			w.pending++
		}
		if w.v.await != nil && (w.v.all || o.by == ByPending) {
			if err := w.v.await(w.found(sp, o, s, canonical)); err != nil {
				return err
			}
		}
		if o.op == OpKeep {
			b.WriteString(raw)
		} else {
			changed = true
			if o.op == OpPseudonym {
				w.r.marker.meet(o.category, canonical)
			}
			if o.op == OpWithhold && w.withheld == nil {
				w.withheld = &Withheld{Category: o.category, Basis: cmp.Or(a.Reason, a.Basis), By: o.by}
			}
			if w.v.record != nil || w.v.value != nil {
				a.Token = w.r.marker.mark(o, raw, canonical, w.subject)
			}
			if o.op == OpDrop && len(raw) == len(s) {
				a.Token = ""
			}
			if w.v.value != nil {
				if err := w.v.value(Original{a.Token, o.category, raw, canonical}); err != nil {
					return err
				}
			}
			b.WriteString(a.Token)
		}
		a.OutEnd = b.Len()
		w.applied = append(w.applied, a)
	}
	b.WriteString(s[at:])
	switch {
	case !changed:
		w.out = append(w.out, value...)
	case b.Len() == 0: // all of it was dropped
		w.out = append(w.out, "null"...)
	default:
		w.out = evidence.AppendString(w.out, b.String())
	}
	return nil
}

// merge makes one of spans that overlap, which only reviewers' changes can bring about: it
// reaches over all of them and is hidden whole.
func (w *walker) merge(spans []span) ([]span, []operation) {
	ops := w.ops
	apart := true
	for i := 1; i < len(spans); i++ {
		apart = apart && spans[i-1].end <= spans[i].start
	}
	if apart {
		return spans, ops
	}
	order := make([]int, len(spans))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(spans[a].start, spans[b].start) })
	var outSpans []span
	var outOps []operation
	for _, i := range order {
		if ops[i].op == OpKeep && len(order) > 1 && overlapsHidden(i, spans, ops) {
			continue // what is hidden by another stays hidden
		}
		if n := len(outSpans); n > 0 && spans[i].start < outSpans[n-1].end {
			outSpans[n-1].end = max(outSpans[n-1].end, spans[i].end)
			if outOps[n-1].op != OpWithhold {
				outOps[n-1].op = cmp.Or(map[string]string{OpWithhold: OpWithhold}[ops[i].op], OpMask)
			}
			continue
		}
		outSpans, outOps = append(outSpans, spans[i]), append(outOps, ops[i])
	}
	return outSpans, outOps
}

func overlapsHidden(i int, spans []span, ops []operation) bool {
	for j := range spans {
		if j != i && ops[j].op != OpKeep && spans[j].start < spans[i].end && spans[i].start < spans[j].end {
			return true
		}
	}
	return false
}
