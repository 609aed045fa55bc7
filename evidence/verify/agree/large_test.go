package agree_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestPageLarge: a file of more than 2 GiB (a hole) is hashed piece by piece: what the page
// holds of it in memory stays small.
func TestPageLarge(t *testing.T) {
	if !long() {
		t.Skip("long: ./task agree")
	}
	name := filepath.Join(t.TempDir(), "image.dd")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	const size = 1<<31 + 12345
	if _, err := f.WriteAt([]byte("the end"), size-7); err != nil {
		t.Fatal(err)
	}
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(f, 0, size)); err != nil {
		t.Fatal(err)
	}
	b := openBrowser(t, "file://"+page(t))
	start := time.Now()
	var r pageResult
	if err := json.Unmarshal(b.give("files", "", fmt.Sprintf("%x  image.dd\n", h.Sum(nil)), "list", name), &r); err != nil {
		t.Fatal(err)
	}
	took := time.Since(start)
	peak := b.peak()
	if r.Verdict != "MATCH" || peak == 0 || peak > 1<<20 {
		t.Errorf("%+v, at most %d KiB of memory", r, peak)
	}
	t.Logf("%d bytes in %v (%.0f MB/s), at most %d MiB of memory in one process", size, took.Round(time.Millisecond), size/took.Seconds()/1e6, peak>>10)
}

// peak is the most memory that one of the browser's processes has held, in KiB.
func (b *browser) peak() (most int64) {
	all, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, name := range all {
		line, err := os.ReadFile(name)
		if err != nil || !strings.Contains(string(line), b.dir) {
			continue
		}
		status, err := os.ReadFile(filepath.Join(filepath.Dir(name), "status"))
		if err != nil {
			continue
		}
		for row := range strings.Lines(string(status)) {
			var n int64
			if _, err := fmt.Sscanf(row, "VmHWM: %d kB", &n); err == nil {
				most = max(most, n)
			}
		}
	}
	return most
}
