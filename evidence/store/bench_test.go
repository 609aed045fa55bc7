package store_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

func BenchmarkAppendNote(b *testing.B) {
	c := create(b)
	for b.Loop() {
		appendTo(b, c, note("something"))
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "appends/s")
}

// files is a part of an intake as it comes: n files with what the filesystem
// says of them.
func files(first, n int) store.Batch {
	batch := store.Batch{Kind: "receive", Plain: map[string]any{"phase": "begin"}, Secret: map[string]any{"asserted.exhibit": "EX-001"}}
	for i := first; i < first+n; i++ {
		a := fakeArtifact(fmt.Sprintf("content of file %d", i))
		batch.Artifacts = append(batch.Artifacts, a)
		batch.Occurrences = append(batch.Occurrences, evidence.Occurrence{
			Item: "EX-001", Path: evidence.NewName(fmt.Sprintf("home/user/照片/2019/IMG_%08d.jpg", i)), Type: "file", Artifact: a.SHA256,
			FS: json.RawMessage(fmt.Sprintf(`{"atime":"2024-03-01T12:00:00.123456789Z","btime":"2024-03-01T12:00:00.123456789Z","ctime":"2024-03-01T12:00:00.123456789Z","device":"fd00","gid":1000,"inode":"%d","mode":"0644","mtime":"2024-03-01T12:00:00.123456789Z","nlink":1,"size":%d,"uid":1000}`, 1000+i, a.Size)),
		})
	}
	return batch
}

func BenchmarkAppendFiles(b *testing.B) {
	const n = 1000
	c := create(b)
	at := 0
	for b.Loop() {
		batch := files(at, n)
		at += n
		if _, err := c.Append(context.Background(), batch); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(2*at)/b.Elapsed().Seconds(), "rows/s")
}

// filled is a case with n received files.
func filled(b *testing.B, n int) *store.Case {
	c := create(b)
	for at := 0; at < n; at += 5000 {
		appendTo(b, c, files(at, min(5000, n-at)))
	}
	return c
}

func BenchmarkArtifact(b *testing.B) {
	const n = 20_000
	c := filled(b, n)
	i := 0
	for b.Loop() {
		i = (i + 7919) % n
		if _, err := c.Artifact(context.Background(), fakeArtifact(fmt.Sprintf("content of file %d", i)).SHA256); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPlaces(b *testing.B) {
	const n = 20_000
	c := filled(b, n)
	ctx := context.Background()
	b.Run("table", func(b *testing.B) {
		i := 0
		for b.Loop() {
			i = (i + 7919) % n
			if _, err := c.Places(ctx, fakeArtifact(fmt.Sprintf("content of file %d", i)).SHA256); err != nil {
				b.Fatal(err)
			}
		}
	})
	index, err := c.PlaceIndex(ctx)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("index", func(b *testing.B) {
		d := fakeArtifact("content of file 5").SHA256
		for b.Loop() { // as when printing the lines of one record set
			if _, err := index.Places(d); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("index load", func(b *testing.B) {
		for b.Loop() {
			if _, err := c.PlaceIndex(ctx); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	})
	b.Run("work", func(b *testing.B) {
		for b.Loop() {
			for _, err := range c.Work(ctx) {
				if err != nil {
					b.Fatal(err)
				}
			}
		}
		b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	})
}

func BenchmarkState(b *testing.B) {
	c := create(b)
	for range 500 {
		appendTo(b, c, note("x"))
	}
	for b.Loop() {
		if _, err := c.State(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(501*float64(b.N)/b.Elapsed().Seconds(), "entries/s")
}
