package redact_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/core/redact"
	"github.com/exhibit-forensics/exhibit/evidence"
)

const chat = `{"kind":"message","text":"我是张三，叫我老张。Call Ann or Ann Lee"}`

// undecided is a case with names that a person must decide on.
func undecided(t *testing.T, seed uint64) (*made, *redact.Policy) {
	t.Helper()
	m := makeCase(t, seed, []string{chat, `{"kind":"message","text":"张三 again"}`})
	p := policy(t, nil)
	m.find(t, p, found{0, 0, "/text", "张三", "person_name", "review"}, found{0, 0, "/text", "老张", "person_name", "review"}, found{0, 0, "/text", "Ann", "person_name", "weak"},
		found{0, 1, "/text", "张三", "person_name", "review"})
	return m, p
}

func decide(t *testing.T, m *made, p *redact.Policy, list ...redact.Decision) (out []string, applied [][]redact.Applied, r *redact.Redactor) {
	t.Helper()
	if _, err := redact.Decide(t.Context(), m.Store, p, list, "a note"); err != nil {
		t.Fatal(err)
	}
	r = open(t, m, p, redact.Options{})
	out, applied = bodies(t.Context(), t, r)
	return out, applied, r
}

func pending(t *testing.T, r *redact.Redactor) (out []redact.Found) {
	t.Helper()
	if err := r.Spans(t.Context(), false, func(f redact.Found) error {
		out = append(out, f)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if n, err := r.Pending(t.Context()); err != nil || n != int64(len(out)) {
		t.Errorf("%d pending, %d found: %v", n, len(out), err)
	}
	return out
}

func TestReview(t *testing.T) {
	m, p := undecided(t, 30)
	r := open(t, m, p, redact.Options{})
	waiting := pending(t, r)
	if len(waiting) != 4 || waiting[0].Text != "张三" || waiting[0].Before != "我是" || !strings.HasPrefix(waiting[0].After, "，叫我老张") || waiting[0].Proposed != redact.OpPseudonym {
		t.Fatalf("%+v", waiting)
	}
	if out, _ := bodies(t.Context(), t, r); out[0] != `{"kind":"message","text":"我是[PENDING person_name]，叫我[PENDING person_name]。Call [PENDING person_name] or Ann Lee"}` {
		t.Error(out[0])
	}

	// For a value, everywhere.
	out, applied, r := decide(t, m, p, redact.Decision{Verdict: redact.Accept, Category: "person_name", Value: "张三"}, redact.Decision{Verdict: redact.Reject, Category: "person_name", Value: waiting[1].Canonical})
	if len(pending(t, r)) != 1 || !strings.Contains(out[0], "我是[PERSON_NAME-") || !strings.Contains(out[0], "叫我老张。") || !strings.HasPrefix(out[1], `{"kind":"message","text":"[PERSON_NAME-`) {
		t.Error(out)
	}
	if a := applied[0][0]; a.By != "A. Examiner" || a.Operator != redact.OpPseudonym {
		t.Errorf("%+v", a)
	}
	if a := applied[0][1]; a.By != "A. Examiner" || a.Operator != redact.OpKeep || a.Token != "" {
		t.Errorf("%+v", a)
	}

	// A place comes before a value, whenever it was decided.
	last := waiting[3]
	out, _, _ = decide(t, m, p, redact.Decision{Verdict: redact.Reject, Category: "person_name", Record: last.Record, Field: last.Field, Start: last.Start, End: last.End},
		redact.Decision{Verdict: redact.Accept, Category: "person_name", Value: "张三"})
	if out[1] != `{"kind":"message","text":"张三 again"}` || !strings.Contains(out[0], "我是[PERSON_NAME-") {
		t.Error(out)
	}

	// What reaches further, is something else, or is to be redacted otherwise.
	ann := waiting[2]
	at := func(to redact.Change) redact.Decision {
		return redact.Decision{Verdict: redact.Amend, Category: "person_name", Record: ann.Record, Field: ann.Field, Start: ann.Start, End: ann.End, To: &to}
	}
	out, _, r = decide(t, m, p, at(redact.Change{Category: "code_name", Op: redact.OpMask, Start: ann.Start, End: ann.End + len(" or")}))
	if !strings.HasSuffix(out[0], `Call [REDACTED code_name] Ann Lee"}`) || len(pending(t, r)) != 0 {
		t.Error(out[0])
	}

	// Something that was not found; then, that it need not be hidden after all.
	lee := redact.Decision{Verdict: redact.Insert, Category: "person_name", Record: ann.Record, Field: "/text", Start: ann.End + len(" or Ann "), End: ann.End + len(" or Ann Lee")}
	out, applied, _ = decide(t, m, p, lee)
	if !strings.Contains(out[0], "Ann [PERSON_NAME-") || applied[0][3].Rule != "reviewer@1" {
		t.Error(out[0])
	}
	lee.Verdict = redact.Reject
	if out, _, _ = decide(t, m, p, lee); !strings.HasSuffix(out[0], `Ann Lee"}`) {
		t.Error(out[0])
	}
	lee.Verdict = redact.Accept
	if out, _, _ = decide(t, m, p, lee); !strings.Contains(out[0], "Ann [PERSON_NAME-") {
		t.Error("accepted again:", out[0])
	}

	// A place that is none hides too much rather than too little.
	lee.Verdict, lee.Start, lee.End = redact.Insert, 1, 4000
	if out, _, _ = decide(t, m, p, lee); out[0] != `{"kind":"message","text":"[REDACTED person_name]"}` {
		t.Error(out[0])
	}

	// Decisions belong to the policy's name, and are read from the log.
	d, err := redact.LoadDecisions(t.Context(), m.Store, "test")
	if err != nil || d.Entries != 7 {
		t.Error(d.Entries, err)
	}
	other := policy(t, map[string]any{"name": "other"})
	if got := pending(t, open(t, m, other, redact.Options{})); len(got) != 4 {
		t.Error("decisions count under another policy", len(got))
	}
}

func TestDecisionsThatAreNone(t *testing.T) {
	m, p := undecided(t, 31)
	f := pending(t, open(t, m, p, redact.Options{}))[0]
	at := redact.Decision{Verdict: redact.Accept, Category: f.Category, Record: f.Record, Field: f.Field, Start: f.Start, End: f.End}
	with := func(change func(*redact.Decision)) redact.Decision {
		d := at
		change(&d)
		return d
	}
	for i, d := range []redact.Decision{
		{},
		{Verdict: redact.Accept, Category: "person_name"},
		{Verdict: "maybe", Category: "person_name", Value: "a"},
		with(func(d *redact.Decision) { d.Value = "too" }), with(func(d *redact.Decision) { d.Record = "0123456789abcdef:1" }), with(func(d *redact.Decision) { d.Field = "" }),
		with(func(d *redact.Decision) { d.End = d.Start }), with(func(d *redact.Decision) { d.Verdict = redact.Amend }), with(func(d *redact.Decision) { d.To = &redact.Change{Op: redact.OpMask} }),
		with(func(d *redact.Decision) { d.Verdict, d.To = redact.Amend, &redact.Change{Op: redact.OpKeepLast} }), with(func(d *redact.Decision) { d.Category = "Person" }),
		{Verdict: redact.Amend, Category: "person_name", Value: "a", To: &redact.Change{Start: 1, End: 2}},
		{Verdict: redact.Insert, Category: "person_name", Value: "a"},
	} {
		if _, err := redact.Decide(t.Context(), m.Store, p, []redact.Decision{at, d}, ""); !errors.Is(err, evidence.ErrFormat) {
			t.Errorf("%d %+v: %v", i, d, err)
		}
	}
	if d, err := redact.LoadDecisions(t.Context(), m.Store, "test"); err != nil || d.Entries != 0 {
		t.Error("something was recorded", err)
	}
}

// A thousand decisions an entry.
func TestManyDecisions(t *testing.T) {
	m, p := undecided(t, 32)
	var list []redact.Decision
	for range 1001 {
		list = append(list, redact.Decision{Verdict: redact.Reject, Category: "person_name", Value: "x"})
	}
	seqs, err := redact.Decide(t.Context(), m.Store, p, list, "")
	if err != nil || len(seqs) != 2 {
		t.Fatal(seqs, err)
	}
}
