package locate_test

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/exhibit-forensics/exhibit/core/disclose/disclosetest"
	"github.com/exhibit-forensics/exhibit/core/locate"
	"github.com/exhibit-forensics/exhibit/evidence"
)

// TestArtifact: what a person may write for a file, and what is said where it is none or more than one.
func TestArtifact(t *testing.T) {
	ctx := t.Context()
	c, err := disclosetest.New(ctx, filepath.Join(t.TempDir(), "case"), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Store.Close()
	one, err := c.Receive(ctx, "EX-001", nil, disclosetest.File{Path: "conf/enc.key", Content: []byte("a")}, disclosetest.File{Path: "both.txt", Content: []byte("b")})
	if err != nil {
		t.Fatal(err)
	}
	two, err := c.Receive(ctx, "EX-002", nil, disclosetest.File{Path: "both.txt", Content: []byte("c")}, disclosetest.File{Path: "copy.key", Content: []byte("a")})
	if err != nil {
		t.Fatal(err)
	}
	hex := one[0].Hex()
	for text, want := range map[string]evidence.Digest{
		one[0].String():       one[0],
		"sha256:" + hex[:6]:   one[0],
		hex[:8]:               one[0],
		"conf/enc.key":        one[0],
		"EX-001:conf/enc.key": one[0],
		"EX-001/conf/enc.key": one[0],
		"EX-002:copy.key":     one[0], // the same bytes at another place
		"EX-001:both.txt":     one[1],
		"EX-002:both.txt":     two[0],
	} {
		if got, err := locate.Artifact(ctx, c.Store, text); err != nil || got != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for text, want := range map[string]error{
		"both.txt":                               evidence.ErrAmbiguous,
		"EX-003:both.txt":                        evidence.ErrNotFound,
		"EX-001:enc.key":                         evidence.ErrNotFound,
		"":                                       evidence.ErrNotFound,
		hex[:5]:                                  evidence.ErrNotFound, // too short for a digest
		evidence.Sum([]byte("nowhere")).String(): evidence.ErrNotFound,
	} {
		if got, err := locate.Artifact(ctx, c.Store, text); !errors.Is(err, want) {
			t.Errorf("%q: %v, %v, not %v", text, got, err, want)
		}
	}
}
