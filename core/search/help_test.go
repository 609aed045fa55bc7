package search_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/exhibit-forensics/exhibit/core/index"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/blob"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

const boot = "this boot"

func newCase(t testing.TB) *store.Case {
	t.Helper()
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	c, err := store.Create(t.Context(), filepath.Join(t.TempDir(), "case"), store.Options{
		Now: func() time.Time { now = now.Add(time.Second); return now }, Rand: rand.Reader,
		Clock:     func() custody.Clock { return custody.Clock{Source: "system"} },
		Monotonic: func() time.Duration { return 0 }, LocalOffset: func() string { return "+00:00" },
		Tool: custody.Tool{Name: "exhibit", Version: "1", Protocol: 1, OS: "linux", Arch: "amd64"},
	}, store.Init{Lab: "test"})
	must(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// receive puts a file into an item at a path and returns its digest.
func receive(t testing.TB, c *store.Case, item, path string) evidence.Digest {
	t.Helper()
	st := stage(t, c, []byte(item+":"+path), evidence.StoredRaw)
	receiveAs(t, c, item, path, st.Digest, st)
	return st.Digest
}

func receiveAs(t testing.TB, c *store.Case, item, path string, d evidence.Digest, st *blob.Staged) {
	t.Helper()
	b := store.Batch{
		Kind: "receive", Plain: map[string]any{"phase": "begin"}, Secret: map[string]any{"asserted.exhibit": item},
		Occurrences: []evidence.Occurrence{{Item: item, Path: evidence.NewName(path), Type: "file", Artifact: d}},
	}
	if st != nil {
		b.Staged, b.Artifacts = []*blob.Staged{st}, []evidence.Artifact{st.Artifact(evidence.Original)}
	}
	_, err := c.Append(t.Context(), b)
	must(t, err)
}

func stage(t testing.TB, c *store.Case, content []byte, encoding string) *blob.Staged {
	t.Helper()
	w, err := c.Blobs().NewWriter(blob.WriterOptions{Encoding: encoding})
	must(t, err)
	_, err = w.Write(content)
	must(t, err)
	st, err := w.Finish()
	must(t, err)
	return st
}

// parsed records that a plugin read these lines out of an input. n tells runs
// over one input apart.
func parsed(t testing.TB, c *store.Case, input evidence.Digest, n int, lines [][]byte, supersedes ...evidence.Digest) evidence.Run {
	t.Helper()
	var all bytes.Buffer
	kinds := map[string]int64{}
	for _, l := range lines {
		all.Write(l)
		all.WriteByte('\n')
		kind, _ := evidence.KindAndTime(l)
		kinds[kind]++
	}
	st := stage(t, c, all.Bytes(), evidence.StoredZstd)
	r := evidence.Run{
		Plugin: evidence.PluginRef{Name: "test/plugin", Version: "1", SHA256: evidence.Sum(fmt.Append(nil, n))}, Operation: evidence.OpParse,
		Config: json.RawMessage(`{"charset":"","zone":""}`), Input: input, Keys: []string{}, Offered: []string{}, Outcome: evidence.OutcomeComplete,
		Attempts: 1, Start: "2026-11-22T10:00:00Z", End: "2026-11-22T10:00:01Z", Supersedes: supersedes,
		Records:    &evidence.RecordSetRef{Artifact: st.Digest, Count: int64(len(lines)), Kinds: kinds},
		RecordTree: &evidence.RecordTree{Root: fmt.Sprintf("%064x", n), Size: int64(len(lines))},
	}
	var err error
	r.ID, err = evidence.RunKey{Plugin: r.Plugin.SHA256, Operation: r.Operation, Config: r.Config, Input: r.Input}.ID()
	must(t, err)
	_, err = c.Append(t.Context(), store.Batch{
		Kind: "derive", Plain: map[string]any{"phase": "result"}, Staged: []*blob.Staged{st},
		Artifacts: []evidence.Artifact{st.Artifact(evidence.Derived)}, Runs: []store.RunRow{{Run: r}},
	})
	must(t, err)
	return r
}

func indexPath(c *store.Case) string { return filepath.Join(c.Dir(), "index.db") }

// reindex builds what the index lacks.
func reindex(t testing.TB, c *store.Case) {
	t.Helper()
	x, err := index.Open(t.Context(), indexPath(c), boot)
	must(t, err)
	_, err = x.Fill(t.Context(), c, nil)
	must(t, err)
	must(t, x.Close())
}

func canonical(t testing.TB, v map[string]any) []byte {
	t.Helper()
	b, err := evidence.Canonical(v)
	must(t, err)
	return b
}
