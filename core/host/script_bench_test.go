//go:build linux

package host_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/exhibit-forensics/exhibit/core/host"
	"github.com/exhibit-forensics/exhibit/evidence"
)

// rowsScript prints n records of about 190 bytes, as fast as Python can; the n is
// the config's.
const rowsScript = `
import json, sys
job = json.load(sys.stdin)
line = '{"record":{"columns":{"n":%d,"text":"a message of some length, as one finds them in any log that people wrote"},"kind":"row","source":{"length":1,"line":%d,"offset":0},"table":"lines","time":"2013-10-29T16:56:28Z"}}\n'
out, put = [], sys.stdout.write
for i in range(job["config"]["n"]):
    out.append(line % (i, i + 1))
    if len(out) == 500:
        put("".join(out)); out.clear()
put("".join(out)); put('{"done":true}\n')
`

// BenchmarkScriptRecords: lines as a script prints them by hand, in canonical order:
// what the host makes of them.
func BenchmarkScriptRecords(b *testing.B) { benchScript(b, loadScript(b, rowsScript), 100_000) }

// BenchmarkScriptSDK: the same by way of exhibit_sdk.py.
func BenchmarkScriptSDK(b *testing.B) {
	benchScript(b, loadScript(b, `
import exhibit_sdk as sdk
def parse(job):
    at = sdk.span(0, 1)
    for i in range(job.config["n"]):
        job.row("lines", {"n": i, "text": "a message of some length, as one finds them in any log that people wrote"}, {"offset": 0, "length": 1, "line": i + 1}, time="2013-10-29T16:56:28Z")
sdk.main(parse=parse)
`, "exhibit_sdk.py", sdkSource(b)), 100_000)
}

func benchScript(b *testing.B, p *host.Plugin, n int64) {
	h := newHost(b)
	j := job(b, p, "", "x")
	j.Config = config(b, map[string]any{"n": n})
	best := time.Hour
	for b.Loop() {
		sink := new(counter)
		start := time.Now()
		res, err := h.Run(b.Context(), j, func() (host.Sink, error) { return sink, nil })
		if err != nil || int64(sink.records) != n || res.Outcome != evidence.OutcomeComplete {
			b.Fatal(err, res.Reason, string(res.Stderr))
		}
		best = min(best, time.Since(start))
	}
	b.ReportMetric(float64(n)/best.Seconds(), "best-records/s")
}

// BenchmarkScriptStart: a whole job of one record, from launch to the end of the process.
func BenchmarkScriptStart(b *testing.B) {
	for name, script := range map[string]string{
		"bare": `print('{"done":true}')`,
		"sdk":  "import exhibit_sdk as sdk\nsdk.main(parse=lambda job: [job.row('t', {'a': l.text}) for l in job.lines()])\n",
	} {
		b.Run(name, func(b *testing.B) {
			h := newHost(b)
			j := job(b, loadScript(b, script, "exhibit_sdk.py", sdkSource(b)), "", "x\n")
			best, first := time.Hour, time.Duration(0)
			for b.Loop() {
				start := time.Now()
				res, err := h.Run(b.Context(), j, func() (host.Sink, error) { return new(counter), nil })
				if err != nil || res.Outcome != evidence.OutcomeComplete {
					b.Fatal(err, res.Reason, string(res.Stderr))
				}
				d := time.Since(start)
				if first == 0 {
					first = d
				}
				best = min(best, d)
			}
			b.ReportMetric(float64(best.Microseconds())/1000, "best-ms")
			b.ReportMetric(float64(first.Microseconds())/1000, "first-ms")
		})
	}
}

// BenchmarkScriptLoad: finding and hashing the interpreter, its standard library and
// its shared libraries.
func BenchmarkScriptLoad(b *testing.B) {
	dir := loadScript(b, linesScript).Dir
	best := time.Hour
	for b.Loop() {
		start := time.Now()
		p, err := host.Load(dir)
		if err != nil {
			b.Fatal(err)
		}
		best = min(best, time.Since(start))
		if len(p.Files) != 3 {
			b.Fatal(fmt.Sprint(p.Files))
		}
	}
	b.ReportMetric(float64(best.Microseconds())/1000, "best-ms")
}
