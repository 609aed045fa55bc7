package store_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// tree is a batch of occurrences and derivations between artifacts that are
// named by words.
type tree struct{ store.Batch }

func newTree() *tree {
	return &tree{store.Batch{Kind: "receive", Plain: map[string]any{"phase": "begin"}}}
}

func (b *tree) artifact(word string) evidence.Digest {
	a := fakeArtifact(word)
	b.Artifacts = append(b.Artifacts, a)
	return a.SHA256
}

func (b *tree) at(word, item, path string) {
	b.Occurrences = append(b.Occurrences, evidence.Occurrence{Item: item, Path: evidence.NewName(path), Type: "file", Artifact: b.artifact(word)})
}

// derive says that child is in parent under name; under parent's own path where
// name is "".
func (b *tree) derive(parent, child, name string, do ...string) *evidence.Derivation {
	d := evidence.Derivation{Run: evidence.Sum([]byte("run")), Parent: b.artifact(parent), Child: b.artifact(child), Complete: true}
	if name != "" {
		n := evidence.NewName(name)
		d.Name = &n
	}
	if len(do) > 0 {
		var steps []map[string]any
		for _, s := range do {
			steps = append(steps, map[string]any{"do": s})
		}
		d.Steps, _ = json.Marshal(steps)
	}
	b.Derivations = append(b.Derivations, d)
	return &b.Derivations[len(b.Derivations)-1]
}

// failer is what testing's and rapid's T share.
type failer interface {
	Helper()
	Fatal(...any)
	Errorf(string, ...any)
}

// places asks in both ways and returns what they agree on, printed.
func places(t failer, c *store.Case, word string) []string {
	t.Helper()
	ctx := context.Background()
	d := fakeArtifact(word).SHA256
	got, err := c.Places(ctx, d)
	if err != nil {
		t.Fatal(err)
	}
	index, err := c.PlaceIndex(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second answer is a remembered one
		bulk, err := index.Places(d)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(got, bulk, cmpopts.IgnoreFields(store.PlaceOf{}, "Occurrence", "Seq"), cmpopts.IgnoreUnexported(store.PlaceOf{})); diff != "" {
			t.Errorf("the index differs: %s", diff)
		}
	}
	var out []string
	for _, p := range got {
		s := fmt.Sprintf("%s:%q", p.Item, p.Path.Bytes())
		if len(p.Via) > 0 {
			s += " via " + strings.Join(p.Via, ",")
		}
		if p.Partial {
			s += " partial"
		}
		if p.More {
			s += " more"
		}
		if p.Occurrence == nil || p.Occurrence.Item != p.Item || !strings.HasPrefix(p.Path.Bytes(), p.Occurrence.Path.Bytes()) {
			t.Errorf("%s began with %+v", s, p.Occurrence)
		}
		out = append(out, s)
	}
	return out
}

func TestPlaces(t *testing.T) {
	c := create(t)
	b := newTree()
	// The same container at two paths and in another item; two levels in it; the
	// innermost file also lies loose.
	b.at("backup.tar.gz", "EX-001", "old/backup.tar.gz")
	b.at("backup.tar.gz", "EX-001", "new/\xe7\x85.tar.gz")
	b.at("backup.tar.gz", "EX-002", "backup.tar.gz")
	b.at("log", "EX-002", "a.log")
	b.derive("backup.tar.gz", "inner.zip", "logs/inner.zip", "gunzip", "untar")
	b.derive("inner.zip", "log", "a\xff.log", "unzip")
	// What was decompressed or decrypted stands under the parent's own path.
	b.at("dump.gz", "EX-001", "dump.gz")
	b.derive("dump.gz", "dump.enc", "", "gunzip")
	b.derive("dump.enc", "dump", "", "decrypt")
	b.derive("dump", "table", "t.csv", "untar")
	// Found by two runs, of which one was cut short.
	b.derive("dump", "half", "half.csv", "untar")
	d := b.derive("dump", "half", "half.csv", "untar")
	d.Complete, d.Run = false, evidence.Sum([]byte("another run"))
	b.derive("dump", "half", "half.csv", "untar").Run = evidence.Sum([]byte("third run"))
	b.derive("half", "in half", "x", "unzip")
	b.artifact("record set")
	appendTo(t, c, b.Batch)

	for word, want := range map[string][]string{
		"backup.tar.gz": {`EX-001:"old/backup.tar.gz"`, `EX-001:"new/\xe7\x85.tar.gz"`, `EX-002:"backup.tar.gz"`},
		"inner.zip":     {`EX-001:"old/backup.tar.gz!logs/inner.zip"`, `EX-001:"new/\xe7\x85.tar.gz!logs/inner.zip"`, `EX-002:"backup.tar.gz!logs/inner.zip"`},
		"log": {
			`EX-002:"a.log"`, `EX-001:"old/backup.tar.gz!logs/inner.zip!a\xff.log"`,
			`EX-001:"new/\xe7\x85.tar.gz!logs/inner.zip!a\xff.log"`, `EX-002:"backup.tar.gz!logs/inner.zip!a\xff.log"`,
		},
		"dump":       {`EX-001:"dump.gz" via gunzip,decrypt`},
		"table":      {`EX-001:"dump.gz!t.csv" via gunzip,decrypt`},
		"half":       {`EX-001:"dump.gz!half.csv" via gunzip,decrypt`, `EX-001:"dump.gz!half.csv" via gunzip,decrypt partial`},
		"in half":    {`EX-001:"dump.gz!half.csv!x" via gunzip,decrypt`, `EX-001:"dump.gz!half.csv!x" via gunzip,decrypt partial`},
		"record set": nil,
		"nothing":    nil,
	} {
		if diff := cmp.Diff(want, places(t, c, word)); diff != "" {
			t.Errorf("%s: %s", word, diff)
		}
	}
}

// Containers that hold themselves or each other have one place for each way in
// that does not go in a circle.
func TestPlacesOfCircles(t *testing.T) {
	c := create(t)
	b := newTree()
	b.at("r.zip", "EX-001", "r.zip")
	b.derive("r.zip", "r.zip", "r/r.zip", "unzip")
	b.at("a", "EX-001", "a")
	b.derive("a", "b", "b", "unzip")
	b.derive("b", "a", "a", "unzip")
	b.derive("x", "y", "y", "unzip") // found nowhere
	b.derive("y", "x", "x", "unzip")
	appendTo(t, c, b.Batch)
	for word, want := range map[string][]string{
		"r.zip": {`EX-001:"r.zip"`}, "a": {`EX-001:"a"`}, "b": {`EX-001:"a!b"`}, "x": nil,
	} {
		if diff := cmp.Diff(want, places(t, c, word)); diff != "" {
			t.Errorf("%s: %s", word, diff)
		}
	}
}

// Twenty levels that each hold the same bytes twice have a million places: the
// list is cut and says so. A chain deeper than the limit is left, and says so
// where something was found at all.
func TestPlacesAreBounded(t *testing.T) {
	c := create(t)
	b := newTree()
	b.at("level 0", "EX-001", "bomb")
	for i := range 20 {
		b.derive(fmt.Sprintf("level %d", i), fmt.Sprintf("level %d", i+1), "left", "unzip")
		b.derive(fmt.Sprintf("level %d", i), fmt.Sprintf("level %d", i+1), "right", "unzip")
	}
	b.at("deep 0", "EX-001", "deep")
	for i := range store.MaxPlaceDepth + 1 {
		b.derive(fmt.Sprintf("deep %d", i), fmt.Sprintf("deep %d", i+1), "d", "unzip")
	}
	b.at(fmt.Sprintf("deep %d", store.MaxPlaceDepth+1), "EX-001", "loose")
	appendTo(t, c, b.Batch)
	got := places(t, c, "level 20")
	if len(got) != store.MaxPlaces || !strings.HasSuffix(got[len(got)-1], " more") || strings.HasSuffix(got[0], " more") {
		t.Errorf("%d places, the last %s", len(got), got[len(got)-1])
	}
	got = places(t, c, fmt.Sprintf("deep %d", store.MaxPlaceDepth))
	if want := []string{`EX-001:"deep` + strings.Repeat("!d", store.MaxPlaceDepth) + `"`}; !slices.Equal(got, want) {
		t.Errorf("at the limit: %q", got)
	}
	got = places(t, c, fmt.Sprintf("deep %d", store.MaxPlaceDepth+1))
	if want := []string{`EX-001:"loose" more`}; !slices.Equal(got, want) {
		t.Errorf("beyond the limit: %q", got)
	}
}

// Any graph without circles: the places are all the ways up, as a plain
// recursion from the top counts them.
func TestPlacesAreAllWays(t *testing.T) {
	c := create(t)
	round := 0
	rapid.Check(t, func(t *rapid.T) {
		round++
		word := func(i int) string { return fmt.Sprintf("round %d artifact %d", round, i) }
		b := newTree()
		n := rapid.IntRange(1, 6).Draw(t, "artifacts")
		want := make([]map[string]bool, n)
		for i := range n {
			want[i] = map[string]bool{}
			if rapid.Bool().Draw(t, "received") {
				path := fmt.Sprintf("p%d", i)
				b.at(word(i), "EX-1", path)
				want[i][fmt.Sprintf("EX-1:%q", path)] = true
			}
			for j := range i {
				if rapid.Bool().Draw(t, "derived") {
					b.derive(word(j), word(i), fmt.Sprintf("m%d", i), "untar")
					for place := range want[j] {
						want[i][strings.TrimSuffix(place, `"`)+fmt.Sprintf(`!m%d"`, i)] = true
					}
				}
			}
		}
		if _, err := c.Append(context.Background(), b.Batch); err != nil {
			t.Fatal(err)
		}
		for i := range n {
			got := places(t, c, word(i))
			slices.Sort(got)
			var all []string
			for p := range want[i] {
				all = append(all, p)
			}
			slices.Sort(all)
			if !slices.Equal(got, all) {
				t.Fatalf("artifact %d: %q, want %q", i, got, all)
			}
		}
	})
}

func TestFind(t *testing.T) {
	ctx := context.Background()
	c := create(t)
	b := newTree()
	var want []evidence.Digest
	for i := range 300 {
		want = append(want, b.artifact(fmt.Sprint(i)))
	}
	appendTo(t, c, b.Batch)
	slices.SortFunc(want, func(a, b evidence.Digest) int { return strings.Compare(a.Hex(), b.Hex()) })
	for _, prefix := range []string{"0", "f", "ff", "sha256:a", want[7].Hex(), want[7].String(), want[7].Hex()[:20]} {
		var sub []evidence.Digest
		for _, d := range want {
			if strings.HasPrefix(d.Hex(), strings.TrimPrefix(prefix, "sha256:")) {
				sub = append(sub, d)
			}
		}
		got, err := c.Find(ctx, prefix)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(sub, got); diff != "" {
			t.Errorf("%q: %s", prefix, diff)
		}
	}
	for _, bad := range []string{"", "sha256:", "A", "%", "0g", strings.Repeat("a", 65)} {
		if got, err := c.Find(ctx, bad); err == nil {
			t.Errorf("%q: %v", bad, got)
		}
	}
}
