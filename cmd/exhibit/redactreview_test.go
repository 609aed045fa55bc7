package main

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/core/redact"
)

// asked lets a person answer about places and returns what was decided, and how it ended.
func asked(answers string, places ...redact.Found) ([]redact.Decision, string, error) {
	var shown strings.Builder
	t := &reviewer{p: &program{err: &shown}, in: bufio.NewReader(strings.NewReader(answers)), done: map[[2]string]bool{}}
	for _, f := range places {
		if err := t.ask(f); err != nil {
			return t.list, shown.String(), err
		}
	}
	return t.list, shown.String(), nil
}

func TestReviewer(t *testing.T) {
	f := redact.Found{
		Record: "sha256:" + strings.Repeat("1", 64) + ":3", ID: "1111111111111111:3", Field: "/text", Start: 200, End: 203, Category: "person_name", Class: "review", Rule: "r@1",
		Text: "Ann", Before: "…\x1b[31mcall ", After: " Lee, or Bob", Canonical: "ann", Proposed: "pseudonym",
	}
	everywhere := redact.Decision{Category: "person_name", Value: "ann"}
	here := redact.Decision{Category: "person_name", Record: f.Record, Field: "/text", Start: 200, End: 203}
	with := func(d redact.Decision, verdict string, to *redact.Change) redact.Decision {
		d.Verdict, d.To = verdict, to
		return d
	}
	for _, c := range []struct {
		answer string
		want   redact.Decision
	}{
		{"a", with(everywhere, redact.Accept, nil)},
		{"r", with(everywhere, redact.Reject, nil)},
		{"A", with(here, redact.Accept, nil)},
		{"R", with(here, redact.Reject, nil)},
		{"c code_name", with(everywhere, redact.Amend, &redact.Change{Category: "code_name"})},
		{"O mask", with(here, redact.Amend, &redact.Change{Op: "mask"})},
		{"x Ann Lee", with(here, redact.Amend, &redact.Change{Start: 200, End: 207})},
		{"x call Ann", with(here, redact.Amend, &redact.Change{Start: 195, End: 203})},
		{"what\n\x1b\nc Not A Word\no keep_last\nx nobody\nR", with(here, redact.Reject, nil)}, // asked again
	} {
		got, shown, err := asked(c.answer+"\n", f)
		if err != nil || len(got) != 1 {
			t.Errorf("%q: %v, %v", c.answer, got, err)
			continue
		}
		to, want := got[0].To, c.want.To
		got[0].To, c.want.To = nil, nil
		if got[0] != c.want || (to == nil) != (want == nil) || to != nil && *to != *want {
			t.Errorf("%q: %+v %+v, want %+v %+v", c.answer, got[0], to, c.want, want)
		}
		if strings.Contains(shown, "\x1b") || !strings.Contains(shown, ">>> Ann <<<") {
			t.Errorf("shown: %q", shown)
		}
	}

	// Decided everywhere, it is not asked about again; skipped, it is; the end keeps what there is.
	other := f
	other.Start, other.End = 300, 303
	if got, _, err := asked("a\n", f, other, other); err != nil || len(got) != 1 {
		t.Error(got, err)
	}
	if got, _, err := asked("s\n\nR\nq\n", f, other, other, f); !errors.Is(err, errQuit) || len(got) != 1 || got[0].Start != 300 {
		t.Error(got, err)
	}
	if got, _, err := asked("A\n", f, other); !errors.Is(err, errQuit) || len(got) != 1 {
		t.Error("at the end of input:", got, err)
	}
	part := f
	part.Canonical = ""
	if got, _, err := asked("a\n", part); err != nil || got[0].Value != "" || got[0].Record != f.Record {
		t.Error("a part of a value is decided in its place:", got, err)
	}
	if _, _, err := asked("", f); !errors.Is(err, errQuit) || errors.Is(err, io.EOF) {
		t.Error(err)
	}
}

func TestNoFormula(t *testing.T) {
	for in, want := range map[string]string{"": "", "a": "a", "=1": "'=1", "+86": "'+86", "'x": "''x", "\tx": "'\tx"} {
		if got := noFormula(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}
