package main_test

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"testing"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	sms "github.com/exhibit-forensics/exhibit/plugins/sms"
)

// big is an export of so many rows, of which every seventh has a quoted line break.
func big(b testing.TB, charset string, rows int) []byte {
	var text bytes.Buffer
	text.WriteString("编号,发送号码,接收号码,短信内容,发送时间,状态\n")
	for i := range rows {
		body := "你听说集会的事情了吗,晚上八点在北门"
		if i%7 == 0 {
			body += "\n\"\"第二行\"\""
		}
		fmt.Fprintf(&text, "%d,10%09d,10%09d,\"%s\",2008/08/%02d %02d:%02d:%02d,DELIVRD\n", i, i, i*7%1000000, body, 1+i%30, i%24, i%60, i/3%60)
	}
	return encode(b, charset, text.String())
}

func BenchmarkParse(b *testing.B) {
	const rows = 100_000
	for _, charset := range []string{"utf-8", "gb18030", "utf-16le"} {
		b.Run(charset, func(b *testing.B) {
			data := big(b, charset, rows)
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				in := sdk.NewInput(bytes.NewReader(data), int64(len(data)))
				r, err := sdk.Run(b.Context(), sms.Plugin(), sdk.Job{
					Operation: "parse", Inputs: []*sdk.Input{in}, Records: io.Discard, Diagnostics: io.Discard, Artifacts: io.Discard,
				})
				if err != nil || r.Err != nil || r.Units.Emitted != rows {
					b.Fatal(err, r)
				}
			}
			b.ReportMetric(rows*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

// repeated is an input of many copies of rows under one header, made as it is read.
type repeated struct {
	header, rows []byte
	size         int64
}

func (r repeated) ReadAt(p []byte, off int64) (n int, err error) {
	for n < len(p) {
		if off >= r.size {
			return n, io.EOF
		}
		part := r.rows
		at := off
		if at < int64(len(r.header)) {
			part = r.header
		} else {
			at = (at - int64(len(r.header))) % int64(len(r.rows))
		}
		m := copy(p[n:], part[at:])
		n, off = n+m, off+int64(m)
	}
	return n, nil
}

// Memory does not grow with the input, nor with a quote that never ends.
func TestFlatMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("reads 48 MiB")
	}
	data := big(t, "gb18030", 20_000)
	header, rows, _ := bytes.Cut(data, []byte{'\n'})
	header = append(header, '\n')
	for name, rows := range map[string][]byte{
		"rows":              rows,
		"a quote in a line": append([]byte("1,2,3,\"no end,2008/08/01 00:00:00,x\n"), rows...),
		"one endless line":  bytes.Repeat([]byte("x"), 1<<20),
		"an endless quote":  append([]byte("1,1055555,1044444,\""), bytes.Repeat([]byte("line\n"), 1<<18)...),
	} {
		r := repeated{header: header, rows: rows}
		r.size = int64(len(header)) + 16<<20/int64(len(rows))*int64(len(rows))
		var peak uint64
		runtime.GC()
		in := sdk.NewInput(r, r.size)
		res, err := sdk.Run(t.Context(), sms.Plugin(), sdk.Job{
			Operation: "parse", Inputs: []*sdk.Input{in}, Limits: sdk.Limits{MaxDiagnostics: 200_000},
			Records: meter{&peak}, Diagnostics: meter{&peak}, Artifacts: io.Discard,
		})
		if err != nil {
			t.Fatal(err)
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		peak = max(peak, m.HeapInuse)
		if peak > 96<<20 {
			t.Errorf("%s: %d MiB in use", name, peak>>20)
		}
		t.Logf("%s: %s %+v, %d MiB", name, res.Outcome, res.Units, peak>>20)
	}
}

type meter struct{ peak *uint64 }

func (w meter) Write(p []byte) (int, error) {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	*w.peak = max(*w.peak, m.HeapInuse)
	return len(p), nil
}
