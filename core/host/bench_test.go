//go:build linux

package host_test

import (
	"encoding/json"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/exhibit-forensics/exhibit/core/host"
)

// eachHost compares two hosts: everything in force, and nothing.
func eachHost(b *testing.B, run func(b *testing.B, h *fixture)) {
	b.Run("sandboxed", func(b *testing.B) { run(b, newHost(b)) })
	b.Run("bare", func(b *testing.B) {
		h := newHost(b, bare)
		host.ForbidNamespaces(h.Host)
		run(b, h)
	})
}

// reportTimes reports the best and the median of times in ms: on a busy machine the
// mean says little.
func reportTimes(b *testing.B, times []time.Duration) {
	slices.Sort(times)
	ms := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e6 }
	b.ReportMetric(ms(times[0]), "best-ms")
	b.ReportMetric(ms(times[len(times)/2]), "median-ms")
}

// BenchmarkStart: from nothing to the answer to the first call, Describe, and the end
// of the process. The sealed copy of the program is there already.
func BenchmarkStart(b *testing.B) {
	p := loadPlugin(b, "plugin")
	eachHost(b, func(b *testing.B, h *fixture) {
		if _, err := h.Check(b.Context(), p); err != nil {
			b.Fatal(err)
		}
		var times []time.Duration
		for b.Loop() {
			start := time.Now()
			if _, err := h.Check(b.Context(), p); err != nil {
				b.Fatal(err)
			}
			times = append(times, time.Since(start))
		}
		reportTimes(b, times)
	})
}

// BenchmarkHandOver: an input in a process that is there already, which does nothing with it.
func BenchmarkHandOver(b *testing.B) {
	h := newHost(b)
	j := job(b, loadPlugin(b, "plugin"), "ok", "x")
	var times []time.Duration
	for b.Loop() {
		start := time.Now()
		if _, err := h.Run(b.Context(), j, func() (host.Sink, error) { return new(counter), nil }); err != nil {
			b.Fatal(err)
		}
		times = append(times, time.Since(start))
	}
	reportTimes(b, times)
}

// BenchmarkRecords: records of 340 bytes from a plugin that does nothing but write
// them, to a sink that drops them.
func BenchmarkRecords(b *testing.B) {
	p := loadPlugin(b, "plugin")
	eachHost(b, func(b *testing.B, h *fixture) {
		const n = 200_000
		j := job(b, p, "ok", "x")
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
	})
}

// BenchmarkEvidence: a file's bytes by the descriptor that was handed over, against the
// same calls in this process.
func BenchmarkEvidence(b *testing.B) {
	const size = 256 << 20
	in := inputFile(b, strings.Repeat("0123456789abcdef", size/16))
	rate := func(best time.Duration) float64 { return size / best.Seconds() / 1e6 }
	b.Run("plugin", func(b *testing.B) {
		h := newHost(b)
		j := job(b, loadPlugin(b, "plugin"), "read", "")
		j.Config, j.Inputs = config(b, map[string]any{"mode": "read", "n": int64(5)}), []host.Input{in}
		best := time.Hour
		for b.Loop() {
			_, sink := h.must(j)
			for _, line := range sink.lines {
				var r struct{ NS time.Duration }
				if err := json.Unmarshal([]byte(line), &r); err != nil {
					b.Fatal(err)
				}
				best = min(best, r.NS)
			}
		}
		b.ReportMetric(rate(best), "best-MB/s")
	})
	b.Run("in-process", func(b *testing.B) {
		buf := make([]byte, 1<<20)
		best := time.Hour
		for b.Loop() {
			start := time.Now()
			for off := int64(0); ; {
				n, err := in.File.ReadAt(buf, off)
				if off += int64(n); err != nil {
					break
				}
			}
			best = min(best, time.Since(start))
		}
		b.ReportMetric(rate(best), "best-MB/s")
	})
}

// BenchmarkKill: how long after its deadline a plugin that hangs is dead, its remains
// removed and Run back.
func BenchmarkKill(b *testing.B) {
	h := newHost(b)
	p := loadPlugin(b, "plugin")
	const deadline = 200 * time.Millisecond
	j := job(b, p, "hang", "x")
	j.Limits.Total = deadline
	var times []time.Duration
	for b.Loop() {
		var began time.Time
		res, err := h.Run(b.Context(), j, func() (host.Sink, error) {
			began = time.Now()
			return new(counter), nil
		})
		if err != nil || res.Outcome != partial {
			b.Fatal(err, res)
		}
		times = append(times, time.Since(began)-deadline)
	}
	reportTimes(b, times)
}

// BenchmarkEndless: what this process needs at most while a plugin writes without end.
func BenchmarkEndless(b *testing.B) {
	p := loadPlugin(b, "plugin")
	for _, mode := range []string{"flood", "bomb-artifact", "flood-diagnostics", "flood-events"} {
		b.Run(mode, func(b *testing.B) {
			h := newHost(b)
			h.works(p)
			j := job(b, p, mode, "x")
			j.Limits = host.Limits{OutputBytes: 1 << 40, Records: 1 << 40, Diagnostics: 1 << 40, Total: 2 * time.Second}
			debug.FreeOSMemory()
			// 5: reset VmHWM (proc_pid_clear_refs(5)).
			if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
				b.Fatal(err)
			}
			before := memoryOf(b, "VmHWM")
			var bytes int64
			for b.Loop() {
				res, err := h.Run(b.Context(), j, func() (host.Sink, error) { return new(discard), nil })
				if err != nil || res.Outcome != partial {
					b.Fatal(err, res)
				}
				bytes += res.Records.Bytes + res.Diagnostics.Bytes + res.Artifacts.Bytes
			}
			b.ReportMetric(memoryOf(b, "VmHWM"), "peak-MiB")
			b.ReportMetric(memoryOf(b, "VmHWM")-before, "grown-MiB")
			b.ReportMetric(float64(bytes)/1e6, "MB-taken")
		})
	}
}

// memoryOf reads a line of /proc/self/status, in MiB.
func memoryOf(b *testing.B, name string) float64 {
	b.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), name+":")
	kib, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
	if err != nil {
		b.Fatal(err)
	}
	return kib / 1024
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
