package engine_test

import (
	"bufio"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/exhibit-forensics/exhibit/core/analysis"
	"github.com/exhibit-forensics/exhibit/core/engine"
	"github.com/exhibit-forensics/exhibit/core/handling"
	"github.com/exhibit-forensics/exhibit/core/keyring"
	"github.com/exhibit-forensics/exhibit/core/layouts"
	"github.com/exhibit-forensics/exhibit/core/locate"
	"github.com/exhibit-forensics/exhibit/core/search"
	"github.com/exhibit-forensics/exhibit/core/view"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
	"github.com/exhibit-forensics/exhibit/evidence/verify"
	"github.com/exhibit-forensics/exhibit/internal/slow"
)

// analyzer builds the plugin and returns the directory to look for it in.
func analyzer(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	build("analyze", filepath.Join(dir, "analyze"))
	return dir
}

// TestAnalysisOfTheSample compares what the analysis finds with what the sample's maker
// wrote down: the terms, the accounts that are logged whatever they say, who said what to whom.
func TestAnalysisOfTheSample(t *testing.T) {
	dir := "../../../shared/data/tom-open-directory"
	if _, err := os.Stat(dir); err != nil {
		t.Skip("NOT TESTED: the sample is not at ../shared/data/tom-open-directory")
	}
	c, e := readSample(t, dir)
	run := analyzed(t, c, e)
	truth := readSummary(t, dir)

	terms := map[string]int64{}
	var targeted []string
	var unlisted, others int64
	queries := map[string]int64{}
	err := analysis.Each(t.Context(), c, &run, func(f *analysis.Finding) error {
		switch f.Rule {
		case "terms.term":
			// The truth counts no line of the file that was cut short, and messages alone.
			terms[f.Value] = f.Number("message") - f.Number("cut")
		case "terms.none":
			unlisted = f.Number("message") - f.Number("cut")
		case "accounts.unlisted":
			targeted = append(targeted, f.Value)
		case "accounts.test":
			others = f.Number("others_unlisted")
		}
		if f.Finds == "exactly" {
			queries[f.Query] = f.Cited
		}
		return cited(t, c, f.ID, f.Cites, f.Cited)
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(targeted)
	if d := cmp.Diff(truth.Targeted, targeted); d != "" {
		t.Errorf("targeted accounts:\n%s", d)
	}
	if d := cmp.Diff(truth.Terms, terms); d != "" {
		t.Errorf("terms:\n%s", d)
	}
	if unlisted != truth.Unlisted || others == 0 {
		t.Errorf("%d messages without a term, want %d; %d of the others", unlisted, truth.Unlisted, others)
	}
	edges(t, c, &run, dir, queries)
	found(t, c, queries)

	// The same again is not made again; after a new record set it is, and takes its place.
	read, err := analysis.Members(t.Context(), c, analysis.Request{})
	if err != nil {
		t.Fatal(err)
	}
	again, made, err := e.Analyze(t.Context(), engine.Analysis{Plugin: analysis.Plugin, Members: read.Members, Config: []byte(`{"zone":"+08:00"}`)})
	if err != nil || made || again.ID != run.ID {
		t.Fatalf("made %t, %v", made, err)
	}
	later, made, err := e.Analyze(t.Context(), engine.Analysis{Plugin: analysis.Plugin, Members: read.Members, Config: []byte(`{"zone":"UTC"}`)})
	if err != nil || !made || !slices.Contains(later.Supersedes, run.ID) {
		t.Fatalf("made %t, %+v, %v", made, later, err)
	}
	if current, after, err := analysis.Current(t.Context(), c); err != nil || current.ID != later.ID || after.Sets != 0 {
		t.Fatal(current, after, err)
	}
	// What was said of evidence goes with it.
	state, err := c.State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	what, err := handling.FindDisposable(t.Context(), c, state, "EX-001")
	if err != nil || !slices.Contains(what.Objects, later.Records.Artifact) || !slices.Contains(what.Objects, later.Input) {
		t.Errorf("the findings would outlive their evidence: %v", err)
	}
	rep, err := verify.Case(t.Context(), c.Dir(), verify.Options{Now: options().Now})
	if err != nil || len(rep.Findings) > 0 {
		t.Errorf("verify: %v %v", rep.Findings, err)
	}
}

// readSample takes the sample in and reads it, with what the researchers knew.
func readSample(t *testing.T, dir string) (*store.Case, *engine.Engine) {
	t.Helper()
	c := newCase(t, filepath.Join(dir, "a3.skype.example"), "+08:00")
	text, err := os.ReadFile(filepath.Join(dir, "truth", "layouts.json"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := layouts.Add(t.Context(), c, text); err != nil {
		t.Fatal(err)
	}
	at, err := locate.Artifact(t.Context(), c, "conf/enc.key")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := keyring.AddAt(t.Context(), c, "second", store.Place{Artifact: at, Offset: 0, Length: 16}, keyring.Hex); err != nil {
		t.Fatal(err)
	}
	own := analyzer(t)
	e := newEngine(t, c, func(o *engine.Options) { o.PluginDirs = append(o.PluginDirs, readers, own) })
	run(t, e)
	return c, e
}

func analyzed(t *testing.T, c *store.Case, e *engine.Engine) evidence.Run {
	t.Helper()
	read, err := analysis.Members(t.Context(), c, analysis.Request{})
	if err != nil {
		t.Fatal(err)
	}
	run, made, err := e.Analyze(t.Context(), engine.Analysis{Plugin: analysis.Plugin, Members: read.Members, Config: []byte(`{"zone":"+08:00"}`)})
	if err != nil {
		t.Fatal(err)
	}
	if !made || run.Outcome != evidence.OutcomeComplete || run.Units.Rejected != 0 || run.Size != run.BytesRead {
		t.Fatalf("%+v", run)
	}
	return run
}

type summary struct {
	Targeted []string         `json:"targeted_accounts"`
	Terms    map[string]int64 `json:"term_counts"`
	Unlisted int64            `json:"messages_without_listed_term"`
}

func readSummary(t *testing.T, dir string) (s summary) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "truth", "summary.json"))
	if err == nil {
		err = json.Unmarshal(text, &s)
	}
	if err != nil || len(s.Terms) == 0 {
		t.Fatal(err)
	}
	slices.Sort(s.Targeted)
	return s
}

// cited checks that a finding names as many records as it may, each once.
func cited(t *testing.T, _ *store.Case, id string, cites []string, n int64) error {
	t.Helper()
	sorted := slices.Sorted(slices.Values(cites))
	if int64(len(cites)) > n || len(slices.Compact(sorted)) != len(cites) {
		t.Errorf("%s cites %v of %d", id, cites, n)
	}
	return nil
}

// pair is who spoke to whom by what.
type pair struct{ kind, from, to string }

// edges compares connections with the truth: all of them, and how many records each rests on.
func edges(t *testing.T, c *store.Case, run *evidence.Run, dir string, queries map[string]int64) {
	t.Helper()
	want := map[pair]int64{}
	f, err := os.Open(filepath.Join(dir, "truth", "records.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s := bufio.NewScanner(f)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		var r struct {
			Kind, From string
			To         []string
		}
		if err := json.Unmarshal(s.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		for _, to := range r.To {
			want[pair{r.Kind, r.From, to}]++
		}
	}
	// The file that was cut short has messages that the truth leaves out.
	err = view.Records(t.Context(), c, view.Filter{Kind: "message"}, func(line []byte) error {
		var r struct {
			From   string
			To     []string
			Source struct{ Partial bool }
		}
		if err := json.Unmarshal(line, &r); err != nil || !r.Source.Partial {
			return err
		}
		for _, to := range r.To {
			want[pair{"message", r.From, to}]++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	got := map[pair]int64{}
	n := 0
	err = analysis.Each(t.Context(), c, run, nil, func(e *analysis.Edge) error {
		if e.Relation == "identity" {
			return nil
		}
		got[pair{e.Relation, e.From, e.To[0]}] += e.Cited
		if n++; n%500 == 0 && e.Finds == "exactly" { // a few of many
			queries[e.Query] = e.Cited
		}
		return cited(t, c, e.ID, e.Cites, e.Cited)
	})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("edges:\n%.2000s", d)
	}
}

// found runs queries that say they find exactly what a finding counted.
func found(t *testing.T, c *store.Case, queries map[string]int64) {
	t.Helper()
	if len(queries) < 100 {
		t.Fatalf("only %d queries", len(queries))
	}
	for i, text := range slices.Sorted(maps.Keys(queries)) {
		if i%8 != 0 && !slow.Asked() {
			continue
		}
		want := queries[text]
		q, err := search.Parse(text, search.ParseOptions{})
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		sum, err := search.Select(t.Context(), c, q, search.Options{Boot: "test", Count: true, Limit: 1}, func(search.Hit) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		if sum.Hits != want {
			t.Errorf("%s finds %d, the finding says %d", text, sum.Hits, want)
		}
	}
}
