package verify

import (
	"github.com/exhibit-forensics/exhibit/evidence"
)

const (
	keysFile       = "keys/log.vkey"
	maxBundleEntry = 1 << 20
)

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
	e.commits(o)
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
	for _, name := range c.bag.under("anchors/") {
		if m := anchorPath.FindStringSubmatch(name); m != nil {
			n, _ := parseDecimal(m[1])
			wanted[n] = true
		}
	}
	for _, text := range c.o.Receipts {
		if note, _, err := readReceipt(text); err == nil {
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
		if e.kind == "transfer" {
			c.transfers++
		}
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
	if h.successor == h.key {
		h.successor = ""
	}
	if h.revoked || text("action") == "rotate" {
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
