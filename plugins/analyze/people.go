package main

import (
	"cmp"
	"math/bits"
	"slices"
)

// people is what all parts of the names come to.
type people struct {
	// logged counts accounts by how many messages of their log there are, and how
	// many of these are without a listed term.
	logged map[tally]int64
	test   outlying
	// distinct identifiers by type; seen by type and the kinds of records they stand
	// in, a bit each.
	distinct [nodeTypes]int64
	seen     [nodeTypes][1 << kindsOfSource]int64
	// Rankings: accounts by messages of their log, addresses by records, and what
	// stands in most kinds of records.
	accounts, addresses, across ranking
	// sizes counts connections by how many records they rest on.
	sizes map[int64]int64
	// Connections of least records and more become edges, and the first few of one record
	// less, as many as room has; edges is how many that is together.
	least, room, edges, connections int64
}

// ranked is a row of a ranking.
type ranked struct {
	node
	by, then int64
}

// ranking holds the first few rows of many.
type ranking struct {
	rows []ranked
	most int
}

func (r *ranking) add(x ranked) {
	r.rows = append(r.rows, x)
	if len(r.rows) >= 4*r.most+1000 {
		r.cut()
	}
}

func (r *ranking) cut() {
	slices.SortFunc(r.rows, func(a, b ranked) int {
		return cmp.Or(cmp.Compare(b.by, a.by), cmp.Compare(b.then, a.then), cmp.Compare(a.value(), b.value()), cmp.Compare(a.key, b.key))
	})
	if len(r.rows) > r.most {
		clear(r.rows[r.most:])
		r.rows = r.rows[:r.most]
	}
}

// add takes one part in.
func (x *people) add(a *analysis, p *portion) {
	p.settle()
	if x.logged == nil {
		x.logged, x.sizes = map[tally]int64{}, map[int64]int64{}
		x.accounts.most, x.addresses.most, x.across.most = a.o.Top, a.o.Top, a.o.Top
	}
	for i := range p.nodes {
		n := &p.nodes[i]
		if !n.mine {
			continue
		}
		t, mask := n.kind(), n.mask()
		x.distinct[t]++
		x.seen[t][mask]++
		if n.logged > 0 {
			x.logged[tally{int64(n.logged), int64(n.unlisted)}]++
			x.accounts.add(ranked{*n, int64(n.logged), int64(n.unlisted)})
		}
		if t == nodeIP {
			if a.places != nil {
				a.places.add(a, n)
			}
			x.addresses.add(ranked{*n, n.total(), 0})
		}
		if k := bits.OnesCount8(mask); k > 1 && t != nodeIP {
			x.across.add(ranked{*n, int64(k), n.total()})
		}
	}
	p.sort()
	p.connections(func(c []link) { x.sizes[int64(len(c))]++ })
}

// mask has a bit for each kind of record that the identifier stands in.
func (n *node) mask() (m uint8) {
	for k, r := range n.records {
		if r > 0 {
			m |= 1 << k
		}
	}
	return m
}

func (x *people) finish(a *analysis) {
	x.test = findOutlying(x.logged, a.o.alpha)
	x.accounts.cut()
	x.addresses.cut()
	x.across.cut()
	for _, n := range x.sizes {
		x.connections += n
	}
	// The connections with most records become edges.
	sizes := make([]int64, 0, len(x.sizes))
	for size := range x.sizes {
		sizes = append(sizes, size)
	}
	slices.Sort(sizes)
	x.least = 1
	for _, size := range slices.Backward(sizes) {
		if a.o.Edges > 0 && x.edges+x.sizes[size] > a.o.Edges {
			x.least, x.room = size+1, a.o.Edges-x.edges
			x.edges = a.o.Edges
			break
		}
		x.edges += x.sizes[size]
	}
}

// settle takes an account whose service a record does not state for the account of that
// name, where exactly one service has one.
func (p *portion) settle() {
	of := map[uint32][]uint32{}
	var key []byte
	for i := range p.nodes {
		n := &p.nodes[i]
		if n.kind() != nodeAccount || n.service() == "" {
			continue
		}
		key = appendKey(key[:0], nodeAccount, nil, []byte(n.value()))
		if j, ok := p.index[string(key)]; ok {
			of[j] = append(of[j], uint32(i))
		}
	}
	become := map[uint32]uint32{}
	for j, all := range of {
		if len(all) == 1 {
			become[j] = all[0]
			p.nodes[all[0]].take(&p.nodes[j])
		}
	}
	if len(become) == 0 {
		return
	}
	for i := range p.links {
		l := &p.links[i]
		if to, ok := become[l.from]; ok {
			l.from = to
		}
		if to, ok := become[l.to]; ok {
			l.to = to
		}
	}
}

// take adds what is known of another node, which is then nothing by itself.
func (n *node) take(o *node) {
	for k := range o.records {
		if o.records[k] == 0 {
			continue
		}
		if n.records[k] == 0 || o.first[k] < n.first[k] {
			n.first[k] = o.first[k]
		}
		n.records[k] += o.records[k]
	}
	n.logged, n.unlisted = n.logged+o.logged, n.unlisted+o.unlisted
	n.cites = append(n.cites, o.cites...)
	n.mine, n.unserved = n.mine || o.mine, n.unserved || o.mine
	o.mine = false
}

// sort brings the links of a connection together, each in the order of its records.
func (p *portion) sort() {
	slices.SortFunc(p.links, func(a, b link) int {
		return cmp.Or(cmp.Compare(a.relation, b.relation), cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to), cmp.Compare(a.record, b.record))
	})
	// A record that names a party twice connects it once.
	p.links = slices.CompactFunc(p.links, func(a, b link) bool {
		return a.relation == b.relation && a.from == b.from && a.to == b.to && a.record == b.record
	})
}

// connections calls f with the links of each connection; they must be sorted.
func (p *portion) connections(f func([]link)) {
	for i := 0; i < len(p.links); {
		j := i + 1
		for j < len(p.links) && p.links[j].relation == p.links[i].relation && p.links[j].from == p.links[i].from && p.links[j].to == p.links[i].to {
			j++
		}
		f(p.links[i:j])
		i = j
	}
}
