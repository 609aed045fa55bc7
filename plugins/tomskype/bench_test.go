package main_test

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/exhibit-forensics/exhibit/internal/corpus"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	tomskype "github.com/exhibit-forensics/exhibit/plugins/tomskype"
)

// BenchmarkParse decrypts, parses and encodes; the two published keys and one of
// the case are at hand, so that every line is checked against all of them.
func BenchmarkParse(b *testing.B) {
	const messages = 50_000
	dir := b.TempDir()
	if err := corpus.Write(dir, corpus.Options{Seed: 1, Messages: messages}); err != nil {
		b.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "server", "contentfilter", "*"))
	if err != nil || len(files) != 1 {
		b.Fatal(files, err)
	}
	data, err := os.ReadFile(files[0])
	if err != nil {
		b.Fatal(err)
	}
	config, err := json.Marshal(map[string]any{"layout": layouts(b, filepath.Join(dir, "truth"))["contentfilter"]})
	if err != nil {
		b.Fatal(err)
	}
	keys := append(published(b), key("second", []byte("q8tV0gyE")))
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		r, err := sdk.Run(b.Context(), tomskype.Plugin(), sdk.Job{
			Operation: "parse", Config: config, Keys: keys, Inputs: []*sdk.Input{sdk.NewInput(bytes.NewReader(data), int64(len(data)))},
			Records: io.Discard, Diagnostics: io.Discard, Artifacts: io.Discard,
		})
		if err != nil || r.Err != nil || r.Units.Emitted != messages {
			b.Fatal(err, r)
		}
	}
	b.ReportMetric(float64(messages)*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
}
