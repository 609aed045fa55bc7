package intake_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/exhibit-forensics/exhibit/core/intake"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// Small files: what an item costs beside its bytes.
func BenchmarkSmallFiles(b *testing.B) {
	const files = 2000
	dir := filepath.Join(b.TempDir(), "item")
	for i := range files {
		name := filepath.Join(dir, fmt.Sprintf("d%02d/f%04d", i%20, i))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(strings.Repeat(fmt.Sprint(i), 200)), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	c, err := store.Create(b.Context(), filepath.Join(b.TempDir(), "case"), storeOptions(), store.Init{Lab: "lab"})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	for b.Loop() {
		if _, err := intake.Add(b.Context(), c, intake.Options{Now: time.Now}, intake.Request{Path: dir}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(files*b.N)/b.Elapsed().Seconds(), "files/s")
}
