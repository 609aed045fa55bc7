package host_test

import (
	"testing"
	"time"

	"github.com/exhibit-forensics/exhibit/core/host"
)

// BenchmarkStart: from nothing to the answer to Describe, and the end of it.
func BenchmarkStart(b *testing.B) {
	h := newHost(b)
	p := loadPlugin(b, "plugin")
	if _, err := h.Check(b.Context(), p); err != nil { // the sealed copy is made once
		b.Fatal(err)
	}
	best := time.Hour // on a busy machine the mean says little
	for b.Loop() {
		start := time.Now()
		if _, err := h.Check(b.Context(), p); err != nil {
			b.Fatal(err)
		}
		best = min(best, time.Since(start))
	}
	b.ReportMetric(float64(best.Microseconds())/1000, "best-ms")
}

// BenchmarkPooledJob: a small job in a process that is there already.
func BenchmarkPooledJob(b *testing.B) {
	h := newHost(b)
	j := job(b, loadPlugin(b, "plugin"), "ok", "x")
	for b.Loop() {
		if _, err := h.Run(b.Context(), j, func() (host.Sink, error) { return new(counter), nil }); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRecords: records of 340 bytes from a plugin that does nothing but write
// them, to a sink that drops them.
func BenchmarkRecords(b *testing.B) {
	h := newHost(b)
	const n = 100_000
	j := job(b, loadPlugin(b, "plugin"), "ok", "x")
	j.Config = config(b, map[string]any{"mode": "ok", "n": int64(n)})
	j.Limits.OutputBytes = 1 << 40
	b.SetBytes(n * 340)
	best := time.Hour
	for b.Loop() {
		start := time.Now()
		sink := new(counter)
		res, err := h.Run(b.Context(), j, func() (host.Sink, error) { return sink, nil })
		if err != nil || sink.records != n {
			b.Fatal(err, res)
		}
		best = min(best, time.Since(start))
	}
	b.ReportMetric(n/best.Seconds(), "best-records/s")
}

// BenchmarkArtifactStream: derived bytes through the frames.
func BenchmarkArtifactStream(b *testing.B) {
	h := newHost(b)
	j := job(b, loadPlugin(b, "plugin"), "bomb-artifact", "x")
	const n = 256 << 20
	j.Limits.OutputBytes = n
	b.SetBytes(n)
	for b.Loop() {
		if _, err := h.Run(b.Context(), j, func() (host.Sink, error) { return new(discard), nil }); err != nil {
			b.Fatal(err)
		}
	}
}

// discard is a counter that takes artifacts.
type discard struct{ counter }

func (*discard) Artifact(host.Begin) (host.ArtifactWriter, error) { return nothing{}, nil }

type nothing struct{}

func (nothing) Write(p []byte) (int, error) { return len(p), nil }
func (nothing) End(bool, string) error      { return nil }
func (nothing) Abort()                      {}
