package redact

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/exhibit-forensics/exhibit/core/view"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// withholding answers why nothing of a record set is shown.
type withholding struct {
	rules []Withhold
	// artifacts and places are those of the rule of that number: a place is EXHIBIT:PATH.
	artifacts map[evidence.Digest]int
	places    map[int][]string
}

// newWithholding reads where the artifacts that the policy names stand, so that what was
// made out of them is withheld with them. It fails with evidence.ErrNotFound where the case
// has no such artifact: a policy that withholds nothing by mistake withholds too little.
func newWithholding(ctx context.Context, c *store.Case, p *Policy) (*withholding, error) {
	h := &withholding{rules: p.Withhold, artifacts: map[evidence.Digest]int{}, places: map[int][]string{}}
	for i, rule := range p.Withhold {
		if rule.Place != "" {
			h.places[i] = append(h.places[i], rule.Place)
		}
		if rule.Artifact == "" {
			continue
		}
		d, err := evidence.ParseDigest(rule.Artifact)
		if err == nil {
			_, err = c.Artifact(ctx, d)
		}
		if err != nil {
			return nil, fmt.Errorf("redact: policy %s: /withhold/%d: %w", p.Name, i, err)
		}
		h.artifacts[d] = i
		at, err := c.Places(ctx, d)
		if err != nil {
			return nil, err
		}
		for _, pl := range at {
			h.places[i] = append(h.places[i], placeName(pl))
		}
	}
	return h, nil
}

func placeName(p store.PlaceOf) string { return p.Item + ":" + p.Path.String() }

// of is the first rule that withholds what a run read, nil where none does. One place of
// several is enough.
func (h *withholding) of(j *view.Joiner) *Withhold {
	run := j.Run()
	for i := range h.rules {
		rule := &h.rules[i]
		if rule.Exhibit != "" && among(j.Places, []string{rule.Exhibit}) {
			return rule
		}
		if n, ok := h.artifacts[run.Main()]; ok && n == i {
			return rule
		}
		for _, p := range j.Places {
			name := placeName(p)
			for _, at := range h.places[i] {
				if name == at || strings.HasPrefix(name, at+"/") || strings.HasPrefix(name, at+"!") {
					return rule
				}
			}
		}
	}
	return nil
}

func among(places []store.PlaceOf, exhibits []string) bool {
	return slices.ContainsFunc(places, func(p store.PlaceOf) bool { return slices.Contains(exhibits, p.Item) })
}
