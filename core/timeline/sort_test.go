package timeline

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// However little memory there is, events come in the order of a stable sort.
func TestSorter(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var want []Event
	for i := range 5000 {
		e := Event{At: time.Unix(rnd.Int64N(1000)-500, rnd.Int64N(3)).UTC(), Payload: fmt.Appendf(nil, "%d %s", i, strings.Repeat("x", rnd.IntN(300)))}
		switch i % 5 {
		case 1:
			e.Kind, e.Assumed = "sent", true
		case 2:
			e.Flags = []string{"time_implausible"}
		case 3:
			e.At = time.Date(1+rnd.IntN(9999), 1, 1, 0, 0, 0, 999999999, time.UTC)
		}
		want = append(want, e)
	}
	for _, memory := range []int64{1 << 30, 100_000, 3000, 1} {
		s := &sorter{memory: memory, dir: t.TempDir()}
		events := want
		if memory == 1 {
			events = want[:200] // a part each
		}
		for _, e := range events {
			if err := s.add(e); err != nil {
				t.Fatal(err)
			}
		}
		sorted := slices.Clone(events)
		slices.SortStableFunc(sorted, func(a, b Event) int { return a.At.Compare(b.At) })
		i := 0
		if err := s.each(func(e Event) error {
			w := sorted[i]
			if !e.At.Equal(w.At) || e.Kind != w.Kind || e.Assumed != w.Assumed || !slices.Equal(e.Flags, w.Flags) || !bytes.Equal(e.Payload, w.Payload) {
				t.Fatalf("%d bytes: event %d is %v %.20s, not %v %.20s", memory, i, e.At, e.Payload, w.At, w.Payload)
			}
			i++
			return nil
		}); err != nil || i != len(sorted) {
			t.Fatal(i, err)
		}
		if spilt := len(s.parts) > 0; spilt == (memory == 1<<30) {
			t.Errorf("%d bytes: %d parts", memory, len(s.parts))
		}
		s.close()
	}
}

func TestBuckets(t *testing.T) {
	shanghai := time.FixedZone("+08:00", 8*3600)
	india := time.FixedZone("+05:30", 5*3600+1800)
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip("NOT TESTED: no zone database here")
	}
	for _, c := range []struct {
		at       string
		zone     *time.Location
		by       string
		from, to string
	}{
		{"2008-07-31T17:30:00Z", shanghai, Hour, "2008-08-01T01:00:00+08:00", "2008-08-01T02:00:00+08:00"},
		{"2008-07-31T17:45:00Z", india, Hour, "2008-07-31T23:00:00+05:30", "2008-08-01T00:00:00+05:30"},
		{"2008-07-31T17:30:00Z", shanghai, Day, "2008-08-01T00:00:00+08:00", "2008-08-02T00:00:00+08:00"},
		{"2008-07-31T17:30:00Z", time.UTC, Day, "2008-07-31T00:00:00Z", "2008-08-01T00:00:00Z"},
		{"2008-08-03T23:00:00Z", time.UTC, Week, "2008-07-28T00:00:00Z", "2008-08-04T00:00:00Z"}, // a Sunday
		{"2008-08-04T00:00:00Z", time.UTC, Week, "2008-08-04T00:00:00Z", "2008-08-11T00:00:00Z"},
		{"2008-12-31T23:30:00Z", shanghai, Month, "2009-01-01T00:00:00+08:00", "2009-02-01T00:00:00+08:00"},
		{"1969-12-31T23:30:00Z", time.UTC, Hour, "1969-12-31T23:00:00Z", "1970-01-01T00:00:00Z"},
		{"2026-03-29T12:00:00Z", berlin, Day, "2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00"},  // a day of 23 hours
		{"2026-10-25T01:30:00Z", berlin, Hour, "2026-10-25T02:00:00+01:00", "2026-10-25T03:00:00+01:00"}, // the hour that comes twice
		{"2026-10-25T00:30:00Z", berlin, Hour, "2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00"},
	} {
		at, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		from := begin(at.In(c.zone), c.by)
		if got, to := from.Format(time.RFC3339), next(from, c.by).Format(time.RFC3339); got != c.from || to != c.to {
			t.Errorf("%s of %s: %s to %s, not %s to %s", c.by, c.at, got, to, c.from, c.to)
		}
	}
}
