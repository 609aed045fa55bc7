package export

import (
	"bufio"
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// graphML is the graph of who spoke to whom about what (graphml.graphdrawing.org,
// 1.0): a node for each identifier, an edge for each record of kind edge. A node
// stands before the first edge that needs it. Records of other kinds are left out.
type graphML struct {
	out    *bufio.Writer
	result *Result
	// nodes are those that were written, by the beginning of a digest: 16 bytes each.
	nodes map[[16]byte]struct{}
	edge  graphEdge
	buf   []byte
}

// graphEdge is what of a record of kind edge goes into the graph.
type graphEdge struct {
	ID       string
	Relation string
	From     string
	FromType string `json:"from_type"`
	To       []string
	ToType   string `json:"to_type"`
	Service  string
	First    string
	Last     string
	Terms    []struct {
		Term string
		N    int64
	}
	DistinctTerms int64 `json:"distinct_terms"`
	Certainty     string
	Cites         []string
	Cited         int64
	Query         string
	Finds         string
}

// graphKeys declare the data of nodes and edges.
const graphHead = `<?xml version="1.0" encoding="UTF-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://graphml.graphdrawing.org/xmlns http://graphml.graphdrawing.org/xmlns/1.0/graphml.xsd">
<key id="label" for="node" attr.name="label" attr.type="string"/>
<key id="type" for="node" attr.name="type" attr.type="string"/>
<key id="service" for="node" attr.name="service" attr.type="string"/>
<key id="relation" for="edge" attr.name="relation" attr.type="string"/>
<key id="weight" for="edge" attr.name="weight" attr.type="double"/>
<key id="records" for="edge" attr.name="records" attr.type="long"/>
<key id="first" for="edge" attr.name="first" attr.type="string"/>
<key id="last" for="edge" attr.name="last" attr.type="string"/>
<key id="terms" for="edge" attr.name="terms" attr.type="string"/>
<key id="distinct_terms" for="edge" attr.name="distinct_terms" attr.type="long"/>
<key id="certainty" for="edge" attr.name="certainty" attr.type="string"/>
<key id="cites" for="edge" attr.name="cites" attr.type="string"/>
<key id="query" for="edge" attr.name="query" attr.type="string"/>
<key id="finds" for="edge" attr.name="finds" attr.type="string"/>
<graph id="records" edgedefault="directed">
`

func newGraphML(out *bufio.Writer, r *Result) (*graphML, error) {
	_, err := out.WriteString(graphHead)
	return &graphML{out: out, result: r, nodes: map[[16]byte]struct{}{}}, err
}

func (g *graphML) record(line []byte) (id, kind []byte, err error) {
	if id, kind, err = header(line); err != nil {
		return nil, nil, err
	}
	if stringOf(kind) != "edge" {
		g.result.LeftOut.NoEdges++
		return id, kind, nil
	}
	g.edge = graphEdge{}
	if err := json.Unmarshal(line, &g.edge); err != nil {
		return nil, nil, fmt.Errorf("%w: edge %s: %w", evidence.ErrFormat, stringOf(id), err)
	}
	e := &g.edge
	for _, to := range e.To {
		if err := g.write(e, to); err != nil {
			return nil, nil, err
		}
	}
	return id, kind, nil
}

// write writes one edge, its nodes before it where they are new.
func (g *graphML) write(e *graphEdge, to string) error {
	from, err := g.node(e.FromType, e.Service, e.From)
	if err != nil {
		return err
	}
	target, err := g.node(e.ToType, e.Service, to)
	if err != nil {
		return err
	}
	terms, cites := "", ""
	for i, t := range e.Terms {
		if i > 0 {
			terms += "; "
		}
		terms += fmt.Sprintf("%s (%d)", t.Term, t.N)
	}
	for i, c := range e.Cites {
		if i > 0 {
			cites += " "
		}
		cites += c
	}
	g.buf = append(g.buf[:0], `<edge id="`...)
	g.text(e.ID)
	g.buf = append(g.buf, `" source="`...)
	g.text(from)
	g.buf = append(g.buf, `" target="`...)
	g.text(target)
	g.buf = append(g.buf, `">`...)
	for _, d := range [][2]string{
		{"relation", e.Relation},
		{"weight", fmt.Sprint(e.Cited)},
		{"records", fmt.Sprint(e.Cited)},
		{"first", e.First},
		{"last", e.Last},
		{"terms", terms},
		{"distinct_terms", fmt.Sprint(e.DistinctTerms)},
		{"certainty", e.Certainty},
		{"cites", cites},
		{"query", e.Query},
		{"finds", e.Finds},
	} {
		g.data(d[0], d[1])
	}
	g.buf = append(g.buf, "</edge>\n"...)
	g.result.Rows++
	_, err = g.out.Write(g.buf)
	return err
}

// node writes a node that is new and returns its id: type and value, of an account
// also the service.
func (g *graphML) node(typ, service, value string) (string, error) {
	if typ != "account" {
		service = ""
	}
	id := typ + ":" + value
	if service != "" {
		id = typ + ":" + service + ":" + value
	}
	sum := sha256.Sum256([]byte(id))
	key := [16]byte(sum[:16])
	if _, ok := g.nodes[key]; ok {
		return id, nil
	}
	g.nodes[key] = struct{}{}
	g.buf = append(g.buf[:0], `<node id="`...)
	g.text(id)
	g.buf = append(g.buf, `">`...)
	g.data("label", value)
	g.data("type", typ)
	g.data("service", service)
	g.buf = append(g.buf, "</node>\n"...)
	_, err := g.out.Write(g.buf)
	return id, err
}

func (g *graphML) data(key, value string) {
	if value == "" {
		return
	}
	g.buf = append(append(append(g.buf, `<data key="`...), key...), `">`...)
	g.text(value)
	g.buf = append(g.buf, "</data>"...)
}

// text appends text as XML has it. Characters that it cannot hold are replaced, and counted.
func (g *graphML) text(s string) {
	var replaced int64
	for _, r := range s {
		switch {
		case r == '&':
			g.buf = append(g.buf, "&amp;"...)
		case r == '<':
			g.buf = append(g.buf, "&lt;"...)
		case r == '>':
			g.buf = append(g.buf, "&gt;"...)
		case r == '"':
			g.buf = append(g.buf, "&quot;"...)
		case r == '\t' || r == '\n' || r == '\r':
			g.buf = fmt.Appendf(g.buf, "&#%d;", r) // left alone, a reader of XML makes it a blank
		case r < ' ':
			g.buf = append(g.buf, string(0x2400+r)...) // its picture: ␀ to ␟
			replaced++
		case r == 0xFFFE || r == 0xFFFF:
			g.buf = append(g.buf, "\uFFFD"...)
			replaced++
		default:
			g.buf = append(g.buf, string(r)...)
		}
	}
	if replaced > 0 {
		g.result.Changes.Replaced += replaced
		g.result.Changes.ReplacedCells++
	}
}

func (g *graphML) close(*Result) error {
	_, err := g.out.WriteString("</graph>\n</graphml>\n")
	return err
}
