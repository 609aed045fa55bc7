package verify

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/exhibit-forensics/exhibit/evidence"
)

const (
	keysFile       = "keys/log.vkey"
	maxBundleEntry = 1 << 20
)

var notePath = regexp.MustCompile(`^custody/checkpoints/((?:0|[1-9][0-9]{0,15}))\.note$`)

// parseBundleEntry reads an entry as far as its form goes (docs/formats/bundle.md).
func parseBundleEntry(body []byte) (*entry, error) {
	o, err := parseObject(body)
	if err != nil {
		return nil, err
	}
	o.only("v", "origin", "seq", "id", "kind", "prev", "nonce", "time", "tool", "plain", "commit", "sets", "refs")
	e := &entry{
		seq: o.integer("seq"), origin: o.text("origin"), kind: o.text("kind"), prev: o.text("prev"), plain: o.sub("plain"),
		commit: map[string]string{}, sets: map[string]setRoot{}, refs: map[string]int64{},
	}
	o.text("id")
	o.text("nonce")
	o.sub("time")
	o.sub("tool")
	if o.integer("v") != evidence.FormatVersion {
		o.fail("v", "not this version")
	}
	commit := o.sub("commit")
	for field := range commit.members {
		if e.commit[field] = commit.text(field); !isHex(e.commit[field], 64) {
			commit.fail(field, "not 64 hexadecimal digits")
		}
	}
	sets := o.sub("sets")
	for name := range sets.members {
		s := sets.sub(name)
		s.only("root", "size")
		e.sets[name] = setRoot{s.text("root"), s.integer("size")}
		if !isHex(e.sets[name].root, 64) || e.sets[name].size < 0 {
			s.fail("", "not the root of a set")
		}
	}
	refs := o.sub("refs")
	for name := range refs.members {
		if e.refs[name] = refs.integer(name); e.refs[name] < 0 || e.refs[name] >= e.seq {
			refs.fail(name, "not the number of an earlier entry")
		}
	}
	return e, *o.err
}

// checkEntries is step 8.
func (c *bundleCheck) checkEntries() (bool, error) {
	wanted := map[int64]bool{}
	for _, name := range c.bag.under("custody/checkpoints/") {
		if m := notePath.FindStringSubmatch(name); m != nil {
			n, _ := parseDecimal(m[1])
			wanted[n] = true
		}
	}
	for _, text := range c.o.Receipts {
		if note, _, err := readReceipt(text); err == nil && len(wanted) < maxEntries {
			wanted[note.size] = true
		}
	}
	var t tree
	c.roots[0] = t.root()
	prev, end, why := "", int64(0), ""
	whole, err := c.bag.lines(logFile, maxBundleEntry, func(line []byte, at int64) error {
		e, err := parseBundleEntry(line)
		switch {
		case err != nil:
			why = "is not an entry as the format has it"
		case e.origin != c.origin:
			why = "is of another log"
		case e.seq != t.size || (e.kind == "create") != (t.size == 0):
			why = "stands in the wrong place"
		case e.prev != prev:
			why = "does not follow the entry before it: that one was changed, or one is gone"
		}
		if why != "" {
			return errStop
		}
		c.follow(e)
		leaf := leafHash(line)
		prev = hexOf(leaf)
		c.starts, end = append(c.starts, at), at+int64(len(line))+1
		t.add(leaf, nil)
		if wanted[t.size] {
			c.roots[t.size] = t.root()
		}
		return nil
	})
	if err != nil {
		return false, err
	}
	if !whole && why == "" {
		why = "is too long, or has no end"
	}
	if why == "" && t.size == 0 {
		why = "is not there"
	}
	if why != "" {
		c.find(codeLog, entryName(t.size), why)
		return false, nil
	}
	c.starts = append(c.starts, end)
	c.log, err = c.bag.open(logFile)
	root := t.root()
	c.report.Log.Entries, c.report.Log.Root = t.size, hexOf(root)
	return true, err
}

// follow keeps what an entry says of the keys.
func (c *bundleCheck) follow(e *entry) {
	if e.kind != "identity" {
		return
	}
	text := func(name string) string {
		v := e.plain.members[name]
		if len(v) < 2 || v[0] != '"' {
			return ""
		}
		return evidence.Unescape(v[1 : len(v)-1])
	}
	h := bundleHandover{seq: e.seq, key: text("signer"), successor: text("successor"), revoked: text("action") == "revoke"}
	if h.key != "" && h.key != h.successor && (h.revoked || text("action") == "rotate") {
		c.handover = append(c.handover, h)
	}
}

// entry reads entry seq again; nil where there is none.
func (c *bundleCheck) entry(seq int64) (*entry, error) {
	if seq < 0 || seq >= int64(len(c.starts))-1 {
		return nil, nil
	}
	line := make([]byte, c.starts[seq+1]-c.starts[seq]-1)
	if _, err := c.log.ReadAt(line, c.starts[seq]); err != nil {
		return nil, err
	}
	return parseBundleEntry(line)
}

// checkNotes is step 9.
func (c *bundleCheck) checkNotes() (bool, error) {
	text, ok, err := c.bag.read(keysFile, maxTagFile)
	if err != nil {
		return false, err
	}
	if c.keys, ok = c.parseKeys(string(text), ok); !ok {
		c.find(codeCheckpoint, keysFile, "is not there, or not written as the format has it")
	}
	for _, name := range c.bag.under("custody/checkpoints/") {
		c.report.Checked.Checkpoints++
		body, ok, err := c.bag.read(name, maxNote)
		if err != nil {
			return false, err
		}
		if why := c.note(name, body, ok); why != "" {
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
	c.checkHandovers()
	for _, g := range c.good {
		level := SelfAsserted
		for _, k := range g.by {
			if slices.ContainsFunc(c.trust, func(t publicKey) bool { return string(t.key) == string(k.key) }) {
				level = Trusted
			}
		}
		c.attest(level, g.size, g.by)
	}
	return true, nil
}

// parseKeys reads keys/log.vkey.
func (c *bundleCheck) parseKeys(text string, there bool) (keys []publicKey, ok bool) {
	body, ended := strings.CutSuffix(text, "\n")
	for line := range strings.SplitSeq(body, "\n") {
		k, err := parseKey(line)
		if err != nil || k.name != c.origin || !ended || !there || slices.ContainsFunc(keys, func(o publicKey) bool { return string(o.key) == string(k.key) }) {
			return nil, false
		}
		keys = append(keys, k)
	}
	return keys, true
}

// note checks one checkpoint and returns what is wrong with it.
func (c *bundleCheck) note(name string, body []byte, ok bool) string {
	m := notePath.FindStringSubmatch(name)
	n, err := parseCheckpoint(body)
	if m == nil || !ok || err != nil {
		return "is no checkpoint as the format has it"
	}
	if size, fine := parseDecimal(m[1]); !fine || size != n.size {
		return "is over another number of entries than its name says"
	}
	if n.origin != c.origin {
		return "is of another log"
	}
	kind, by := n.verify(c.keys)
	root, known := c.roots[n.size]
	switch {
	case kind == sigInvalid:
		return "its signature is wrong"
	case kind == sigUnknown:
		return "is signed by no key of " + keysFile
	case n.size >= int64(len(c.starts)):
		return "is over more entries than there are"
	case !known || root != n.root:
		return "the log does not agree with it"
	}
	c.good = append(c.good, goodNote{n.size, by})
	return ""
}

// vkey writes a verifier key.
func (k publicKey) vkey() string {
	return k.id() + "+" + base64.StdEncoding.EncodeToString(append([]byte{1}, k.key...))
}

// signedBy reports whether a verifier key signed a good checkpoint.
func (g goodNote) signedBy(vkey string) bool {
	return slices.ContainsFunc(g.by, func(k publicKey) bool { return vkey == k.vkey() })
}

func (c *bundleCheck) checkHandovers() {
	for _, h := range c.handover {
		carried := slices.ContainsFunc(c.good, func(g goodNote) bool {
			return g.size == h.seq+1 && g.signedBy(h.key) && g.signedBy(h.successor)
		})
		for _, g := range c.good {
			late := !h.revoked && carried && g.size > h.seq+1 || h.revoked && g.size > h.seq && !(h.successor == "" && g.size == h.seq+1)
			if late && g.signedBy(h.key) {
				c.find(codeKey, noteObject(g.size), fmt.Sprintf("is signed by a key that entry %d ended", h.seq))
			}
		}
	}
}

// attest notes that the first size entries are attested at a level.
func (c *bundleCheck) attest(level Level, size int64, by []publicKey) {
	a := &c.report.Attestation
	if level > a.Level {
		*a = BundleAttestation{Level: level, Keys: []string{}}
	}
	if level < a.Level {
		return
	}
	a.Covered = max(a.Covered, size)
	for _, k := range by {
		if !slices.Contains(a.Keys, k.id()) {
			a.Keys = append(a.Keys, k.id())
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
		root, known := c.roots[note.size]
		switch {
		case kind != sigValid:
			c.find(codeReceipt, name, "is not rightly signed")
		case note.size >= int64(len(c.starts)):
			c.find(codeRolledBack, name, fmt.Sprintf("is over %d entries, and the log in the bundle has %d: the bundle is older than the receipt, or entries were removed", note.size, len(c.starts)-1))
		case known && root == note.root:
			c.attest(Anchored, note.size, by)
		default:
			c.find(codeForked, name, "is of another log under the same name: its first entries were not these")
		}
	}
	return true, nil
}

// checkOpenings is step 11.
func (c *bundleCheck) checkOpenings() (bool, error) {
	lastSeq, lastField := int64(-1), ""
	sum := c.listed[manifest]
	manifestSum, shownSum := `"sha256:`+hexOf(sum)+`"`, false
	var current *entry
	whole, err := c.bag.lines("custody/openings.jsonl", maxBundleLine, func(line []byte, _ int64) error {
		c.report.Checked.Openings++
		o, err := parseObject(line)
		if err != nil {
			o.members = nil
			o.err = &err
		}
		o.only("field", "salt", "seq", "value")
		seq, field, salt, value := o.integer("seq"), o.text("field"), o.text("salt"), o.members["value"]
		object := openingName(seq, field)
		if *o.err != nil || !isHex(salt, 32) || seq < lastSeq || seq == lastSeq && evidence.CompareNames(field, lastField) <= 0 {
			c.find(codeOpening, object, "is not an opening as the format has it")
			return nil
		}
		lastSeq, lastField = seq, field
		if current == nil || current.seq != seq {
			if current, err = c.entry(seq); err != nil {
				return err
			}
		}
		sum := commitment(salt, field, value)
		switch {
		case current == nil || current.commit[field] != hexOf(sum):
			c.find(codeOpening, object, "is not what the entry committed to")
		case seq == c.export && field == "observed.manifest" && string(value) == manifestSum:
			shownSum = true
		}
		return nil
	})
	if err != nil {
		return false, err
	}
	if !whole {
		c.find(codeOpening, "custody/openings.jsonl", "has a line that is too long, or without its end")
	}
	e, err := c.entry(c.export)
	if err != nil {
		return false, err
	}
	if e == nil || e.kind != "export" || string(e.plain.members["phase"]) != `"result"` || !shownSum {
		c.find(codeExport, entryName(c.export), "does not say that these files were handed out")
	}
	return true, nil
}

// printableName is the printable form of a name (docs/formats/bundle.md).
func printableName(name string) string {
	var b strings.Builder
	for i := 0; i < len(name); {
		r, n := utf8.DecodeRuneInString(name[i:])
		switch {
		case r == '\\':
			b.WriteString(`\\`)
		case r == utf8.RuneError && n == 1, hidden(r):
			for _, c := range []byte(name[i : i+n]) {
				fmt.Fprintf(&b, `\x%02x`, c)
			}
		default:
			b.WriteString(name[i : i+n])
		}
		i += n
	}
	return b.String()
}

func hidden(r rune) bool {
	return r < 0x20 || r >= 0x7f && r <= 0x9f || r == 0x61c || r >= 0x200b && r <= 0x200f ||
		r >= 0x2028 && r <= 0x202e || r >= 0x2060 && r <= 0x206f || r == 0xfeff
}
