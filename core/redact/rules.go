package redact

// ruleBook answers which rule holds for a span. Answers are kept: there are few sorts of
// spans.
type ruleBook struct {
	p     *Policy
	known map[sort3]*Rule
}

// sort3 is what rules tell apart.
type sort3 struct{ category, class, kind, field string }

func newRuleBook(p *Policy) *ruleBook { return &ruleBook{p: p, known: map[sort3]*Rule{}} }

// rule is that with the most conditions that all hold: a field counts 4, a category 2, a
// class 1; of equals the first. Where none holds it is the default of the class.
func (b *ruleBook) rule(category, class, kind, field string) *Rule {
	key := sort3{category, class, kind, field}
	if r, ok := b.known[key]; ok {
		return r
	}
	best, most := (*Rule)(nil), 0
	for i := range b.p.Rules {
		r, n := &b.p.Rules[i], 0
		if r.Field != "" {
			if r.Field != kind+"."+field && r.Field != "*."+field {
				continue
			}
			n += 4
		}
		if r.Category != "" {
			if r.Category != category {
				continue
			}
			n += 2
		}
		if r.Class != "" {
			if r.Class != class {
				continue
			}
			n++
		}
		if n > most {
			best, most = r, n
		}
	}
	if best == nil {
		op, ok := b.p.Defaults[class]
		if !ok { // a class that the program does not know
			op = OpReview
		}
		best = &Rule{Category: category, Op: op}
	}
	if len(b.known) >= maxKnownRules {
		clear(b.known)
	}
	b.known[key] = best
	return best
}

// maxKnownRules bounds the rules that are remembered.
const maxKnownRules = 1 << 16

// shown says whether the policy lets a field out: "" where it says nothing.
func (p *Policy) shown(kind, field string) string {
	if len(p.Show) == 0 {
		return ""
	}
	if v, ok := p.Show[kind+"."+field]; ok {
		return v
	}
	return p.Show["*."+field]
}

// named reports whether a name of extra or columns comes out.
func (p *Policy) named(name string) bool {
	for _, n := range p.Names {
		if n == "*" || n == name {
			return true
		}
	}
	return false
}
