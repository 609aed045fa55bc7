package verify

import (
	"fmt"
)

// setCheck compares the rows of one set with the root its entry committed to.
type setCheck struct {
	v    *verifier
	p    place
	seq  int64
	name string
	root setRoot
	// seed is nil where it is missing.
	seed []byte

	// stored is the tree over the leaf column, computed that over leaves made
	// from the bodies.
	stored, computed tree
	// gaps: rows are missing, so that there are no roots to compare.
	gaps bool
	// differ are rows whose leaf column is not the leaf of their body; the first few of them.
	differ  []int64
	differs int64
	extra   bool
}

// check reads the set's rows off c.
func (s *setCheck) check(c *cursor) error {
	if s.seed == nil {
		s.p.find(Incomplete, seedName(s.seq, s.name), "is missing: the rows cannot be compared with what the entry committed to", "")
	}
	m := newMemberHasher(s.seed)
	var next int64
	for rec := c.peek(); rec != nil && rec.seq == s.seq; rec = c.peek() {
		if rec.n < 0 || rec.n >= s.root.size {
			s.extra = true
			s.p.find(Altered, rowName(s.name, s.seq, rec.n), "was added: its entry counts fewer", fmt.Sprintf("%d rows", s.root.size))
		} else {
			s.missing(next, rec.n)
			next = rec.n + 1
			s.member(m, rec)
		}
		s.v.c.count("rows of "+s.name, 1, 0)
		if err := c.advance(); err != nil {
			return err
		}
	}
	s.missing(next, s.root.size)
	s.judge()
	return nil
}

func (s *setCheck) setName() string { return fmt.Sprintf("set %d/%s", s.seq, s.name) }

func (s *setCheck) missing(from, to int64) {
	if from >= to {
		return
	}
	s.gaps = true
	if to-from > manyMissing {
		s.p.find(Incomplete, fmt.Sprintf("%s rows %d/%d to %d/%d", s.name, s.seq, from, s.seq, to-1), "are missing", "")
		return
	}
	for n := from; n < to; n++ {
		s.p.find(Incomplete, rowName(s.name, s.seq, n), "is missing", "")
	}
}

func (s *setCheck) member(m memberHasher, rec *record) {
	var stored digest
	if len(rec.extra) == len(stored) {
		stored = digest(rec.extra)
	}
	s.stored.add(stored, nil)
	leaf, err := m.leaf(rec.n, rec.data)
	if err == nil {
		err = checkCanonical(rec.data)
	}
	if err != nil {
		s.p.find(Altered, rowName(s.name, s.seq, rec.n), "was changed: its body is not canonical JSON", err.Error())
	}
	s.computed.add(leaf, nil)
	if s.name == subjectsSet {
		s.v.disposals.subject(rec)
	}
	if s.seed != nil && leaf != stored {
		s.differs++
		if len(s.differ) < manyMissing {
			s.differ = append(s.differ, rec.n)
		}
	}
}

// judge names what was changed: the entry's root says whether the bodies or the
// leaf columns are right; that no row agrees says that the seed is wrong.
func (s *setCheck) judge() {
	leavesRight := !s.gaps && hexOf(s.stored.root()) == s.root.root
	bodiesRight := !s.gaps && hexOf(s.computed.root()) == s.root.root
	what, detail := "", ""
	switch {
	case s.gaps || s.seed == nil:
		s.v.c.skip(fmt.Sprintf("Whether the rows that are left of %s are the ones that its entry committed to.", s.setName()))
		if s.seed == nil && !s.gaps && !leavesRight {
			s.p.find(Altered, s.setName(), "is not what the entry committed to", "at least one leaf was changed")
		}
		what = "was changed: body and leaf do not agree"
	case bodiesRight && s.differs == 0:
		return
	case bodiesRight:
		what, detail = "its leaf was changed", "the body is what the entry committed to"
	case leavesRight && s.differs == s.root.size:
		s.p.find(Altered, seedName(s.seq, s.name), "was changed: no row agrees with it", "")
		if s.differs > 1 {
			return
		}
		what, detail = "was changed, or the seed of its set was", ""
	case leavesRight:
		what = "was changed: its body is not what the entry committed to"
	default:
		s.p.find(Altered, s.setName(), "is not what the entry committed to", fmt.Sprintf("at least one of its %d rows was changed", s.root.size))
		what = "was changed: body and leaf do not agree"
	}
	for _, n := range s.differ {
		s.p.find(Altered, rowName(s.name, s.seq, n), what, detail)
	}
	if more := s.differs - int64(len(s.differ)); more > 0 {
		s.p.find(Altered, s.setName(), fmt.Sprintf("%d more of its rows were changed in the same way", more), "")
	}
}
