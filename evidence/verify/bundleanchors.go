package verify

import (
	"fmt"
	"regexp"
	"slices"
)

// BundleAnchor is a time stamp or cosignature that holds (docs/formats/anchors.md).
type BundleAnchor struct {
	Object string `json:"object"`
	// Type is rfc3161 or cosignature.
	Type    string `json:"type"`
	Entries int64  `json:"entries"`
	// Time is as the authority or witness states it, RFC 3339 UTC.
	Time string `json:"time"`
	// By is sha256:… of the authority's certificate, or the key ID of the witness.
	By string `json:"by"`
}

const (
	anchorStamp  = "rfc3161"
	anchorCosign = "cosignature"
)

var anchorPath = regexp.MustCompile(`^anchors/([1-9][0-9]{0,15})-[0-9a-f]{16}\.(tsr|note)$`)

// bundleAnchors are what anchors are judged by, and what came of it.
type bundleAnchors struct {
	certs     []*tsaCert
	witnesses []publicKey
	stamps    int
	cosigned  int
	// enclosed were not checked.
	enclosed int
	// plain is the attestation without anchors.
	plain BundleAttestation
}

// parseAnchorOptions reads what was given from outside.
func (c *bundleCheck) parseAnchorOptions() error {
	for _, file := range c.o.TSACerts {
		certs, err := parseTSACerts(file)
		if err != nil {
			return err
		}
		c.anchors.certs = append(c.anchors.certs, certs...)
	}
	for _, s := range c.o.Witnesses {
		w, err := parseWitness(s)
		if err != nil {
			return err
		}
		c.anchors.witnesses = append(c.anchors.witnesses, w)
	}
	return nil
}

// checkAnchors is the last part of step 10.
func (c *bundleCheck) checkAnchors() (bool, error) {
	a := &c.anchors
	a.plain = c.report.Attestation
	for _, name := range c.bag.under("anchors/") {
		m := anchorPath.FindStringSubmatch(name)
		if m == nil || c.bad[name] {
			continue
		}
		judge, most := c.cosignedNote, int64(maxNote)
		given := len(a.witnesses) > 0
		if m[2] == "tsr" {
			judge, most, given = c.stamp, maxAnchor, len(a.certs) > 0
		}
		if !given {
			a.enclosed++
			continue
		}
		text, ok, err := c.bag.read(name, most)
		if err != nil {
			return false, err
		}
		if !ok {
			c.find(codeAnchor, name, "is too long")
			continue
		}
		why, err := judge(name, m[1], text)
		if err != nil {
			return false, err
		}
		if why != "" {
			c.find(codeAnchor, name, why)
		}
	}
	return true, nil
}

// stamp judges a time-stamp response, and returns what is wrong with it.
func (c *bundleCheck) stamp(name, size string, response []byte) (string, error) {
	t, err := parseToken(response)
	if err != nil {
		return "is no time stamp as the format has it", nil
	}
	i := slices.IndexFunc(c.anchors.certs, t.by)
	if i < 0 {
		c.anchors.enclosed++
		return "", nil
	}
	cert := c.anchors.certs[i]
	c.report.Checked.Anchors++
	path := "custody/checkpoints/" + size + ".note"
	if !c.bag.has(path) {
		return "is over a checkpoint that is not there", nil
	}
	note, _, err := c.bag.read(path, maxNote)
	if err != nil {
		return "", err
	}
	s, why := t.check(cert, note)
	if why != "" {
		return why, nil
	}
	n, _ := parseDecimal(size)
	if !slices.ContainsFunc(c.good, func(g goodNote) bool { return g.size == n }) {
		return "", nil // of a checkpoint that is found wrong already
	}
	c.anchors.stamps++
	c.anchored(BundleAnchor{name, anchorStamp, n, s.text(), cert.id()})
	return "", nil
}

// cosignedNote judges a checkpoint with cosignatures.
func (c *bundleCheck) cosignedNote(name, size string, body []byte) (string, error) {
	n, fine := parseDecimal(size)
	note, err := parseCheckpoint(body)
	if err != nil || !fine || note.origin != c.origin || note.size != n {
		return "is no checkpoint of this log as the format has it", nil
	}
	by, ok := note.cosigned(c.anchors.witnesses)
	if !ok {
		return "a cosignature in it is wrong", nil
	}
	if len(by) == 0 {
		c.anchors.enclosed++
		return "", nil
	}
	c.report.Checked.Anchors++
	switch {
	case n >= int64(len(c.starts)):
		c.find(codeAnchorRolledBack, name, fmt.Sprintf("is over %d entries, and the log in the bundle has %d: the bundle is older than what the witness saw, or entries were removed", n, len(c.starts)-1))
	case c.roots[n] != note.root:
		c.find(codeAnchorForked, name, "is of another log under the same name: what the witness saw were not these entries")
	default:
		for _, s := range by {
			c.anchors.cosigned++
			c.anchored(BundleAnchor{name, anchorCosign, n, s.text(), s.by.id()})
		}
	}
	return "", nil
}

func (c *bundleCheck) anchored(a BundleAnchor) {
	c.report.Anchors = append(c.report.Anchors, a)
	c.attestBy(Anchored, a.Entries, a.By)
}
