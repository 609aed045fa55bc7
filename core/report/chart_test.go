package report

import (
	"math/rand/v2"
	"testing"
	"time"
)

func TestColumnsCountEverything(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	zones := []*time.Location{time.UTC, time.FixedZone("+08:00", 8*3600), time.FixedZone("+05:30", 19800), time.FixedZone("-03:30", -12600)}
	for i := range 300 {
		var h hours
		n := 1 + r.IntN(2000)
		base := time.Unix(r.Int64N(4e9)-1e9, 0)
		width := time.Duration(1+r.Int64N(int64(30*365*24))) * time.Hour
		for range n {
			h.add(base.Add(time.Duration(r.Int64N(int64(width)))))
		}
		c := h.columns("x", zones[i%len(zones)])
		var sum int64
		for _, row := range c.rows {
			sum += row.N
		}
		if sum+c.Before+c.After != int64(n) {
			t.Fatalf("%d: %d in columns, %d before, %d after, of %d (%s)", i, sum, c.Before, c.After, n, c.Unit)
		}
		if len(c.rows) > maxBars && c.Unit != "year" {
			t.Fatalf("%d: %d columns by %s", i, len(c.rows), c.Unit)
		}
		for _, b := range c.Bars {
			if b.X < chartLeft || b.X+b.W > chartWidth || b.Y < 0 || b.Y+b.H > chartHeight-chartBottom+0.01 {
				t.Fatalf("%d: a bar outside the chart: %+v", i, b)
			}
		}
	}
}

// One record of 1970 and one of 2405 must not hide a week's distribution.
func TestColumnsLeaveOutliersAside(t *testing.T) {
	var h hours
	start := time.Date(2008, 8, 1, 0, 0, 0, 0, time.UTC)
	for i := range 1000 {
		h.add(start.Add(time.Duration(i) * 10 * time.Minute))
	}
	h.add(time.Unix(0, 0))
	h.add(time.Date(2405, 1, 1, 0, 0, 0, 0, time.UTC))
	c := h.columns("x", time.UTC)
	if c.Before != 1 || c.After != 1 || c.Unit != "day" || len(c.rows) != 7 {
		t.Errorf("%d before, %d after, %d columns by %s", c.Before, c.After, len(c.rows), c.Unit)
	}
	if c := (&hours{}).columns("x", time.UTC); c != nil {
		t.Error("a chart of nothing")
	}
}

func TestNiceTop(t *testing.T) {
	for n, want := range map[int64]int64{1: 2, 2: 2, 3: 4, 5: 6, 7: 10, 11: 20, 99: 100, 101: 200, 450: 600, 1000: 1000} {
		if got := niceTop(n); got != want {
			t.Errorf("%d: %d, want %d", n, got, want)
		}
	}
}
