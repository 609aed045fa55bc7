package search

import (
	"bytes"
	"slices"

	"golang.org/x/text/unicode/norm"

	"github.com/exhibit-forensics/exhibit/core/search/fold"
)

// Find returns where text holds one of the query's terms, as ascending ranges of
// bytes that do not overlap: what a reader wants to see marked. A range covers
// whole letters with their marks.
func (q *Query) Find(text string) [][2]int {
	terms := q.Terms()
	if len(terms) == 0 || text == "" {
		return nil
	}
	// Letters fold one by one where normalization has boundaries between them.
	var folded []byte
	var from []int // of the letter that each byte of folded comes from
	for i := 0; i < len(text); {
		n := norm.NFKC.NextBoundaryInString(text[i:], true)
		folded = fold.Append(folded, []byte(text[i:i+n]))
		for len(from) < len(folded) {
			from = append(from, i)
		}
		i += n
	}
	end := func(at int) int { // of the letter that folded byte at-1 comes from
		for at < len(from) && from[at] == from[at-1] {
			at++
		}
		if at == len(from) {
			return len(text)
		}
		return from[at]
	}
	var out [][2]int
	for _, t := range terms {
		for at := 0; ; {
			k := bytes.Index(folded[at:], []byte(t))
			if k < 0 {
				break
			}
			out = append(out, [2]int{from[at+k], end(at + k + len(t))})
			at += k + len(t)
		}
	}
	slices.SortFunc(out, func(a, b [2]int) int { return slices.Compare(a[:], b[:]) })
	merged := out[:0]
	for _, r := range out {
		if n := len(merged); n > 0 && r[0] <= merged[n-1][1] {
			merged[n-1][1] = max(merged[n-1][1], r[1])
			continue
		}
		merged = append(merged, r)
	}
	return merged
}
