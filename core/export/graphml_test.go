package export_test

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/core/export"
)

// graph is GraphML as its schema has it, read by the standard library.
type graph struct {
	Keys []struct {
		ID string `xml:"id,attr"`
	} `xml:"key"`
	Graph struct {
		Directed string `xml:"edgedefault,attr"`
		Nodes    []struct {
			ID   string      `xml:"id,attr"`
			Data []graphData `xml:"data"`
		} `xml:"node"`
		Edges []struct {
			ID     string      `xml:"id,attr"`
			Source string      `xml:"source,attr"`
			Target string      `xml:"target,attr"`
			Data   []graphData `xml:"data"`
		} `xml:"edge"`
	} `xml:"graph"`
}

type graphData struct {
	Key  string `xml:"key,attr"`
	Text string `xml:",chardata"`
}

// edgeLines are n different connections.
func edgeLines(n int) (out [][]byte) {
	for i := range n {
		out = append(out, fmt.Appendf(nil, `{"certainty":"stated","cited":1,"cites":["aa:%d"],"distinct_terms":0,"finds":"exactly","first":null,"from":"a%d","from_type":"account","id":"ee:%d","kind":"edge","last":null,"query":"x","relation":"message","service":null,"source":{"pointer":"/members"},"terms":[],"to":["b%d"],"to_type":"account"}`, i+1, i, i+1, i))
	}
	return out
}

func TestGraphML(t *testing.T) {
	var out bytes.Buffer
	w, err := export.NewWriter(&out, export.Options{Format: "graphml"})
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		`{"certainty":"stated","cited":3,"cites":["aa:1","aa:2"],"distinct_terms":1,"finds":"exactly","first":"2008-08-01T00:00:00Z","from":"<a> & \"b\"","from_type":"account","id":"ee:1","kind":"edge","last":null,"query":"x","relation":"message","service":"chat","source":{"pointer":"/members"},"terms":[{"n":2,"term":"六四"}],"to":["\u0000c\n"],"to_type":"account"}`,
		`{"certainty":"stated","cited":1,"cites":["aa:3"],"distinct_terms":0,"finds":"exactly","first":null,"from":"<a> & \"b\"","from_type":"account","id":"ee:2","kind":"edge","last":null,"query":"y","relation":"call","service":"chat","source":{"pointer":"/members"},"terms":[],"to":["+8610"],"to_type":"phone"}`,
		`{"id":"aa:1","kind":"message","source":{"pointer":"/"}}`,
	} {
		if err := w.Record([]byte(line)); err != nil {
			t.Fatal(err)
		}
	}
	r, err := w.Close()
	if err != nil {
		t.Fatal(err)
	}
	if r.Rows != 2 || r.Records != 3 || r.LeftOut.NoEdges != 1 || r.Changes.Replaced == 0 {
		t.Errorf("%+v", r)
	}
	var g graph
	if err := xml.Unmarshal(out.Bytes(), &g); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	declared := map[string]bool{}
	for _, k := range g.Keys {
		declared[k.ID] = true
	}
	nodes := map[string]bool{}
	for _, n := range g.Graph.Nodes {
		if nodes[n.ID] {
			t.Errorf("node %q twice", n.ID)
		}
		nodes[n.ID] = true
	}
	if len(nodes) != 3 || !nodes[`account:chat:<a> & "b"`] || !nodes["account:chat:␀c\n"] || !nodes["phone:+8610"] {
		t.Errorf("nodes %v", nodes)
	}
	if len(g.Graph.Edges) != 2 || g.Graph.Directed != "directed" {
		t.Fatalf("%+v", g.Graph)
	}
	for _, e := range g.Graph.Edges {
		if !nodes[e.Source] || !nodes[e.Target] {
			t.Errorf("edge %s between %q and %q", e.ID, e.Source, e.Target)
		}
		for _, d := range e.Data {
			if !declared[d.Key] {
				t.Errorf("data %q is not declared", d.Key)
			}
		}
	}
	if d := g.Graph.Edges[0].Data; d[0].Text != "message" || d[1].Text != "3" || !strings.Contains(out.String(), "六四 (2)") {
		t.Errorf("%+v", d)
	}
	if strings.Index(out.String(), `<node id="phone:`) > strings.Index(out.String(), `target="phone:`) {
		t.Error("an edge stands before its node")
	}
}
