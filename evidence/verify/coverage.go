package verify

import "slices"

// coverage gathers how many entries are attested, level by level.
type coverage struct {
	// seen, size and keys are by level: size is how many entries are attested at that
	// level or by what counts as much.
	seen [Anchored + 1]bool
	size [Anchored + 1]int64
	keys [Anchored + 1][]string
}

// attest notes that the first size entries are attested at a level, and so at those below.
func (c *coverage) attest(level Level, size int64, ids ...string) {
	for l := SelfAsserted; l <= level; l++ {
		c.add(l, size)
	}
	c.name(level, ids)
}

// anchor notes a time stamp or a cosignature. It does not say whose log it is: it is worth no
// trusted signature.
func (c *coverage) anchor(size int64, id string) {
	c.add(SelfAsserted, size)
	c.add(Anchored, size)
	c.name(Anchored, []string{id})
}

func (c *coverage) add(l Level, size int64) {
	c.seen[l], c.size[l] = true, max(c.size[l], size)
}

func (c *coverage) name(l Level, ids []string) {
	for _, id := range ids {
		if !slices.Contains(c.keys[l], id) {
			c.keys[l] = append(c.keys[l], id)
		}
	}
}

// attestation is what it comes to for a log of so many entries.
func (c *coverage) attestation(entries int64) Attestation {
	a := Attestation{Keys: []string{}, Tail: entries}
	for l := Anchored; l > Unattested; l-- {
		switch {
		case !c.seen[l]:
		case a.Level == Unattested:
			a.Level, a.Covered = l, c.size[l]
			a.Keys = append(a.Keys, c.keys[l]...)
		case c.size[l] > max(a.Covered, covers(a.Weaker)):
			a.Weaker = append(a.Weaker, Cover{l, c.size[l]})
		}
	}
	a.Tail = entries - max(a.Covered, covers(a.Weaker))
	return a
}

// covers is how many entries the last of them covers, which is the most.
func covers(c []Cover) int64 {
	if len(c) == 0 {
		return 0
	}
	return c[len(c)-1].Covered
}
