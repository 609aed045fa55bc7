package main_test

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Every text message that the maker of the sample wrote down comes out, in his
// order, equal in every field he states, and from the line it stands in.
func TestSample(t *testing.T) {
	dir := "../../../shared/data/tom-open-directory"
	if _, err := os.Stat(dir); err != nil {
		t.Skip("NOT TESTED: the sample is not at ../shared/data/tom-open-directory")
	}
	const name = "sms/sms_record_200808.csv"
	data, err := os.ReadFile(filepath.Join(dir, "a3.skype.example", name))
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(filepath.Join(dir, "truth", "records.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var want []object
	in := bufio.NewScanner(f)
	for in.Buffer(nil, 1<<20); in.Scan(); {
		var o object
		if err := json.Unmarshal(in.Bytes(), &o); err != nil {
			t.Fatal(err)
		}
		if o["file"] == name {
			want = append(want, o)
		}
	}
	got, diagnostics, out := read(t, data, `{"zone":"+08:00"}`)
	if len(want) != 1800 || len(got) != len(want) || codes(diagnostics) != "" {
		t.Fatalf("%d records of %d; %v", len(got), len(want), diagnostics)
	}
	if u := out.Result.Units; u.Read != 1801 || u.Skipped != 1 || out.Result.BytesRead != int64(len(data)) {
		t.Errorf("%+v, %d bytes read", u, out.Result.BytesRead)
	}
	for i, w := range want {
		if int(w["row"].(float64)) != i+1 {
			t.Fatal("the truth is not in the order of its rows")
		}
		for _, field := range []string{"kind", "from", "to", "text", "time", "status"} {
			if diff := cmp.Diff(w[field], got[i][field]); diff != "" {
				t.Fatalf("row %d, %s: %s", i+1, field, diff)
			}
		}
		if span(data, got[i])[:6] != got[i]["extra"].(object)["编号"] {
			t.Fatalf("row %d is not where its source says", i+1)
		}
	}
}
