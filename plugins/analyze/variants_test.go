package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/internal/corpus"
	"github.com/exhibit-forensics/exhibit/internal/slow"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// found is a finding or an edge as it was written.
type found struct {
	Kind, Rule, Value, Statement, Relation, From, Query, Finds, Certainty string
	To, Cites, Lists                                                      []string
	Numbers                                                               map[string]any
	Cited                                                                 int64
}

// do analyzes one record set, with what else is handed over.
func do(t testing.TB, set []byte, config string, more ...*sdk.Input) []found {
	t.Helper()
	in := sdk.NewInput(bytes.NewReader(set), int64(len(set)))
	in.SHA256 = evidence.Sum(set)
	inputs := []*sdk.Input{in}
	if len(more) > 0 {
		m := evidence.NewManifest([]evidence.ManifestMember{{Role: sdk.RoleRecords, Artifact: in.SHA256, Size: in.Size, Name: "EX-001:log"}})
		text, err := m.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		main := sdk.NewInput(bytes.NewReader(text), int64(len(text)))
		main.Role, in.Role = evidence.RoleMain, sdk.RoleRecords
		inputs = append([]*sdk.Input{main, in}, more...)
	}
	var records, diagnostics bytes.Buffer
	r, err := sdk.Run(context.Background(), plugin(), sdk.Job{
		Operation: evidence.OpAnalyze, Config: json.RawMessage(config), Inputs: inputs, Records: &records, Diagnostics: &diagnostics, Artifacts: &bytes.Buffer{},
	})
	if err != nil || r.Outcome != evidence.OutcomeComplete || r.Diagnostics.Count > 0 {
		t.Fatalf("%v: %+v\n%s", err, r, diagnostics.String())
	}
	var out []found
	for line := range bytes.Lines(records.Bytes()) {
		var f found
		if err := json.Unmarshal(line, &f); err != nil {
			t.Fatal(err)
		}
		out = append(out, f)
	}
	return out
}

func of(all []found, rule string) (out []found) {
	for _, f := range all {
		if f.Rule == rule {
			out = append(out, f)
		}
	}
	return out
}

// variants are chat logs of many sorts.
func variants() map[string]corpus.Talk {
	usual := corpus.Talk{Accounts: 200, Targeted: 8, Least: 5, Most: 40, Base: 0.03, Share: 0.5}
	change := func(f func(*corpus.Talk)) corpus.Talk {
		t := usual
		f(&t)
		return t
	}
	return map[string]corpus.Talk{
		"usual":              usual,
		"some talk a lot":    change(func(t *corpus.Talk) { t.Loud = 3 }),
		"nobody targeted":    change(func(t *corpus.Talk) { t.Targeted = 0; t.Loud = 2 }),
		"no base rate":       change(func(t *corpus.Talk) { t.Base = 0 }),
		"high base rate":     change(func(t *corpus.Talk) { t.Base = 0.12; t.Share = 0.7 }),
		"always":             change(func(t *corpus.Talk) { t.Share = 1 }),
		"few messages each":  change(func(t *corpus.Talk) { t.Least, t.Most = 1, 6 }),
		"many accounts":      change(func(t *corpus.Talk) { t.Accounts, t.Least, t.Most = 1500, 2, 12 }),
		"a quarter targeted": change(func(t *corpus.Talk) { t.Accounts, t.Targeted = 60, 15 }),
		"a word on no list":  change(func(t *corpus.Talk) { t.Hidden = "zeppelin"; t.Accounts, t.Base = 400, 0.06 }),
	}
}

// TestVariants: whatever the log is like, exactly those stand out who were made to, the
// terms are as many as were put there, and the connections are those that were made.
func TestVariants(t *testing.T) {
	for name, talk := range variants() {
		for seed := range uint64(3) {
			t.Run(fmt.Sprintf("%s/%d", name, seed), func(t *testing.T) {
				if seed > 0 || name != "usual" && name != "some talk a lot" && name != "few messages each" && name != "a word on no list" {
					slow.Test(t)
				}
				talk.Seed = seed
				set, truth := talk.Records()
				all := do(t, set, `{"top":50}`)
				var flagged []string
				for _, f := range of(all, "accounts.unlisted") {
					flagged = append(flagged, f.Value)
				}
				slices.Sort(flagged)
				slices.Sort(truth.Targeted)
				if d := cmp.Diff(truth.Targeted, flagged); d != "" {
					t.Errorf("accounts:\n%s", d)
				}
				terms := map[string]int64{}
				for _, f := range of(all, "terms.term") {
					if f.Cited > 0 {
						terms[f.Value] = f.Cited
					}
				}
				if d := cmp.Diff(truth.Terms, terms); d != "" {
					t.Errorf("terms:\n%s", d)
				}
				if got := of(all, "terms.none")[0].Cited; got != truth.Unlisted {
					t.Errorf("%d messages without a term, want %d", got, truth.Unlisted)
				}
				pairs := map[[2]string]int64{}
				for _, f := range all {
					if f.Kind == "edge" {
						pairs[[2]string{f.From, f.To[0]}] += f.Cited
					}
				}
				if d := cmp.Diff(truth.Pairs, pairs); d != "" {
					t.Errorf("edges:\n%.1000s", d)
				}
				words := of(all, "words.unlisted")
				if talk.Hidden == "" && talk.Targeted > 4 && len(words) > 0 {
					t.Errorf("words that explain nothing: %+v", words)
				}
				if talk.Hidden != "" && (len(words) != 1 || words[0].Value != talk.Hidden) {
					t.Errorf("the word is not found: %+v", words)
				}
			})
		}
	}
}

// In parts, because memory is short, the same comes out but for its order.
func TestPartsAgree(t *testing.T) {
	set, _ := corpus.Talk{Seed: 5, Accounts: 300, Targeted: 6, Least: 5, Most: 30, Base: 0.03, Share: 0.5}.Records()
	key := func(f found) string { b, _ := json.Marshal(f); return string(b) }
	var want []string
	for _, memory := range []string{"400000000", "600000", "150000"} {
		var got []string
		for _, f := range do(t, set, `{"memory":`+memory+`}`) {
			got = append(got, key(f))
		}
		slices.Sort(got)
		if want == nil {
			want = got
		} else if d := cmp.Diff(want, got); d != "" {
			t.Errorf("memory %s:\n%.2000s", memory, d)
		}
	}
}

// The connections with most records are recorded, and the number of all is said.
func TestEdgesAreBounded(t *testing.T) {
	set, truth := corpus.Talk{Seed: 6, Accounts: 20, Least: 20, Most: 30, Base: 0.03}.Records()
	var sizes []int64
	for _, n := range truth.Pairs {
		sizes = append(sizes, n)
	}
	slices.Sort(sizes)
	slices.Reverse(sizes)
	for _, most := range []int{1, 100, 101, len(sizes), len(sizes) + 1} {
		var got []int64
		for _, f := range do(t, set, fmt.Sprintf(`{"edges":%d}`, most)) {
			if f.Kind == "edge" {
				got = append(got, f.Cited)
			}
			if want := min(most, len(sizes)); f.Rule == "edges.total" && (f.Numbers["connections"] != float64(len(sizes)) || f.Numbers["edges"] != float64(want)) {
				t.Errorf("%+v", f)
			}
		}
		slices.Sort(got)
		slices.Reverse(got)
		if !slices.Equal(got, sizes[:min(most, len(sizes))]) {
			t.Errorf("at most %d edges: %v", most, got)
		}
	}
}

// The whole job over a log of 100,000 messages and more.
func BenchmarkAnalyze(b *testing.B) {
	set, truth := corpus.Talk{Seed: 1, Accounts: 4000, Targeted: 20, Least: 10, Most: 40, Base: 0.03, Share: 0.5}.Records()
	b.SetBytes(int64(len(set)))
	b.ReportMetric(float64(truth.Messages), "messages")
	for b.Loop() {
		in := sdk.NewInput(bytes.NewReader(set), int64(len(set)))
		r, err := sdk.Run(b.Context(), plugin(), sdk.Job{Operation: evidence.OpAnalyze, Inputs: []*sdk.Input{in}, Records: io.Discard, Diagnostics: io.Discard, Artifacts: io.Discard})
		if err != nil || r.Outcome != evidence.OutcomeComplete {
			b.Fatal(r, err)
		}
	}
}
