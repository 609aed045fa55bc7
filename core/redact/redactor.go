package redact

import (
	"context"
	"fmt"
	"slices"

	"github.com/exhibit-forensics/exhibit/core/analysis"
	"github.com/exhibit-forensics/exhibit/core/view"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// Plugin is the name of the plugin that detects.
const Plugin = "redact"

// Options are what a redaction depends on besides the policy and the case.
type Options struct {
	// Recipient is for whom it is: part of every pseudonym where the policy says so.
	Recipient string
	// Region is where telephone numbers without + are dialled (ISO 3166-1); where it is ""
	// the first of the policy's regions.
	Region string
}

// Record is one record as it may be shown.
type Record struct {
	// ID is the record's own, evidence.RecordID. It holds digits of a digest of originals:
	// neither it nor Set may come out.
	ID         string
	Kind, Time string
	Set        evidence.Digest
	// Line is counted from 1.
	Line int64
	// Exhibit is the item's number, "" for what stands in none.
	Exhibit string
	// Entry, Run and Leaf are where the original stands: entry of the log, member of its
	// set of runs, leaf of the run's record tree (from 0).
	Entry, Run, Leaf int64
	// Body is the redacted record, canonical JSON.
	Body []byte
	// Original is the record's line as it is stored: for comparing, never for showing.
	Original []byte
	// Applied is what was done in it, in the order of its fields.
	Applied []Applied
}

// Applied is what was done to one span.
type Applied struct {
	// Field is a JSON pointer into the record.
	Field    string `json:"field"`
	Category string `json:"category"`
	Class    string `json:"class"`
	Rule     string `json:"rule"`
	Form     string `json:"form"`
	Operator string `json:"operator"`
	// Token is what stands there now, "" where the original stays or nothing does.
	Token  string `json:"token"`
	Reason string `json:"reason"`
	Basis  string `json:"basis"`
	// By is auto, pending where a reviewer has still to decide, or the reviewer's name.
	By string `json:"by"`
	// OutStart and OutEnd are bytes of the field's redacted text, OrigLen those of the
	// original: lengths leak, so OrigLen is not for showing.
	OutStart int `json:"out_start"`
	OutEnd   int `json:"out_end"`
	OrigLen  int `json:"-"`
}

// Who decided where nobody did.
const (
	ByAuto    = "auto"
	ByPending = "pending"
)

// Withheld is a record that is not shown at all. Nothing of it is here but where it stands.
type Withheld struct {
	Entry, Run, Leaf int64
	Exhibit, Kind    string
	// Category is why in a word, such as privilege, or the category of what withheld it.
	Category, Basis, By string
}

// Redactor redacts the records of a case under a policy. It is not for concurrent use.
type Redactor struct {
	c         *store.Case
	p         *Policy
	o         Options
	run       evidence.Run
	sets      []*set
	rules     *ruleBook
	decisions *Decisions
	marker    *marker
	scope     *scope
	allow     map[string]bool // folded
	spellings map[valueKey]string
	// counts are those of the last Each, survey of everything.
	counts, survey Counts
}

// set is one record set with what was found in it.
type set struct {
	joiner     *view.Joiner
	digest     evidence.Digest
	exhibit    string
	count      int64
	entry, run int64
	// spans is where its redaction records begin in those of the run, bytes how long they are.
	spans, bytes int64
	// outside: its exhibit is out of scope.
	outside bool
	// withheld is why none of it is shown, nil where it is.
	withheld *Withhold
}

// Find is the latest run of the plugin that the policy needs: over all record sets that the
// case has now, with the policy's detection. Of a pure function it does not matter that a run
// for another policy took its place. It fails with evidence.ErrNotFound where there is
// none.
func Find(ctx context.Context, c *store.Case, p *Policy) (run evidence.Run, err error) {
	read, err := analysis.Members(ctx, c, analysis.Request{})
	if err != nil {
		return run, err
	}
	config, found, stale := string(p.Detection()), false, false
	for row, err := range c.Runs(ctx) {
		if err != nil {
			return run, err
		}
		r := &row.Run
		if r.Operation != evidence.OpRedact || r.Plugin.Name != Plugin || string(r.Config) != config || r.Outcome != evidence.OutcomeComplete || r.Records == nil {
			continue
		}
		if covers(r.Inputs, read.Members) {
			run, found = row.Run, true
		} else {
			stale = true
		}
	}
	switch {
	case found:
		return run, nil
	case stale:
		return run, fmt.Errorf("redact: policy %s: a search for personal data over all records that the case has now: %w: it was made before some of them came", p.Name, evidence.ErrNotFound)
	}
	return run, fmt.Errorf("redact: policy %s: a search for personal data with its settings: %w", p.Name, evidence.ErrNotFound)
}

func covers(have, want []evidence.ManifestMember) bool {
	in := make(map[evidence.Digest]bool, len(have))
	for _, m := range have {
		in[m.Artifact] = true
	}
	return !slices.ContainsFunc(want, func(m evidence.ManifestMember) bool { return !in[m.Artifact] })
}

// Counts are those of the last Each that went to its end, before that of all records.
func (r *Redactor) Counts() Counts { return r.counts }

// Pending is how many spans in scope await a reviewer: a release needs 0.
func (r *Redactor) Pending(context.Context) (int64, error) { return r.survey.Pending, nil }

// Policy is the policy in force.
func (r *Redactor) Policy() *Policy { return r.p }

// Commitment stands for the policy in what is handed out: to whoever has the case's key it
// shows which policy it was, to anybody else nothing. A policy may hold terms of the case,
// which its digest would let others try.
func (r *Redactor) Commitment() string { return r.marker.commitment(r.p.SHA256().String()) }

// Run is the plugin's run that the redaction rests on.
func (r *Redactor) Run() evidence.Run { return r.run }

// Close forgets the case's key. The redactor is of no use after it.
func (r *Redactor) Close() error {
	clear(r.marker.secret)
	r.marker.keys = nil
	return nil
}
