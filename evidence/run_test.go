package evidence_test

import (
	"crypto/sha256"
	"errors"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
)

func TestRunID(t *testing.T) {
	k := evidence.RunKey{Plugin: evidence.Sum([]byte("p")), Operation: "parse", Config: []byte(`{"zone":"+08:00"}`), Keys: []string{"key:b", "key:a", "key:b"}, Input: evidence.Sum([]byte("i"))}
	got, err := k.ID()
	if err != nil {
		t.Fatal(err)
	}
	// Written out by hand from docs/formats/runs.md.
	want := sha256.Sum256([]byte(`{"config":{"zone":"+08:00"},"input":"` + k.Input.String() + `","keys":["key:a","key:b"],"operation":"parse","plugin":"` + k.Plugin.String() + `"}`))
	if got != want {
		t.Fatalf("got %s", got)
	}
	k.Config = []byte(`{"zone": "+08:00"}`)
	if _, err := k.ID(); !errors.Is(err, evidence.ErrNotCanonical) {
		t.Fatal(err)
	}
}

func TestManifestOrderDoesNotMatter(t *testing.T) {
	a := evidence.ManifestMember{Role: "db", Artifact: evidence.Sum([]byte("1")), Size: 1}
	b := evidence.ManifestMember{Role: "wal", Artifact: evidence.Sum([]byte("2")), Size: 2}
	x, err := evidence.NewManifest([]evidence.ManifestMember{a, b}).Bytes()
	if err != nil {
		t.Fatal(err)
	}
	y, err := evidence.NewManifest([]evidence.ManifestMember{b, a}).Bytes()
	if err != nil {
		t.Fatal(err)
	}
	if string(x) != string(y) {
		t.Fatalf("%s\n%s", x, y)
	}
	if m, err := evidence.ParseManifest(x); err != nil || len(m.Members) != 2 {
		t.Fatal(m, err)
	}
	for _, bad := range []string{`{}`, `{"members":[],"v":1}`, `{"members":[{"artifact":"","role":"db","size":1}],"v":1}`, `{"v":1, "members":[]}`, `{"members":[],"v":2}`} {
		if _, err := evidence.ParseManifest([]byte(bad)); err == nil {
			t.Errorf("%s accepted", bad)
		}
	}
}

func TestSpanWithin(t *testing.T) {
	for _, c := range []struct {
		s    evidence.Span
		size int64
		want bool
	}{
		{evidence.Span{0, 0}, 0, true},
		{evidence.Span{0, 1}, 0, false},
		{evidence.Span{-1, 1}, 9, false},
		{evidence.Span{8, 1}, 9, true},
		{evidence.Span{8, 2}, 9, false},
		{evidence.Span{1 << 62, 1 << 62}, 9, false},
	} {
		if got := c.s.Within(c.size); got != c.want {
			t.Errorf("%v in %d: %v", c.s, c.size, got)
		}
	}
}

func TestNameKeepsBytes(t *testing.T) {
	for _, s := range []string{"a", "中", "\xff\xfe", "a\xc3"} {
		if n := evidence.NewName(s); n.Bytes() != s {
			t.Errorf("%q became %q", s, n.Bytes())
		}
	}
}
