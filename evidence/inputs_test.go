package evidence_test

import (
	"slices"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// An analysis is about all its members together: its manifest stands for them.
func TestInputsOfAnAnalysis(t *testing.T) {
	a, b, m := evidence.Sum([]byte("a")), evidence.Sum([]byte("b")), evidence.Sum([]byte("m"))
	r := evidence.Run{Operation: evidence.OpAnalyze, Input: m, Inputs: []evidence.ManifestMember{{Role: "list", Artifact: a}, {Role: "records", Artifact: b}, {Role: "records", Artifact: b}}}
	if r.Main() != m || r.Companions() != nil || r.InputOf("list") != m || r.InputOf("") != m {
		t.Error(r.Main(), r.Companions())
	}
	if got := r.Reads(); !slices.Equal(got, []evidence.Digest{m, a, b}) {
		t.Error(got)
	}
}
