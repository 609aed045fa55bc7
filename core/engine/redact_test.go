package engine_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/core/analysis"
	"github.com/exhibit-forensics/exhibit/core/engine"
	"github.com/exhibit-forensics/exhibit/core/view"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// span is what a test reads of a redaction.
type span struct {
	Record, Field string
	Start, End    int
}

// TestRedactionOfTheSample looks, in a case that was read from it, for everything that the
// sample's maker says is in its messages.
func TestRedactionOfTheSample(t *testing.T) {
	dir := "../../../shared/data/tom-open-directory"
	if _, err := os.Stat(dir); err != nil {
		t.Skip("NOT TESTED: the sample is not at ../shared/data/tom-open-directory")
	}
	own := t.TempDir()
	build("redact", filepath.Join(own, "redact"))
	c, _ := readSample(t, dir)
	e := newEngine(t, c, func(o *engine.Options) { o.PluginDirs = append(o.PluginDirs, readers, own) })
	read, err := analysis.Members(t.Context(), c, analysis.Request{})
	if err != nil {
		t.Fatal(err)
	}
	ask := engine.Analysis{Plugin: "redact", Operation: evidence.OpRedact, Members: read.Members, Config: []byte(`{"zone":"+08:00"}`)}
	run, made, err := e.Analyze(t.Context(), ask)
	if err != nil || !made || run.Outcome != evidence.OutcomeComplete || run.Units.Rejected != 0 || run.Units.Read != read.Records+1 || run.Size != run.BytesRead {
		t.Fatalf("%+v, %v, %v", run, made, err)
	}
	if again, made, err := e.Analyze(t.Context(), ask); err != nil || made || again.ID != run.ID {
		t.Errorf("asked for again: %v, %v", made, err)
	}
	ask.Operation = evidence.OpParse
	if _, _, err := e.Analyze(t.Context(), ask); !errors.Is(err, evidence.ErrFormat) {
		t.Errorf("operation parse: %v", err)
	}
	ask.Operation = evidence.OpAnalyze
	if _, _, err := e.Analyze(t.Context(), ask); !errors.Is(err, evidence.ErrNotFound) {
		t.Errorf("operation analyze of redact: %v", err)
	}

	spans := map[string][]span{}
	err = view.Lines(t.Context(), c, run.Records.Artifact, func(_ int64, line []byte) error {
		var s span
		if err := json.Unmarshal(line, &s); err != nil {
			return err
		}
		if s.Field == "/text" {
			spans[s.Record] = append(spans[s.Record], s)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	found, missed := planted(t, c, dir, spans)
	if missed > 0 || found < 2000 {
		t.Errorf("%d values found, %d missed", found, missed)
	}
	if n := counted(t, c, "redaction"); n != run.Records.Count {
		t.Errorf("%d redactions are shown, of %d", n, run.Records.Count)
	}
	err = view.Records(t.Context(), c, view.Filter{}, func(line []byte) error {
		if kind, _ := evidence.KindAndTime(line); kind == "redaction" {
			return errors.New("a redaction is shown unasked")
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// counted is how many records view shows of a kind.
func counted(t *testing.T, c *store.Case, kind string) (n int64) {
	t.Helper()
	if err := view.Records(t.Context(), c, view.Filter{Kind: kind}, func([]byte) error { n++; return nil }); err != nil {
		t.Fatal(err)
	}
	return n
}

// planted counts the values of the truth that spans of their records cover.
func planted(t *testing.T, c *store.Case, dir string, spans map[string][]span) (found, missed int) {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, "truth", "records.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }() // it was only read
	truth := map[string][]string{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var r struct {
			Text string
			PII  []struct{ Category, Shown string }
		}
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		var values []string
		for _, p := range r.PII {
			values = append(values, p.Shown)
		}
		truth[r.Text] = values
	}
	err = view.Records(t.Context(), c, view.Filter{Kind: "message"}, func(line []byte) error {
		var r struct{ ID, Text string }
		if err := json.Unmarshal(line, &r); err != nil {
			return err
		}
		for _, value := range truth[r.Text] {
			at, ok := strings.Index(r.Text, value), false
			for _, s := range spans[r.ID] {
				ok = ok || s.Start <= at && s.End >= at+len(value)
			}
			if ok {
				found++
			} else if missed++; missed < 10 {
				t.Errorf("%q in %q: %v", value, r.Text, spans[r.ID])
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found, missed
}
