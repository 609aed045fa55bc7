package custody_test

import (
	"bytes"
	"encoding/json"

	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"pgregory.net/rapid"
)

func decode(tb rapid.TB, b []byte) map[string]any {
	tb.Helper()
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	var m map[string]any
	if err := dec.Decode(&m); err != nil {
		tb.Fatal(err)
	}
	return m
}

// log is a log in memory: entries' bodies and stored nodes.
type log struct {
	tb     rapid.TB
	bodies [][]byte
	nodes  [][32]byte
}

func (l *log) read(idx []int64) ([][32]byte, error) {
	out := make([][32]byte, len(idx))
	for i, n := range idx {
		out[i] = l.nodes[n]
	}
	return out, nil
}

func (l *log) add(body []byte) {
	l.tb.Helper()
	nodes, err := custody.NewNodes(int64(len(l.bodies)), body, l.read)
	if err != nil {
		l.tb.Fatal(err)
	}
	for _, n := range nodes {
		if n.Idx != int64(len(l.nodes)) {
			l.tb.Fatalf("node %d after %d nodes", n.Idx, len(l.nodes))
		}
		l.nodes = append(l.nodes, n.Hash)
	}
	l.bodies = append(l.bodies, body)
}

func (l *log) root(size int64) [32]byte {
	l.tb.Helper()
	root, err := custody.Root(size, l.read)
	if err != nil {
		l.tb.Fatal(err)
	}
	return root
}
