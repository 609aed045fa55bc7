package store_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"

	"pgregory.net/rapid"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

func anyDigest(t *rapid.T, name string) evidence.Digest {
	return evidence.Sum([]byte(rapid.StringN(1, 8, -1).Draw(t, name)))
}

func anyName(t *rapid.T, name string) evidence.Name {
	return evidence.NewName(rapid.OneOf(rapid.StringN(1, 20, -1), rapid.SampledFrom([]string{"a/b", "\xff\xfe", "照片/\xe7.jpg", "\x00\n\"\\", "\u2028", "a\U0001F600"})).Draw(t, name))
}

func anyJSON(t *rapid.T, name string) json.RawMessage {
	return json.RawMessage(rapid.SampledFrom([]string{"", `{}`, `{"b":1,"a":"x"}`, "{ \"mtime\": \"2024-01-01T00:00:00Z\" ,\"size\":12}", `[{"do":"untar","offset":512,"length":7}]`, `{"a":"\u00e9\/"}`}).Draw(t, name))
}

// The hand-written bodies are what evidence.Canonical makes of the same values.
func TestBodiesAreCanonical(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.Just(""), rapid.String())
		size := rapid.Int64Range(0, evidence.MaxSafeInteger)
		path := anyName(t, "stored path")
		a := evidence.Artifact{
			SHA256: anyDigest(t, "artifact"), Size: size.Draw(t, "size"), Origin: rapid.SampledFrom([]string{evidence.Original, evidence.Derived}).Draw(t, "origin"),
			Hashes: rapid.MapOfN(rapid.SampledFrom([]string{"md5", "sha1", "sha512"}), rapid.StringMatching(`[0-9a-f]{8}`), 0, 3).Draw(t, "hashes"),
			Stored: evidence.Stored{Encoding: rapid.SampledFrom([]string{evidence.StoredRaw, evidence.StoredZstd, evidence.StoredInPlace}).Draw(t, "encoding"), SHA256: anyDigest(t, "stored"), Size: size.Draw(t, "stored size")},
		}
		if a.Stored.Encoding == evidence.StoredInPlace {
			a.Stored.Path = &path
		}
		o := evidence.Occurrence{
			Item: rapid.StringN(1, 10, -1).Draw(t, "item"), Path: anyName(t, "path"), Type: rapid.SampledFrom([]string{"file", "directory", "symlink", "refused"}).Draw(t, "type"),
			FS: anyJSON(t, "fs"), Flags: rapid.SliceOfN(rapid.String(), 0, 3).Draw(t, "flags"), Note: text.Draw(t, "note"),
		}
		if o.Type == "file" {
			o.Artifact = a.SHA256
		}
		name := anyName(t, "name")
		d := evidence.Derivation{
			Run: anyDigest(t, "run"), Parent: a.SHA256, Child: anyDigest(t, "child"), N: size.Draw(t, "n"), Steps: anyJSON(t, "steps"), Meta: anyJSON(t, "meta"),
			Complete: rapid.Bool().Draw(t, "complete"), Reason: text.Draw(t, "reason"),
		}
		if rapid.Bool().Draw(t, "named") {
			d.Name = &name
		}
		same(t, a, store.ArtifactBody)
		same(t, o, store.OccurrenceBody)
		same(t, d, store.DerivationBody)
	})
}

func same[T any](t *rapid.T, v T, body func(T) ([]byte, error)) {
	got, err := body(v)
	if err != nil {
		t.Fatalf("%+v: %v", v, err)
	}
	want, err := evidence.Canonical(v)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Fatalf("got  %s\nwant %s", got, want)
	}
}

func TestBodiesRefuse(t *testing.T) {
	digest := evidence.Sum([]byte("x"))
	whole := evidence.Artifact{SHA256: digest, Origin: evidence.Original, Stored: evidence.Stored{Encoding: evidence.StoredRaw, SHA256: digest}}
	path := evidence.NewName("/mnt/x")
	for name, spoil := range map[string]func(*evidence.Artifact){
		"no digest":         func(a *evidence.Artifact) { a.SHA256 = evidence.Digest{} },
		"no stored digest":  func(a *evidence.Artifact) { a.Stored.SHA256 = evidence.Digest{} },
		"origin":            func(a *evidence.Artifact) { a.Origin = "found" },
		"encoding":          func(a *evidence.Artifact) { a.Stored.Encoding = "lzma" },
		"size":              func(a *evidence.Artifact) { a.Size = -1 },
		"size beyond 2^53":  func(a *evidence.Artifact) { a.Size = evidence.MaxSafeInteger + 1 },
		"path of raw bytes": func(a *evidence.Artifact) { a.Stored.Path = &path },
		"no path in place":  func(a *evidence.Artifact) { a.Stored.Encoding = evidence.StoredInPlace },
		"hash not text":     func(a *evidence.Artifact) { a.Hashes = map[string]string{"md5": "\xff"} },
	} {
		a := whole
		spoil(&a)
		if b, err := store.ArtifactBody(a); err == nil || b != nil {
			t.Errorf("artifact, %s: %s, %v", name, b, err)
		}
	}
	for name, o := range map[string]evidence.Occurrence{
		"no item":                {Path: path, Type: "directory"},
		"no path":                {Item: "EX-1", Type: "directory"},
		"type":                   {Item: "EX-1", Path: path, Type: "socket"},
		"directory with content": {Item: "EX-1", Path: path, Type: "directory", Artifact: digest},
		"path not text":          {Item: "EX-1", Path: evidence.Name{Text: "\xff"}, Type: "directory"},
		"fs":                     {Item: "EX-1", Path: path, Type: "directory", FS: json.RawMessage(`{"size":1.5}`)},
	} {
		if b, err := store.OccurrenceBody(o); err == nil || b != nil {
			t.Errorf("occurrence, %s: %s, %v", name, b, err)
		}
	}
	if b, err := store.DerivationBody(evidence.Derivation{Run: digest, Parent: digest}); !errors.Is(err, evidence.ErrFormat) || b != nil {
		t.Errorf("derivation without child: %s, %v", b, err)
	}
}
