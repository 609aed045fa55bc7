package main

import (
	"cmp"
	"slices"
	"time"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// edgeTerms is how many terms an edge names.
const edgeTerms = 10

// portion writes what needs the names of a part: accounts that stand out, and edges.
func (a *analysis) portion(p *portion) error {
	if err := a.outlying(p); err != nil {
		return err
	}
	var failed error
	p.connections(func(c []link) {
		n := int64(len(c))
		switch {
		case failed != nil:
			return
		case n >= a.people.least:
		case n == a.people.least-1 && a.people.room > 0:
			a.people.room--
		default:
			return
		}
		failed = a.edge(p, c)
	})
	return failed
}

// edge writes one connection.
func (a *analysis) edge(p *portion, c []link) error {
	from, to := &p.nodes[c[0].from], &p.nodes[c[0].to]
	e := sdk.Edge{
		Relation: relationNames[c[0].relation], From: from.value(), FromType: from.kind().String(), To: to.value(), ToType: to.kind().String(),
		Cited: int64(len(c)), Certainty: sdk.Stated,
	}
	service := cmp.Or(from.service(), to.service())
	if service != "" {
		e.Service = sdk.Str(service)
	} else {
		e.Service = sdk.Null()
	}
	first, last := noTime, noTime
	counts := map[int32]int64{}
	for _, l := range c {
		if len(e.Cites) < a.o.Cites {
			e.Cites = append(e.Cites, a.x.id(int64(l.record)))
		}
		if l.at64 != noTime {
			if first == noTime || l.at64 < first {
				first = l.at64
			}
			last = max(last, l.at64)
		}
		for _, t := range p.terms[l.at : l.at+uint32(l.n)] {
			counts[t]++
		}
	}
	e.First, e.Last = stamp(first), stamp(last)
	e.DistinctTerms = int64(len(counts))
	for t, n := range counts {
		e.Terms = append(e.Terms, sdk.EdgeTerm{Term: a.l.terms[t].shown, N: n})
	}
	slices.SortFunc(e.Terms, func(x, y sdk.EdgeTerm) int { return cmp.Or(cmp.Compare(y.N, x.N), cmp.Compare(x.Term, y.Term)) })
	e.Terms = e.Terms[:min(len(e.Terms), edgeTerms)]
	switch c[0].relation {
	case relIdentity:
		e.Query, e.Finds = "(kind:account OR kind:contact) "+quote(form(from))+" "+quote(form(to)), sdk.FindsMore
	case relParties:
		e.Query, e.Finds = spoken+" "+from.is("account")+" "+quote(form(to)), sdk.FindsMore
		e.Caution = "The records do not say which of the two sent them."
	default:
		e.Query, e.Finds = "kind:"+e.Relation+" "+from.is("from")+" "+to.is("to"), sdk.FindsMore
		switch {
		case from.manyForms || to.manyForms:
			e.Finds = sdk.FindsAbout
		case service != "":
			e.Query, e.Finds = e.Query+" service:="+quote(service), sdk.FindsExactly
		case e.FromType != "account" && e.ToType != "account":
			e.Finds = sdk.FindsExactly
		}
	}
	return a.out.Put(&e, a.source())
}

// form is how an identifier is written in a record.
func form(n *node) string {
	if len(n.forms) > 0 {
		return n.forms[0]
	}
	return n.value()
}

// stamp is RFC 3339 UTC, null for noTime.
func stamp(seconds int64) sdk.Text {
	if seconds == noTime {
		return sdk.Null()
	}
	return sdk.Str(time.Unix(seconds, 0).UTC().Format(time.RFC3339))
}
