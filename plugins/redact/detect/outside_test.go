package detect_test

import (
	"errors"
	"io/fs"
	"testing"

	"github.com/exhibit-forensics/exhibit/plugins/redact/detect/detecttest"
)

const shared = "../../../../shared/data/"

// presidio-research's own labels: the goals of docs/redaction.md.
func TestSynth(t *testing.T) {
	cells, err := detecttest.Synth(shared + "presidio-research/synth_dataset_v2.json")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("NOT TESTED: ../shared/data/presidio-research is not here")
	}
	if err != nil {
		t.Fatal(err)
	}
	goals := map[string]float64{"CREDIT_CARD": 1, "PHONE_NUMBER": .9, "EMAIL_ADDRESS": .99, "DOMAIN_NAME": .99, "IP_ADDRESS": .99, "US_SSN": .99, "IBAN_CODE": .99}
	seen := 0
	for _, c := range cells {
		goal, ok := goals[c.Entity]
		if !ok {
			continue
		}
		seen += c.All
		if c.Recall() < goal || c.Precision() < .95 {
			t.Errorf("%s: recall %.3f, precision %.3f; %q; %q", c.Entity, c.Recall(), c.Precision(), c.Missed, c.False)
		}
	}
	if seen < 300 {
		t.Errorf("%d labels", seen)
	}
}

// Every value that the truth of the sample states is found, in every spelling.
func TestTruth(t *testing.T) {
	cells, err := detecttest.Truth(shared + "tom-open-directory/truth/records.jsonl")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("NOT TESTED: ../shared/data/tom-open-directory is not here")
	}
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, c := range cells {
		seen += c.All
		if c.Exact != c.All {
			t.Errorf("%s %s: %d of %d: %q", c.Entity, c.Form, c.Exact, c.All, c.Missed)
		}
	}
	if seen < 10_000 {
		t.Errorf("%d values", seen)
	}
}
