package verify

import (
	"fmt"
	"slices"
)

// handover is an entry by which a key stops signing the log (docs/formats/custody.md,
// Keys that sign).
type handover struct {
	seq int64
	key publicKey
	// successor is nil where a key revokes itself.
	successor *publicKey
	revoked   bool
	// signed: the checkpoint over the entry bears the signatures that it needs.
	signed bool
}

// handover takes what an entry says of that.
func (v *verifier) handover(e *entry) {
	action := e.plain.text("action")
	if e.kind != "identity" || action != "rotate" && action != "revoke" {
		return
	}
	key, err := parseKey(e.plain.text("signer"))
	if err != nil || key.name != e.origin {
		return
	}
	h := handover{seq: e.seq, key: key, revoked: action == "revoke"}
	if successor, err := parseKey(e.plain.text("successor")); err == nil && successor.name == e.origin && successor.id() != key.id() {
		h.successor = &successor
	}
	if h.successor != nil || h.revoked {
		v.handovers = append(v.handovers, h)
	}
}

// carryHandovers finds the checkpoints that carry handovers out, and remarks on those that
// were announced only.
func (v *verifier) carryHandovers() {
	for i := range v.handovers {
		h := &v.handovers[i]
		need := []publicKey{h.key}
		if h.successor != nil {
			need = append(need, *h.successor)
		}
		if h.revoked && h.successor != nil {
			need = need[1:]
		}
		for _, c := range v.claims {
			root, known := v.roots[c.size]
			if c.size != h.seq+1 || c.note.origin != v.origin || !known || root != c.root {
				continue
			}
			kind, by := c.note.verify(need)
			h.signed = h.signed || kind == sigValid && len(by) == len(need)
		}
		if h.signed {
			continue
		}
		what := "announces that another key signs from here on, and no checkpoint signed by both keys is over it"
		if h.revoked {
			what = "announces that a key is revoked, and no checkpoint signed by who says so is over it"
		}
		v.c.place().find(Intact, entryName(h.seq), what, h.key.id())
	}
}

// standing says what a key's signature under a checkpoint of so many entries is worth.
type standing int

const (
	inForce standing = iota
	// afterwards: made by a key that had been rotated or revoked by then.
	afterwards
	// withdrawn: made before the key was revoked.
	withdrawn
)

func (v *verifier) standing(k publicKey, size int64) (standing, *handover) {
	worst, by := inForce, (*handover)(nil)
	for i := range v.handovers {
		h := &v.handovers[i]
		switch {
		case !h.signed || h.key.id() != k.id():
		case size > h.seq+1:
			return afterwards, h
		case h.revoked:
			worst, by = withdrawn, h
		}
	}
	return worst, by
}

// lawful takes off the keys by which a claim is signed those that count no more, and
// says so. Where none is left the claim still shows what the log once was, and attests
// nothing. What a receipt says does not rest on the key alone: somebody kept it.
func (v *verifier) lawful(p place, c claim, by []publicKey) []publicKey {
	var left []publicKey
	for _, k := range by {
		s, h := v.standing(k, c.size)
		switch {
		case s == inForce:
			left = append(left, k)
			continue
		case c.receipt:
			left = append(left, k)
			p.find(Intact, c.object, fmt.Sprintf("is signed by a key that entry %d took out of use", h.seq), k.id())
			continue
		}
		word := "handed the log over to another one"
		if h.revoked {
			word = "was revoked"
		}
		if s == afterwards {
			p.find(Altered, c.object, fmt.Sprintf("is signed by a key that %s in entry %d: do not trust this checkpoint", word, h.seq), k.id())
		} else if c.size <= h.seq || h.successor == nil {
			p.find(Intact, c.object, fmt.Sprintf("is signed by a key that entry %d revoked later: it is not counted as attestation", h.seq), k.id())
		}
	}
	return left
}

// heirs adds to trusted keys those that they handed the log over to.
func (v *verifier) heirs(trusted []publicKey) []publicKey {
	for _, h := range v.handovers {
		if h.revoked || !h.signed || !holds(trusted, h.key) || holds(trusted, *h.successor) {
			continue
		}
		if s, _ := v.standing(h.key, h.seq+1); s == inForce {
			trusted = append(trusted, *h.successor)
		}
	}
	return trusted
}

func holds(keys []publicKey, k publicKey) bool {
	return slices.ContainsFunc(keys, func(h publicKey) bool { return h.id() == k.id() && h.key.Equal(k.key) })
}
