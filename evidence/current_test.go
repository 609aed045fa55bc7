package evidence_test

import (
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
)

func TestCurrentRuns(t *testing.T) {
	id := func(s string) evidence.Digest { return evidence.Sum([]byte(s)) }
	ok, bad := evidence.OutcomeComplete, evidence.OutcomeFailed
	row := func(name string, o evidence.Outcome, over ...string) evidence.Run {
		r := evidence.Run{ID: id(name), Outcome: o, Reason: name}
		for _, s := range over {
			r.Supersedes = append(r.Supersedes, id(s))
		}
		return r
	}
	for name, c := range map[string]struct {
		rows []evidence.Run
		want string
	}{
		"one":                      {[]evidence.Run{row("a", ok)}, "a"},
		"again":                    {[]evidence.Run{row("a", ok), row("a", ok)}, "a"},
		"more keys":                {[]evidence.Run{row("a", ok), row("b", ok, "a")}, "b"},
		"failure takes no place":   {[]evidence.Run{row("a", ok), row("b", bad, "a")}, "ab"},
		"failed repetition":        {[]evidence.Run{row("a", ok), row("a", bad)}, "a"},
		"retry of a failure":       {[]evidence.Run{row("a", bad), row("a", ok)}, "a"},
		"two configurations stand": {[]evidence.Run{row("a", ok), row("b", ok), row("c", ok, "a")}, "bc"},
	} {
		got := ""
		for _, r := range evidence.CurrentRuns(c.rows) {
			got += r.Reason
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	if got := evidence.CurrentRuns([]evidence.Run{row("a", bad), row("a", ok)}); got[0].Outcome != ok {
		t.Error("the failed row counted")
	}
}
