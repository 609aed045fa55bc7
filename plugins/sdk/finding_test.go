package sdk_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// Findings and edges are written as docs/formats/records.md says, canonically.
func TestFindingAndEdge(t *testing.T) {
	var f sdk.Record = &sdk.Finding{
		Rule: "r.s", Statement: "one “ \" two", Caution: "c", Subject: "term", Value: sdk.Str("六四"), Service: sdk.Null(), Certainty: sdk.Tested,
		Numbers: map[string]any{"b": int64(2), "a": "0.5"}, Test: map[string]any{"name": "n"}, Lists: []string{"l"}, Categories: []string{"k"}, Themes: []string{},
		Cites: []string{"x:1"}, Cited: 9, Query: "q", Finds: sdk.FindsMore,
	}
	var e sdk.Record = &sdk.Edge{
		Relation: "call", From: "a", FromType: "account", To: "+1", ToType: "phone", Service: sdk.Str("s"), First: sdk.Str("2008-08-01T00:00:00Z"), Last: sdk.Null(),
		Terms: []sdk.EdgeTerm{{Term: "t", N: 3}}, DistinctTerms: 1, Certainty: sdk.Stated, Caution: "c", Cites: []string{"x:1", "x:2"}, Cited: 2, Query: "q", Finds: sdk.FindsExactly,
	}
	want := []string{
		`{"categories":["k"],"caution":"c","certainty":"tested","cited":9,"cites":["x:1"],"finds":"more","kind":"finding","lists":["l"],"numbers":{"a":"0.5","b":2},"query":"q","rule":"r.s","service":null,"source":{"pointer":"/members"},"statement":"one “ \" two","subject":"term","test":{"name":"n"},"themes":[],"value":"六四"}`,
		`{"caution":"c","certainty":"stated","cited":2,"cites":["x:1","x:2"],"distinct_terms":1,"finds":"exactly","first":"2008-08-01T00:00:00Z","from":"a","from_type":"account","kind":"edge","last":null,"query":"q","relation":"call","service":"s","source":{"pointer":"/members"},"terms":[{"n":3,"term":"t"}],"to":["+1"],"to_type":"phone"}`,
	}
	analyze := func(_ *sdk.Ctx, _ *sdk.Input, out *sdk.Out) error {
		for _, r := range []sdk.Record{f, e, &sdk.Finding{Rule: "r", Certainty: sdk.Counted}, &sdk.Edge{Relation: "sms", Certainty: sdk.Matched, Finds: sdk.FindsAbout}} {
			if err := out.Put(r, sdk.PointerTo("/members")); err != nil {
				return err
			}
		}
		return nil
	}
	var records, rest bytes.Buffer
	p := sdk.Plugin{Name: "test", Version: "0", Analyze: analyze}
	r, err := sdk.Run(t.Context(), p, sdk.Job{
		Operation: evidence.OpAnalyze, Inputs: []*sdk.Input{sdk.NewInput(strings.NewReader("x"), 1)}, Records: &records, Diagnostics: &rest, Artifacts: &rest,
	})
	if err != nil || r.Outcome != evidence.OutcomeComplete || r.Records.Count != 4 || !slices.Equal(p.Operations(), []string{evidence.OpAnalyze}) {
		t.Fatalf("%+v, %v", r, err)
	}
	for i, line := range lines(records.String()) {
		if i < len(want) && line != jsonOf(t, want[i]) {
			t.Errorf("%s\nwant %s", line, want[i])
		}
		if err := evidence.CheckCanonical([]byte(line)); err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
}

// jsonOf is want as canonical JSON has it.
func jsonOf(t *testing.T, want string) string {
	t.Helper()
	b, err := evidence.Canonicalize(json.RawMessage(want))
	if err != nil {
		t.Fatalf("%s: %v", want, err)
	}
	return string(b)
}
