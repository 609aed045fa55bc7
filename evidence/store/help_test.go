package store_test

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/blob"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// options are a writer's, with a clock that ticks a second at each look.
func options() store.Options {
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	return store.Options{
		Now:         func() time.Time { now = now.Add(time.Second); return now },
		Rand:        rand.Reader,
		Clock:       func() custody.Clock { return custody.Clock{Source: "system"} },
		Monotonic:   func() time.Duration { return 5 * time.Second },
		LocalOffset: func() string { return "+08:00" },
		Tool:        custody.Tool{Name: "exhibit", Version: "1", Protocol: 1, OS: "linux", Arch: "amd64"},
		Observed:    map[string]any{"observed.os.host": "bench-1"},
		Asserted:    map[string]any{"asserted.actor.name": "A. Examiner"},
	}
}

// create makes a case below t's directory, closed when t ends.
func create(t testing.TB) *store.Case {
	t.Helper()
	return createIn(t, filepath.Join(t.TempDir(), "case"))
}

func createIn(t testing.TB, dir string) *store.Case {
	t.Helper()
	c, err := store.Create(context.Background(), dir, options(), store.Init{Lab: "lab.example", Secret: map[string]any{"asserted.case.title": "A title"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func reopen(t testing.TB, c *store.Case) *store.Case {
	t.Helper()
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	return open(t, c.Dir())
}

func open(t testing.TB, dir string) *store.Case {
	t.Helper()
	c, err := store.Open(context.Background(), dir, options())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func openReader(t testing.TB, dir string) *store.Case {
	t.Helper()
	c, err := store.OpenReader(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

var blobOptions = blob.WriterOptions{Encoding: evidence.StoredRaw}

// stage makes an object of the given content.
func stage(t testing.TB, c *store.Case, content string) *blob.Staged {
	t.Helper()
	w, err := c.Blobs().NewWriter(blobOptions)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	st, err := w.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return st
}

// received is a batch that receives one file.
func received(t testing.TB, c *store.Case, item, path, content string) store.Batch {
	t.Helper()
	st := stage(t, c, content)
	return store.Batch{
		Kind: "receive", Plain: map[string]any{"phase": "begin"}, Secret: map[string]any{"asserted.exhibit": item},
		Staged: []*blob.Staged{st}, Artifacts: []evidence.Artifact{st.Artifact(evidence.Original)},
		Occurrences: []evidence.Occurrence{{Item: item, Path: evidence.NewName(path), Type: "file", Artifact: st.Digest}},
	}
}

func appendTo(t testing.TB, c *store.Case, b store.Batch) int64 {
	t.Helper()
	seq, err := c.Append(context.Background(), b)
	if err != nil {
		t.Fatal(err)
	}
	return seq
}

func note(text string) store.Batch {
	return store.Batch{Kind: "note", Secret: map[string]any{"asserted.note": text}}
}

// fakeArtifact is an artifact row without an object, for what reads rows only.
func fakeArtifact(name string) evidence.Artifact {
	d := evidence.Digest(sha256.Sum256([]byte(name)))
	return evidence.Artifact{
		SHA256: d, Size: int64(len(name)), Origin: evidence.Original,
		Hashes: map[string]string{"md5": fmt.Sprintf("%x", d[:16]), "sha1": fmt.Sprintf("%x", d[:20])},
		Stored: evidence.Stored{Encoding: evidence.StoredRaw, SHA256: d, Size: int64(len(name))},
	}
}

func run(input evidence.Digest, n int) evidence.Run {
	r := evidence.Run{
		Plugin: evidence.PluginRef{Name: "unpack", Version: "1", SHA256: evidence.Sum([]byte("plugin"))}, Operation: evidence.OpUnpack,
		Config: json.RawMessage(fmt.Sprintf(`{"zone":"+%02d:00"}`, n)), Input: input, Keys: []string{}, Offered: []string{}, Outcome: evidence.OutcomeComplete,
		Attempts: 1, Start: "2026-11-22T10:00:00Z", End: "2026-11-22T10:00:01Z",
	}
	id, err := evidence.RunKey{Plugin: r.Plugin.SHA256, Operation: r.Operation, Config: r.Config, Input: r.Input}.ID()
	if err != nil {
		panic(err)
	}
	r.ID = id
	return r
}

func collect[T any](t testing.TB, seq func(func(T, error) bool)) []T {
	t.Helper()
	var out []T
	for v, err := range seq {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, v)
	}
	return out
}

func read(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
