package export_test

import (
	"bytes"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/exhibit-forensics/exhibit/core/export"
	"github.com/exhibit-forensics/exhibit/evidence"
)

const setA = "0123456789abcdef"

// line makes a joined record: fields over those that every record has.
func line(t testing.TB, n int, fields map[string]any) []byte {
	t.Helper()
	r := map[string]any{
		"id": fmt.Sprintf("%s:%d", setA, n), "exhibit": "EX-001", "kind": "message",
		"source": map[string]any{"artifact": "sha256:00", "path": "a/b.log", "offset": n * 10, "length": 10, "line": n},
	}
	for k, v := range fields {
		r[k] = v
	}
	b, err := evidence.Canonical(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// write exports lines and returns the file.
func write(t testing.TB, o export.Options, lines ...[]byte) ([]byte, export.Result) {
	t.Helper()
	var out bytes.Buffer
	if o.Scratch == nil {
		o.Scratch = func() (*os.File, error) { return os.CreateTemp(t.TempDir(), "scratch") }
	}
	w, err := export.NewWriter(&out, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range lines {
		if err := w.Record(l); err != nil {
			t.Fatal(err)
		}
	}
	r, err := w.Close()
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), r
}

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func formats() []string {
	names, _ := export.Formats()
	return names
}
