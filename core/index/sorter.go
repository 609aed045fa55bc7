package index

import "encoding/binary"

const (
	// docBits hold a record's number in a chunk: ChunkRecords is 1 << docBits.
	docBits = 17
	// spillFrom is how many postings are sorted at a time, 4 MiB of them.
	spillFrom = 1 << 19
	digitBits = 11
	digits    = 4 // of a gram's 42 bits
)

// sorter takes postings as they come and gives them back by gram. Of one gram
// they must come in ascending order.
type sorter struct {
	fresh []uint64 // gram << docBits | record
	spare []uint64
	runs  [][]byte
	held  int // bytes of runs
}

func (s *sorter) reset() { s.fresh, s.runs, s.held = s.fresh[:0], nil, 0 }

func (s *sorter) memory() int { return 16*len(s.fresh) + s.held }

func (s *sorter) add(gram uint64, record uint32) {
	s.fresh = append(s.fresh, gram<<docBits|uint64(record))
}

// settle is called where the next posting is of another record, or of a gram that
// the record has not had.
func (s *sorter) settle() {
	if len(s.fresh) >= spillFrom {
		s.spill()
	}
}

// spill sorts what is fresh into a run: for each gram
//
//	uvarint gram - the gram before, uvarint records, uvarint the first record,
//	uvarint the last - the first, uvarint bytes that follow, the other gaps
func (s *sorter) spill() {
	if len(s.fresh) == 0 {
		return
	}
	s.sort()
	run := make([]byte, 0, 4*len(s.fresh))
	var gaps []byte
	last := uint64(0)
	for i := 0; i < len(s.fresh); {
		gram := s.fresh[i] >> docBits
		first := uint32(s.fresh[i] & (ChunkRecords - 1))
		at, count := first, uint64(1)
		gaps = gaps[:0]
		for i++; i < len(s.fresh) && s.fresh[i]>>docBits == gram; i++ {
			if doc := uint32(s.fresh[i] & (ChunkRecords - 1)); doc != at {
				gaps = binary.AppendUvarint(gaps, uint64(doc-at-1))
				at = doc
				count++
			}
		}
		run = binary.AppendUvarint(run, gram-last)
		run = binary.AppendUvarint(run, count)
		run = binary.AppendUvarint(run, uint64(first))
		run = binary.AppendUvarint(run, uint64(at-first))
		run = binary.AppendUvarint(run, uint64(len(gaps)))
		run = append(run, gaps...)
		last = gram
	}
	s.runs = append(s.runs, run)
	s.held += cap(run)
	s.fresh = s.fresh[:0]
}

// sort sorts by gram, digit by digit from the lowest; equal ones stay as they came.
func (s *sorter) sort() {
	var counts [digits][1 << digitBits]uint32
	for _, v := range s.fresh {
		v >>= docBits
		for d := range digits {
			counts[d][v>>(d*digitBits)&(1<<digitBits-1)]++
		}
	}
	if cap(s.spare) < len(s.fresh) {
		s.spare = make([]uint64, len(s.fresh))
	}
	from, to := s.fresh, s.spare[:len(s.fresh)]
	for d := range digits {
		shift := docBits + d*digitBits
		c := &counts[d]
		if c[from[0]>>shift&(1<<digitBits-1)] == uint32(len(from)) {
			continue // all the same
		}
		sum := uint32(0)
		for i, n := range c {
			c[i], sum = sum, sum+n
		}
		for _, v := range from {
			k := &c[v>>shift&(1<<digitBits-1)]
			to[*k] = v
			*k++
		}
		from, to = to, from
	}
	s.fresh, s.spare = from, to
}

// cursor is the place reached in a run.
type cursor struct {
	rest              []byte
	gram              uint64
	count, first, end uint32
	gaps              []byte
}

// next reads the next gram of the run; false at the end. Runs are our own.
func (c *cursor) next() bool {
	if len(c.rest) == 0 {
		return false
	}
	var v [5]uint64
	for i := range v {
		n := 0
		v[i], n = binary.Uvarint(c.rest)
		c.rest = c.rest[n:]
	}
	c.gram += v[0]
	c.count, c.first, c.end = uint32(v[1]), uint32(v[2]), uint32(v[2]+v[3])
	c.gaps, c.rest = c.rest[:v[4]], c.rest[v[4]:]
	return true
}

// each calls f with each gram in ascending order, its records counted and the
// gaps between them; these are good until f returns.
func (s *sorter) each(f func(gram uint64, count uint32, gaps []byte) error) error {
	s.spill()
	var open []*cursor // in the order of the runs, and so of records
	for _, run := range s.runs {
		if c := (&cursor{rest: run}); c.next() {
			open = append(open, c)
		}
	}
	var gaps []byte
	for len(open) > 0 {
		gram := open[0].gram
		for _, c := range open[1:] {
			gram = min(gram, c.gram)
		}
		gaps = gaps[:0]
		count, next := uint32(0), uint32(0)
		left := open[:0]
		for _, c := range open {
			if c.gram == gram {
				gaps = binary.AppendUvarint(gaps, uint64(c.first-next))
				gaps = append(gaps, c.gaps...)
				count, next = count+c.count, c.end+1
				if !c.next() {
					continue
				}
			}
			left = append(left, c)
		}
		open = left
		if err := f(gram, count, gaps); err != nil {
			return err
		}
	}
	return nil
}
