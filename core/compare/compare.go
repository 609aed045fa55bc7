package compare

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Verdicts of a pair, or of a row that has no other.
const (
	Matched    = "matched"
	Differs    = "differs"
	OnlyOurs   = "only_ours"
	OnlyTheirs = "only_theirs"
)

// Comparison is one file of another tool's against records. Read comes first, then
// Add for each record, then Result.
type Comparison struct {
	// Tolerance is how far two times may be apart and count as one.
	Tolerance time.Duration

	zone   string
	theirs theirs
	ours   map[*Mapping][]Row
	size   int64 // of both sides
	rows   int64
	clocks map[*Mapping][]clock
}

// Add takes in a record, as view.Records has it.
func (c *Comparison) Add(line []byte) error {
	r, err := parseRecord(line)
	if err != nil {
		return err
	}
	if c.ours == nil {
		c.ours, c.clocks = map[*Mapping][]Row{}, map[*Mapping][]clock{}
	}
	for m := range c.theirs.parts {
		if !m.takes(r) {
			continue
		}
		if c.clocks[m] == nil {
			if c.clocks[m], err = m.clocks(c.zone); err != nil {
				return err
			}
		}
		row := m.mine(r, c.clocks[m])
		c.rows++
		c.size += 192
		for _, v := range row.values {
			c.size += int64(len(v)) + 16
		}
		if c.rows > maxRows || c.size > 2*maxBytes {
			return tooLarge("the records of the case")
		}
		c.ours[m] = append(c.ours[m], row)
	}
	return nil
}

// Difference is one field of a pair in which the two sides are not the same.
type Difference struct {
	Field  string `json:"field"`
	Ours   string `json:"ours"`
	Theirs string `json:"theirs"`
	// Off is how much later theirs is than ours, of times, such as 8h0m0s.
	Off string `json:"theirs_later_by,omitempty"`
}

// Apart says how theirs lies to ours: "later by 8h0m0s", "earlier by 1s"; "" where it
// is no time, or one of them is none.
func (d Difference) Apart() string { return Apart(d.Off) }

// Apart is an offset in words.
func Apart(off string) string {
	if earlier, ok := strings.CutPrefix(off, "-"); ok {
		return "earlier by " + earlier
	}
	if off == "" {
		return ""
	}
	return "later by " + off
}

// Pair is what belongs together, or a row that has no other.
type Pair struct {
	Verdict string
	// Ours and Theirs are nil where that side has nothing.
	Ours, Theirs *Row
	Differences  []Difference
}

// Part is what one mapping came to.
type Part struct {
	Mapping *Mapping
	// Rows of each side, and verdicts.
	Ours, Theirs                             int64
	Matched, Differing, OnlyOurs, OnlyTheirs int64
	// Fields counts in how many pairs each field differs, Offsets how often their times
	// are how much later than ours, where they are not the same.
	Fields  map[string]int64
	Offsets map[string]int64
	// Pairs are all but those that match, in the order of their file, then ours alone.
	Pairs []Pair
}

// Same reports whether both sides say the same.
func (p *Part) Same() bool { return p.Differing+p.OnlyOurs+p.OnlyTheirs == 0 }

// Result is what a comparison came to.
type Result struct {
	Parts []*Part
	// Left are rows of theirs that were not compared, by what they are.
	Left map[string]int64
}

// Same reports whether both sides say the same, in what was compared.
func (r *Result) Same() bool {
	return !slices.ContainsFunc(r.Parts, func(p *Part) bool { return !p.Same() })
}

// Result compares.
func (c *Comparison) Result() *Result {
	r := &Result{Left: c.theirs.left}
	for m, rows := range c.theirs.parts {
		r.Parts = append(r.Parts, match(m, c.ours[m], rows, c.Tolerance.Microseconds()))
	}
	slices.SortFunc(r.Parts, func(a, b *Part) int { return cmp.Compare(a.Mapping.Name, b.Mapping.Name) })
	return r
}

// Value returns what a row says of a field, as it was compared.
func (p *Part) Value(row *Row, field string) string {
	times, values := 0, 0
	for _, f := range p.Mapping.Fields {
		switch f.Is {
		case "time":
			if f.Name == field {
				return timeText(row.clock[times])
			}
			times++
		case "row":
			if f.Name == field {
				return row.number
			}
		default:
			if f.Name == field {
				return row.values[values]
			}
			values++
		}
	}
	return ""
}

func timeText(us int64) string {
	switch us {
	case noTime:
		return ""
	case badTime:
		return "(not readable)"
	}
	return strings.Replace(time.UnixMicro(us).UTC().Format("2006-01-02T15:04:05.000000Z"), ".000000Z", "Z", 1)
}

// differences compares two rows field by field.
func (p *Part) differences(ours, theirs *Row, tolerance int64) (list []Difference) {
	times, values := 0, 0
	for _, f := range p.Mapping.Fields {
		switch f.Is {
		case "row":
		case "time":
			a, b := ours.clock[times], theirs.clock[times]
			if times++; !near(a, b, tolerance) {
				d := Difference{Field: f.Name, Ours: timeText(a), Theirs: timeText(b)}
				if a > badTime && b > badTime {
					d.Off = offset(b - a)
				}
				list = append(list, d)
			}
		default:
			if a, b := ours.values[values], theirs.values[values]; a != b {
				list = append(list, Difference{Field: f.Name, Ours: a, Theirs: b})
			}
			values++
		}
	}
	return list
}

// offset writes a difference of times.
func offset(us int64) string {
	if us > 1<<53 || us < -1<<53 {
		return fmt.Sprintf("%d days", us/(24*time.Hour.Microseconds()))
	}
	return (time.Duration(us) * time.Microsecond).String()
}

// near reports whether two times count as one: one that cannot be read is like no other.
func near(a, b, tolerance int64) bool {
	if a <= badTime || b <= badTime {
		return a == b && a == noTime
	}
	d := a - b
	return d <= tolerance && -d <= tolerance
}
