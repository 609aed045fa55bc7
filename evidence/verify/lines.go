package verify

import (
	"bytes"
	"fmt"
	"maps"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// maxLine is how long a record may be (docs/formats/wire.md).
const maxLine = 1 << 20

// lineCheck reads a record set, or diagnostics, as it is written to it.
type lineCheck struct {
	set    *lineSet
	hasher *lineHasher // nil for diagnostics
	tree   tree
	n      int64
	part   []byte // of a line that is not complete yet
	// tallies count lines by the values of the members that set counts too; other
	// values are counted under "", so that hostile lines cannot fill memory.
	tallies map[string]map[string]int64
	fault   string // the first
}

func newLineCheck(set *lineSet, seed []byte) *lineCheck {
	c := &lineCheck{set: set, tallies: map[string]map[string]int64{}}
	if seed != nil {
		c.hasher = newLineHasher(seed)
	}
	for member := range set.tallies {
		c.tallies[member] = map[string]int64{}
	}
	return c
}

// Write takes the next bytes; it never fails.
func (c *lineCheck) Write(b []byte) (int, error) {
	n := len(b)
	for len(b) > 0 {
		line, rest, ended := bytes.Cut(b, []byte{'\n'})
		b = rest
		if len(c.part) > 0 || !ended {
			if len(c.part)+len(line) > maxLine {
				c.wrong("is longer than a line may be")
				line = nil
				c.part = c.part[:0]
			}
			c.part = append(c.part, line...)
			if !ended {
				break
			}
			line = c.part
		}
		c.line(line)
		c.part = c.part[:0]
	}
	return n, nil
}

func (c *lineCheck) wrong(what string) {
	if c.fault == "" {
		c.fault = fmt.Sprintf("line %d %s", c.n+1, what)
	}
}

func (c *lineCheck) line(line []byte) {
	found := 0
	err := evidence.Members(line, func(name, value []byte) error {
		counts, ok := c.tallies[string(name)]
		if !ok {
			return nil
		}
		if len(value) < 3 || value[0] != '"' {
			return evidence.ErrFormat
		}
		found++
		value = value[1 : len(value)-1]
		if bytes.IndexByte(value, '\\') >= 0 {
			value = []byte(evidence.Unescape(value))
		}
		if _, known := c.set.tallies[string(name)][string(value)]; known {
			counts[string(value)]++
		} else {
			counts[""]++
		}
		return nil
	})
	switch {
	case err != nil:
		c.wrong("is not a canonical JSON object as the format has it")
	case found != len(c.tallies):
		c.wrong("lacks what such a line must have")
	}
	if c.hasher != nil {
		c.tree.add(c.hasher.leaf(c.n, line), nil)
	}
	c.n++
}

// judge compares what was read with what the run says.
func (c *lineCheck) judge(p place, name, row string) {
	if len(c.part) > 0 {
		c.wrong("has no end")
	}
	if c.fault != "" {
		p.find(Altered, name, c.fault, row)
	}
	if c.n != c.set.count {
		p.find(Altered, name, fmt.Sprintf("has %d lines, not the %d that its run counted", c.n, c.set.count), row)
	}
	for _, member := range sortedKeys(c.tallies) {
		if !maps.Equal(c.tallies[member], nonZero(c.set.tallies[member])) {
			p.find(Altered, name, "its lines are not those that its run counted by "+member, row)
		}
	}
	if root := c.tree.root(); c.hasher != nil && hexOf(root) != c.set.root {
		p.find(Altered, name, "its lines are not those that its run committed to one by one, or the seed of the run was changed", fmt.Sprintf("%s: root %s, not %s", row, hexOf(root), c.set.root))
	}
}

func nonZero(m map[string]int64) map[string]int64 {
	m = maps.Clone(m)
	maps.DeleteFunc(m, func(_ string, n int64) bool { return n == 0 })
	return m
}
