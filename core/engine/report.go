package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sort"

	"github.com/exhibit-forensics/exhibit/core/identify"
	"github.com/exhibit-forensics/exhibit/evidence"
)

// What became of an artifact.
const (
	// StatusRead: a plugin read it whole and rejected nothing.
	StatusRead = "read"
	// StatusRejects: read whole, but some units were rejected.
	StatusRejects = "rejects"
	// StatusUnresolved: a plugin took it, but no key, profile or layout at hand opens it or part of it.
	StatusUnresolved = "unresolved"
	// StatusDamaged: the input is cut short or corrupt; what could be read was.
	StatusDamaged = "damaged"
	// StatusPartial: a limit was reached before the end.
	StatusPartial = "partial"
	// StatusFailed: the plugin crashed, hung or contradicted itself.
	StatusFailed = "failed"
	// StatusDue: a plugin would take it, but has not been run.
	StatusDue = "due"
	// StatusUnread: no plugin reads it.
	StatusUnread = "unread"
	// StatusEmpty: it has no bytes.
	StatusEmpty = "empty"
)

// statusOrder lists the statuses from the one that needs attention most.
var statusOrder = []string{
	StatusFailed, StatusPartial, StatusDamaged, StatusUnresolved, StatusRejects, StatusDue, StatusUnread, StatusEmpty, StatusRead,
}

// Report is the completeness statement of a case: for every artifact what was
// declared, read, emitted, rejected, skipped and left unread, and why.
type Report struct {
	Artifacts []ArtifactReport `json:"artifacts"`
	Totals    Totals           `json:"totals"`
	// Keys are those that were found in the evidence, with what each opens.
	Keys []Find `json:"keys_found,omitempty"`
	// KeySearch is nil where no keys were looked for.
	KeySearch *KeySearch `json:"key_search,omitempty"`
	// Executed is how many runs this call made, Crashed how many of them failed.
	Executed int64 `json:"executed"`
	Crashed  int64 `json:"crashed"`
}

// Totals sum up a Report.
type Totals struct {
	Artifacts   int64            `json:"artifacts"`
	Bytes       int64            `json:"bytes"`
	Status      map[string]int64 `json:"status"`
	Units       evidence.Units   `json:"units"`
	Records     int64            `json:"records"`
	Kinds       map[string]int64 `json:"kinds"`
	Diagnostics int64            `json:"diagnostics"`
	// Refused counts received things that could not be taken in.
	Refused int64 `json:"refused"`
}

// ArtifactReport is the statement about one artifact.
type ArtifactReport struct {
	Artifact  evidence.Digest `json:"artifact"`
	Exhibit   string          `json:"exhibit"`
	Path      evidence.Name   `json:"path"`
	Via       []string        `json:"via,omitempty"`
	Size      int64           `json:"size"`
	MediaType string          `json:"media_type"`
	// XMLRoot and SQLite say more of what it is.
	XMLRoot string           `json:"xml_root,omitempty"`
	SQLite  *identify.SQLite `json:"sqlite,omitempty"`
	Status  string           `json:"status"`
	Reasons []string         `json:"reasons,omitempty"`
	Runs    []RunReport      `json:"runs,omitempty"`
	// Guessed names the layout by which it is read, where nobody has confirmed that.
	Guessed string `json:"layout_unconfirmed,omitempty"`
	// Description is the record of kind x-exhibit/description about it, where nothing
	// opens it or its layout is not known.
	Description json.RawMessage `json:"description,omitempty"`
}

// RunReport is the account of one current run.
type RunReport struct {
	Run         evidence.Digest  `json:"run"`
	Plugin      string           `json:"plugin"`
	Operation   string           `json:"operation"`
	Outcome     evidence.Outcome `json:"outcome"`
	Reason      string           `json:"reason,omitempty"`
	Units       evidence.Units   `json:"units"`
	UnreadBytes int64            `json:"unread_bytes"`
	Records     int64            `json:"records"`
	Artifacts   int64            `json:"artifacts"`
	Diagnostics map[string]int64 `json:"diagnostics,omitempty"`
	Keys        []string         `json:"keys,omitempty"`
	// As is the artifact's role where it is not what the run is about: read as the
	// companion of Of, which has the account.
	As string          `json:"as,omitempty"`
	Of evidence.Digest `json:"of,omitzero"`
	// Quarantined: it failed, and is not tried again (Quarantined).
	Quarantined bool `json:"quarantined,omitempty"`
}

// Complete states the case as it stands, without running anything.
func (e *Engine) Complete(ctx context.Context) (*Report, error) {
	p, err := e.newPlanner(ctx)
	if err != nil {
		return nil, err
	}
	return p.complete(ctx)
}

func (p *planner) complete(ctx context.Context) (*Report, error) {
	r := &Report{Artifacts: []ArtifactReport{}, Totals: Totals{Status: map[string]int64{}, Kinds: map[string]int64{}}}
	for a, err := range p.e.c.Work(ctx) {
		if err != nil {
			return nil, err
		}
		one, err := p.report(ctx, a, &r.Totals)
		if err != nil {
			return nil, err
		}
		r.Artifacts = append(r.Artifacts, one)
		r.Totals.Artifacts++
		r.Totals.Bytes += a.Size
		r.Totals.Status[one.Status]++
	}
	var err error
	if r.Keys, err = p.finds(ctx); err != nil {
		return nil, err
	}
	if r.KeySearch, err = p.keySearch(ctx, r.Keys); err != nil {
		return nil, err
	}
	for o, err := range p.e.c.Occurrences(ctx, "") {
		if err != nil {
			return nil, err
		}
		if o.Type == "refused" {
			r.Totals.Refused++
		}
	}
	sort.SliceStable(r.Artifacts, func(i, j int) bool {
		x, y := &r.Artifacts[i], &r.Artifacts[j]
		if x.Exhibit != y.Exhibit {
			return x.Exhibit < y.Exhibit
		}
		return x.Path.Bytes() < y.Path.Bytes()
	})
	return r, nil
}

func (p *planner) report(ctx context.Context, a evidence.Artifact, t *Totals) (ArtifactReport, error) {
	decisions, places, err := p.decide(ctx, a)
	if err != nil {
		return ArtifactReport{}, err
	}
	s := p.e.sniffed[seen{artifact: a.SHA256}]
	one := ArtifactReport{Artifact: a.SHA256, Size: a.Size, MediaType: s.MediaType, XMLRoot: s.XMLRoot, SQLite: s.SQLite}
	partial := false
	if len(places) > 0 {
		one.Exhibit, one.Path, one.Via = places[0].Item, places[0].Path, places[0].Via
		partial = places[0].Partial
	}
	status := map[string]bool{}
	for _, run := range p.asCompanion(a.SHA256) {
		if evidence.Surveys(run.Operation) {
			continue
		}
		one.Runs = append(one.Runs, companionAccount(run, a.SHA256))
		for _, st := range statusesOf(run) {
			status[st] = true
		}
	}
	for _, run := range p.current(a.SHA256) {
		if evidence.Surveys(run.Operation) && run.Outcome != evidence.OutcomeFailed {
			t.looked(run)
			continue
		}
		rr := accountOf(run)
		one.Runs = append(one.Runs, rr)
		for _, st := range statusesOf(run) {
			status[st] = true
		}
		if run.Reason != "" {
			one.Reasons = append(one.Reasons, run.Reason)
		}
		t.add(run)
	}
	var no []string
	for _, d := range decisions {
		switch {
		case evidence.Surveys(d.Operation):
		case d.Ambiguous:
			status[StatusUnresolved] = true
			one.Reasons = append(one.Reasons, d.Why)
		case d.Takes, d.ProbeFailed, d.Asks:
			if p.table.Guessed(d.Layout) {
				one.Guessed = d.Layout
			}
			if why, due := p.wanted(a.SHA256, d, p.keys[d.Plugin]); due {
				status[StatusDue] = true
				one.Reasons = append(one.Reasons, fmt.Sprintf("%s %s is due: %s", d.Plugin, d.Operation, why))
			}
		default:
			no = append(no, fmt.Sprintf("%s %s: %s", d.Plugin, d.Operation, d.Why))
		}
	}
	if partial {
		one.Reasons = append(one.Reasons, "it was cut short where it was taken from")
	}
	switch {
	case s.Content == identify.Empty:
		one.Status = StatusEmpty
	case len(status) == 0:
		one.Status, one.Reasons = StatusUnread, append(one.Reasons, no...)
	default:
		one.Status = worst(status)
	}
	if one.Status == StatusUnread || one.Status == StatusUnresolved || one.Guessed != "" {
		if one.Description, err = p.description(ctx, a.SHA256); err != nil {
			return ArtifactReport{}, err
		}
	}
	slices.Sort(one.Reasons)
	one.Reasons = slices.Compact(one.Reasons)
	return one, nil
}

// looked counts what a run that only looked has written. It read no unit of the evidence.
func (t *Totals) looked(run evidence.Run) {
	if run.Records != nil {
		t.Records += run.Records.Count
		for k, n := range run.Records.Kinds {
			t.Kinds[k] += n
		}
	}
	if run.Diagnostics != nil {
		t.Diagnostics += run.Diagnostics.Count
	}
}

func accountOf(run evidence.Run) RunReport {
	rr := RunReport{
		Quarantined: run.Outcome == evidence.OutcomeFailed,
		Run:         run.ID, Plugin: run.Plugin.Name, Operation: run.Operation, Outcome: run.Outcome, Reason: run.Reason,
		Units: run.Units, UnreadBytes: run.Size - run.BytesRead, Artifacts: run.Artifacts, Keys: run.Keys,
	}
	if run.Records != nil {
		rr.Records = run.Records.Count
	}
	if run.Diagnostics != nil {
		rr.Diagnostics = run.Diagnostics.Codes
	}
	return rr
}

func statusesOf(run evidence.Run) []string {
	var out []string
	switch run.Outcome {
	case evidence.OutcomeFailed:
		return []string{StatusFailed}
	case evidence.OutcomePartial:
		out = append(out, StatusPartial)
	}
	if run.Diagnostics != nil {
		if run.Diagnostics.Severities[evidence.SeverityDamage] > 0 {
			out = append(out, StatusDamaged)
		}
		if run.Diagnostics.Severities[evidence.SeverityUnresolved] > 0 {
			out = append(out, StatusUnresolved)
		}
	}
	if run.Units.Rejected > 0 {
		out = append(out, StatusRejects)
	}
	return append(out, StatusRead)
}

func (t *Totals) add(run evidence.Run) {
	if run.Outcome == evidence.OutcomeFailed {
		return
	}
	if run.Records != nil {
		t.Records += run.Records.Count
		for k, n := range run.Records.Kinds {
			t.Kinds[k] += n
		}
	}
	if run.Diagnostics != nil {
		t.Diagnostics += run.Diagnostics.Count
	}
	t.Units.Read += run.Units.Read
	t.Units.Emitted += run.Units.Emitted
	t.Units.Rejected += run.Units.Rejected
	t.Units.Skipped += run.Units.Skipped
	if run.Units.Declared > 0 {
		t.Units.Declared += run.Units.Declared
	}
}

func worst(status map[string]bool) string {
	for _, s := range statusOrder {
		if status[s] {
			return s
		}
	}
	return StatusRead
}

// Statuses lists the statuses from the one that needs attention most.
func Statuses() []string { return slices.Clone(statusOrder) }

// Status says what became of an artifact of this size whose current runs are
// these. It knows nothing of runs that are due.
func Status(size int64, current []evidence.Run) string {
	if size == 0 {
		return StatusEmpty
	}
	if len(current) == 0 {
		return StatusUnread
	}
	status := map[string]bool{}
	for _, run := range current {
		if evidence.Surveys(run.Operation) {
			continue
		}
		for _, st := range statusesOf(run) {
			status[st] = true
		}
	}
	if len(status) == 0 {
		return StatusUnread
	}
	return worst(status)
}

// Failed reports whether inputs failed in the sense of --fail-on: "partial" asks
// for what could be read in part only or not at all by the plugin that took it,
// "rejects" for any rejected unit as well, "never" for nothing.
func (r *Report) Failed(on string) bool {
	bad := r.Totals.Status[StatusFailed] + r.Totals.Status[StatusPartial] + r.Totals.Status[StatusDamaged]
	switch on {
	case "never":
		return false
	case "rejects":
		return bad+r.Totals.Status[StatusRejects]+r.Totals.Status[StatusUnresolved] > 0
	}
	return bad > 0
}
