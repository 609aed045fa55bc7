package verify

import (
	"fmt"
)

// settle adds the waiting entry's leaf to the tree, now that prev, what the
// entry after it says its leaf hash was, is known ("" where it is not). Where
// entry and stored node disagree, prev or the nodes above tell which was changed.
func (l *logCheck) settle(prev string) error {
	w := l.waiting
	if w == nil {
		return nil
	}
	l.waiting = nil
	if l.lost {
		return nil
	}
	index := l.node
	stored, there, err := l.take(w.p)
	if err != nil {
		return err
	}
	leaf := w.leaf
	if there && stored != leaf {
		switch l.changed(w, stored, prev) {
		case theNode:
			l.fault(w.p, Altered, nodeName(index), fmt.Sprintf("is not the hash of entry %d", w.seq), "the entry itself agrees with the rest of the log")
		case theEntry:
			l.fault(w.p, Altered, entryName(w.seq), "was changed after it was written", fmt.Sprintf("its hash is %s, the log's tree holds %s", hexOf(leaf), hexOf(stored)))
			leaf = stored
		default:
			l.fault(w.p, Altered, entryName(w.seq), fmt.Sprintf("does not agree with node %d: one of the two was changed", index), fmt.Sprintf("its hash is %s, the log's tree holds %s", hexOf(leaf), hexOf(stored)))
			l.fault(w.p, Altered, nodeName(index), fmt.Sprintf("does not agree with entry %d: one of the two was changed", w.seq), "")
		}
	} else if prev != "" && prev != hexOf(leaf) {
		l.fault(w.p, Altered, entryName(w.seq+1), fmt.Sprintf("does not follow entry %d: its prev is not that entry's hash", w.seq), fmt.Sprintf("%s, not %s", prev, hexOf(leaf)))
	}
	return l.grow(w.p, leaf)
}

// fault is a finding about the log's tree: such a log proves nothing against
// a checkpoint that differs from it.
func (l *logCheck) fault(p place, v Verdict, object, what, detail string) {
	l.v.unsound = true
	p.find(v, object, what, detail)
}

type suspect int

const (
	eitherOfThem suspect = iota
	theEntry
	theNode
)

// changed decides who is wrong where entry and node disagree, by whoever else
// knows the leaf's hash.
func (l *logCheck) changed(w *waiting, stored digest, prev string) suspect {
	witness := func(want digest, of func(leaf digest) digest) suspect {
		switch want {
		case of(w.leaf):
			return theNode
		case of(stored):
			return theEntry
		}
		return eitherOfThem
	}
	switch prev {
	case hexOf(w.leaf):
		return theNode
	case hexOf(stored):
		return theEntry
	}
	if left, ok := l.tree.sibling(); ok {
		if above := l.nodes.peek(); above != nil && above.seq == l.node && len(above.data) == len(digest{}) {
			if s := witness(digest(above.data), func(leaf digest) digest { return nodeHash(left, leaf) }); s != eitherOfThem {
				return s
			}
		}
	}
	for _, c := range l.v.claims {
		if c.size == w.seq+1 && l.tree.size == w.seq {
			if s := witness(c.root, l.tree.rootWith); s != eitherOfThem {
				return s
			}
		}
	}
	if !w.parsed {
		return theEntry
	}
	return eitherOfThem
}

// take returns the stored node of the next number.
func (l *logCheck) take(p place) (h digest, there bool, err error) {
	index := l.node
	l.node++
	rec := l.nodes.peek()
	if rec == nil || rec.seq != index {
		l.fault(p, Incomplete, nodeName(index), "is missing from the log's tree", "")
		return h, false, nil
	}
	l.v.c.count("nodes of the log's tree", 1, 0)
	if err := l.nodes.advance(); err != nil {
		return h, false, err
	}
	if len(rec.data) != len(h) {
		l.fault(p, Altered, nodeName(index), "is not a hash", fmt.Sprintf("%d bytes", len(rec.data)))
		return h, false, nil
	}
	return digest(rec.data), true, nil
}

// grow adds a leaf, and compares the nodes that it completes with those stored.
func (l *logCheck) grow(p place, leaf digest) error {
	var failed error
	l.tree.add(leaf, func(h digest) {
		index := l.node
		stored, there, err := l.take(p)
		if err != nil {
			failed = err
		} else if there && stored != h {
			l.fault(p, Altered, nodeName(index), "is not the hash of the nodes below it", fmt.Sprintf("%s, not %s", hexOf(stored), hexOf(h)))
		}
	})
	l.v.keepRoot(&l.tree)
	return failed
}

// gap reports the entries from and below to as missing. Where their nodes are
// there, the tree is carried on with those.
func (l *logCheck) gap(from, to int64) error {
	if from >= to {
		return nil
	}
	if err := l.settle(""); err != nil {
		return err
	}
	l.v.holes = true
	p := l.v.c.place()
	if to-from > manyMissing {
		l.fault(p, Incomplete, fmt.Sprintf("entries %d to %d", from, to-1), "are missing", "")
	}
	for seq := from; seq < to; seq++ {
		if to-from <= manyMissing {
			l.fault(p, Incomplete, entryName(seq), "is missing", "")
		}
		rec := l.nodes.peek()
		if l.lost || rec == nil || rec.seq != l.node || len(rec.data) != len(digest{}) {
			l.lost = true
			l.v.c.skip(fmt.Sprintf("The tree from entry %d on: neither the entry nor its node is there.", seq))
			if to-from > manyMissing {
				return nil
			}
			continue
		}
		l.gone[seq] = true
		if err := l.carry(p); err != nil {
			return err
		}
	}
	return nil
}

// carry grows the tree by the stored node of an entry that is missing.
func (l *logCheck) carry(p place) error {
	leaf, _, err := l.take(p)
	if err != nil {
		return err
	}
	return l.grow(p, leaf)
}

// trailing judges nodes behind the last entry: they belong to entries that are
// gone, or to nothing.
func (l *logCheck) trailing() error {
	p := l.v.c.place()
	for rec := l.nodes.peek(); rec != nil; rec = l.nodes.peek() {
		if !l.lost && rec.seq == l.node && len(rec.data) == len(digest{}) {
			l.fault(p, Incomplete, entryName(l.tree.size), "is missing, though the log's tree has its hash", nodeName(rec.seq))
			l.gone[l.tree.size], l.v.holes = true, true
			if err := l.carry(p); err != nil {
				return err
			}
			continue
		}
		if !l.lost {
			l.fault(p, Altered, nodeName(rec.seq), "was added: it belongs to no entry", "")
		}
		if err := l.nodes.advance(); err != nil {
			return err
		}
	}
	return nil
}

// strays reports openings, seeds and rows before entry seq that no entry has
// claimed; all that are left where seq is negative.
func (l *logCheck) strays(seq int64) error {
	p := l.v.c.place()
	for _, c := range append([]*cursor{l.opened, l.seeds}, l.all()...) {
		for rec := c.peek(); rec != nil && (seq < 0 || rec.seq < seq); rec = c.peek() {
			if l.gone[rec.seq] {
				p.skip(fmt.Sprintf("What hangs on entry %d: the entry is missing.", rec.seq))
			} else {
				p.find(Altered, recordName(c.table, rec), "hangs on an entry that is not there", "")
			}
			if err := c.advance(); err != nil {
				return err
			}
		}
	}
	return nil
}

// passOver leaves out what hangs on an entry that cannot be read.
func (l *logCheck) passOver(seq int64) error {
	for _, c := range append([]*cursor{l.opened, l.seeds}, l.all()...) {
		for rec := c.peek(); rec != nil && rec.seq == seq; rec = c.peek() {
			if err := c.advance(); err != nil {
				return err
			}
		}
	}
	return nil
}
