package agree_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// BenchmarkBundle measures bytes of payload a second, with 128 MiB in one file.
func BenchmarkBundle(b *testing.B) {
	zip := zipOf("C", (&plan{data: func(f files) { f["data/export/big.bin"] = make([]byte, 128<<20) }}).build(), nil)
	name := filepath.Join(b.TempDir(), "b.zip")
	if err := os.WriteFile(name, zip, 0o600); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(zip)))
	for b.Loop() {
		if got := goFile(b, name); got.Codes != "" {
			b.Fatal(got)
		}
	}
}

// TestLargeFiles: a file larger than what the page holds in memory at once, in all
// three; and what they make a second of it.
func TestLargeFiles(t *testing.T) {
	if !long() {
		t.Skip("long: ./task agree")
	}
	zip := zipOf("C", (&plan{data: func(f files) {
		f["data/export/big.bin"] = make([]byte, 300<<20)
		f["data/export/middle.bin"] = make([]byte, 20<<20)
	}}).build(), nil)
	name := filepath.Join(t.TempDir(), "b.zip")
	if err := os.WriteFile(name, zip, 0o600); err != nil {
		t.Fatal(err)
	}
	jobs := []job{{Path: name, Trust: []string{}, Receipts: [][]byte{}}}
	b := openBrowser(t, "file://"+page(t))
	for _, c := range []struct {
		who  string
		says func() said
	}{
		{"Go", func() said { return goFile(t, name) }},
		{"Python", func() said { return pythonSays(t, jobs)[0] }},
		{"the page", func() said { return pageSays(t, b, jobs)[0] }},
	} {
		start := time.Now()
		if got := c.says(); got.Verdict != "INTACT" {
			t.Errorf("%s: %+v", c.who, got)
		}
		t.Logf("%s: %.0f MB/s", c.who, float64(len(zip))/1e6/time.Since(start).Seconds())
	}
}
