package search

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/exhibit-forensics/exhibit/core/search/fold"
	"github.com/exhibit-forensics/exhibit/core/view"
	"github.com/exhibit-forensics/exhibit/evidence"
)

// truth is Kleene's: what a condition on time says of a record that states none
// is unknown, and stays so under NOT.
type truth int8

const (
	no truth = iota
	unknown
	yes
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

// decide works an expression out from the truth of its leaves.
func decide(n node, leaves []truth) truth {
	switch n := n.(type) {
	case *leaf:
		return leaves[n.n]
	case not:
		return yes - decide(n.node, leaves)
	case allOf:
		out := yes
		for _, c := range n {
			out = min(out, decide(c, leaves))
		}
		return out
	case anyOf:
		out := no
		for _, c := range n {
			out = max(out, decide(c, leaves))
		}
		return out
	}
	panic(fmt.Sprintf("search: node %T", n))
}

// tags are the records of each tag that a query names, by record set and line.
type tags map[*leaf]map[string]bool

func (q *Query) tags(o Options) (tags, error) {
	out := tags{}
	for _, l := range q.leaves {
		switch l.test {
		case testID:
			out[l] = map[string]bool{l.value: true}
		case testTag:
			if o.Tagged == nil {
				return nil, fmt.Errorf("search: tag:%s: %w: tags are not known here", l.value, evidence.ErrNotFound)
			}
			ids, err := o.Tagged(l.value)
			if err != nil {
				return nil, fmt.Errorf("search: tag:%s: %w", l.value, err)
			}
			out[l] = ids
		}
	}
	return out, nil
}

// fixed reports whether a leaf says the same of all records of a run, and what.
func (l *leaf) fixed(j *view.Joiner) (says, fixed bool) {
	switch l.test {
	case testExhibit:
		for _, p := range j.Places {
			says = says || p.Item == l.value
		}
		return says, true
	case testPath:
		for _, p := range j.Places {
			says = says || l.fits(p.Path.String())
		}
		return says, true
	}
	return false, false
}

// evaluator decides about records one by one. It is not for concurrent use.
type evaluator struct {
	q    *Query
	tags tags
	j    *view.Joiner

	leaves []truth
	start  []truth // leaves before a record is looked at
	walker fold.Walker
	buf    []byte
	// valued are the leaves that look at values, own those that look at kind and time.
	valued, own []*leaf

	// score: stats is filled for terms.
	score bool
	terms []*leaf
	stat  stat
}

// stat is what an order by relevance needs of a record.
type stat struct {
	// length is the bytes of folded text that were searched.
	length uint32
	// found counts each term.
	found [maxTerms]uint16
}

// maxTerms bounds how many terms count for an order by relevance.
const maxTerms = 8

func newEvaluator(q *Query, t tags, score bool) *evaluator {
	e := &evaluator{q: q, tags: t, leaves: make([]truth, len(q.leaves)), start: make([]truth, len(q.leaves)), walker: fold.Walker{Paths: true, Texts: score}, score: score}
	for _, l := range q.leaves {
		switch l.test {
		case testText, testField, testIP:
			e.valued = append(e.valued, l)
			for _, p := range l.paths {
				name, _, _ := strings.Cut(p, ".")
				e.walker.Roots = append(e.walker.Roots, name)
			}
			e.walker.Texts = e.walker.Texts || l.test != testField
		case testKind:
			e.own, e.walker.Roots = append(e.own, l), append(e.walker.Roots, "kind")
		case testAfter, testBefore:
			e.own, e.walker.Roots = append(e.own, l), append(e.walker.Roots, "time")
		}
	}
	e.terms = q.scored()
	return e
}

// scored are the leaves that count for an order by relevance.
func (q *Query) scored() []*leaf {
	var out []*leaf
	positive(q.root, false, func(l *leaf) {
		if (l.test == testText || l.test == testField) && len(out) < maxTerms {
			out = append(out, l)
		}
	})
	return out
}

// enter sets what holds for all records of a run.
func (e *evaluator) enter(j *view.Joiner) {
	e.j = j
	for _, l := range e.q.leaves {
		says, _ := l.fixed(j)
		e.start[l.n] = truthOf(says)
		if l.test == testAfter || l.test == testBefore {
			e.start[l.n] = unknown
		}
	}
}

// record decides about line n, from 1, of the run's record set.
func (e *evaluator) record(line []byte, n int64) (truth, error) {
	copy(e.leaves, e.start)
	if len(e.tags) > 0 {
		id := evidence.RecordID(e.j.Set().Artifact, n)
		for l, ids := range e.tags {
			e.leaves[l.n] = truthOf(ids[id])
		}
	}
	if e.q.joined {
		var err error
		if line, err = e.j.Join(line, n); err != nil {
			return no, err
		}
	}
	e.stat = stat{}
	if len(e.own) > 0 || len(e.valued) > 0 {
		if err := e.walker.Walk(line, e.value); err != nil {
			return no, fmt.Errorf("search: record %s: %w", evidence.RecordID(e.j.Set().Artifact, n), err)
		}
	}
	return decide(e.q.root, e.leaves), nil
}

func (e *evaluator) value(v *fold.Value) {
	for _, l := range e.own {
		e.leaves[l.n] = l.ofOwn(v, e.leaves[l.n])
	}
	folded := false
	for _, l := range e.valued {
		if e.leaves[l.n] == yes && !e.score {
			continue
		}
		if l.test == testIP {
			if v.Searched && inIP(v.Path) && l.fitsIP(v.Text()) {
				e.leaves[l.n] = yes
			}
			continue
		}
		if l.test == testText && !v.Searched || l.test == testField && !(v.Searched || l.any || v.Word()) || l.test == testField && !l.covers(v.Path) {
			continue
		}
		if l.whole && v.Text() != l.value {
			continue
		}
		if !folded {
			e.buf, folded = v.AppendFolded(e.buf[:0]), true
		}
		if bytes.Contains(e.buf, l.folded) {
			e.leaves[l.n] = yes
			if e.score {
				e.countTerm(l)
			}
		}
	}
	if e.score && v.Searched {
		if !folded {
			e.buf = v.AppendFolded(e.buf[:0])
		}
		e.stat.length += uint32(len(e.buf))
	}
}

func (e *evaluator) countTerm(l *leaf) {
	for i, t := range e.terms {
		if t == l {
			e.stat.found[i] = uint16(min(int(e.stat.found[i])+bytes.Count(e.buf, l.folded), 1<<16-1))
		}
	}
}

// ofOwn decides a leaf about kind or time by a value, if it is that.
func (l *leaf) ofOwn(v *fold.Value, before truth) truth {
	if l.test == testKind {
		if string(v.Path) == "kind" {
			return truthOf(v.Text() == l.value)
		}
		return before
	}
	if string(v.Path) != "time" || !v.Quoted {
		return before
	}
	t, err := time.Parse(time.RFC3339Nano, v.Text())
	if err != nil {
		return unknown
	}
	if l.test == testAfter {
		return truthOf(!t.Before(l.at))
	}
	return truthOf(t.Before(l.at))
}

// covers reports whether a value at path is one of the leaf's field.
func (l *leaf) covers(path []byte) bool {
	for _, p := range l.paths {
		if len(path) >= len(p) && string(path[:len(p)]) == p && (len(path) == len(p) || path[len(p)] == '.') {
			return true
		}
	}
	return false
}

// inIP reports whether a value is that of a member named ip, or in a list ips.
func inIP(path []byte) bool {
	name := string(path[strings.LastIndexByte(string(path), '.')+1:])
	return name == "ip" || name == "ips"
}
