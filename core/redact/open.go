package redact

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/exhibit-forensics/exhibit/core/view"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
	"github.com/exhibit-forensics/exhibit/plugins/redact/canon"
)

// Open prepares a redaction: it reads everything once, so that pseudonyms can be told
// apart and what awaits a reviewer is known. It needs the run of the plugin for this
// policy (evidence.ErrNotFound), makes the case's redaction key where it has none (the case
// is then open for writing), and fails with evidence.ErrIntegrity where what the plugin
// found does not fit the records.
func Open(ctx context.Context, c *store.Case, p *Policy, o Options) (*Redactor, error) {
	run, err := Find(ctx, c, p)
	if err != nil {
		return nil, err
	}
	o.Recipient = strings.TrimSpace(o.Recipient)
	switch {
	case p.Pseudonyms != "recipient":
		o.Recipient = ""
	case o.Recipient == "":
		return nil, fmt.Errorf("redact: policy %s: %w: it gives each recipient pseudonyms of their own, and no recipient was named", p.Name, evidence.ErrFormat)
	}
	if o.Region == "" && len(p.Detect.Regions) > 0 {
		o.Region = p.Detect.Regions[0]
	}
	secret, err := c.RedactionKey(ctx)
	if err != nil {
		return nil, err
	}
	r := &Redactor{c: c, p: p, o: o, run: run, rules: newRuleBook(p), marker: newMarker(secret, o.Recipient), allow: map[string]bool{}, spellings: map[valueKey]string{}}
	for _, v := range p.Allow {
		r.allow[canon.Fold(v)] = true
	}
	if r.scope, err = newScope(p.Scope, r.canonical); err != nil {
		return nil, err
	}
	if r.decisions, err = LoadDecisions(ctx, c, p.Name); err != nil {
		return nil, err
	}
	if err := r.prepare(ctx); err != nil {
		return nil, err
	}
	if r.survey, err = r.pass(ctx, visitor{}); err != nil {
		return nil, err
	}
	r.marker.settle()
	r.counts = r.survey
	return r, nil
}

// prepare lists the record sets in the order of the log, each once, with where its
// redactions begin.
func (r *Redactor) prepare(ctx context.Context) error {
	handed, sets := map[string]bool{}, map[string]*set{}
	for _, m := range r.run.Inputs {
		handed[m.Artifact.Hex()[:idDigits]] = true
	}
	rows := map[evidence.Digest][2]int64{}
	for row, err := range r.c.Runs(ctx) {
		if err != nil {
			return err
		}
		rows[row.Run.ID] = [2]int64{row.Seq, row.N}
	}
	gone, err := r.c.Disposed(ctx)
	if err != nil {
		return err
	}
	joiners, err := view.Joiners(ctx, r.c)
	if err != nil {
		return err
	}
	held, err := newWithholding(ctx, r.c, r.p)
	if err != nil {
		return err
	}
	for _, j := range joiners {
		d := j.Set().Artifact
		_, disposed := gone[d]
		if j.Run().Operation != evidence.OpParse || j.Set().Count == 0 || disposed {
			continue
		}
		prefix := d.Hex()[:idDigits]
		if old := sets[prefix]; old != nil {
			if old.digest != d {
				return fmt.Errorf("redact: %w: two record sets begin with %s", evidence.ErrAmbiguous, prefix)
			}
			continue
		}
		s := &set{joiner: j, digest: d, count: j.Set().Count}
		s.entry, s.run = rows[j.Run().ID][0], rows[j.Run().ID][1]
		if len(j.Places) > 0 {
			s.exhibit = j.Places[0].Item
		}
		s.withheld = held.of(j)
		s.outside = r.p.Scope != nil && len(r.p.Scope.Exhibits) > 0 && !among(j.Places, r.p.Scope.Exhibits)
		sets[prefix] = s
		r.sets = append(r.sets, s)
	}
	found, err := openFound(ctx, r.c, &r.run)
	if err != nil {
		return err
	}
	return errors.Join(found.locate(ctx, sets, handed), found.obj.Close())
}

// idDigits is how many digits of a record set's digest an id has.
const idDigits = 16

// maxRemembered is how long a value is at most that is remembered, in bytes.
const maxRemembered = 256

// canonical is canon.Of, remembered: telephone numbers take a while.
func (r *Redactor) canonical(category, text string) string {
	key := valueKey{category, text}
	if s, ok := r.spellings[key]; ok {
		return s
	}
	s := canon.Of(category, text, r.o.Region)
	if len(text) > maxRemembered {
		return s
	}
	if len(r.spellings) >= maxCached {
		clear(r.spellings)
	}
	r.spellings[valueKey{category, strings.Clone(text)}] = s
	return s
}

// allowed reports whether the policy says that a value stays.
func (r *Redactor) allowed(value string) bool {
	return len(r.allow) > 0 && r.allow[canon.Fold(value)]
}
