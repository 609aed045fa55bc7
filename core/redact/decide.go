package redact

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/exhibit-forensics/exhibit/core/marks"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// Verdicts of a reviewer.
const (
	// Accept: it is what the detector says, and is redacted as the policy says.
	Accept = "accept"
	// Reject: it is not, or need not be hidden: it stays.
	Reject = "reject"
	// Amend: it is something else, or reaches further, or is to be redacted otherwise.
	Amend = "change"
	// Insert: something that the detector did not find. It is about a place.
	Insert = "add"
)

// Fields of the log, docs/formats/custody.md.
const (
	kindRedact     = "redact"
	fieldPolicy    = "asserted.policy"
	fieldDigest    = "observed.policy.sha256"
	fieldDecisions = "asserted.decisions"
	fieldNote      = "asserted.note"
	fieldRecipient = "asserted.recipient"
)

// maxBatch is how many decisions one entry holds; more become several.
const maxBatch = 1000

// Decision is what a reviewer decided: about a value wherever it stands, or about a place.
type Decision struct {
	Verdict string `json:"verdict"`
	// Category is that of what was found; what is added is of this one.
	Category string `json:"category"`
	// Value is the canonical spelling of a value that it is about everywhere.
	Value string `json:"value,omitempty"`
	// Record (evidence.Subject), Field (JSON pointer), Start and End are the place.
	Record string `json:"record,omitempty"`
	Field  string `json:"field,omitempty"`
	Start  int    `json:"start,omitempty"`
	End    int    `json:"end,omitempty"`
	// To says what changes; Start and End of it are of a place only.
	To *Change `json:"to,omitempty"`

	// By and Seq are the reviewer and the entry.
	By  string `json:"-"`
	Seq int64  `json:"-"`
}

// Change is what holds instead of what was found.
type Change struct {
	Category string `json:"category,omitempty"`
	Op       string `json:"op,omitempty"`
	Start    int    `json:"start,omitempty"`
	End      int    `json:"end,omitempty"`
}

// changeable are operators that need nothing but the value.
var changeable = []string{OpMask, OpPseudonym, OpKeyedHash, OpYear, OpInitials, OpTruncateIP, OpDrop, OpKeep, OpWithhold}

// Check reports with evidence.ErrFormat why a decision means nothing.
func (d *Decision) Check() error {
	fail := func(why string) error { return fmt.Errorf("%w: decision: %s", evidence.ErrFormat, why) }
	if !isCategory(d.Category) {
		return fail("a category is a word of small letters")
	}
	place := d.Record != ""
	if place == (d.Value != "") {
		return fail("it is about a value or about a place")
	}
	if place {
		if s, err := evidence.ParseSubject(d.Record); err != nil || s.Line < 1 {
			return fail("its record is none")
		}
		if d.Field == "" || d.Start < 0 || d.End <= d.Start {
			return fail("a place is a field and a part of it that is not empty")
		}
	}
	switch d.Verdict {
	case Accept, Reject:
		if d.To != nil {
			return fail("only what is changed becomes something else")
		}
	case Insert:
		if !place || d.To != nil {
			return fail("what is added stands in a place")
		}
	case Amend:
		t := d.To
		if t == nil || *t == (Change{}) {
			return fail("it does not say what changes")
		}
		if t.Category != "" && !isCategory(t.Category) || t.Op != "" && !slices.Contains(changeable, t.Op) {
			return fail("no such category or operator to change to")
		}
		if extent := t.Start != 0 || t.End != 0; extent && (!place || t.Start < 0 || t.End <= t.Start) {
			return fail("only in a place can the extent change, to one that is not empty")
		}
	default:
		return fail("no such verdict")
	}
	return nil
}

func isCategory(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c != '_' || i == 0) {
			return false
		}
	}
	return s != "" && len(s) <= 32
}

// place is a span of a record of the evidence.
type place struct {
	record     evidence.Subject
	field      string
	start, end int
}

// Decisions are what reviewers decided under a policy's name. Of several about one thing
// the last counts; one about a place comes before one about its value.
type Decisions struct {
	values map[valueKey]*Decision
	places map[place]*Decision
	added  map[evidence.Subject][]*Decision
	// Entries is how many entries hold them.
	Entries int
}

// LoadDecisions folds the log. It fails with evidence.ErrIntegrity where an entry does not
// hold what it should.
func LoadDecisions(ctx context.Context, c *store.Case, policy string) (*Decisions, error) {
	d := &Decisions{values: map[valueKey]*Decision{}, places: map[place]*Decision{}, added: map[evidence.Subject][]*Decision{}}
	err := marks.Fold(ctx, c, []string{kindRedact}, func(e custody.Entry, opened marks.Opened) error {
		text := opened[fieldDecisions]
		if text == nil || opened.Text(fieldPolicy) != policy {
			return nil
		}
		var list []Decision
		if err := json.Unmarshal(text, &list); err != nil {
			return fmt.Errorf("redact: entry %d: %w: %w", e.Seq, evidence.ErrIntegrity, err)
		}
		d.Entries++
		for i := range list {
			one := &list[i]
			if err := one.Check(); err != nil {
				return fmt.Errorf("redact: entry %d: %w: %w", e.Seq, evidence.ErrIntegrity, err)
			}
			one.By, one.Seq = opened.By(), e.Seq
			d.take(one)
		}
		return nil
	})
	return d, err
}

// take lets a decision count from here on.
func (d *Decisions) take(one *Decision) {
	if one.Value != "" {
		d.values[valueKey{one.Category, one.Value}] = one
		return
	}
	subject, err := evidence.ParseSubject(one.Record)
	if err != nil { // checked
		return
	}
	at := place{subject, one.Field, one.Start, one.End}
	if one.Verdict == Insert && !slices.ContainsFunc(d.added[subject], func(o *Decision) bool { return o.Field == at.field && o.Start == at.start && o.End == at.end }) {
		d.added[subject] = append(d.added[subject], one)
	}
	d.places[at] = one
}

// of is what holds for a span, nil where nobody decided.
func (d *Decisions) of(at place, category, canonical string) *Decision {
	if one := d.places[at]; one != nil {
		return one
	}
	return d.values[valueKey{category, canonical}]
}

// Decide records decisions under the policy's name, in entries of at most a thousand. It
// returns the entries.
func Decide(ctx context.Context, c *store.Case, p *Policy, list []Decision, note string) (seqs []int64, err error) {
	for i := range list {
		if err := list[i].Check(); err != nil {
			return nil, fmt.Errorf("redact: %w (the %d.)", err, i+1)
		}
	}
	for chunk := range slices.Chunk(list, maxBatch) {
		counts := map[string]int64{"decisions": int64(len(chunk))}
		for i := range chunk {
			counts[counted[chunk[i].Verdict]]++
		}
		b := store.Batch{
			Kind: kindRedact, Plain: map[string]any{"phase": "result", "counts": counts},
			Secret: map[string]any{fieldPolicy: p.Name, fieldDigest: p.SHA256().String(), fieldDecisions: chunk},
		}
		if note != "" {
			b.Secret[fieldNote] = note
		}
		seq, err := c.Append(ctx, b)
		if err != nil {
			return seqs, err
		}
		seqs = append(seqs, seq)
	}
	return seqs, nil
}

var counted = map[string]string{Accept: "accepted", Reject: "rejected", Amend: "changed", Insert: "added"}
