package agree_test

import (
	"bytes"
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/exhibit-forensics/exhibit/core/disclose/disclosetest"
)

// TestRealBundles: what the program itself makes is intact in all three, and a few
// bits flipped in it are seen alike.
func TestRealBundles(t *testing.T) {
	ctx, dir, requests := context.Background(), t.TempDir(), disclosetest.Requests()
	b := openBrowser(t, "file://"+page(t))
	var jobs []job
	var want []said
	for _, name := range slices.Sorted(maps.Keys(requests)) {
		c, err := disclosetest.New(ctx, filepath.Join(t.TempDir(), "case"), 1)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Sample(ctx); err != nil {
			t.Fatal(err)
		}
		zip := filepath.Join(dir, name+".zip")
		if _, err := c.Disclose(ctx, zip, requests[name]); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := c.Store.Close(); err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(zip)
		if err != nil {
			t.Fatal(err)
		}
		if got := goFile(t, zip); got.Verdict != "INTACT" || got.Level != "self-asserted" {
			t.Errorf("%s: %+v", name, got)
		}
		for i := -1; i < 6; i++ {
			changed := content
			if i >= 0 {
				changed = flipBit(content, i*8*len(content)/6+i)
			}
			j := job{name, filepath.Join(dir, name+string(rune('a'+i+1))+".zip"), []string{}, [][]byte{}, nil, nil}
			if err := os.WriteFile(j.Path, changed, 0o600); err != nil {
				t.Fatal(err)
			}
			jobs, want = append(jobs, j), append(want, goSays(t, tampering{zip: changed}))
			if bytes.Equal(changed, content) != (want[len(want)-1].Verdict == "INTACT") {
				t.Errorf("%s: %+v", name, want[len(want)-1])
			}
		}
	}
	for i, got := range pythonSays(t, jobs) {
		if got != want[i] {
			t.Errorf("%s: Python says %+v, Go %+v", jobs[i].Path, got, want[i])
		}
	}
	for i, got := range pageSays(t, b, jobs) {
		if got != want[i] {
			t.Errorf("%s: the page says %+v, Go %+v", jobs[i].Path, got, want[i])
		}
	}
	if len(jobs) == 0 {
		t.Error("no bundles")
	}
}
