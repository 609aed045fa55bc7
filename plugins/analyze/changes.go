package main

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// dated finds a day in a list's name: 2011-04-24, 20110424, 2011_04_24.
var dated = regexp.MustCompile(`(?:19|20)\d\d([-_.]?)(?:0[1-9]|1[0-2])([-_.]?)(?:0[1-9]|[12]\d|3[01])`)

const (
	// noRecord: a list's term that stands in no record but in a file that was named.
	noRecord = ^uint32(0)
	// maxPairs bounds how many pairs of lists are compared.
	maxPairs = 200
)

// changes compares the lists of a series, from one day to the next, and all lists with
// each other. Terms that differ in case or width only are the same.
func (a *analysis) changes() error {
	l := a.l
	series := map[string][]int{}
	for i := range l.lists {
		name := l.lists[i].name
		if m := dated.FindAllString(name, -1); len(m) > 0 {
			at := strings.LastIndex(name, m[len(m)-1])
			key := name[:at] + "*" + name[at+len(m[len(m)-1]):] + "\x00" + l.lists[i].label
			series[key] = append(series[key], i)
		}
	}
	keys := make([]string, 0, len(series))
	for key := range series {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		days := series[key]
		slices.SortFunc(days, func(x, y int) int { return cmp.Or(cmp.Compare(l.lists[x].day(), l.lists[y].day()), cmp.Compare(x, y)) })
		for i := 1; i < len(days); i++ {
			if err := a.change(&l.lists[days[i-1]], &l.lists[days[i]]); err != nil {
				return err
			}
		}
	}
	pairs := 0
	for i := range l.lists {
		for j := i + 1; j < len(l.lists) && pairs < maxPairs; j++ {
			pairs++
			if err := a.overlap(&l.lists[i], &l.lists[j]); err != nil {
				return err
			}
		}
	}
	return nil
}

// day is the last day that the name states, digits alone.
func (l *list) day() string {
	m := dated.FindAllString(l.name, -1)
	if len(m) == 0 {
		return ""
	}
	return strings.NewReplacer("-", "", "_", "", ".", "").Replace(m[len(m)-1])
}

// apart divides the terms of two lists.
func apart(x, y *list) (onlyX, both, onlyY []int32) {
	for _, t := range x.terms {
		if _, ok := y.has[t]; ok {
			both = append(both, t)
		} else {
			onlyX = append(onlyX, t)
		}
	}
	for _, t := range y.terms {
		if _, ok := x.has[t]; !ok {
			onlyY = append(onlyY, t)
		}
	}
	return onlyX, both, onlyY
}

func (a *analysis) change(x, y *list) error {
	removed, kept, added := apart(x, y)
	err := a.put(&sdk.Finding{
		Rule: "lists.change", Subject: "list", Value: sdk.Str(y.title()), Lists: []string{x.title(), y.title()},
		Statement: fmt.Sprintf("From the list “%s” (%s) to “%s” (%s), %s added, %s removed, %s kept.", x.title(), plural(int64(len(x.terms)), "term"), y.title(), plural(int64(len(y.terms)), "term"),
			were(len(added)), were(len(removed)), were(len(kept))),
		Numbers: map[string]any{"before": int64(len(x.terms)), "after": int64(len(y.terms)), "added": int64(len(added)), "removed": int64(len(removed)), "kept": int64(len(kept))},
		Cites:   a.citesOf(x, y), Cited: x.cites.n + y.cites.n,
		Caution: "The days are those in the names of the lists; when a list was in force is not known from them.",
	})
	for _, part := range []struct {
		rule, word string
		in         *list
		terms      []int32
	}{{"lists.added", "not on “" + x.title() + "” and is on “" + y.title() + "”", y, added}, {"lists.removed", "on “" + x.title() + "” and is not on “" + y.title() + "”", x, removed}} {
		for _, t := range part.terms {
			if err != nil {
				return err
			}
			f := &sdk.Finding{
				Rule: part.rule, Subject: "term", Value: sdk.Str(a.l.terms[t].shown), Statement: fmt.Sprintf("The term “%s” is %s.", a.l.terms[t].shown, part.word),
				Lists: []string{x.title(), y.title()}, Categories: a.names(a.l.terms[t].categories, a.l.categories), Themes: a.names(a.l.terms[t].themes, a.l.themes),
			}
			if n := part.in.has[t]; n != noRecord {
				f.Cites, f.Cited = []string{a.x.id(int64(n))}, 1
			}
			err = a.put(f)
		}
	}
	return err
}

func were(n int) string { return plural(int64(n), "term") + " " + verb(int64(n), "was", "were") }

func (a *analysis) citesOf(lists ...*list) []string {
	out := []string{}
	for _, l := range lists {
		for _, id := range a.x.ids(l.cites.first) {
			if !slices.Contains(out, id) && len(out) < 2*a.o.Cites {
				out = append(out, id)
			}
		}
	}
	return out
}

func (a *analysis) overlap(x, y *list) error {
	onlyX, both, onlyY := apart(x, y)
	return a.put(&sdk.Finding{
		Rule: "lists.overlap", Subject: "list", Value: sdk.Str(x.title() + " and " + y.title()), Lists: []string{x.title(), y.title()},
		Statement: fmt.Sprintf("The lists “%s” and “%s” have %s in common; %s on the first alone, %s on the second.", x.title(), y.title(), plural(int64(len(both)), "term"), stand(len(onlyX)), digits(int64(len(onlyY)))),
		Numbers:   map[string]any{"both": int64(len(both)), "first": int64(len(onlyX)), "second": int64(len(onlyY))}, Cites: a.citesOf(x, y), Cited: x.cites.n + y.cites.n,
	})
}

func stand(n int) string { return plural(int64(n), "term") + " " + verb(int64(n), "is", "are") }
