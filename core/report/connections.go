package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/exhibit-forensics/exhibit/core/analysis"
)

// EdgeRow is one connection.
type EdgeRow struct {
	From, To, Relation string
	N                  int64
	First, Last        string
	Terms              []Counted
	Note               int
}

// relationText is what an edge's relation is called.
func relationText(relation string) string {
	switch relation {
	case "parties":
		return "message; who sent it is not known"
	case "sms":
		return "SMS"
	}
	return relation
}

// edge keeps the connections with most records.
func (g *gatherer) edge(e *analysis.Edge) error {
	if e.Relation == "identity" {
		return nil
	}
	g.a.EdgesLeft++
	g.edges = append(g.edges, e)
	if len(g.edges) >= 50*maxEdgeRows {
		g.cutEdges()
	}
	return nil
}

func (g *gatherer) cutEdges() {
	slices.SortStableFunc(g.edges, func(x, y *analysis.Edge) int {
		return cmp.Or(cmp.Compare(y.Cited, x.Cited), cmp.Compare(x.From, y.From), slices.Compare(x.To, y.To), cmp.Compare(x.Relation, y.Relation))
	})
	g.edges = g.edges[:min(len(g.edges), maxEdgeRows)]
}

func (g *gatherer) edgeRow(e *analysis.Edge) EdgeRow {
	r := EdgeRow{From: visible(e.From), To: visible(strings.Join(e.To, ", ")), Relation: relationText(e.Relation), N: e.Cited}
	if e.First != "" {
		r.First, r.Last = g.m.clock.text(e.First), g.m.clock.text(e.Last)
	}
	for _, t := range e.Terms[:min(len(e.Terms), 4)] {
		r.Terms = append(r.Terms, Counted{Value: visible(t.Term), N: t.N})
	}
	command := "exhibit show " + e.ID
	if len(e.Query) <= maxQuery {
		command += "; exhibit search " + quote(e.Query)
	}
	r.Note = g.m.note(fmt.Sprintf("records that connect “%[2]s” and “%[3]s” (%[1]s)", relationText(e.Relation), r.From, r.To), command, "")
	return r
}
