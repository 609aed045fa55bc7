package main_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
	cipherfind "github.com/exhibit-forensics/exhibit/plugins/cipherfind"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

type object = map[string]any

// run runs an operation over inputs, and returns its records and diagnostics.
func run(t testing.TB, operation string, config string, keys []sdk.Key, inputs ...*sdk.Input) (records, diagnostics []object, units evidence.Units) {
	t.Helper()
	var rec, diag bytes.Buffer
	if config == "" {
		config = "{}"
	}
	r, err := sdk.Run(t.Context(), cipherfind.Plugin(), sdk.Job{
		Operation: operation, Config: json.RawMessage(config), Keys: keys, Inputs: inputs, Records: &rec, Diagnostics: &diag, Artifacts: &bytes.Buffer{},
	})
	if err != nil || r.Err != nil || r.Outcome != evidence.OutcomeComplete {
		t.Fatal(err, r.Err, r.Outcome, r.Reason)
	}
	return objects(t, rec.Bytes()), objects(t, diag.Bytes()), r.Units
}

func objects(t testing.TB, text []byte) (out []object) {
	t.Helper()
	for l := range bytes.Lines(text) {
		var o object
		if err := json.Unmarshal(l, &o); err != nil {
			t.Fatal(err)
		}
		out = append(out, o)
	}
	return out
}

func input(role string, data []byte) *sdk.Input {
	in := sdk.NewInput(bytes.NewReader(data), int64(len(data)))
	in.Role, in.SHA256 = role, evidence.Sum(data)
	return in
}

// sample reads a file of the open directory, which is not part of the project.
func sample(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("../../../shared/data/tom-open-directory/a3.skype.example", name))
	if err != nil {
		t.Skip("NOT TESTED: ../shared/data/tom-open-directory is not there")
	}
	return b
}
