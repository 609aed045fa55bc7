package redact_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/core/redact"
	"github.com/exhibit-forensics/exhibit/evidence"
)

// benchRecords are messages of about 330 bytes with three values in each 1,000 bytes, as the
// log has it that detection is measured with.
func benchRecords(n int) (lines []string, list []found) {
	r := rand.New(rand.NewPCG(1, 2))
	const filler = "关于这件事我有话要说 the rest of what was said that day, as people talk; "
	for i := range n {
		account, phone := fmt.Sprintf("user_%d", r.IntN(5000)), fmt.Sprintf("138%08d", r.IntN(100_000))
		text := strings.Repeat(filler, 2)
		rec := map[string]any{"account": account, "kind": "message", "service": "bench", "source": map[string]any{"length": 300, "line": i, "offset": i * 300}, "time": "2008-07-31T23:10:19Z", "direction": "incoming"}
		list = append(list, found{0, i, "/account", account, "username", ""})
		if i%2 == 0 {
			text += "call " + phone
			list = append(list, found{0, i, "/text", phone, "phone", "strong"})
		}
		rec["text"] = text
		b, err := evidence.Canonical(rec)
		if err != nil {
			panic(err)
		}
		lines = append(lines, string(b))
	}
	return lines, list
}

// BenchmarkRedact is the host's part: reading records and redactions out of the case, and
// making each record anew with its account of what was done.
func BenchmarkRedact(b *testing.B) {
	lines, list := benchRecords(20_000)
	size := 0
	for _, l := range lines {
		size += len(l) + 1
	}
	m := makeCase(b, 60, lines)
	p := policy(b, nil)
	m.find(b, p, list...)
	r := open(b, m, p, redact.Options{Region: "CN"})
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		if err := r.Each(b.Context(), nil, func(*redact.Record) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
}
