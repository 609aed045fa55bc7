package disclose_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/exhibit-forensics/exhibit/core/disclose"
	"github.com/exhibit-forensics/exhibit/core/disclose/disclosetest"
)

// BenchmarkSmallFiles measures what a file costs whatever its size.
func BenchmarkSmallFiles(b *testing.B) {
	const n = 3000
	c, err := disclosetest.New(b.Context(), filepath.Join(b.TempDir(), "case"), 3)
	must(b, err)
	defer c.Store.Close()
	var files []disclosetest.File
	for i := range n {
		files = append(files, disclosetest.File{Path: fmt.Sprintf("d%d/f%d", i%50, i), Content: fmt.Appendf(nil, "%d", i)})
	}
	_, err = c.Receive(b.Context(), "EX-1", nil, files...)
	must(b, err)
	b.ResetTimer()
	for i := range b.N {
		_, err := c.Disclose(b.Context(), filepath.Join(b.TempDir(), fmt.Sprintf("b%d.zip", i)), disclose.Request{Exhibits: []string{"EX-1"}})
		must(b, err)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n/1000, "µs/file")
}

// BenchmarkLargeFile measures bytes: reading twice, hashing, writing.
func BenchmarkLargeFile(b *testing.B) {
	const size = 256 << 20
	c, err := disclosetest.New(b.Context(), filepath.Join(b.TempDir(), "case"), 3)
	must(b, err)
	defer c.Store.Close()
	content := make([]byte, size)
	for i := range content {
		content[i] = byte(i >> 8 * 7)
	}
	_, err = c.Receive(b.Context(), "EX-1", nil, disclosetest.File{Path: "image", Content: content})
	must(b, err)
	b.SetBytes(size)
	b.ResetTimer()
	for i := range b.N {
		name := filepath.Join(b.TempDir(), fmt.Sprintf("b%d.zip", i))
		_, err := c.Disclose(b.Context(), name, disclose.Request{Exhibits: []string{"EX-1"}})
		must(b, err)
		must(b, os.Remove(name))
	}
}
