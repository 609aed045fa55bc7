package marks_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/exhibit-forensics/exhibit/core/marks"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/blob"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"github.com/exhibit-forensics/exhibit/evidence/store"
	"github.com/exhibit-forensics/exhibit/evidence/verify"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// newCase has an item with a file and a run over it that made records.
func newCase(t testing.TB, records int) (c *store.Case, file, set evidence.Digest) {
	t.Helper()
	ctx := context.Background()
	c, err := store.Create(ctx, filepath.Join(t.TempDir(), "case"), store.Options{
		Now: time.Now, Rand: rand.Reader,
		Clock:       func() custody.Clock { return custody.Clock{Source: "system"} },
		Monotonic:   func() time.Duration { return time.Second },
		LocalOffset: func() string { return "+00:00" },
		Tool:        custody.Tool{Name: "exhibit", Version: "test", Protocol: 1, OS: "linux", Arch: "amd64"},
		Observed:    map[string]any{"observed.os.user": "user"}, Asserted: map[string]any{"asserted.actor.name": "A. Examiner"},
	}, store.Init{Lab: "test"})
	must(t, err)
	t.Cleanup(func() { _ = c.Close() })
	put := func(origin string, content []byte) (*blob.Staged, evidence.Artifact) {
		w, err := c.Blobs().NewWriter(blob.WriterOptions{Encoding: evidence.StoredZstd})
		must(t, err)
		_, err = w.Write(content)
		must(t, err)
		st, err := w.Finish()
		must(t, err)
		return st, st.Artifact(origin)
	}
	st, a := put(evidence.Original, []byte("the file"))
	begin, err := c.Append(ctx, store.Batch{
		Kind: "receive", Plain: map[string]any{"phase": "begin"}, Secret: map[string]any{"asserted.exhibit": "EX-001"}, Staged: []*blob.Staged{st}, Artifacts: []evidence.Artifact{a},
		Occurrences: []evidence.Occurrence{{Item: "EX-001", Path: evidence.NewName("a/file"), Type: "file", Artifact: a.SHA256}},
	})
	must(t, err)
	_, err = c.Append(ctx, store.Batch{Kind: "receive", Plain: map[string]any{"phase": "end"}, Refs: map[string]int64{"item": begin}})
	must(t, err)
	var lines bytes.Buffer
	seed := [32]byte{1}
	tree := custody.NewRecordTree(seed)
	for i := range records {
		line := fmt.Appendf(nil, `{"kind":"row","source":{"length":1,"offset":%d}}`, i%8)
		tree.Add(line)
		lines.Write(append(line, '\n'))
	}
	root, _ := tree.Root()
	rst, ra := put(evidence.Derived, lines.Bytes())
	r := evidence.Run{
		Plugin: evidence.PluginRef{Name: "p", Version: "1", SHA256: evidence.Sum([]byte("p"))}, Operation: evidence.OpParse, Config: []byte("{}"), Input: a.SHA256,
		Outcome: evidence.OutcomeComplete, Units: evidence.Units{Declared: -1, Read: int64(records), Emitted: int64(records)}, BytesRead: a.Size, Size: a.Size, Attempts: 1,
		Records:    &evidence.RecordSetRef{Artifact: ra.SHA256, Count: int64(records), Kinds: map[string]int64{"row": int64(records)}},
		RecordTree: &evidence.RecordTree{Root: hex.EncodeToString(root[:]), Size: int64(records)},
		Start:      "2026-11-22T10:00:00Z", End: "2026-11-22T10:00:01Z",
	}
	r.ID, err = evidence.RunKey{Plugin: r.Plugin.SHA256, Operation: r.Operation, Config: r.Config, Input: r.Input}.ID()
	must(t, err)
	intent, err := c.Append(ctx, store.Batch{Kind: "derive", Plain: map[string]any{"phase": "intent"}})
	must(t, err)
	_, err = c.Append(ctx, store.Batch{
		Kind: "derive", Plain: map[string]any{"phase": "result"}, Refs: map[string]int64{"intent": intent}, Staged: []*blob.Staged{rst}, Artifacts: []evidence.Artifact{ra},
		Runs: []store.RunRow{{Run: r, Seed: seed}},
	})
	must(t, err)
	return c, a.SHA256, ra.SHA256
}

func tag(t testing.TB, c *store.Case, name string, on bool, subjects ...evidence.Subject) *marks.Tagging {
	t.Helper()
	ctx := context.Background()
	x, err := marks.NewTagging(ctx, c, name, on)
	must(t, err)
	for _, s := range subjects {
		must(t, x.Add(ctx, s))
	}
	must(t, x.Close(ctx))
	return x
}

func load(t testing.TB, c *store.Case) *marks.Marks {
	t.Helper()
	m, err := marks.Load(context.Background(), c)
	must(t, err)
	return m
}

func TestTags(t *testing.T) {
	c, file, set := newCase(t, 9)
	one, two, whole, item := evidence.Subject{Artifact: set, Line: 1}, evidence.Subject{Artifact: set, Line: 2}, evidence.Subject{Artifact: file}, evidence.Subject{Exhibit: "EX-001"}
	if x := tag(t, c, "b", true, one, two, whole, item, one); x.Changed != 4 || x.Unchanged != 1 || len(x.Seqs) != 1 {
		t.Errorf("%+v", x)
	}
	tag(t, c, "a", true, two)
	if x := tag(t, c, "b", true, two); x.Changed != 0 || len(x.Seqs) != 0 {
		t.Errorf("what has the tag was written again: %+v", x)
	}
	if x := tag(t, c, "b", false, one, item, evidence.Subject{Artifact: set, Line: 9}); x.Changed != 2 || x.Unchanged != 1 {
		t.Errorf("%+v", x)
	}
	m := load(t, c)
	var names []string
	for _, g := range m.Tags() {
		names = append(names, fmt.Sprint(g.Name, g.Count, g.Records, g.Artifacts, g.Exhibits))
	}
	if want := []string{"a1 1 0 0", "b2 1 1 0"}; !slices.Equal(names, want) {
		t.Errorf("%q", names)
	}
	id := evidence.RecordID(set, 2)
	if got := m.Tagged("b"); len(got) != 1 || !got[id] {
		t.Error(got)
	}
	if got := m.Members("b"); !slices.Equal(got, []evidence.Subject{two, whole}) {
		t.Error(got)
	}
	for about, want := range map[string]string{id: "a b", set.String() + ":2": "a b", evidence.RecordID(set, 1): "", file.String(): "b", "EX-001": "", "x": ""} {
		if got := strings.Join(m.TagsOf(about), " "); got != want {
			t.Errorf("%s: %q", about, got)
		}
	}
	tag(t, c, "a", false, two)
	if m := load(t, c); m.Has("a") || !m.Has("b") || len(m.Tagged("none")) != 0 {
		t.Error(m.Tags())
	}
	for _, bad := range []string{"", " a", "a ", "a\nb", "\xff", strings.Repeat("x", 201), "a\x1b[2J"} {
		if _, err := marks.NewTagging(context.Background(), c, bad, true); !errors.Is(err, evidence.ErrFormat) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestNotesAndSelections(t *testing.T) {
	ctx := context.Background()
	c, file, set := newCase(t, 3)
	first, err := marks.AddNote(ctx, c, "one", evidence.Subject{Artifact: set, Line: 3}, 0)
	must(t, err)
	second, err := marks.AddNote(ctx, c, "two", evidence.Subject{Artifact: file}, first)
	must(t, err)
	_, err = marks.AddNote(ctx, c, "three", evidence.Subject{}, 0)
	must(t, err)
	notes := load(t, c).Notes()
	if len(notes) != 3 || notes[0].About != evidence.RecordID(set, 3) || notes[0].CorrectedBy != second || notes[0].By != "A. Examiner" || notes[0].Text != "one" ||
		notes[1].About != file.String() || notes[1].Corrects != first || notes[2].About != "" {
		t.Errorf("%+v", notes)
	}
	for _, bad := range []struct {
		text     string
		corrects int64
		err      error
	}{{" \n", 0, evidence.ErrFormat}, {"\xff", 0, evidence.ErrFormat}, {strings.Repeat("x", 1<<20), 0, evidence.ErrFormat}, {"x", 1, evidence.ErrNotFound}, {"x", 999, evidence.ErrNotFound}} {
		if _, err := marks.AddNote(ctx, c, bad.text, evidence.Subject{}, bad.corrects); !errors.Is(err, bad.err) {
			t.Errorf("%.10q: %v", bad.text, err)
		}
	}
	for _, s := range []struct{ name, query, description string }{{"a", "x", ""}, {"b", "y", "why"}, {"a", "z", "new"}} {
		_, err := marks.Save(ctx, c, s.name, s.query, s.description)
		must(t, err)
	}
	m := load(t, c)
	if a, ok := m.Selection("a"); !ok || a.Query != "z" || a.Description != "new" || len(m.Selections()) != 2 || m.Selections()[0].Name != "b" {
		t.Errorf("%+v", m.Selections())
	}
	_, err = marks.Remove(ctx, c, "a")
	must(t, err)
	if _, ok := load(t, c).Selection("a"); ok {
		t.Error("removed, and still there")
	}
	if _, err := marks.Remove(ctx, c, "a"); !errors.Is(err, evidence.ErrNotFound) {
		t.Error(err)
	}
	if _, err := marks.Save(ctx, c, "a", "", ""); !errors.Is(err, evidence.ErrFormat) {
		t.Error(err)
	}
}

func TestResolve(t *testing.T) {
	ctx := context.Background()
	c, file, set := newCase(t, 3)
	r, err := marks.NewResolver(ctx, c)
	must(t, err)
	for text, want := range map[string]evidence.Subject{
		evidence.RecordID(set, 3): {Artifact: set, Line: 3}, set.String() + ":1": {Artifact: set, Line: 1}, set.Hex() + ":2": {Artifact: set, Line: 2},
		file.String(): {Artifact: file}, file.Hex()[:8]: {Artifact: file}, "EX-001:a/file": {Artifact: file}, "a/file": {Artifact: file}, "EX-001": {Exhibit: "EX-001"}, "exhibit:EX-001": {Exhibit: "EX-001"},
	} {
		if got, err := r.Resolve(ctx, text); err != nil || got != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	for _, bad := range []string{"", "EX-002", evidence.RecordID(set, 4), evidence.RecordID(file, 1), "0123456789abcdef:1", set.String() + ":01"} {
		if got, err := r.Resolve(ctx, bad); !errors.Is(err, evidence.ErrNotFound) {
			t.Errorf("%q: %+v, %v", bad, got, err)
		}
	}
}

// A hundred thousand records are one entry, each of them provable by itself; one more is
// another entry. The second opinion agrees with all of it.
func TestManyTags(t *testing.T) {
	if testing.Short() {
		t.Skip("NOT TESTED: many tags, with -short")
	}
	ctx := context.Background()
	const n = marks.MaxSubjects + 1
	c, _, set := newCase(t, n)
	all := make([]evidence.Subject, n)
	for i := range all {
		all[i] = evidence.Subject{Artifact: set, Line: int64(i + 1)}
	}
	start := time.Now()
	x := tag(t, c, "many", true, all...)
	t.Logf("tagged %d in %v", n, time.Since(start).Round(time.Millisecond))
	if x.Changed != n || len(x.Seqs) != 2 {
		t.Fatalf("%+v", x)
	}
	for le, err := range c.Entries(ctx, x.Seqs[0]) {
		must(t, err)
		if len(le.Body) > 4096 {
			t.Errorf("an entry of %d bytes", len(le.Body))
		}
	}
	start = time.Now()
	if got := load(t, c).Tagged("many"); len(got) != n {
		t.Error(len(got))
	}
	t.Logf("loaded in %v", time.Since(start).Round(time.Millisecond))
	must(t, c.Close())
	r, err := verify.Case(ctx, c.Dir(), verify.Options{Now: time.Now})
	must(t, err)
	if r.Verdict != verify.Intact || len(r.Findings) != 0 {
		t.Error(r.Verdict, r.Findings)
	}
}
