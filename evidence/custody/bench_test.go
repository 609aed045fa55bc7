package custody_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence/custody"
)

// recordLine is a record of typical length: 340 bytes.
func recordLine(tb testing.TB) []byte {
	tb.Helper()
	head := []byte(`{"account":"live:zhang.wei","conversation":"19:meeting@thread","direction":"incoming","from":"live:li.na","kind":"message","service":"tomskype","source":{"length":196,"offset":1048576,"role":"log"},"text":"`)
	tail := []byte(`","time":"2008-07-15T09:30:00Z","time_kind":"logged"}`)
	line := append(append(head, bytes.Repeat([]byte{'x'}, 340-len(head)-len(tail))...), tail...)
	if len(line) != 340 {
		tb.Fatalf("line of %d bytes", len(line))
	}
	return line
}

func BenchmarkRecordTreeAdd(b *testing.B) {
	line := recordLine(b)
	t := custody.NewRecordTree([32]byte{1})
	b.ReportAllocs()
	b.SetBytes(int64(len(line)))
	for b.Loop() {
		t.Add(line)
	}
}

func BenchmarkSetAdd(b *testing.B) {
	for _, body := range []string{
		`{"artifact":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","fs":{"inode":"123","mtime":"2026-11-22T10:00:00.000000000Z","size":"4096"},"item":"EX-1","path":{"text":"logs/2008/a.log"},"type":"file"}`,
	} {
		b.Run(fmt.Sprintf("occurrence-%dB", len(body)), func(b *testing.B) {
			s := custody.NewSet([32]byte{1})
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Add([]byte(body)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkParseEntry(b *testing.B) {
	body, _ := sample(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := custody.ParseEntry(body); err != nil {
			b.Fatal(err)
		}
	}
}
