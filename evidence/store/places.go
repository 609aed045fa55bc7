package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// Limits of a search for places. Containers that hold each other, or the same
// member many times over on many levels, have no end of them.
const (
	// MaxPlaces is how many places of one artifact are listed.
	MaxPlaces = 1000
	// MaxPlaceDepth is how many derivations a place may lie behind.
	MaxPlaceDepth = 64
	// maxPlaceSteps bounds the work of one search.
	maxPlaceSteps = 100_000
)

// PlaceOf is one place of an artifact: an occurrence, or what followed from one
// by derivations.
type PlaceOf struct {
	// Item is the exhibit number.
	Item string
	// Path is relative to the item; members of containers stand after "!".
	Path evidence.Name
	// Via are the transforms without a member name on the way from the
	// occurrence, the first one first: gunzip, decrypt.
	Via []string
	// Partial: a derivation on the way was cut short.
	Partial bool
	// More is set on the last place of a list that was cut at MaxPlaces.
	More bool
	// Occurrence is the one it all began with, and Seq the entry that recorded it; nil and
	// 0 in a PlaceIndex.
	Occurrence *evidence.Occurrence
	Seq        int64

	// stand is where it lies among others: in a container, or in the item itself.
	stand stand
}

// root is an occurrence as far as places need it, link a derivation.
type root struct {
	item string
	path evidence.Name
	full *evidence.Occurrence
	seq  int64
}

type link struct {
	parent  evidence.Digest
	name    *evidence.Name
	via     []string
	partial bool
}

// graph is where a search looks things up.
type graph interface {
	roots(d evidence.Digest) ([]root, error)
	links(child evidence.Digest) ([]link, error)
}

// search walks from an artifact up to the occurrences it came from.
type search struct {
	graph graph
	out   []PlaceOf
	seen  map[string]struct{}
	// path holds the derivations between the artifact and where the walk stands,
	// and on which artifacts it stands, against circles.
	path  []link
	on    map[evidence.Digest]struct{}
	steps int
	more  bool
}

// find returns the places of d: its own occurrences first, then those of its
// parents, each in the order of the log.
func find(g graph, d evidence.Digest) ([]PlaceOf, error) {
	s := search{graph: g, seen: map[string]struct{}{}, on: map[evidence.Digest]struct{}{}}
	if err := s.visit(d); err != nil {
		return nil, err
	}
	if s.more && len(s.out) > 0 {
		s.out[len(s.out)-1].More = true
	}
	return s.out, nil
}

func (s *search) visit(d evidence.Digest) error {
	if s.steps++; s.steps > maxPlaceSteps || len(s.path) > MaxPlaceDepth {
		s.more = true
		return nil
	}
	roots, err := s.graph.roots(d)
	if err != nil {
		return err
	}
	for _, r := range roots {
		s.add(r)
	}
	if s.more {
		return nil
	}
	links, err := s.graph.links(d)
	if err != nil {
		return err
	}
	s.on[d] = struct{}{}
	defer delete(s.on, d)
	for _, l := range links {
		if _, circle := s.on[l.parent]; circle {
			continue
		}
		s.path = append(s.path, l)
		err := s.visit(l.parent)
		s.path = s.path[:len(s.path)-1]
		if err != nil {
			return err
		}
	}
	return nil
}

// add records the place that follows from r by the derivations in s.path, of
// which the last is the outermost. Two runs may have found the same.
func (s *search) add(r root) {
	p := PlaceOf{Item: r.item, Path: r.path, Occurrence: r.full, Seq: r.seq, stand: standOf(r, s.path)}
	if len(s.path) > 0 {
		b := r.path.Bytes()
		for _, l := range slices.Backward(s.path) {
			if l.name != nil {
				b += "!" + l.name.Bytes()
			}
			p.Via = append(p.Via, l.via...)
			p.Partial = p.Partial || l.partial
		}
		p.Path = evidence.NewName(b)
	}
	key := fmt.Sprintf("%q %q %q %t", p.Item, p.Path.Bytes(), p.Via, p.Partial)
	if _, dup := s.seen[key]; dup {
		return
	}
	if len(s.out) == MaxPlaces {
		s.more = true
		return
	}
	s.seen[key] = struct{}{}
	s.out = append(s.out, p)
}

// linkOf keeps of a derivation what places need. Transforms count as a way
// under the same path only where the child got no name of its own.
func linkOf(d *evidence.Derivation) (link, error) {
	l := link{parent: d.Parent, name: d.Name, partial: !d.Complete}
	if d.Name != nil || len(d.Steps) == 0 {
		return l, nil
	}
	var steps []struct {
		Do string `json:"do"`
	}
	if err := json.Unmarshal(d.Steps, &steps); err != nil {
		return link{}, fmt.Errorf("%w: steps of a derivation", evidence.ErrFormat)
	}
	for _, s := range steps {
		l.via = append(l.via, strings.Clone(s.Do))
	}
	return l, nil
}

// Places returns where d is found: occurrences, joined through derivations. It
// is empty for an artifact that was found nowhere, such as a record set. For
// many artifacts use PlaceIndex.
func (c *Case) Places(ctx context.Context, d evidence.Digest) ([]PlaceOf, error) {
	var out []PlaceOf
	err := c.reader.do(ctx, func(tx *sql.Tx) (err error) {
		out, err = find(&tableGraph{ctx: ctx, tx: tx}, d)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("store: places of %s: %w", d, classify(err))
	}
	return out, nil
}

// tableGraph looks up each artifact in case.db, once.
type tableGraph struct {
	ctx       context.Context
	tx        *sql.Tx
	rootCache map[evidence.Digest][]root
	linkCache map[evidence.Digest][]link
}

func (g *tableGraph) roots(d evidence.Digest) ([]root, error) {
	if r, ok := g.rootCache[d]; ok {
		return r, nil
	}
	var out []root
	err := g.query("SELECT seq, body FROM occurrences WHERE digest = ? ORDER BY seq, n", d, func(seq int64, body []byte) error {
		o := new(evidence.Occurrence)
		if err := decode(body, o); err != nil {
			return err
		}
		out = append(out, root{item: o.Item, path: o.Path, full: o, seq: seq})
		return nil
	})
	if g.rootCache == nil {
		g.rootCache = map[evidence.Digest][]root{}
	}
	g.rootCache[d] = out
	return out, err
}

func (g *tableGraph) links(child evidence.Digest) ([]link, error) {
	if l, ok := g.linkCache[child]; ok {
		return l, nil
	}
	var out []link
	err := g.query("SELECT seq, body FROM derivations WHERE child = ? ORDER BY seq, n", child, func(_ int64, body []byte) error {
		var d evidence.Derivation
		if err := decode(body, &d); err != nil {
			return err
		}
		l, err := linkOf(&d)
		out = append(out, l)
		return err
	})
	if g.linkCache == nil {
		g.linkCache = map[evidence.Digest][]link{}
	}
	g.linkCache[child] = out
	return out, err
}

func (g *tableGraph) query(query string, d evidence.Digest, f func(seq int64, body []byte) error) error {
	rows, err := g.tx.QueryContext(g.ctx, query, d.String())
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var seq int64
		var body sql.RawBytes
		if err := rows.Scan(&seq, &body); err != nil {
			return err
		}
		if err := f(seq, body); err != nil {
			return err
		}
	}
	return rows.Err()
}
