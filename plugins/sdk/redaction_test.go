package sdk_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/internal/conform"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// Redactions are written as docs/formats/records.md says, canonically.
func TestRedaction(t *testing.T) {
	all := []sdk.Redaction{
		{Record: "0123456789abcdef:1", Field: "/text", Start: 3, End: 14, Category: "phone", Class: sdk.Strong, Rule: "cn_mobile@1", Validator: sdk.Null(), Form: "split", Part: &sdk.RedactionPart{Group: 2, N: 1, Of: 2}, Certainty: sdk.Matched},
		{Record: "0123456789abcdef:2", Field: "/extra/电话", End: 1, Category: "username", Class: sdk.Proven, Rule: "field@1", Validator: sdk.Str("field"), Form: "plain", KnownIn: 7, Certainty: sdk.Stated},
	}
	want := []string{
		`{"category":"phone","certainty":"matched","class":"strong","end":14,"field":"/text","form":"split","kind":"redaction","known_in":0,"part":{"group":2,"n":1,"of":2},"record":"0123456789abcdef:1","rule":"cn_mobile@1","source":{"pointer":"/members"},"start":3,"time":null,"validator":null}`,
		`{"category":"username","certainty":"stated","class":"proven","end":1,"field":"/extra/电话","form":"plain","kind":"redaction","known_in":7,"part":null,"record":"0123456789abcdef:2","rule":"field@1","source":{"pointer":"/members"},"start":0,"time":null,"validator":"field"}`,
	}
	p := sdk.Plugin{Name: "test", Version: "0", Redact: func(_ *sdk.Ctx, _ *sdk.Input, out *sdk.Out) error {
		for i := range all {
			if err := out.Put(&all[i], sdk.PointerTo("/members")); err != nil {
				return err
			}
		}
		return nil
	}}
	var records, rest bytes.Buffer
	r, err := sdk.Run(t.Context(), p, sdk.Job{
		Operation: evidence.OpRedact, Inputs: []*sdk.Input{sdk.NewInput(strings.NewReader("x"), 1)}, Records: &records, Diagnostics: &rest, Artifacts: &rest,
	})
	if err != nil || r.Outcome != evidence.OutcomeComplete || !slices.Equal(p.Operations(), []string{evidence.OpRedact}) {
		t.Fatalf("%+v, %v", r, err)
	}
	if got := lines(records.String()); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	for _, line := range want {
		if err := conform.Record([]byte(line), 1); err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
}
