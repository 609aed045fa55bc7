package store_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/rfc6962"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/blob"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// What is appended is there afterwards, byte for byte, and committed to: openings
// and members are held against the entry, the root against another
// implementation of RFC 6962.
func TestAppend(t *testing.T) {
	ctx := context.Background()
	c := create(t)
	batch := received(t, c, "EX-001", "照片/\xff\xfe.jpg", "content")
	batch.Occurrences = append(batch.Occurrences, evidence.Occurrence{Item: "EX-001", Path: evidence.NewName("照片"), Type: "directory", FS: json.RawMessage(`{"mode":"0755"}`), Flags: []string{"sparse"}})
	input := batch.Artifacts[0]
	seq := appendTo(t, c, batch)
	child, records := stage(t, c, "child"), stage(t, c, "{}\n")
	name := evidence.NewName("m\xffember")
	r := run(input.SHA256, 8)
	r.Records = &evidence.RecordSetRef{Artifact: records.Digest, Count: 1, Kinds: map[string]int64{"row": 1}}
	r.RecordTree = &evidence.RecordTree{Root: strings.Repeat("0", 64), Size: 1}
	r.Artifacts = 1
	derivation := evidence.Derivation{Run: r.ID, Parent: input.SHA256, Child: child.Digest, Name: &name, Steps: json.RawMessage(`[{"do":"untar","length":5,"offset":512}]`), Complete: true}
	appendTo(t, c, store.Batch{
		Kind: "derive", Plain: map[string]any{"phase": "result"}, Staged: []*blob.Staged{child, records},
		Artifacts:   []evidence.Artifact{child.Artifact(evidence.Derived), records.Artifact(evidence.Derived)},
		Derivations: []evidence.Derivation{derivation}, Runs: []store.RunRow{{Run: r, Seed: [32]byte{7}}},
	})
	c = reopen(t, c)

	if diff := cmp.Diff(batch.Occurrences, collect(t, c.Occurrences(ctx, ""))); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]evidence.Derivation{derivation}, collect(t, c.Derivations(ctx))); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]store.RunRow{{Seq: seq + 1, Run: r, Seed: [32]byte{7}}}, collect(t, c.Runs(ctx))); diff != "" {
		t.Error(diff)
	}
	var work []evidence.Digest
	for a, err := range c.Work(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		work = append(work, a.SHA256)
	}
	if diff := cmp.Diff([]evidence.Digest{input.SHA256, child.Digest}, work); diff != "" {
		t.Errorf("work: %s", diff)
	}
	obj, err := c.Blobs().Reader(ctx, collect(t, c.Work(ctx))[0])
	if err != nil {
		t.Fatal(err)
	}
	defer obj.Close()
	checkCommitments(t, c)
}

// checkCommitments verifies the whole log of a case by what the formats say.
func checkCommitments(t testing.TB, c *store.Case) {
	t.Helper()
	ctx := context.Background()
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(c.Dir(), "case.db")+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	tree := (&compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}).NewEmptyRange(0)
	prev := ""
	var n int64
	for le, err := range c.Entries(ctx, 0) {
		if err != nil {
			t.Fatal(err)
		}
		e, err := custody.ParseEntry(le.Body)
		if err != nil {
			t.Fatal(err)
		}
		if e.Seq != n || e.Prev != prev || e.Origin != c.Origin() {
			t.Fatalf("entry %d: seq %d, prev %q, origin %q", n, e.Seq, e.Prev, e.Origin)
		}
		if len(le.Openings) != len(e.Commit) {
			t.Errorf("entry %d: %d openings of %d commitments", n, len(le.Openings), len(e.Commit))
		}
		for _, o := range le.Openings {
			if err := custody.CheckOpening(e, o); err != nil {
				t.Error(err)
			}
		}
		for name, want := range e.Sets {
			if got := setRoot(t, db, name, n); got != want {
				t.Errorf("entry %d: set %s is %v, not %v", n, name, got, want)
			}
		}
		for _, name := range custody.SetNames() {
			var rows int64
			if err := db.QueryRow("SELECT count(*) FROM "+name+" WHERE seq = ?", n).Scan(&rows); err != nil {
				t.Fatal(err)
			}
			if rows != e.Sets[name].Size {
				t.Errorf("entry %d: %d rows of %s, the set has %d", n, rows, name, e.Sets[name].Size)
			}
		}
		leaf := rfc6962.DefaultHasher.HashLeaf(le.Body)
		if err := tree.Append(leaf, nil); err != nil {
			t.Fatal(err)
		}
		prev = fmt.Sprintf("%x", leaf)
		n++
	}
	want, err := tree.GetRootHash(nil)
	if err != nil {
		t.Fatal(err)
	}
	size, root, err := c.Head(ctx)
	if err != nil || size != n || string(root[:]) != string(want) {
		t.Fatalf("head: %d entries, root %x, %v; want %d, %x", size, root, err, n, want)
	}
}

func setRoot(t testing.TB, db *sql.DB, name string, seq int64) custody.SetRoot {
	t.Helper()
	var seed []byte
	if err := db.QueryRow("SELECT seed FROM sets WHERE seq = ? AND name = ?", seq, name).Scan(&seed); err != nil {
		t.Fatal(err)
	}
	set := custody.NewSet([32]byte(seed))
	rows, err := db.Query("SELECT n, body, leaf FROM "+name+" WHERE seq = ? ORDER BY n", seq)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for i := int64(0); rows.Next(); i++ {
		var n int64
		var body, leaf []byte
		if err := rows.Scan(&n, &body, &leaf); err != nil {
			t.Fatal(err)
		}
		got, err := set.Add(body)
		if err != nil || n != i || string(got[:]) != string(leaf) {
			t.Errorf("%s of entry %d: member %d: %v", name, seq, n, err)
		}
	}
	return set.Root()
}

// Times, references and who acts come from the batch, else from the options.
func TestAppendFillsIn(t *testing.T) {
	c := create(t)
	appendTo(t, c, store.Batch{Kind: "note", Secret: map[string]any{"asserted.note": "x", "asserted.actor.name": "Somebody else"}})
	le := collect(t, c.Entries(context.Background(), 1))[0]
	e, err := custody.ParseEntry(le.Body)
	if err != nil {
		t.Fatal(err)
	}
	if e.Start.IsZero() || !e.Start.Equal(e.End) || e.LocalOffset != "+08:00" || e.MonotonicUS != 5e6 || e.Tool.Name != "exhibit" || e.Clock.Source != "system" {
		t.Errorf("%+v", e)
	}
	got := map[string]string{}
	for _, o := range le.Openings {
		got[o.Field] = string(o.Value)
	}
	if diff := cmp.Diff(map[string]string{"asserted.note": `"x"`, "asserted.actor.name": `"Somebody else"`, "observed.os.host": `"bench-1"`}, got); diff != "" {
		t.Error(diff)
	}
}

// Content that is there already keeps the form it has, whatever the batch says.
func TestAppendSaysHowItIsStored(t *testing.T) {
	ctx := context.Background()
	c := create(t)
	raw := stage(t, c, "same content")
	appendTo(t, c, store.Batch{Kind: "receive", Plain: map[string]any{"phase": "begin"}, Staged: []*blob.Staged{raw}}) // an object, no row
	w, err := c.Blobs().NewWriter(blob.WriterOptions{Encoding: evidence.StoredZstd})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("same content")); err != nil {
		t.Fatal(err)
	}
	packed, err := w.Finish()
	if err != nil {
		t.Fatal(err)
	}
	appendTo(t, c, store.Batch{Kind: "receive", Plain: map[string]any{"phase": "begin"}, Staged: []*blob.Staged{packed}, Artifacts: []evidence.Artifact{packed.Artifact(evidence.Derived)}})
	a, err := c.Artifact(ctx, packed.Digest)
	if err != nil || a.Stored.Encoding != evidence.StoredRaw {
		t.Fatalf("%+v, %v", a, err)
	}
	obj, err := c.Blobs().Reader(ctx, a)
	if err != nil {
		t.Fatal(err)
	}
	obj.Close()
}

// What is refused for what is in it changes nothing and can be followed by
// something better.
func TestAppendRefuses(t *testing.T) {
	ctx := context.Background()
	c := create(t)
	a := fakeArtifact("a")
	appendTo(t, c, store.Batch{Kind: "receive", Plain: map[string]any{"phase": "begin"}, Artifacts: []evidence.Artifact{a}})
	begin := map[string]any{"phase": "begin"}
	stranger := fakeArtifact("stranger").SHA256
	misnamed := run(a.SHA256, 1)
	misnamed.Config = json.RawMessage(`{}`)
	wrongUnits := run(a.SHA256, 1)
	wrongUnits.Units.Read = 3
	strangeSet := run(a.SHA256, 1)
	strangeSet.Diagnostics = &evidence.DiagnosticSetRef{Artifact: stranger}
	for name, b := range map[string]store.Batch{
		"kind":                 {Kind: "boast"},
		"plain field":          {Kind: "note", Plain: map[string]any{"asserted.note": "x"}},
		"secret field":         {Kind: "note", Secret: map[string]any{"phase": "x"}},
		"reference":            {Kind: "note", Refs: map[string]int64{"item": 99}},
		"unknown content":      {Kind: "receive", Plain: begin, Occurrences: []evidence.Occurrence{{Item: "EX-1", Path: evidence.NewName("f"), Type: "file", Artifact: stranger}}},
		"unknown parent":       {Kind: "derive", Plain: map[string]any{"phase": "result"}, Derivations: []evidence.Derivation{{Run: stranger, Parent: stranger, Child: a.SHA256}}},
		"unknown child":        {Kind: "derive", Plain: map[string]any{"phase": "result"}, Derivations: []evidence.Derivation{{Run: stranger, Parent: a.SHA256, Child: stranger}}},
		"unknown input":        {Kind: "derive", Plain: map[string]any{"phase": "result"}, Runs: []store.RunRow{{Run: run(stranger, 1)}}},
		"unknown diagnostics":  {Kind: "derive", Plain: map[string]any{"phase": "result"}, Runs: []store.RunRow{{Run: strangeSet}}},
		"run misnamed":         {Kind: "derive", Plain: map[string]any{"phase": "result"}, Runs: []store.RunRow{{Run: misnamed}}},
		"units do not add up":  {Kind: "derive", Plain: map[string]any{"phase": "result"}, Runs: []store.RunRow{{Run: wrongUnits}}},
		"artifact not stored":  {Kind: "receive", Plain: begin, Artifacts: []evidence.Artifact{{SHA256: stranger, Origin: evidence.Original}}},
		"artifact without sha": {Kind: "receive", Plain: begin, Artifacts: []evidence.Artifact{{Origin: evidence.Original}}},
	} {
		st := stage(t, c, "staged for "+name)
		b.Staged = []*blob.Staged{st}
		if _, err := c.Append(ctx, b); !errors.Is(err, evidence.ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if left := entries(t, filepath.Join(c.Dir(), "objects", "tmp")); len(left) > 0 {
		t.Errorf("left in objects/tmp: %q", left)
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := c.Append(cancelled, received(t, c, "EX-1", "f", "x")); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if size, _, err := c.Head(ctx); err != nil || size != 2 {
		t.Errorf("%d entries, %v", size, err)
	}
	if seq := appendTo(t, c, note("x")); seq != 2 {
		t.Errorf("entry %d", seq)
	}
	checkCommitments(t, c)
	// A failed run is recorded whatever its plugin claimed.
	wrongUnits.Outcome = evidence.OutcomeFailed
	appendTo(t, c, store.Batch{Kind: "derive", Plain: map[string]any{"phase": "result"}, Runs: []store.RunRow{{Run: wrongUnits}}})

	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Append(ctx, note("x")); !errors.Is(err, store.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	if _, err := openReader(t, c.Dir()).Append(ctx, note("x")); !errors.Is(err, store.ErrClosed) {
		t.Errorf("through a reader: %v", err)
	}
}

// Objects that do not become durable keep the entry out of the log, and the
// writer from going on.
func TestAppendFailingObjects(t *testing.T) {
	ctx := context.Background()
	c := create(t)
	b := received(t, c, "EX-001", "f", "content")
	tmp := filepath.Join(c.Dir(), "objects", "tmp")
	for _, name := range entries(t, tmp) {
		if err := os.Remove(filepath.Join(tmp, name)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.Append(ctx, b); err == nil || errors.Is(err, store.ErrSuspect) {
		t.Fatal(err)
	}
	if _, err := c.Append(ctx, note("x")); !errors.Is(err, store.ErrSuspect) {
		t.Fatalf("after a failure: %v", err)
	}
	if err := c.AddCheckpoint(ctx, 1, nil); !errors.Is(err, store.ErrSuspect) {
		t.Fatalf("checkpoint after a failure: %v", err)
	}
	if size, _, err := c.Head(ctx); err != nil || size != 1 {
		t.Fatalf("%d entries, %v", size, err)
	}
	c = reopen(t, c)
	appendTo(t, c, received(t, c, "EX-001", "f", "content"))
	checkCommitments(t, c)
}

// A damaged object is a finding about that object, not about the disk: what does
// not need it goes on.
func TestAppendDamagedObject(t *testing.T) {
	ctx := context.Background()
	c := create(t)
	b := received(t, c, "EX-001", "f", "content")
	d := b.Artifacts[0].SHA256.Hex()
	appendTo(t, c, b)
	object := filepath.Join(c.Dir(), "objects", "sha256", d[:2], d)
	if err := errors.Join(os.Chmod(object, 0o600), os.WriteFile(object, []byte("CONTENT"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Append(ctx, received(t, c, "EX-002", "f", "content")); !errors.Is(err, evidence.ErrIntegrity) {
		t.Fatal(err)
	}
	appendTo(t, c, note("x"))
}

// A write that SQLite fails leaves no trace, and the writer suspect.
func TestAppendFailingDatabase(t *testing.T) {
	ctx := context.Background()
	c := create(t)
	appendTo(t, c, note("before"))
	if err := c.Exec(ctx, "PRAGMA max_page_count = 1"); err != nil {
		t.Fatal(err)
	}
	_, err := c.Append(ctx, files(0, 100))
	if !errors.Is(err, evidence.ErrNoSpace) || errors.Is(err, store.ErrSuspect) {
		t.Fatal(err)
	}
	if _, err := c.Append(ctx, note("x")); !errors.Is(err, store.ErrSuspect) || !errors.Is(err, evidence.ErrNoSpace) {
		t.Fatalf("after a failure: %v", err)
	}
	if got := collect(t, c.Artifacts(ctx)); len(got) != 0 {
		t.Errorf("%d artifacts of a batch that failed", len(got))
	}
	c = reopen(t, c)
	if seq := appendTo(t, c, files(0, 100)); seq != 2 {
		t.Errorf("entry %d", seq)
	}
	checkCommitments(t, c)
}

func TestAppendOnly(t *testing.T) {
	ctx := context.Background()
	c := create(t)
	b := received(t, c, "EX-001", "f", "content")
	b.Runs = []store.RunRow{{Run: run(b.Artifacts[0].SHA256, 1)}}
	b.Derivations = []evidence.Derivation{{Run: b.Runs[0].Run.ID, Parent: b.Artifacts[0].SHA256, Child: b.Artifacts[0].SHA256}}
	b.Subjects = []evidence.Subject{{Artifact: b.Artifacts[0].SHA256}}
	appendTo(t, c, b)
	if err := c.Exec(ctx, "INSERT INTO checkpoints VALUES (1, x'00')"); err != nil {
		t.Fatal(err)
	}
	columns := map[string]string{
		"meta": "value", "entries": "body", "nodes": "hash", "openings": "value", "sets": "seed",
		"artifacts": "body", "occurrences": "body", "derivations": "body", "runs": "body", "subjects": "body", "checkpoints": "note",
	}
	for _, table := range slices.Sorted(maps.Keys(columns)) {
		for _, s := range []string{"DELETE FROM " + table, "UPDATE " + table + " SET " + columns[table] + " = " + columns[table]} {
			if err := c.Exec(ctx, s); err == nil || !strings.Contains(err.Error(), "append only") {
				t.Errorf("%s: %v", s, err)
			}
		}
	}
}

// Appends from many goroutines come one after the other, beside readers.
func TestAppendConcurrently(t *testing.T) {
	ctx := context.Background()
	c := create(t)
	const writers, each = 8, 12
	seqs := make(chan int64, writers*each)
	var wg sync.WaitGroup
	for g := range writers {
		var batches []store.Batch
		for i := range each { // every content is brought by all of them
			batches = append(batches, received(t, c, "EX-001", fmt.Sprintf("%d-%d", g, i), fmt.Sprintf("content %d", i)))
		}
		wg.Go(func() {
			for _, b := range batches {
				seq, err := c.Append(ctx, b)
				if err != nil {
					t.Error(err)
					return
				}
				seqs <- seq
				if _, err := c.State(ctx); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	close(seqs)
	var got []int64
	for s := range seqs {
		got = append(got, s)
	}
	slices.Sort(got)
	for i, s := range got {
		if s != int64(i)+1 {
			t.Fatalf("entries %v", got)
		}
	}
	if n := len(collect(t, c.Artifacts(ctx))); n != each {
		t.Errorf("%d artifacts", n)
	}
	if n := len(collect(t, c.Occurrences(ctx, "EX-001"))); n != writers*each {
		t.Errorf("%d occurrences", n)
	}
	checkCommitments(t, c)
}
