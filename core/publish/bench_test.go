package publish_test

import (
	"context"
	"fmt"
	"io"
	"testing"

	"github.com/exhibit-forensics/exhibit/core/publish"
	"github.com/exhibit-forensics/exhibit/core/redact"
)

// many is a source of that many messages, made as they are asked for.
type many int

func (m many) Each(_ context.Context, _ func(string) bool, f func(*redact.Record) error) error {
	for i := range int(m) {
		r := message(i+1, fmt.Sprintf("2008-08-%02dT%02d:%02d:%02dZ", i/1000%28+1, i/3600%24, i/60%60, i%60), fmt.Sprintf("[USERNAME-%08d]", i%97), fmt.Sprintf("[USERNAME-%08d]", i%89),
			fmt.Sprintf("message %d: ring %s at six, or write what you think of 今天的新闻", i, phone))
		if err := f(&r); err != nil {
			return err
		}
	}
	return nil
}

func (many) Withheld(context.Context, func(string) bool, func(redact.Withheld) error) error {
	return nil
}

func (many) Counts() redact.Counts { return redact.Counts{} }

// BenchmarkBuild makes all files of a production of 20,000 messages.
func BenchmarkBuild(b *testing.B) {
	const records = 20_000
	var bytes int64
	for range b.N {
		_, err := publish.Build(b.Context(), many(records), request(b), func(_ string, write func(io.Writer) error) error {
			c := &counter{}
			err := write(c)
			bytes += c.n
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(records*b.N)/b.Elapsed().Seconds(), "records/s")
	b.ReportMetric(float64(bytes)/float64(b.N)/1e6, "MB")
}

type counter struct{ n int64 }

func (c *counter) Write(b []byte) (int, error) {
	c.n += int64(len(b))
	return len(b), nil
}
