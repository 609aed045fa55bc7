package sdk

import (
	"slices"
	"sync"
)

// maxRanges bounds a coverage's memory. Past it, reads that touch no known range
// are not counted: the account then says less than was read, never more.
const maxRanges = 1 << 16

// coverage counts which bytes of an input were read at least once.
type coverage struct {
	mu     sync.Mutex
	ranges []byteRange // disjoint, not touching, ascending
	hint   int         // the range that grew last
	n      int64
}

type byteRange struct{ from, to int64 }

func (c *coverage) total() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n
}

// add counts [from, to).
func (c *coverage) add(from, to int64) {
	if from >= to {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.hint < len(c.ranges) {
		r := &c.ranges[c.hint]
		last := c.hint == len(c.ranges)-1
		if r.from <= from && from <= r.to && (last || to < c.ranges[c.hint+1].from) {
			if to > r.to {
				c.n += to - r.to
				r.to = to
			}
			return
		}
	}
	// [i, j) are the ranges that overlap or touch the new one.
	i, _ := slices.BinarySearchFunc(c.ranges, from, func(r byteRange, from int64) int {
		if r.to < from {
			return -1
		}
		return 1
	})
	j := i
	for ; j < len(c.ranges) && c.ranges[j].from <= to; j++ {
		merged := c.ranges[j].to
		c.n -= merged - c.ranges[j].from
		from, to = min(from, c.ranges[j].from), max(to, merged)
	}
	if i == j && len(c.ranges) >= maxRanges {
		return
	}
	c.ranges = slices.Replace(c.ranges, i, j, byteRange{from, to})
	c.n += to - from
	c.hint = i
}
