package store_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// TestAround: what lies at a path from a file's directory on, in an item and in an archive,
// and nothing of another directory, item or archive.
func TestAround(t *testing.T) {
	c := create(t)
	b := newTree()
	b.at("list", "EX-001", "phone/M.db")
	b.at("plist", "EX-001", "phone/M.plist")
	b.at("one", "EX-001", "phone/ab/one")
	b.at("two", "EX-001", "phone/ab/two")
	b.at("deep", "EX-001", "phone/ab/cd/deep")
	b.at("other", "EX-001", "other/ab/one")
	b.at("elsewhere", "EX-002", "phone/ab/one")
	b.at("box", "EX-001", "phone/box.zip")
	b.derive("box", "inner list", "M.db", "unzip")
	b.derive("box", "inner", "ab/one", "unzip")
	b.derive("box", "one", "ab/two", "unzip")
	if _, err := c.Append(t.Context(), b.Batch); err != nil {
		t.Fatal(err)
	}
	index, err := c.PlaceIndex(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	words := map[string]string{}
	for _, w := range []string{"plist", "one", "two", "deep", "other", "elsewhere", "inner"} {
		words[fakeArtifact(w).SHA256.Hex()] = w
	}
	for _, v := range []struct {
		of, pattern string
		want        []string
	}{
		{"list", "??/*", []string{"ab/one=one", "ab/two=two"}},
		{"list", "M.plist", []string{"M.plist=plist"}},
		{"list", "ab/on[ae]", []string{"ab/one=one"}},
		{"list", "*/*/*", []string{"ab/cd/deep=deep"}},
		{"list", "nothing", nil},
		{"inner list", "??/*", []string{"ab/one=inner", "ab/two=one"}},
	} {
		places, err := index.Places(fakeArtifact(v.of).SHA256)
		if err != nil || len(places) != 1 {
			t.Fatal(places, err)
		}
		var got []string
		for _, n := range index.Around(places[0], v.pattern) {
			got = append(got, fmt.Sprint(n.Name, "=", words[n.Artifact.Hex()]))
			all, err := index.Places(n.Artifact)
			if err != nil {
				t.Fatal(err)
			}
			if at, ok := store.NeighbourAt(places[0], all, n.Name); !ok || at.Item != "EX-001" {
				t.Errorf("%s of %s: %+v, %v", n.Name, v.of, at, ok)
			}
			if at, ok := store.NeighbourAt(places[0], all, n.Name+"x"); ok {
				t.Errorf("%s of %s lies at %+v too", n.Name, v.of, at)
			}
		}
		if !slices.Equal(got, v.want) {
			t.Errorf("%s, %q: %q, want %q", v.of, v.pattern, got, v.want)
		}
	}
}
