package engine_test

import (
	"path/filepath"
	"testing"

	"github.com/exhibit-forensics/exhibit/core/layouts"
	"github.com/exhibit-forensics/exhibit/internal/corpus"
)

// BenchmarkRun is the whole job over one encrypted log: decrypt, parse, check,
// record set, commitments, row index, durable.
func BenchmarkRun(b *testing.B) {
	const messages = 200_000
	dir := b.TempDir()
	if err := corpus.Write(dir, corpus.Options{Seed: 1, Messages: messages}); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		b.StopTimer()
		c := newCase(b, filepath.Join(dir, "server"), "+08:00")
		if _, err := layouts.Add(b.Context(), c, []byte(corpus.Layouts)); err != nil {
			b.Fatal(err)
		}
		e := newEngine(b, c)
		b.StartTimer()
		r, err := e.Run(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		if r.Totals.Records != messages {
			b.Fatalf("%d records", r.Totals.Records)
		}
	}
	b.ReportMetric(float64(messages)*float64(b.N)/b.Elapsed().Seconds(), "records/s")
}
