package timeline

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/exhibit-forensics/exhibit/core/search"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// Lengths of buckets.
const (
	Hour  = "hour"
	Day   = "day"
	Week  = "week"
	Month = "month"
)

// Bucket is a stretch of time and how many events are in it.
type Bucket struct {
	From time.Time `json:"from"`
	// To is where the next one begins.
	To    time.Time `json:"to"`
	Count int64     `json:"count"`
	// Kinds counts events by what happened then.
	Kinds map[string]int64 `json:"kinds"`
}

// begin is where the bucket of t begins: days, weeks (from Monday) and months as the zone
// of t has them.
func begin(t time.Time, by string) time.Time {
	y, m, d := t.Date()
	switch by {
	case Hour:
		// By elapsed time, not by the clock, which may show an hour twice.
		_, offset := t.Zone()
		local := t.Unix() + int64(offset)
		return time.Unix(t.Unix()-((local%3600)+3600)%3600, 0).In(t.Location())
	case Week:
		d -= (int(t.Weekday()) + 6) % 7
	case Month:
		d = 1
	}
	return time.Date(y, m, d, 0, 0, 0, 0, t.Location())
}

func next(from time.Time, by string) time.Time {
	y, m, d := from.Date()
	switch by {
	case Hour:
		return from.Add(time.Hour)
	case Week:
		d += 7
	case Month:
		m++
	default:
		d++
	}
	return time.Date(y, m, d, 0, 0, 0, 0, from.Location())
}

// Count counts events by stretches of time in a zone, earliest first; stretches without
// any are left out. It fails with evidence.ErrFormat where by is no length of a bucket.
func Count(ctx context.Context, c *store.Case, q *search.Query, o Options, by string, zone *time.Location) ([]Bucket, Summary, error) {
	if !slices.Contains([]string{Hour, Day, Week, Month}, by) {
		return nil, Summary{}, fmt.Errorf("timeline: %w: by %q; hour, day, week or month", evidence.ErrFormat, by)
	}
	buckets := map[int64]*Bucket{}
	s, err := walk(ctx, c, q, o, func(_ []byte, events []Event) error {
		for _, e := range events {
			from := begin(e.At.In(zone), by)
			b := buckets[from.Unix()]
			if b == nil {
				b = &Bucket{From: from, To: next(from, by), Kinds: map[string]int64{}}
				buckets[from.Unix()] = b
			}
			b.Count++
			if e.Kind != "" {
				b.Kinds[e.Kind]++
			}
		}
		return nil
	})
	if err != nil {
		return nil, s, err
	}
	out := make([]Bucket, 0, len(buckets))
	for _, at := range slices.Sorted(maps.Keys(buckets)) {
		out = append(out, *buckets[at])
	}
	return out, s, nil
}
