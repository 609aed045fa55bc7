package report

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// Columns is a chart of counts over time.
type Columns struct {
	Title, Unit   string
	Width, Height int
	Bars          []Bar
	Ticks         []Tick
	Grid          []Tick
	// Before and After were left out, so that the rest can be told apart.
	Before, After int64
	rows          []Counted // every column's count, those of 0 too
}

// Bar is one column; a tall one stands for many.
type Bar struct {
	X, Y, W, H float64
	Label      string
	N          int64
}

// Tick is a place on an axis with its text.
type Tick struct {
	At   float64
	Text string
}

const (
	chartWidth, chartHeight   = 760, 200
	chartLeft, chartBottom    = 56, 26
	maxBars                   = 62
	maxHours                  = 400_000
	outlierShare              = 200 // one in so many may lie outside at each end
	hourSeconds, daySeconds   = 3600, 86400
	smallestShown             = 1.5
	chartTop, chartRightSpace = 12, 8
)

// hours counts records by the hour, whatever their number.
type hours struct {
	n    map[int64]int64 // hours since 1970
	more int64           // that were not counted because there were too many different hours
}

func (h *hours) add(t time.Time) {
	if h.n == nil {
		h.n = map[int64]int64{}
	}
	at := t.Unix() / hourSeconds
	if t.Unix() < 0 && t.Unix()%hourSeconds != 0 {
		at--
	}
	if _, ok := h.n[at]; !ok && len(h.n) >= maxHours {
		h.more++
		return
	}
	h.n[at]++
}

// step is a width of columns.
type step struct {
	name   string
	format string
	start  func(time.Time) time.Time
	next   func(time.Time) time.Time
}

func steps() []step {
	day := func(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location()) }
	month := func(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, t.Location()) }
	return []step{
		{
			"hour", "2006-01-02 15:04",
			func(t time.Time) time.Time { return t.Truncate(time.Hour) },
			func(t time.Time) time.Time { return t.Add(time.Hour) },
		},
		{"day", "2006-01-02", day, func(t time.Time) time.Time { return t.AddDate(0, 0, 1) }},
		{"week", "2006-01-02", func(t time.Time) time.Time {
			return day(t).AddDate(0, 0, -(int(t.Weekday())+6)%7)
		}, func(t time.Time) time.Time { return t.AddDate(0, 0, 7) }},
		{"month", "2006-01", month, func(t time.Time) time.Time { return t.AddDate(0, 1, 0) }},
		{"year", "2006", func(t time.Time) time.Time {
			return time.Date(t.Year(), 1, 1, 0, 0, 0, 0, t.Location())
		}, func(t time.Time) time.Time { return t.AddDate(1, 0, 0) }},
	}
}

// columns draws the counts in the finest step that fits. A few records far away
// from all others would make the rest a single column: they are left out at both
// ends, and counted.
func (h *hours) columns(title string, zone *time.Location) *Columns {
	if len(h.n) == 0 {
		return nil
	}
	keys := slices.Sorted(maps.Keys(h.n))
	c := &Columns{Title: title, Width: chartWidth, Height: chartHeight}
	first, last := h.trim(keys, c)
	from := time.Unix(keys[first]*hourSeconds, 0).In(zone)
	to := time.Unix(keys[last]*hourSeconds, 0).In(zone)
	all := steps()
	var st step
	for _, st = range all {
		if n := bars(st, from, to); n <= maxBars {
			break
		}
	}
	c.Unit = st.name
	counts := map[int64]int64{}
	for _, k := range keys[first : last+1] {
		counts[st.start(time.Unix(k*hourSeconds, 0).In(zone)).Unix()] += h.n[k]
	}
	var rows []Counted
	for t := st.start(from); !t.After(to); t = st.next(t) {
		rows = append(rows, Counted{Value: t.Format(st.format), N: counts[t.Unix()]})
		if len(rows) >= 10*maxBars { // years without end
			break
		}
	}
	c.rows = rows
	c.draw(rows)
	return c
}

// trim finds the part of the hours that is drawn.
func (h *hours) trim(keys []int64, c *Columns) (first, last int) {
	var total int64
	for _, n := range h.n {
		total += n
	}
	last = len(keys) - 1
	allowed := total / outlierShare
	// Only what is really far off is left out: further than the rest is long. What
	// lies far off at one end makes the rest look long for the other, so both ends
	// are looked at until nothing changes.
	for changed := true; changed; {
		changed = false
		if first < last && c.Before+h.n[keys[first]] <= allowed && keys[first+1]-keys[first] > keys[last]-keys[first+1]+24 {
			c.Before += h.n[keys[first]]
			first, changed = first+1, true
		}
		if last > first && c.After+h.n[keys[last]] <= allowed && keys[last]-keys[last-1] > keys[last-1]-keys[first]+24 {
			c.After += h.n[keys[last]]
			last, changed = last-1, true
		}
	}
	return first, last
}

func bars(st step, from, to time.Time) int {
	n := 0
	for t := st.start(from); !t.After(to) && n <= maxBars; t = st.next(t) {
		n++
	}
	return n
}

func (c *Columns) draw(rows []Counted) {
	var most int64 = 1
	for _, r := range rows {
		most = max(most, r.N)
	}
	top := niceTop(most)
	plotW, plotH := float64(chartWidth-chartLeft-chartRightSpace), float64(chartHeight-chartBottom-chartTop)
	w := plotW / float64(len(rows))
	gap := min(2, w/4)
	for i, r := range rows {
		if r.N == 0 {
			continue
		}
		height := max(smallestShown, plotH*float64(r.N)/float64(top))
		c.Bars = append(c.Bars, Bar{
			X: chartLeft + float64(i)*w + gap/2, Y: chartTop + plotH - height, W: min(w-gap, 48), H: height,
			Label: fmt.Sprintf("%s: %s", r.Value, count(r.N, "record")), N: r.N,
		})
	}
	every := max(1, (len(rows)+7)/8)
	for i := 0; i < len(rows); i += every {
		c.Ticks = append(c.Ticks, Tick{chartLeft + float64(i)*w + min(w, 48)/2, rows[i].Value})
	}
	for _, part := range []int64{0, 1, 2} {
		n := top * part / 2
		c.Grid = append(c.Grid, Tick{chartTop + plotH - plotH*float64(n)/float64(top), number(n)})
	}
}

// niceTop is the smallest of 2, 4, 6, 10, 20, 40, 60, 100, … that is not below n.
func niceTop(n int64) int64 {
	for unit := int64(1); ; unit *= 10 {
		for _, f := range []int64{2, 4, 6, 10} {
			if f*unit >= n {
				return f * unit
			}
		}
	}
}
