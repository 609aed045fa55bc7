package verify

import (
	"bytes"
	"context"
	"io"
)

// WithModel returns o with the structure to compare with made beforehand.
func WithModel(o Options) (Options, error) {
	var err error
	o.model, err = modelStructure(context.Background())
	return o, err
}

// Tree returns the roots of the trees over the first 0, 1, … leaf hashes, as
// adding gives them and as rootWith foretells them, and all nodes in the order in
// which they are completed.
func Tree(leaves [][32]byte) (roots, foretold, nodes [][32]byte) {
	var t tree
	roots = append(roots, t.root())
	foretold = append(foretold, t.root())
	for _, leaf := range leaves {
		foretold = append(foretold, t.rootWith(leaf))
		nodes = append(nodes, leaf)
		t.add(leaf, func(h digest) { nodes = append(nodes, h) })
		roots = append(roots, t.root())
	}
	return roots, foretold, nodes
}

// OpenNote reads a note with this package's own code and verifies it with a key.
func OpenNote(msg []byte, vkey string) (origin string, size int64, root [32]byte, ok bool) {
	k, err := parseKey(vkey)
	if err != nil {
		return "", 0, root, false
	}
	c, err := parseCheckpoint(msg)
	if err != nil {
		return "", 0, root, false
	}
	kind, _ := c.verify([]publicKey{k})
	return c.origin, c.size, c.root, kind == sigValid
}

// Elements splits a canonical JSON array.
func Elements(b []byte) ([][]byte, error) { return elements(b) }

// DecodeSeekable decodes a zstd object; stored is what was read of it.
func DecodeSeekable(b []byte) (content, stored []byte, err error) {
	d, err := newDecoder()
	if err != nil {
		return nil, nil, err
	}
	defer d.zstd.Close()
	var c, s bytes.Buffer
	err = d.decode(bytes.NewReader(b), int64(len(b)), io.Writer(&s), &c)
	return c.Bytes(), s.Bytes(), err
}
