package verify_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/exhibit-forensics/exhibit/evidence/verify"
)

func BenchmarkSmallCase(b *testing.B) {
	f := newFixture(&testing.T{}, b.TempDir(), "a")
	benchmark(b, f.dir)
}

func benchmark(b *testing.B, dir string) {
	for b.Loop() {
		benchmarkOnce(b, dir)
	}
}

func benchmarkOnce(b *testing.B, dir string) {
	r, err := verify.Case(context.Background(), dir, verify.Options{Now: time.Now})
	if err != nil || r.Verdict != verify.Intact {
		b.Fatal(findings(r), err)
	}
}

// BenchmarkObjects reads originals with SHA-256, SHA-1 and MD5, in the way and
// size that intake leaves them.
func BenchmarkObjects(b *testing.B) {
	for _, c := range []struct {
		name, encoding string
		objects, size  int
	}{
		{"one of 256 MiB", "raw", 1, 256 << 20},
		{"four of 64 MiB", "raw", 4, 64 << 20},
		{"zstd, four of 64 MiB", "zstd", 4, 64 << 20},
		{"2000 of 32 KiB", "raw", 2000, 32 << 10},
	} {
		b.Run(c.name, func(b *testing.B) {
			w := newBuilder(&testing.T{}, b.TempDir(), "bench")
			w.entry(draft{kind: "create"})
			random := rand.NewChaCha8([32]byte{1})
			var rows []object
			for range c.objects {
				content := make([]byte, c.size)
				random.Read(content)
				if c.encoding == "zstd" {
					content = bytes.Repeat(content[:1<<14], c.size>>14)
				}
				rows = append(rows, w.store(content, c.encoding, "original"))
			}
			w.entry(draft{kind: "receive", plain: object{"phase": "begin"}, sets: map[string][]object{"artifacts": rows}})
			w.close()
			b.SetBytes(int64(c.objects) * int64(c.size))
			before := cpu(b)
			benchmark(b, w.dir)
			// What one core does in a second of its own, whoever else is at work.
			b.ReportMetric(float64(b.N*c.objects*c.size)/1e6/(cpu(b)-before), "MB/cpu-s")
		})
	}
}

// cpu returns the seconds of processor time that this process has used.
func cpu(b *testing.B) float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

// BenchmarkRecords reads a record set line by line.
func BenchmarkRecords(b *testing.B) {
	const n = 200_000
	w := newBuilder(&testing.T{}, b.TempDir(), "bench")
	w.entry(draft{kind: "create"})
	seed := w.random(32)
	var lines [][]byte
	for i := range n {
		lines = append(lines, fmt.Appendf(nil, `{"account":"bluetom2950","charset":"utf-8","direction":"incoming","from":"skyblue1541","ip":"203.0.113.210","kind":"message","source":{"key":"key:0011223344556677","length":128,"line":%d,"offset":0,"profile":"tom-messages-3.6"},"state":"live","text":"%d %d","time":"2008-07-31T23:10:19Z"}`, i+1, i*7919, i))
	}
	set := w.store(append(bytes.Join(lines, []byte("\n")), '\n'), "zstd", "derived")
	input := w.store([]byte("input"), "raw", "original")
	key := canon(w.t, object{"config": object{}, "input": input["artifact"], "keys": []string{}, "operation": "parse", "plugin": sum(nil)})
	w.entry(draft{kind: "derive", plain: object{"phase": "result"}, sets: map[string][]object{"artifacts": {set, input}, "runs": {{
		"run": sum(key), "plugin": object{"name": "p", "version": "1", "sha256": sum(nil)}, "operation": "parse", "config": object{}, "input": input["artifact"],
		"keys": []string{}, "offered": []string{}, "outcome": "complete", "bytes_read": 5, "size": 5, "artifacts": 0, "attempts": 1,
		"units":       object{"declared": -1, "read": n, "emitted": n, "rejected": 0, "skipped": 0},
		"records":     object{"artifact": set["artifact"], "count": n, "kinds": object{"message": n}},
		"record_tree": object{"root": w.recordRoot(seed, lines), "size": n}, "seed": seed,
	}}}})
	w.close()
	before := cpu(b)
	benchmark(b, w.dir)
	b.ReportMetric(n*float64(b.N)/(cpu(b)-before), "records/cpu-s")
}

// BenchmarkRows checks a log of 100 entries with 300 rows each.
func BenchmarkRows(b *testing.B) {
	w := newBuilder(&testing.T{}, b.TempDir(), "bench")
	w.entry(draft{kind: "create"})
	for e := range 100 {
		var rows []object
		for n := range 300 {
			rows = append(rows, object{
				"item": "EX-1", "path": object{"text": fmt.Sprintf("dir/%d/%d", e, n)}, "type": "directory", "artifact": "",
				"fs": object{"mode": "0755", "mtime": "2008-08-01T00:00:00.000000000Z", "uid": 0, "gid": 0, "inode": "123456789"},
			})
		}
		w.entry(draft{kind: "note", sets: map[string][]object{"occurrences": rows}})
	}
	w.close()
	before := cpu(b)
	benchmark(b, w.dir)
	b.ReportMetric(30_000*float64(b.N)/(cpu(b)-before), "rows/cpu-s")
}
