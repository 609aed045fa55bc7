package verify

import (
	"encoding/base64"
	"fmt"
	"slices"
)

// vkey writes a verifier key.
func (k publicKey) vkey() string {
	return k.id() + "+" + base64.StdEncoding.EncodeToString(append([]byte{1}, k.key...))
}

// signedBy reports whether a verifier key signed a good checkpoint.
func (g goodNote) signedBy(vkey string) bool {
	return slices.ContainsFunc(g.by, func(k publicKey) bool { return vkey == k.vkey() })
}

// stopped are the keys that stopped signing (docs/formats/bundle.md, Keys that stopped).
type stopped struct {
	// last is the size of the last checkpoint that a key may sign.
	last    map[string]int64
	revoked map[string]bool
}

// stands reports whether a key's signature under a checkpoint of so many entries counts.
func (s stopped) stands(vkey string, size int64) bool {
	last, ended := s.last[vkey]
	return !s.revoked[vkey] && (!ended || size <= last)
}

// counts reports whether the checkpoint over a handover bears the signatures that it needs.
func (c *bundleCheck) counts(h bundleHandover) bool {
	needs := []string{h.key, h.successor}
	if h.revoked {
		needs = needs[1:]
		if h.successor == "" {
			needs = []string{h.key}
		}
	}
	return slices.ContainsFunc(c.good, func(g goodNote) bool {
		return g.size == h.seq+1 && !slices.ContainsFunc(needs, func(k string) bool { return !g.signedBy(k) })
	})
}

// checkKeys finds what keys signed after they had stopped, follows rotations of trusted
// keys, and says who attests the log.
func (c *bundleCheck) checkKeys() {
	s := stopped{last: map[string]int64{}, revoked: map[string]bool{}}
	var counting []bundleHandover
	for _, h := range c.handover {
		if !c.counts(h) {
			continue
		}
		counting = append(counting, h)
		s.revoked[h.key] = s.revoked[h.key] || h.revoked
		if _, ended := s.last[h.key]; !ended {
			s.last[h.key] = h.seq + 1
		}
	}
	trusted := map[string]bool{}
	for _, k := range c.trust {
		trusted[k.as(c.origin).vkey()] = true
	}
	for _, h := range counting {
		for _, g := range c.good {
			if g.size > h.seq+1 && g.signedBy(h.key) {
				c.find(codeKey, noteObject(g.size), fmt.Sprintf("is signed by a key that entry %d ended", h.seq))
			}
		}
		if !h.revoked && trusted[h.key] && s.stands(h.key, h.seq+1) && !trusted[h.successor] {
			trusted[h.successor] = true
			c.followed = append(c.followed, h.seq)
		}
	}
	for _, g := range c.good {
		var by []publicKey
		level := SelfAsserted
		for _, k := range g.by {
			if !s.stands(k.vkey(), g.size) {
				continue
			}
			by = append(by, k)
			if trusted[k.vkey()] {
				level = Trusted
			}
		}
		if len(by) > 0 {
			c.attest(level, g.size, by)
		}
	}
}
