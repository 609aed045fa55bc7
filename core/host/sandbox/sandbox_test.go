package sandbox_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/exhibit-forensics/exhibit/core/host/sandbox"
)

func TestLevelOf(t *testing.T) {
	l2 := []string{"landlock:7", "no_new_privs", "rlimits", "seccomp"}
	l3 := append([]string{"netns", "pidns", "userns"}, l2...)
	without := func(list []string, f string) []string {
		return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == f })
	}
	for _, c := range []struct {
		features []string
		want     string
	}{
		{l3, sandbox.L3},
		{l2, sandbox.L2},
		{nil, sandbox.L0},
		{without(l3, "userns"), sandbox.L2},
		{without(l3, "pidns"), sandbox.L2},
		{without(l3, "netns"), sandbox.L2},
		{without(l3, "landlock:7"), sandbox.L1},
		{without(l3, "seccomp"), sandbox.L1},
		{without(l3, "no_new_privs"), sandbox.L1},
		{without(l3, "rlimits"), sandbox.L0},
		{[]string{"rlimits"}, sandbox.L1},
	} {
		if got := sandbox.LevelOf(c.features); got != c.want {
			t.Errorf("%v: %s, want %s", c.features, got, c.want)
		}
	}
}

func TestReaches(t *testing.T) {
	levels := []string{sandbox.L0, sandbox.L1, sandbox.L2, sandbox.L3}
	for i, have := range levels {
		for j, need := range levels {
			if got := sandbox.Reaches(have, need); got != (i >= j) {
				t.Errorf("%s reaches %s: %v", have, need, got)
			}
		}
	}
	if sandbox.Reaches("", sandbox.L0) || sandbox.Reaches(sandbox.L3, "") || sandbox.Reaches(sandbox.L3, "L4") {
		t.Error("an unknown level reaches something")
	}
}

func TestReport(t *testing.T) {
	r, err := sandbox.ParseReport([]byte(`{"features":["a"],"level":"L1","missing":["b: no"]}{"refused":"execute: no"}`))
	want := sandbox.Report{Features: []string{"a"}, Level: "L1", Missing: []string{"b: no"}, Refused: "execute: no"}
	if d := cmp.Diff(want, r); d != "" || err != nil {
		t.Error(d, err)
	}
	for _, bad := range []string{"", "{", `{"level":"L1"}{`} {
		if _, err := sandbox.ParseReport([]byte(bad)); err == nil {
			t.Errorf("%q is a report", bad)
		}
	}
	b, err := r.Canonical()
	if want := `{"features":["a"],"level":"L1"}`; string(b) != want || err != nil {
		t.Errorf("%s, %v", b, err)
	}
}
