package report

import (
	"fmt"

	"github.com/exhibit-forensics/exhibit/core/analysis"
)

// Test is the test of accounts.
type Test struct {
	Claim    Claim
	How      string
	Caution  string
	Rows     []TestRow
	Left     int64
	Base     float64 // where the others' rate is drawn
	BaseText string
	Width    int
	Grid     []Tick
}

// TestRow is one account that stands out. From, At and To are where its interval is drawn.
type TestRow struct {
	Name, Service      string
	Messages, Unlisted int64
	Rate, Low, High    string
	Ratio, P           string
	Note               int
	From, At, To       float64
}

func (g *gatherer) flag(f *analysis.Finding) {
	t := g.a.Test
	if t == nil {
		return
	}
	if g.flagged++; len(t.Rows) == maxFlagged {
		t.Left++
		return
	}
	r := TestRow{
		Name: visible(f.Value), Service: visible(f.Service), Messages: f.Number("messages"), Unlisted: f.Number("unlisted"),
		Rate: f.Text("rate"), Low: f.Text("rate_low"), High: f.Text("rate_high"), Ratio: f.Text("ratio"), P: f.Text("p"), Note: g.note(f),
	}
	for text, at := range map[string]*float64{r.Rate: &r.At, r.Low: &r.From, r.High: &r.To} {
		_, _ = fmt.Sscan(text, at)
	}
	g.high = max(g.high, r.To)
	t.Rows = append(t.Rows, r)
}

// scale says where rates are drawn: from 0 to a round number above the highest.
func (t *Test) scale(high float64) {
	top := 1.0
	for _, v := range []float64{0.001, 0.01, 0.05, 0.1, 0.2, 0.5} {
		if high <= v {
			top = v
			break
		}
	}
	at := func(v float64) float64 { return min(v, top) / top * testWidth }
	for i := range t.Rows {
		r := &t.Rows[i]
		r.From, r.At, r.To = at(r.From), at(r.At), at(r.To)
	}
	t.Base = at(t.Base)
	for _, part := range []float64{0, 0.5, 1} {
		t.Grid = append(t.Grid, Tick{testWidth * part, fmt.Sprintf("%g", top*part)})
	}
}
