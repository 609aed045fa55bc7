package detecttest

import (
	"cmp"
	"slices"

	"github.com/exhibit-forensics/exhibit/plugins/redact/detect"
)

// Cell counts what was found of one entity in one form.
type Cell struct {
	Entity, Form string
	// All texts; Exact spans; Covered wholly, by a span that may be longer; Category right
	// among the exact ones; Sure among them: proven or strong.
	All, Exact, Covered, Category, Sure int
	// Missed are a few texts that were not found exactly.
	Missed []string
}

// Recall is the share of exact spans.
func (c *Cell) Recall() float64 { return ratio(c.Exact, c.All) }

func ratio(n, of int) float64 {
	if of == 0 {
		return 1
	}
	return float64(n) / float64(of)
}

// Told is a dictionary of the known values of the cases.
func Told(cases []Case) (*detect.Dictionary, error) {
	d := detect.NewDictionary()
	for i, c := range cases {
		if c.Known != "" {
			if err := d.Add(c.Category, c.Known, "CN", uint64(i)); err != nil {
				return nil, err
			}
		}
	}
	return d, nil
}

// Run counts by entity and form.
func Run(f *detect.Finder, cases []Case) []Cell {
	cells := map[[2]string]*Cell{}
	for _, c := range cases {
		key := [2]string{c.Entity, c.Form}
		cell := cells[key]
		if cell == nil {
			cell = &Cell{Entity: c.Entity, Form: c.Form}
			cells[key] = cell
		}
		cell.All++
		exact := false
		for _, s := range f.Find([]byte(c.Text), nil) {
			if s.Start == c.Start && s.End == c.End {
				exact = true
				cell.Exact++
				if s.Category == c.Category {
					cell.Category++
				}
				if s.Class >= detect.Strong {
					cell.Sure++
				}
			}
			if s.Start <= c.Start && s.End >= c.End {
				cell.Covered++
			}
		}
		if !exact && len(cell.Missed) < 5 {
			cell.Missed = append(cell.Missed, c.Text)
		}
	}
	out := make([]Cell, 0, len(cells))
	for _, c := range cells {
		out = append(out, *c)
	}
	slices.SortFunc(out, func(a, b Cell) int { return cmp.Or(cmp.Compare(a.Entity, b.Entity), cmp.Compare(a.Form, b.Form)) })
	return out
}

// False is a span in a text that holds nothing personal.
type False struct {
	Text string
	detect.Span
}

// FalsePositives are what is found in texts without personal data, and in how many texts.
func FalsePositives(f *detect.Finder, texts []string) (all []False, inTexts int) {
	for _, t := range texts {
		spans := f.Find([]byte(t), nil)
		if len(spans) > 0 {
			inTexts++
		}
		for _, s := range spans {
			all = append(all, False{t, s})
		}
	}
	return all, inTexts
}
