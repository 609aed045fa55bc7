package dispatch

import (
	"fmt"
	"slices"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
)

const (
	// maxRefusals bounds what is kept for one operation: an artifact may have a thousand places.
	maxRefusals = 64
	// maxVariants bounds the runs that companions of one name make of one place.
	maxVariants = 16
)

// candidate is one operation of one plugin that may take an input.
type candidate struct {
	table  *Table
	plugin Plugin
	op     evidence.PluginOperation
	in     *Input
	// place is the one at hand.
	place *Place
	// answer is the Probe's, asked once for all places.
	answer *Answer

	reasons  []string
	refusals []Refusal
}

// refuse notes why not, once.
func (c *candidate) refuse(r Refusal) {
	if !slices.Contains(c.reasons, r.Why) && len(c.reasons) < maxRefusals {
		c.reasons = append(c.reasons, r.Why)
	}
	if !c.in.Explain || len(c.refusals) >= maxRefusals {
		return
	}
	r.Place = c.place.Path
	if !slices.ContainsFunc(c.refusals, func(o Refusal) bool {
		return o.Why == r.Why && o.Condition == r.Condition && o.Met == r.Met && slices.Equal(o.Wanted, r.Wanted) && o.Place == r.Place
	}) {
		c.refusals = append(c.refusals, r)
	}
}

// accept tries the operation's conditions on one place. No decision means no.
func (c *candidate) accept(base Decision) []Decision {
	t, p := c.table, c.plugin
	found := t.Claiming(c.place.Path)
	parses := c.op.Operation == evidence.OpParse
	for i := range c.op.Accepts {
		a := &c.op.Accepts[i]
		byLayout := a.Layout || a.LayoutNamed
		if parses && len(found) > 0 && !byLayout {
			c.refuse(Refusal{Condition: "layout", Met: names(found), Why: claimed(found)})
			continue
		}
		because, no, ok := c.matches(a)
		if !ok {
			c.refuse(no)
			continue
		}
		d := base
		var layout *Layout
		if byLayout {
			switch {
			case len(found) == 0:
				c.refuse(Refusal{Condition: layoutCondition(a), Why: "no layout is for its path"})
				continue
			case len(found) > 1:
				d.Ambiguous, d.Why = true, fmt.Sprintf("%s all claim %q; make their globs exclusive", names(found), c.place.Path)
				c.refuse(Refusal{Condition: layoutCondition(a), Met: names(found), Why: d.Why})
				return []Decision{d}
			}
			layout = &found[0]
			if why, ambiguous := t.refusesLayout(p, *a, layout, parses); why != "" {
				c.refuse(Refusal{Condition: layoutCondition(a), Met: names(found), Why: why})
				if ambiguous {
					d.Ambiguous, d.Why = true, why
					return []Decision{d}
				}
				continue
			}
			because = append(because, fmt.Sprintf("layout %q is for its path", layout.Name))
			d.Layout = layout.Name
		}
		if a.Profile {
			name, ok := profileFor(append(slices.Clone(p.Profiles), t.Added...), c.place.Path, parses)
			if !ok {
				c.refuse(Refusal{Condition: "profile", Why: "no profile states its path"})
				continue
			}
			because = append(because, fmt.Sprintf("profile %q is for its path", name))
		}
		var err error
		if d.Config, err = t.config(p, c.op.Operation, *c.place, layout); err != nil {
			c.refuse(Refusal{Condition: "config", Why: err.Error()})
			return nil
		}
		switch answer := c.probe(a); {
		case answer == nil:
			d.Asks = true
			because = append(because, "if its Probe says so, which was not asked")
		case answer.Failed:
			d.ProbeFailed = true
			because = []string{answer.Why}
		case !answer.Takes:
			c.refuse(Refusal{Condition: "probe", Met: answer.Why, Why: "its Probe says no: " + answer.Why})
			continue
		case a.Probe:
			because = append(because, "its Probe says yes: "+answer.Why)
		}
		d.Takes = !d.Asks && !d.ProbeFailed
		d.Why = strings.Join(because, ", ")
		return c.withCompanions(d)
	}
	return nil
}

func layoutCondition(a *evidence.Accept) string {
	if a.LayoutNamed {
		return "layout_named"
	}
	return "layout"
}

// probe asks the plugin where a says so: nil where it cannot be asked. The answer
// rests on the bytes alone, so that it is the same for every place.
func (c *candidate) probe(a *evidence.Accept) *Answer {
	if !a.Probe {
		return &Answer{Takes: true}
	}
	if c.answer == nil && c.in.Probe != nil {
		c.answer = c.in.Probe(c.plugin)
	}
	return c.answer
}

// withCompanions makes of one decision as many as there are sets of files beside the
// place: one, unless a container holds several members of one name.
func (c *candidate) withCompanions(d Decision) []Decision {
	sets := [][]evidence.ManifestMember{nil}
	var many []evidence.ManifestMember
	for _, companion := range c.op.Companions {
		found := c.beside(companion)
		if companion.Many() {
			many = found
			continue
		}
		if len(found) == 0 {
			continue
		}
		var next [][]evidence.ManifestMember
		for _, set := range sets {
			for _, m := range found {
				next = append(next, append(slices.Clone(set), m))
			}
		}
		if sets = next; len(sets) > maxVariants {
			d.Takes, d.Asks, d.ProbeFailed, d.Ambiguous = false, false, false, true
			d.Why = fmt.Sprintf("more than %d sets of files beside it fit %q", maxVariants, c.place.Path)
			return []Decision{d}
		}
	}
	out := make([]Decision, 0, len(sets))
	for _, set := range sets {
		whole, err := inParts(d, set, many)
		if err != nil {
			c.refuse(Refusal{Condition: "companions", Why: err.Error()})
			return nil
		}
		out = append(out, whole...)
	}
	return c.asRuns(out)
}

// asRuns names the input of each.
func (c *candidate) asRuns(list []Decision) []Decision {
	out := list[:0]
	for _, one := range list {
		set := one.Inputs
		if one.Run = c.in.Artifact; set != nil {
			m := evidence.NewManifest(append(set, evidence.ManifestMember{Role: evidence.RoleMain, Artifact: c.in.Artifact, Size: c.in.Size}))
			b, err := m.Bytes()
			if err != nil {
				c.refuse(Refusal{Condition: "companions", Why: err.Error()})
				return nil
			}
			one.Inputs, one.Run = m.Members, evidence.Sum(b)
			one.Why += ", with its " + roles(m.Members)
		}
		out = append(out, one)
	}
	return out
}

// roles lists the companions for a sentence.
func roles(members []evidence.ManifestMember) string {
	var out []string
	for _, m := range members {
		if m.Role != evidence.RoleMain && !slices.Contains(out, m.Role) {
			out = append(out, m.Role)
		}
	}
	for i, role := range out {
		n := 0
		for _, m := range members {
			if m.Role == role {
				n++
			}
		}
		if n > 1 {
			out[i] = fmt.Sprintf("%d files as %s", n, role)
		}
	}
	return strings.Join(out, " and ")
}
