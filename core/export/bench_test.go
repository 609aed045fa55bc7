package export_test

import (
	"io"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/exhibit-forensics/exhibit/core/export"
)

// BenchmarkExport writes 100,000 records as the chat logs of the sample have them.
func BenchmarkExport(b *testing.B) {
	const n = 100_000
	var lines [][]byte
	for i := range n {
		lines = append(lines, line(b, i+1, map[string]any{
			"account": "happy.amy3375", "charset": "utf-8", "charset_basis": "detected", "direction": "outgoing", "from": "happy.amy3375", "ip": "198.51.100.104",
			"matched_term": "新闻", "service": "tom-skype", "text": "看到一篇关于新闻的文章, 你看了吗", "time": "2008-07-30T23:13:55Z", "time_kind": "logged",
			"time_basis": map[string]any{"basis": "declared", "unit": "text", "zone": "+08:00", "zone_basis": "layout"}, "time_raw": "2008-07-31 07:13:55", "to": []string{"river-moon6256"},
			"source": map[string]any{
				"artifact": "sha256:0701f2a5a5362e651e0ac83358b150a51a108a3576515b5ee6bad32f9e662369", "path": "backup.tar.gz!contentfilter/ContentFilter_a3_20080731.log",
				"offset": i * 100, "length": 100, "line": i + 1, "profile": "tom-log-3.6", "key": "key:9634592998e3c09c",
			},
		}))
	}
	for _, f := range formats() {
		b.Run(f, func(b *testing.B) {
			before := cpu(b)
			for b.Loop() {
				w, err := export.NewWriter(io.Discard, export.Options{Format: f, Scratch: func() (*os.File, error) { return os.CreateTemp(b.TempDir(), "s") }})
				if err != nil {
					b.Fatal(err)
				}
				for _, l := range lines {
					if err := w.Record(l); err != nil {
						b.Fatal(err)
					}
				}
				if _, err := w.Close(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
			// Where other programs have the processors, this one says more.
			b.ReportMetric(float64(n)*float64(b.N)/(cpu(b)-before).Seconds(), "rows/cpu-s")
		})
	}
}

// cpu is the processor time that this process used.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
