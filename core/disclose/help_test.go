package disclose_test

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/core/disclose"
	"github.com/exhibit-forensics/exhibit/core/disclose/disclosetest"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newSample(t testing.TB) *disclosetest.Case {
	t.Helper()
	c, err := disclosetest.New(t.Context(), filepath.Join(t.TempDir(), "case"), 7)
	must(t, err)
	t.Cleanup(func() { _ = c.Store.Close() })
	must(t, c.Sample(t.Context()))
	return c
}

// bundleOf discloses from a fresh sample and returns the file's name.
func bundleOf(t testing.TB, q disclose.Request) (string, *disclose.Report) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "bundle.zip")
	r, err := newSample(t).Disclose(t.Context(), name, q)
	must(t, err)
	return name, r
}

// contents reads a bundle, by paths from the bag.
func contents(t testing.TB, name string) map[string][]byte {
	t.Helper()
	b, err := os.ReadFile(name)
	must(t, err)
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	must(t, err)
	out := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		must(t, err)
		content, err := io.ReadAll(r)
		must(t, err)
		_, path, _ := strings.Cut(f.Name, "/")
		out[path] = content
	}
	return out
}
