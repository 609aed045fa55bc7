package timeline_test

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

	"github.com/exhibit-forensics/exhibit/core/search"
	"github.com/exhibit-forensics/exhibit/core/timeline"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/blob"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// caseOf is a case whose one run made these records.
func caseOf(t *testing.T, lines ...string) *store.Case {
	t.Helper()
	ctx := context.Background()
	c, err := store.Create(ctx, filepath.Join(t.TempDir(), "case"), store.Options{
		Now: time.Now, Rand: rand.Reader,
		Clock:       func() custody.Clock { return custody.Clock{Source: "system"} },
		Monotonic:   func() time.Duration { return time.Second },
		LocalOffset: func() string { return "+00:00" },
		Tool:        custody.Tool{Name: "exhibit", Version: "test", Protocol: 1, OS: "linux", Arch: "amd64"},
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
	_, err = c.Append(ctx, store.Batch{
		Kind: "receive", Plain: map[string]any{"phase": "begin"}, Secret: map[string]any{"asserted.exhibit": "EX-001"}, Staged: []*blob.Staged{st}, Artifacts: []evidence.Artifact{a},
		Occurrences: []evidence.Occurrence{{Item: "EX-001", Path: evidence.NewName("file"), Type: "file", Artifact: a.SHA256}},
	})
	must(t, err)
	seed := [32]byte{1}
	tree := custody.NewRecordTree(seed)
	for _, line := range lines {
		must(t, evidence.CheckCanonical([]byte(line)))
		tree.Add([]byte(line))
	}
	root, _ := tree.Root()
	rst, ra := put(evidence.Derived, []byte(strings.Join(lines, "\n")+"\n"))
	n := int64(len(lines))
	r := evidence.Run{
		Plugin: evidence.PluginRef{Name: "p", Version: "1", SHA256: evidence.Sum([]byte("p"))}, Operation: evidence.OpParse, Config: []byte("{}"), Input: a.SHA256,
		Outcome: evidence.OutcomeComplete, Units: evidence.Units{Declared: -1, Read: n, Emitted: n}, BytesRead: a.Size, Size: a.Size, Attempts: 1,
		Records:    &evidence.RecordSetRef{Artifact: ra.SHA256, Count: n, Kinds: map[string]int64{"row": n}},
		RecordTree: &evidence.RecordTree{Root: hex.EncodeToString(root[:]), Size: n},
		Start:      "2026-11-22T10:00:00Z", End: "2026-11-22T10:00:01Z",
	}
	r.ID, err = evidence.RunKey{Plugin: r.Plugin.SHA256, Operation: r.Operation, Config: r.Config, Input: r.Input}.ID()
	must(t, err)
	_, err = c.Append(ctx, store.Batch{
		Kind: "derive", Plain: map[string]any{"phase": "result"}, Staged: []*blob.Staged{rst}, Artifacts: []evidence.Artifact{ra}, Runs: []store.RunRow{{Run: r, Seed: seed}},
	})
	must(t, err)
	return c
}

const source = `"source":{"length":1,"offset":0},`

func TestEveryTimeIsAnEvent(t *testing.T) {
	ctx := context.Background()
	c := caseOf(t,
		`{"kind":"row",`+source+`"text":"a","time":"2008-08-02T00:00:00Z","time_kind":"sent"}`,
		`{"kind":"row",`+source+`"text":"b","time":"2008-08-01T00:00:00Z","time_basis":{"zone_basis":"assumed"},"time_kind":"created","times":[{"kind":"created","time":"2008-08-01T00:00:00Z"},{"basis":{"zone_basis":"assumed"},"kind":"edited","time":"2008-08-03T00:00:00.5Z"}]}`,
		`{"kind":"row",`+source+`"text":"c","time":null}`,
		`{"flags":["time_implausible","other"],"kind":"row",`+source+`"text":"d","time":null,"times":[{"basis":"assumed","kind":"read","time":"1970-01-01T00:00:00Z"},{"kind":"x","time":null}]}`,
		`{"kind":"row",`+source+`"text":"e","time":"no time"}`,
	)
	all, err := search.Parse("", search.ParseOptions{})
	must(t, err)
	var got []string
	events := func(q *search.Query, o timeline.Options) timeline.Summary {
		got = nil
		s, err := timeline.Events(ctx, c, q, o, func(line []byte) ([]byte, error) {
			_, text, _ := bytes.Cut(line, []byte(`"text":"`))
			return text[:1], nil
		}, func(e timeline.Event) error {
			got = append(got, fmt.Sprintf("%s %s %s %t %v", e.Payload, e.At.Format(time.RFC3339Nano), e.Kind, e.Assumed, e.Flags))
			return nil
		})
		must(t, err)
		return s
	}
	o := timeline.Options{TempDir: t.TempDir(), Memory: 1}
	if s := events(all, o); s != (timeline.Summary{Records: 5, Untimed: 2, Events: 4}) {
		t.Errorf("%+v", s)
	}
	want := []string{
		"d 1970-01-01T00:00:00Z read true [time_implausible]", "b 2008-08-01T00:00:00Z created true []", "a 2008-08-02T00:00:00Z sent false []", "b 2008-08-03T00:00:00.5Z edited true []",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	o.From, o.To = time.Date(2008, 8, 2, 0, 0, 0, 0, time.UTC), time.Date(2008, 8, 3, 0, 0, 0, 500_000_000, time.UTC)
	if s := events(all, o); s.Events != 1 || s.Outside != 3 || !slices.Equal(got, want[2:3]) {
		t.Errorf("%+v %q", s, got)
	}
	after, err := search.Parse("after:2008-08-01T12:00:00Z", search.ParseOptions{})
	must(t, err)
	if s := events(after, timeline.Options{}); s.Undecided == 0 || len(got) != 1 {
		t.Errorf("%+v %q", s, got)
	}
	buckets, s, err := timeline.Count(ctx, c, all, timeline.Options{}, timeline.Month, time.UTC)
	if err != nil || len(buckets) != 2 || buckets[0].Count != 1 || buckets[1].Count != 3 || buckets[1].Kinds["created"] != 1 || s.Untimed != 2 {
		t.Errorf("%+v %+v %v", buckets, s, err)
	}
	if _, _, err := timeline.Count(ctx, c, all, timeline.Options{}, "year", time.UTC); !errors.Is(err, evidence.ErrFormat) {
		t.Error(err)
	}
}
