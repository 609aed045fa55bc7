package jsonread_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/jsonread"
)

// BenchmarkElements reads an array of messages, and encoding/json's decoder does the
// same, value by value.
func BenchmarkElements(b *testing.B) {
	const rows = 50_000
	var lines, array bytes.Buffer
	array.WriteString(`{"export":{"version":1},"messages":[`)
	for i := range rows {
		one := fmt.Sprintf(`{"id":%d,"from":{"name":"user %d","phone":"+1390000%04d"},"content":"message %d with \"quotes\" and 你好","time":%d,"edited":null}`, i, i%100, i%10000, i, 1217574619+i)
		if i > 0 {
			array.WriteByte(',')
		}
		array.WriteString(one)
		lines.WriteString(one + "\n")
	}
	array.WriteString("]}")
	type message struct {
		ID      int64
		Content string
		Time    int64
		From    struct{ Name, Phone string }
	}
	report := func(b *testing.B) {
		b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	}
	for name, typed := range map[string]bool{"encoding/json any": false, "encoding/json struct": true} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(lines.Len()))
			for range b.N {
				dec := json.NewDecoder(bytes.NewReader(lines.Bytes()))
				for dec.More() {
					var v any
					var m message
					var err error
					if typed {
						err = dec.Decode(&m)
					} else {
						err = dec.Decode(&v)
					}
					if err != nil {
						b.Fatal(err)
					}
				}
			}
			report(b)
		})
	}
	read := func(b *testing.B, data []byte, op sdk.Op) {
		b.SetBytes(int64(len(data)))
		for range b.N {
			if out := parse(b, data, op); out.Err != nil {
				b.Fatal(out.Err)
			}
		}
		report(b)
	}
	use := func(n int, e *jsonread.Element) int {
		_, _, _ = e.Text("content"), e.Text("from", "name"), e.Int("time")
		return n + 1
	}
	b.Run("elements", func(b *testing.B) {
		read(b, array.Bytes(), func(c *sdk.Ctx, in *sdk.Input, _ *sdk.Out) error {
			n := 0
			for e := range jsonread.Elements(c, in, "/messages/*") {
				n = use(n, e)
			}
			if n != rows {
				b.Fatal(n)
			}
			return in.Err()
		})
	})
	b.Run("lines", func(b *testing.B) {
		read(b, lines.Bytes(), func(c *sdk.Ctx, in *sdk.Input, _ *sdk.Out) error {
			n := 0
			for e := range jsonread.Lines(c, in) {
				n = use(n, e)
			}
			if n != rows {
				b.Fatal(n)
			}
			return in.Err()
		})
	})
}
