package report

import (
	"cmp"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/exhibit-forensics/exhibit/core/search/fold"
)

// marker finds what was searched for in a text. Its terms are folded.
type marker struct{ terms []string }

// split cuts a text into pieces that are marked and pieces that are not.
func (k *marker) split(text string) []Piece {
	if text == "" {
		return nil
	}
	var out []Piece
	at := 0
	for _, span := range k.find(text) {
		if span.from > at {
			out = append(out, Piece{Text: visible(text[at:span.from])})
		}
		out = append(out, Piece{Text: visible(text[span.from:span.to]), Mark: true})
		at = span.to
	}
	if at < len(text) {
		out = append(out, Piece{Text: visible(text[at:])})
	}
	return out
}

type span struct{ from, to int }

// find returns where the terms stand, in order and apart from each other. The
// text is folded piece by piece, at places where folding does not look back, so
// that a place in the folded text is known in the text itself.
func (k *marker) find(text string) []span {
	if k == nil || len(k.terms) == 0 {
		return nil
	}
	var folded strings.Builder
	var starts []span // from: in the folded text, to: in the text
	for at := 0; at < len(text); {
		n := norm.NFKC.NextBoundaryInString(text[at:], true)
		if n <= 0 {
			n = len(text) - at
		}
		starts = append(starts, span{folded.Len(), at})
		folded.WriteString(fold.String(text[at : at+n]))
		at += n
	}
	starts = append(starts, span{folded.Len(), len(text)})
	var found []span
	for _, term := range k.terms {
		for at := 0; term != ""; {
			i := strings.Index(folded.String()[at:], term)
			if i < 0 {
				break
			}
			found = append(found, span{back(starts, at+i, false), back(starts, at+i+len(term), true)})
			at += i + len(term)
		}
	}
	slices.SortFunc(found, func(a, b span) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
	var out []span
	for _, s := range found {
		if last := len(out) - 1; last >= 0 && s.from <= out[last].to {
			out[last].to = max(out[last].to, s.to)
			continue
		}
		out = append(out, s)
	}
	return out
}

// back takes a place in the folded text to the piece of the text that it is in:
// to its start, or with up to its end.
func back(starts []span, at int, up bool) int {
	i, exact := slices.BinarySearchFunc(starts, at, func(s span, at int) int { return cmp.Compare(s.from, at) })
	if !exact && !up {
		i--
	}
	return starts[i].to
}
