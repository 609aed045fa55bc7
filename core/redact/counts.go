package redact

import (
	"cmp"
	"slices"
)

// Counts are numbers of what was done.
type Counts struct {
	// Records shown, and Redacted of them changed.
	Records  int64 `json:"records"`
	Redacted int64 `json:"redacted"`
	// OutOfScope records are only counted; Undated of them state no time.
	OutOfScope int64 `json:"out_of_scope"`
	Undated    int64 `json:"undated"`
	// Withheld records, and WithheldSets of which none is shown.
	Withheld     int64 `json:"withheld"`
	WithheldSets int64 `json:"withheld_sets"`
	// Pending spans await a reviewer; PendingRecords are the records they are in.
	Pending        int64 `json:"pending"`
	PendingRecords int64 `json:"pending_records"`
	// Spans by category, class and operator, in that order.
	Spans []SpanCount `json:"spans"`
	// Dropped are fields that did not come out: kind.field to number of values.
	Dropped map[string]int64 `json:"dropped"`
}

// SpanCount is how often something was done.
type SpanCount struct {
	Category string `json:"category"`
	Class    string `json:"class"`
	Operator string `json:"operator"`
	N        int64  `json:"n"`
}

// tally counts spans by sort.
type tally map[SpanCount]int64

func (t tally) add(category, class, operator string) {
	t[SpanCount{Category: category, Class: class, Operator: operator}]++
}

// list is in a fixed order.
func (t tally) list() []SpanCount {
	out := make([]SpanCount, 0, len(t))
	for s, n := range t {
		s.N = n
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b SpanCount) int {
		return cmp.Or(cmp.Compare(a.Category, b.Category), cmp.Compare(a.Class, b.Class), cmp.Compare(a.Operator, b.Operator))
	})
	return out
}
