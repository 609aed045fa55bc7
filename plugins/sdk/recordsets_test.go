package sdk_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// Record sets are parts of the inputs of their roles, in the manifest's order; more than
// was handed over is no set.
func TestRecordSets(t *testing.T) {
	member := func(role, text string) evidence.ManifestMember {
		return evidence.ManifestMember{Role: role, Artifact: evidence.Sum([]byte(text)), Size: int64(len(text))}
	}
	manifest, err := evidence.NewManifest([]evidence.ManifestMember{member(sdk.RoleRecords, "one\n"), member(sdk.RoleRecords, "second\n"), member(sdk.RoleCut, "half\n")}).Bytes()
	if err != nil {
		t.Fatal(err)
	}
	input := func(role string, data string) *sdk.Input {
		in := sdk.NewInput(bytes.NewReader([]byte(data)), int64(len(data)))
		in.Role, in.SHA256 = role, evidence.Sum([]byte(data))
		return in
	}
	whole := map[string]bool{"one\n": false, "second\n": false, "half\n": true}
	// The manifest sorts its members: the sets of a role lie in that order.
	records := "one\nsecond\n"
	if a, b := evidence.Sum([]byte("one\n")), evidence.Sum([]byte("second\n")); b.Hex() < a.Hex() {
		records = "second\none\n"
	}
	for _, c := range []struct {
		name   string
		inputs []*sdk.Input
		sets   int
		want   error
	}{
		{"all", []*sdk.Input{input(evidence.RoleMain, string(manifest)), input(sdk.RoleRecords, records), input(sdk.RoleCut, "half\n")}, 3, nil},
		{"one alone", []*sdk.Input{input(evidence.RoleInput, "one\n")}, 1, nil},
		{"less than named", []*sdk.Input{input(evidence.RoleMain, string(manifest)), input(sdk.RoleRecords, "one\n"), input(sdk.RoleCut, "half\n")}, 0, sdk.ErrMalformed},
		{"a role is not there", []*sdk.Input{input(evidence.RoleMain, string(manifest)), input(sdk.RoleRecords, records)}, 0, sdk.ErrMalformed},
		{"no manifest", []*sdk.Input{input(evidence.RoleMain, "{"), input(sdk.RoleRecords, records)}, 0, sdk.ErrMalformed},
	} {
		var sets []sdk.RecordSet
		var got error
		var out bytes.Buffer
		p := sdk.Plugin{Name: "test", Version: "0", Analyze: func(ctx *sdk.Ctx, in *sdk.Input, _ *sdk.Out) error {
			sets, got = ctx.RecordSets(in)
			return nil
		}}
		if _, err := sdk.Run(t.Context(), p, sdk.Job{Operation: evidence.OpAnalyze, Inputs: c.inputs, Records: &out, Diagnostics: &out, Artifacts: &out}); err != nil {
			t.Fatal(c.name, err)
		}
		if !errors.Is(got, c.want) || len(sets) != c.sets {
			t.Errorf("%s: %d sets, %v", c.name, len(sets), got)
		}
		for _, s := range sets {
			text, err := io.ReadAll(s.In.Section(s.Offset, s.Size))
			if cut, known := whole[string(text)]; err != nil || !known || cut != s.Cut || s.ID != evidence.Sum(text) {
				t.Errorf("%s: %q %+v %v", c.name, text, s, err)
			}
		}
	}
}
