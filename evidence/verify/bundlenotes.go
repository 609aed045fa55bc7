package verify

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
)

var notePath = regexp.MustCompile(`^custody/checkpoints/((?:0|[1-9][0-9]{0,15}))\.note$`)

// checkNotes is step 9.
func (c *bundleCheck) checkNotes() (bool, error) {
	text, _, err := c.bag.read(keysFile, maxTagFile)
	if err != nil {
		return false, err
	}
	var ok bool
	if c.keys, ok = c.parseKeys(string(text)); !ok {
		c.find(codeCheckpoint, keysFile, "is not there, or not written as the format has it")
	}
	for _, name := range c.bag.under("custody/checkpoints/") {
		c.report.Checked.Checkpoints++
		body, _, err := c.bag.read(name, maxNote)
		if err != nil {
			return false, err
		}
		if why := c.note(name, body); why != "" {
			c.find(codeCheckpoint, name, why)
		}
	}
	slices.SortFunc(c.good, func(a, b goodNote) int { return int(a.size - b.size) })
	size := int64(len(c.starts)) - 1
	newest := goodNote{}
	if len(c.good) > 0 {
		newest = c.good[len(c.good)-1]
	}
	switch {
	case newest.size <= c.export:
		c.find(codeCheckpointMissing, entryName(c.export), "is covered by no checkpoint that is as it should be")
	case newest.size != size:
		c.find(codeCheckpoint, noteObject(newest.size), fmt.Sprintf("is the newest, and the log goes on to %d entries", size))
	}
	if len(c.good) > 0 && c.signed != "" && !slices.ContainsFunc(newest.by, func(k publicKey) bool { return string(k.key) == c.signed }) {
		c.find(codeSignature, tagSig, "is by a key that did not sign the newest checkpoint")
	}
	c.checkKeys()
	return true, nil
}

// parseKeys reads keys/log.vkey; the empty text, of one that cannot be read, has none.
func (c *bundleCheck) parseKeys(text string) (keys []publicKey, ok bool) {
	body, ended := strings.CutSuffix(text, "\n")
	for line := range strings.SplitSeq(body, "\n") {
		k, err := parseKey(line)
		if err != nil || k.name != c.origin || !ended || slices.ContainsFunc(keys, func(o publicKey) bool { return string(o.key) == string(k.key) }) {
			return nil, false
		}
		keys = append(keys, k)
	}
	return keys, true
}

// note checks one checkpoint and returns what is wrong with it; one that cannot be read is empty.
func (c *bundleCheck) note(name string, body []byte) string {
	m := notePath.FindStringSubmatch(name)
	n, err := parseCheckpoint(body)
	if m == nil || err != nil {
		return "is no checkpoint as the format has it"
	}
	if size, _ := parseDecimal(m[1]); size != n.size {
		return "is over another number of entries than its name says"
	}
	if n.origin != c.origin {
		return "is of another log"
	}
	kind, by := n.verify(c.keys)
	switch {
	case kind == sigInvalid:
		return "its signature is wrong"
	case kind == sigUnknown:
		return "is signed by no key of " + keysFile
	case n.size >= int64(len(c.starts)):
		return "is over more entries than there are"
	case c.roots[n.size] != n.root:
		return "the log does not agree with it"
	}
	c.good = append(c.good, goodNote{n.size, by})
	return ""
}

// attest notes that the first size entries are attested at a level.
func (c *bundleCheck) attest(level Level, size int64, by []publicKey) {
	c.covered[level] = max(c.covered[level], size)
	var ids []string
	for _, k := range by {
		ids = append(ids, k.id())
	}
	c.attestBy(level, size, ids...)
}

// attestBy does that for whoever the IDs name.
func (c *bundleCheck) attestBy(level Level, size int64, ids ...string) {
	a := &c.report.Attestation
	if level > a.Level {
		*a = BundleAttestation{Level: level, Keys: []string{}}
	}
	if level < a.Level {
		return
	}
	a.Covered = max(a.Covered, size)
	for _, id := range ids {
		if !slices.Contains(a.Keys, id) {
			a.Keys = append(a.Keys, id)
		}
	}
}

// checkReceipts is step 10.
func (c *bundleCheck) checkReceipts() (bool, error) {
	for i, text := range c.o.Receipts {
		c.report.Checked.Receipts++
		name := fmt.Sprintf("receipt %d", i+1)
		note, key, err := readReceipt(text)
		keys := slices.Clone(c.keys)
		for _, k := range c.trust {
			keys = append(keys, k.as(c.origin))
		}
		if key != nil {
			keys = []publicKey{*key}
		}
		if err != nil || note.origin != c.origin || note.size > evidence.MaxSafeInteger {
			c.find(codeReceipt, name, "is damaged, or of another log: it says nothing about this bundle")
			continue
		}
		kind, by := note.verify(keys)
		switch {
		case kind != sigValid:
			c.find(codeReceipt, name, "is not rightly signed")
		case note.size >= int64(len(c.starts)):
			c.find(codeRolledBack, name, fmt.Sprintf("is over %d entries, and the log in the bundle has %d: the bundle is older than the receipt, or entries were removed", note.size, len(c.starts)-1))
		case c.roots[note.size] == note.root:
			c.attest(Anchored, note.size, by)
		default:
			c.find(codeForked, name, "is of another log under the same name: its first entries were not these")
		}
	}
	return true, nil
}
