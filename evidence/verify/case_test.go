package verify_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/verify"
)

func TestIntact(t *testing.T) {
	t.Parallel()
	f := newFixture(t, t.TempDir(), "a")
	before := listing(t, f.dir)
	r := check(t, f.dir, verify.Options{})
	expect(t, r, verify.Intact, "")
	if after := listing(t, f.dir); !cmp.Equal(before, after) {
		t.Errorf("verifying changed the case:\n%s", cmp.Diff(before, after))
	}
	counts := map[string]int64{}
	for _, c := range r.Checked {
		counts[c.What] = c.N
	}
	want := map[string]int64{
		"artifacts": 5, "artifacts left in place, read at their source": 1, "checkpoints": 2, "diagnostics": 1,
		"entries of the custody log": allEntries, "files under objects/, by name": 5, "nodes of the log's tree": 23, "openings of commitments": 7,
		"pinned plugins": 1, "records": 5, "rows of artifacts": 6, "rows of derivations": 1, "rows of occurrences": 5,
		"rows of runs": 2, "rows of subjects": 3, "runs": 2, "seeds of sets": 8, "statements about the case (meta)": 4, "tables, indexes and triggers of case.db": 41,
	}
	if d := cmp.Diff(want, counts); d != "" {
		t.Errorf("checked (-want +got):\n%s", d)
	}
	a := r.Attestation
	if a.Level != verify.SelfAsserted || a.Covered != lastSeal || a.Tail != allEntries-lastSeal || len(a.Keys) != 1 || !strings.HasPrefix(f.vkey, a.Keys[0]) {
		t.Errorf("attestation %+v", a)
	}
	if r.Log.Origin != f.origin || r.Log.Entries != allEntries || len(r.Log.Root) != 64 || r.Log.First != "2026-11-22T10:00:00.000000Z" || r.Log.Last != "2026-11-22T10:12:00.000000Z" {
		t.Errorf("log %+v", r.Log)
	}
	if len(r.Findings) != 1 || r.Findings[0].Object != "entry 10" || r.Findings[0].Verdict != verify.Intact {
		t.Errorf("the intent that was never ended is the only remark\n%s", findings(r))
	}
}

// listing returns what a reader must leave as it is.
func listing(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		out[path] = info.Mode().String() + info.ModTime().String()
		if err == nil && d.Type().IsRegular() {
			var b []byte
			b, err = os.ReadFile(path)
			out[path] += string(b)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestSameReportWithManyJobs(t *testing.T) {
	t.Parallel()
	f := newFixture(t, t.TempDir(), "a")
	for _, digest := range f.objects {
		if err := os.Truncate(f.object(digest), 3); err != nil {
			t.Fatal(err)
		}
	}
	one := check(t, f.dir, verify.Options{Jobs: 1})
	for range 5 {
		if d := cmp.Diff(one, check(t, f.dir, verify.Options{Jobs: 8}), ignoreUnexported()); d != "" {
			t.Fatal(d)
		}
	}
}

func ignoreUnexported() cmp.Option {
	return cmp.FilterPath(func(p cmp.Path) bool {
		f, ok := p.Last().(cmp.StructField)
		return ok && f.Name() == "at"
	}, cmp.Ignore())
}

func TestReportForms(t *testing.T) {
	t.Parallel()
	f := newFixture(t, t.TempDir(), "a")
	x := tamper(t, f.dir)
	if err := x.unguarded("openings", "DELETE FROM openings WHERE field = 'asserted.case.title'"); err != nil {
		t.Fatal(err)
	}
	r := check(t, x.dir, verify.Options{})
	var text bytes.Buffer
	if err := r.Text(&text); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"INCOMPLETE\n", "  INCOMPLETE: opening 0/asserted.case.title is missing", "Remarks\n  entry 10 ", "Not checked\n", "13 entries of the custody log", "is shorter"} {
		if got := strings.Contains(text.String(), want); got != (want != "is shorter") {
			t.Errorf("%q: %v\n%s", want, got, &text)
		}
	}
	b, err := r.JSON()
	if err != nil {
		t.Fatal(err)
	}
	var back verify.Report
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(*r, back, ignoreUnexported()); d != "" {
		t.Error(d)
	}
	// What openings hold is for the examiner to disclose, not for a report.
	for _, secret := range []string{"Müller", "A. Examiner", "second key", "after the seal", "taiwan", "inside.txt", "a.log"} {
		if strings.Contains(text.String(), secret) || bytes.Contains(b, []byte(secret)) {
			t.Errorf("the report holds %q", secret)
		}
	}
}

func TestProgress(t *testing.T) {
	t.Parallel()
	f := newFixture(t, t.TempDir(), "a")
	last := map[string][2]int64{}
	check(t, f.dir, verify.Options{Jobs: 4, Progress: func(stage string, done, total int64) {
		if done < last[stage][0] {
			t.Errorf("%s went back", stage)
		}
		last[stage] = [2]int64{done, total}
	}})
	for _, stage := range []string{"log", "objects", "runs"} {
		if last[stage][0] == 0 || last[stage][0] != last[stage][1] {
			t.Errorf("%s ended at %v", stage, last[stage])
		}
	}
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	f := newFixture(t, t.TempDir(), "a")
	now := func() time.Time { return noon }
	for _, stage := range []string{"", "log", "objects", "runs"} {
		ctx, cancel := context.WithCancel(context.Background())
		if stage == "" {
			cancel()
		}
		r, err := verify.Case(ctx, f.dir, verify.Options{Now: now, Progress: func(s string, _, _ int64) {
			if s == stage {
				cancel()
			}
		}})
		if !errors.Is(err, context.Canceled) || r != nil {
			t.Errorf("cancelled in %q: %v, %v", stage, r, err)
		}
		cancel()
	}
}

// Where case.db is read without locks, a writer that comes meanwhile is noticed.
func TestWrittenToMeanwhile(t *testing.T) {
	t.Parallel()
	f := newFixture(t, t.TempDir(), "a")
	later := false
	r := check(t, f.dir, verify.Options{Progress: func(stage string, _, _ int64) {
		if stage == "objects" && !later {
			later = true
			if err := os.Chtimes(f.path("case.db"), noon, noon); err != nil {
				t.Error(err)
			}
		}
	}})
	expect(t, r, verify.CannotVerify, "case.db")
}

func TestNoCase(t *testing.T) {
	t.Parallel()
	for _, dir := range []string{t.TempDir(), filepath.Join(t.TempDir(), "missing")} {
		r, err := verify.Case(context.Background(), dir, verify.Options{Now: time.Now})
		if !errors.Is(err, evidence.ErrNoCase) || r != nil {
			t.Errorf("%v, %v", r, err)
		}
	}
	_, err := verify.Case(context.Background(), newFixture(t, t.TempDir(), "a").dir, verify.Options{Now: time.Now, Trust: []string{"nonsense"}})
	if !errors.Is(err, evidence.ErrFormat) {
		t.Error(err)
	}
}

func TestNothingIsNotSuccess(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	newBuilder(t, dir, "empty").close()
	r := check(t, dir, verify.Options{})
	expect(t, r, verify.CannotVerify, "case")
	if r.Exit != 25 {
		t.Error(r.Exit)
	}
}

func TestVerdictsAndExitCodes(t *testing.T) {
	t.Parallel()
	// docs/design.md §8, worst last.
	want := []struct {
		name string
		exit int
	}{{"INTACT", 0}, {"INTACT, BELOW WHAT WAS REQUIRED", 24}, {"CANNOT VERIFY", 25}, {"INCOMPLETE", 21}, {"ALTERED", 20}, {"ROLLED BACK", 22}, {"FORKED", 23}}
	for i, w := range want {
		v := verify.Verdict(i)
		if v.String() != w.name || v.ExitCode() != w.exit {
			t.Errorf("%d: %s, %d", i, v, v.ExitCode())
		}
	}
	// What is no verdict must not read as success.
	if v := verify.Verdict(len(want)); v.ExitCode() != 25 {
		t.Error(v)
	}
	for _, l := range []verify.Level{verify.Unattested, verify.SelfAsserted, verify.Trusted, verify.Anchored} {
		if got, err := verify.ParseLevel(l.String()); err != nil || got != l {
			t.Error(l, got, err)
		}
	}
	if _, err := verify.ParseLevel("strong"); !errors.Is(err, evidence.ErrFormat) {
		t.Error(err)
	}
}
