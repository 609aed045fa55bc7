package verify

import (
	"encoding/base64"
	"encoding/hex"
	"math/bits"
	"regexp"
	"slices"

	"github.com/exhibit-forensics/exhibit/evidence"
)

var setPath = regexp.MustCompile(`^custody/sets/((?:0|[1-9][0-9]{0,15}))-([a-z]+)\.jsonl$`)

// prunedTree computes an RFC 6962 root from leaves and pruned subtrees.
type prunedTree struct {
	peaks []peak
	size  int64
}

type peak struct {
	hash   digest
	size   int64
	pruned bool
}

// add appends a subtree; false where it cannot stand there, or where two pruned
// ones could have been one.
func (t *prunedTree) add(h digest, size int64, pruned bool) bool {
	if bits.OnesCount64(uint64(size)) != 1 || t.size%size != 0 || t.size > evidence.MaxSafeInteger-size {
		return false
	}
	t.size += size
	p := peak{h, size, pruned}
	for n := len(t.peaks); n > 0 && t.peaks[n-1].size == p.size; n-- {
		if t.peaks[n-1].pruned && p.pruned {
			return false
		}
		p = peak{nodeHash(t.peaks[n-1].hash, p.hash), 2 * p.size, false}
		t.peaks = t.peaks[:n-1]
	}
	t.peaks = append(t.peaks, p)
	return true
}

// is reports whether the tree has a root and a number of leaves, not 0.
func (t *prunedTree) is(root string, size int64) bool {
	if t.size != size || size == 0 {
		return false
	}
	h := t.peaks[len(t.peaks)-1].hash
	for i := len(t.peaks) - 2; i >= 0; i-- {
		h = nodeHash(t.peaks[i].hash, h)
	}
	return hexOf(h) == root
}

// hashLine reads a line {"hash","size"}; isHash is false where it is another one.
func (t *prunedTree) hashLine(o object) (isHash, ok bool) {
	if !o.has("hash") {
		return false, false
	}
	o.only("hash", "size")
	text, size := o.text("hash"), o.integer("size")
	var h digest
	if *o.err != nil || !isHex(text, 64) {
		return true, false
	}
	if _, err := hex.Decode(h[:], []byte(text)); err != nil {
		return true, false
	}
	return true, t.add(h, size, true)
}

// bundleMembers are the members of sets that are open, as far as later steps need them.
type bundleMembers struct {
	// artifacts holds what files.csv says of them, places where they are found; both
	// as hashes, so that long names take no memory.
	artifacts, places map[digest]bool
	made              map[string][]derivation // by the child's digest
	trees             map[[2]int64]setRoot    // record trees, by entry and number
}

// derivation says of what something was made, and what that added to the path.
type derivation struct{ parent, suffix string }

// tuple hashes texts so that no two lists give the same.
func tuple(parts ...string) digest { return leafHash([]byte(sshString(parts...))) }

// checkSets is step 12.
func (c *bundleCheck) checkSets() (bool, error) {
	c.members = bundleMembers{map[digest]bool{}, map[digest]bool{}, map[string][]derivation{}, map[[2]int64]setRoot{}}
	for _, name := range c.bag.under("custody/sets/") {
		if err := c.ctx.Err(); err != nil {
			return false, err
		}
		ok, err := c.checkSet(name)
		if err != nil {
			return false, err
		}
		if !ok {
			c.find(codeSet, name, "does not lead to what the entry committed to")
		}
	}
	return true, nil
}

func (c *bundleCheck) checkSet(path string) (bool, error) {
	m := setPath.FindStringSubmatch(path)
	if m == nil {
		return false, nil
	}
	seq, _ := parseDecimal(m[1]) // of one that is too large there is no entry
	e, err := c.entry(seq)
	if err != nil || e == nil {
		return false, err
	}
	set := e.sets[m[2]] // one that the entry has not has no size, and no tree is of that
	var t prunedTree
	var take []func()
	whole, err := c.bag.lines(path, maxBundleLine, func(line []byte, _ int64) error {
		o, err := parseObject(line)
		if err != nil {
			return errStop
		}
		if isHash, ok := t.hashLine(o); isHash {
			if !ok {
				return errStop
			}
			return nil
		}
		leaf, open, ok := memberLeaf(o)
		n := t.size
		if !ok || !t.add(leaf, 1, false) {
			return errStop
		}
		if f := c.members.taker(m[2], seq, n, open); f != nil {
			take = append(take, f)
		}
		c.report.Checked.Members++
		return nil
	})
	if err != nil || !whole || !t.is(set.root, set.size) {
		return false, err
	}
	for _, f := range take {
		f()
	}
	return true, nil
}

// openMember is what a line of a set shows: the values of open fields, and which are withheld.
type openMember struct {
	values   object
	withheld map[string][]byte
}

// memberLeaf computes the leaf of a member from its line.
func memberLeaf(o object) (leaf digest, open openMember, ok bool) {
	o.only("commit", "open")
	commit, shown := o.sub("commit"), o.sub("open")
	if len(shown.members) == 0 {
		return leaf, open, false
	}
	sums := map[string]string{}
	for field := range commit.members {
		if sums[field] = commit.text(field); !isHex(sums[field], 64) {
			return leaf, open, false
		}
	}
	open = openMember{object{members: map[string][]byte{}, err: new(error)}, commit.members}
	for field := range shown.members {
		s := shown.sub(field)
		s.only("salt", "value")
		salt := s.text("salt")
		if _, both := sums[field]; both || !isHex(salt, 32) {
			return leaf, open, false
		}
		open.values.members[field] = s.members["value"]
		sums[field] = hexOf(commitment(salt, field, s.members["value"]))
	}
	data := []byte{'{'}
	fields := sortedKeys(sums)
	slices.SortFunc(fields, evidence.CompareNames)
	for i, field := range fields {
		if i > 0 {
			data = append(data, ',')
		}
		data = append(append(evidence.AppendString(data, field), `:"`...), sums[field]...)
		data = append(data, '"')
	}
	return leafHash(append(data, '}')), open, *o.err == nil
}

// taker returns what keeps a member once its set is known to be right; nil where it
// does not say enough.
func (b *bundleMembers) taker(set string, seq, n int64, open openMember) func() {
	o := open.values
	text := func(name string) string { return o.text(name) }
	switch set {
	case "artifacts":
		hashes := o.sub("hashes")
		d, size, origin := text("artifact"), o.integer("size"), text("origin")
		md5, sha1 := hashes.text("md5"), hashes.text("sha1")
		if *o.err != nil || !o.has("size") {
			return nil
		}
		return func() { b.artifacts[artifactTuple(seq, n, d, size, origin, md5, sha1)] = true }
	case "occurrences":
		path, ok := printedName(o, "path")
		item, d := text("item"), text("artifact")
		if !ok || item == "" {
			return nil
		}
		return func() { b.places[tuple(d, item, path)] = true }
	case "derivations":
		_, withheld := open.withheld["name"]
		suffix, named := printedName(o, "name")
		child, parent := text("child"), text("parent")
		if withheld || o.has("name") && !named || parent == "" {
			return nil
		}
		if named {
			suffix = "!" + suffix
		}
		return func() { b.made[child] = append(b.made[child], derivation{parent, suffix}) }
	case "runs":
		t := o.sub("record_tree")
		root, size := t.text("root"), t.integer("size")
		return func() { b.trees[[2]int64{seq, n}] = setRoot{root, size} }
	}
	return nil
}

// printedName returns a name in its printable form: {text} or {raw, text}.
func printedName(o object, field string) (string, bool) {
	s := o.sub(field)
	if !s.has("raw") {
		return printableName(s.text("text")), s.has("text") && *o.err == nil
	}
	raw := s.text("raw")
	b, err := base64.StdEncoding.DecodeString(raw)
	return printableName(string(b)), err == nil && *o.err == nil && base64.StdEncoding.EncodeToString(b) == raw
}
