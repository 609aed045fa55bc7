package verify

import (
	"fmt"
	"slices"
	"strings"
)

// judgeClaims compares the log with every checkpoint and receipt, and says how
// strongly it is attested.
func (v *verifier) judgeClaims() {
	trusted := make([]publicKey, len(v.trust))
	for i, k := range v.trust {
		trusted[i] = k.as(v.origin)
	}
	v.carryHandovers()
	trusted = v.heirs(trusted)
	for _, c := range v.claims {
		level, by, ok := v.judge(c, trusted)
		if !ok {
			continue
		}
		if level > Unattested {
			v.coverage.attest(level, c.size, idsOf(by)...)
		}
		if level == Anchored {
			v.report.Anchors = append(v.report.Anchors, Anchor{Object: c.object, Type: typeReceipt, Entries: c.size, By: strings.Join(idsOf(by), " ")})
		}
		for _, s := range c.cosigned {
			v.hold(Anchor{Object: c.object, Type: typeCosigned, Entries: c.size, Time: s.text(), By: s.by.id()})
		}
		if slices.Contains(v.filesOnly, c.size) && c.file {
			v.c.place().find(Incomplete, c.object, fmt.Sprintf("%s/%s is there, but case.db does not have it", checkpointsDir, noteName(c.size)), "a crash while sealing leaves this too")
		}
	}
	for _, seq := range v.seals {
		if !slices.ContainsFunc(v.claims, func(c claim) bool { return c.size == seq+1 && !c.receipt && !c.anchor }) {
			v.c.place().find(Intact, entryName(seq), "announces a checkpoint that is not there", "sealing was interrupted, or the checkpoint was removed from case.db and from "+checkpointsDir)
		}
	}
}

// judge compares the log with one claim. ok is true where the claim is
// authentic and the log agrees with it.
func (v *verifier) judge(c claim, trusted []publicKey) (level Level, by []publicKey, ok bool) {
	p := v.c.place()
	if c.note.origin != v.origin {
		verdict, what := Altered, "is of another log"
		if c.receipt {
			verdict, what = CannotVerify, "is a receipt for another log, and says nothing about this case"
		}
		p.find(verdict, c.object, what, fmt.Sprintf("%q, not %q", c.note.origin, v.origin))
		return Unattested, nil, false
	}
	keys := slices.Concat(v.keys.keys, trusted)
	if c.key != nil {
		keys = []publicKey{*c.key} // a receipt must be signed by the key it states
	}
	kind, by := c.note.verify(keys)
	switch {
	case kind == sigInvalid && c.receipt:
		p.find(CannotVerify, c.object, "its signature is wrong: the receipt itself was changed", "")
	case kind == sigInvalid:
		p.find(Altered, c.object, "its signature is wrong: the note was changed after it was signed", "")
	case c.size > v.size:
		detail := fmt.Sprintf("the log has %d entries now, and had %d", v.size, c.size)
		if kind == sigUnknown && len(c.cosigned) == 0 {
			detail += "; the signature is by no key at hand and was not verified"
		}
		p.find(RolledBack, c.object, "was made when the log was longer: entries have been removed from its end, or an older copy of the case put back", detail)
	case kind == sigUnknown && len(c.cosigned) > 0:
		return v.compareRoot(p, c, trusted, nil) // the witness knows the log's key
	case kind == sigUnknown && c.receipt:
		p.find(CannotVerify, c.object, "is signed by no key at hand", "")
	case kind == sigUnknown:
		p.find(Altered, c.object, "is signed by a key that neither the log names nor you gave", "")
	default:
		return v.compareRoot(p, c, trusted, by)
	}
	return Unattested, nil, false
}

// compareRoot compares an authentic claim with the log as it is.
func (v *verifier) compareRoot(p place, c claim, trusted, by []publicKey) (Level, []publicKey, bool) {
	root, known := v.roots[c.size]
	switch {
	case !known:
		p.skip(fmt.Sprintf("Whether the log agrees with %s: its tree could not be computed so far.", c.object))
		return Unattested, nil, false
	case root != c.root:
		verdict, what := Forked, "was made of another log of the same name: the first entries were not these"
		if v.unsound {
			verdict, what = Altered, "the log does not agree with it"
		}
		p.find(verdict, c.object, what, fmt.Sprintf("of %d entries: root %s then, %s now", c.size, hexOf(c.root), hexOf(root)))
		return Unattested, nil, false
	}
	if c.anchor && len(by) == 0 {
		p.find(Altered, c.object, "is signed by a key that neither the log names nor you gave", "the witness's signature is right")
		return Unattested, nil, false
	}
	if !c.receipt && !c.anchor {
		v.agrees[c.size] = true
	}
	if by = v.lawful(p, c, by); len(by) == 0 {
		return Unattested, nil, len(c.cosigned) > 0
	}
	level := SelfAsserted
	for _, k := range by {
		if holds(trusted, k) {
			level = Trusted
		}
	}
	if c.receipt {
		level = Anchored
	}
	return level, by, true
}

// require says what attestation lacks of what was asked for: in Options.Require,
// or by giving keys to trust.
func (v *verifier) require() {
	a := v.report.Attestation
	p := v.c.place()
	switch need := v.o.Require; {
	case !v.coverage.seen[need] && need > Unattested:
		p.find(BelowRequired, "attestation", fmt.Sprintf("is %s where %s was required", a.Level, need), "")
	case need > Unattested && v.coverage.size[need] < v.size:
		p.find(BelowRequired, "attestation", fmt.Sprintf("%s for the first %d of %d entries only", need, v.coverage.size[need], v.size), "")
	}
	if len(v.trust) > 0 && !v.coverage.seen[Trusted] {
		p.find(BelowRequired, "attestation", "no checkpoint is signed by a key that you trust", "")
	}
	v.requireAnchors(p)
}

func idsOf(keys []publicKey) []string {
	ids := make([]string, len(keys))
	for i, k := range keys {
		ids[i] = k.id()
	}
	return ids
}
