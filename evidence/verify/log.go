package verify

import (
	"encoding/hex"
	"fmt"
)

// manyMissing is from how many missing things in a row on they are named as a range.
const manyMissing = 50

// logCheck walks the entries and everything that hangs on them, side by side,
// each table in the order of its key.
type logCheck struct {
	v       *verifier
	entries *cursor
	nodes   *cursor
	seeds   *cursor
	opened  *cursor
	tables  map[string]*cursor

	tree tree
	// node is the number of the next node of the tree.
	node int64
	// lost: neither entry nor node is there for a leaf, so that nothing above or
	// after it can be computed.
	lost bool
	// waiting is the entry whose leaf is not settled: the next one says in prev what it was.
	waiting *waiting
	// gone are missing entries that left a node: what hangs on them is not their fault.
	gone map[int64]bool

	first *entry
	end   string
	open  map[int64]*announced // by entry
}

type waiting struct {
	p      place
	seq    int64
	leaf   digest
	parsed bool
}

// setNames are the sets an entry may have; each is kept in the table of its name.
func setNames() []string {
	return []string{"artifacts", "occurrences", "derivations", "runs", "subjects"}
}

// checkLog verifies entries, tree, openings, seeds and the rows of all sets.
func (v *verifier) checkLog() error {
	l := &logCheck{v: v, tables: map[string]*cursor{}, gone: map[int64]bool{}, open: map[int64]*announced{}}
	total, err := v.extent("SELECT count(*) FROM entries")
	if err != nil {
		return err
	}
	v.begin("log", total)
	defer l.close()
	if err := l.openCursors(); err != nil {
		return err
	}
	v.keepRoot(&l.tree)
	var next int64
	for rec := l.entries.peek(); rec != nil; rec = l.entries.peek() {
		if err := l.gap(next, rec.seq); err != nil {
			return err
		}
		if err := l.entry(rec); err != nil {
			return err
		}
		next = rec.seq + 1
		v.read(1)
		if err := l.entries.advance(); err != nil {
			return err
		}
	}
	v.size = next
	if err := l.settle(""); err != nil {
		return err
	}
	if !l.lost {
		v.roots[l.tree.size] = l.tree.root()
	}
	if err := l.trailing(); err != nil {
		return err
	}
	if err := l.strays(-1); err != nil {
		return err
	}
	l.dangling()
	v.report.Log = Log{Origin: v.origin, Entries: v.size, Last: l.end}
	if l.first != nil {
		v.report.Log.First = l.first.start
	}
	if root, ok := v.roots[v.size]; ok {
		v.report.Log.Root = hex.EncodeToString(root[:])
	}
	return v.checkMeta(l.first)
}

func (l *logCheck) openCursors() (err error) {
	for _, c := range []struct {
		to           **cursor
		table, query string
	}{
		{&l.entries, "entries", "SELECT seq, 0, body, NULL FROM entries ORDER BY seq"},
		{&l.nodes, "nodes", "SELECT idx, 0, hash, NULL FROM nodes ORDER BY idx"},
		{&l.seeds, "sets", "SELECT seq, name, seed, NULL FROM sets ORDER BY seq, name"},
		{&l.opened, "openings", "SELECT seq, field, value, salt FROM openings ORDER BY seq, field"},
	} {
		if *c.to, err = l.v.cursor(l.v.ctx, c.table, c.query); err != nil {
			return err
		}
	}
	for _, name := range setNames() {
		l.tables[name], err = l.v.cursor(l.v.ctx, name, "SELECT seq, n, body, leaf FROM "+name+" ORDER BY seq, n")
		if err != nil {
			return err
		}
	}
	return nil
}

func (l *logCheck) close() {
	for _, c := range append([]*cursor{l.entries, l.nodes, l.seeds, l.opened}, l.all()...) {
		if c != nil {
			c.close()
		}
	}
}

// all returns the cursors over set tables in a fixed order.
func (l *logCheck) all() []*cursor {
	var out []*cursor
	for _, name := range setNames() {
		if c := l.tables[name]; c != nil {
			out = append(out, c)
		}
	}
	return out
}

// entry checks one entry and what hangs on it.
func (l *logCheck) entry(rec *record) error {
	p := l.v.c.place()
	e := l.v.checkEntry(p, rec.seq, rec.data)
	prev := ""
	if e != nil {
		prev = e.prev
	}
	if err := l.settle(prev); err != nil {
		return err
	}
	if err := l.strays(rec.seq); err != nil {
		return err
	}
	l.waiting = &waiting{p: p, seq: rec.seq, leaf: leafHash(rec.data), parsed: e != nil}
	l.v.c.count("entries of the custody log", 1, int64(len(rec.data)))
	if e == nil {
		l.v.holes = true
		p.skip(fmt.Sprintf("What hangs on entry %d: the entry cannot be read.", rec.seq))
		return l.passOver(rec.seq)
	}
	l.follow(p, e)
	if err := l.openings(p, e); err != nil {
		return err
	}
	return l.sets(p, e)
}

// follow keeps what later checks need of an entry.
func (l *logCheck) follow(p place, e *entry) {
	if e.seq == 0 {
		l.first = e
	}
	if e.end < l.end {
		p.find(Intact, entryName(e.seq), "was written at an earlier time than the entry before it, by the computer's clock", fmt.Sprintf("%s, after %s", e.end, l.end))
	}
	l.end = e.end
	l.v.keys.see(e)
	l.v.pins.see(e)
	l.v.handover(e)
	l.v.disposals.see(e)
	l.v.anchored(e)
	if e.kind == "seal" {
		l.v.seals = append(l.v.seals, e.seq)
	}
	l.progress(e)
}

// progress follows what is announced and carried out (docs/formats/case.md, What
// follows from the log).
func (l *logCheck) progress(e *entry) {
	runs, numbered := e.plain.counts("counts")["runs"]
	switch intent, item := e.refs["intent"], e.refs["item"]; e.plain.text("phase") {
	case "intent":
		l.open[e.seq] = &announced{what: "announces work that was not all reported", runs: runs, numbered: numbered}
	case "result":
		if a := l.open[intent]; a != nil {
			a.runs -= runs
			if !a.numbered || a.runs <= 0 {
				delete(l.open, intent)
			}
		}
	case "begin":
		if _, again := e.refs["item"]; !again {
			l.open[e.seq] = &announced{what: "begins something of which no end was reported"}
		}
	case "end":
		delete(l.open, item)
	}
}

// announced is what an entry announces: runs of which so many are not reported yet.
type announced struct {
	what     string
	runs     int64
	numbered bool
}

// dangling remarks on what was begun and never ended: an interruption.
func (l *logCheck) dangling() {
	for _, seq := range sortedKeys(l.open) {
		l.v.c.place().find(Intact, entryName(seq), l.open[seq].what, "it was interrupted, or is still going on")
	}
}

// openings compares an entry's commitments with the openings kept.
func (l *logCheck) openings(p place, e *entry) error {
	seen, opened := map[string]bool{}, map[string][]byte{}
	for rec := l.opened.peek(); rec != nil && rec.seq == e.seq; rec = l.opened.peek() {
		seen[rec.name] = true
		name := openingName(e.seq, rec.name)
		want, committed := e.commit[rec.name]
		salt := string(rec.extra)
		c := commitment(salt, rec.name, rec.data)
		switch err := checkCanonical(rec.data); {
		case !committed:
			p.find(Altered, name, "opens no commitment of its entry", "")
		case err != nil:
			p.find(Altered, name, "its value was changed: it is not canonical JSON", err.Error())
		case !isHex(salt, 32):
			p.find(Altered, name, "its salt was changed: it is not 32 hexadecimal digits", "")
		case hex.EncodeToString(c[:]) != want:
			p.find(Altered, name, "its value or salt is not what the entry committed to", "")
		case e.kind == "transfer":
			opened[rec.name] = rec.data
		}
		l.v.c.count("openings of commitments", 1, 0)
		if err := l.opened.advance(); err != nil {
			return err
		}
	}
	for _, field := range sortedKeys(e.commit) {
		if !seen[field] {
			p.find(Incomplete, openingName(e.seq, field), "is missing: what the entry committed to cannot be shown any more", "")
		}
	}
	if e.kind == "transfer" {
		l.transfer(p, e, opened)
	}
	return nil
}

// sets checks the seeds and rows of an entry's sets.
func (l *logCheck) sets(p place, e *entry) error {
	seeds := map[string][]byte{}
	for rec := l.seeds.peek(); rec != nil && rec.seq == e.seq; rec = l.seeds.peek() {
		seeds[rec.name] = rec.data
		if _, has := e.sets[rec.name]; !has {
			p.find(Altered, seedName(e.seq, rec.name), "belongs to no set of its entry", "")
		}
		l.v.c.count("seeds of sets", 1, 0)
		if err := l.seeds.advance(); err != nil {
			return err
		}
	}
	for _, name := range setNames() {
		root, has := e.sets[name]
		if !has {
			if err := l.unannounced(p, e.seq, name); err != nil {
				return err
			}
			continue
		}
		s := setCheck{v: l.v, p: p, seq: e.seq, name: name, root: root, seed: seeds[name]}
		if err := s.check(l.tables[name]); err != nil {
			return err
		}
	}
	for name := range e.sets {
		if l.tables[name] == nil {
			p.find(CannotVerify, fmt.Sprintf("set %d/%s", e.seq, shown(name)), "is of a sort that this program does not know", "")
		}
	}
	return nil
}

// unannounced reports rows of a set that their entry does not have.
func (l *logCheck) unannounced(p place, seq int64, name string) error {
	c := l.tables[name]
	for rec := c.peek(); rec != nil && rec.seq == seq; rec = c.peek() {
		p.find(Altered, rowName(name, seq, rec.n), "was added: its entry says nothing of such rows", "")
		if err := c.advance(); err != nil {
			return err
		}
	}
	return nil
}
