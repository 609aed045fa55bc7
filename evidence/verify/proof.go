package verify

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
)

// ProofOptions say what a proof is held against. What comes with the proof counts as its
// own word only.
type ProofOptions struct {
	// Trust, Receipts and Require are as in Options.
	Trust    []string
	Receipts [][]byte
	Require  Level
}

// ProofReport is what checking a proof came to. Its JSON is the form of exhibit verify
// --json for a proof.
type ProofReport struct {
	Verdict     Verdict     `json:"verdict"`
	Exit        int         `json:"exit"`
	Integrity   Verdict     `json:"integrity"`
	Attestation Attestation `json:"attestation"`
	// Type is entry, member, record or consistency; "" where the proof cannot be read.
	Type string `json:"type"`
	Log  Log    `json:"log"`
	// Proved are sentences, Disclosed the values that the proof opens, and Record the line of
	// a record, all only where the proof holds.
	Proved     []string    `json:"proved"`
	Disclosed  []Disclosed `json:"disclosed"`
	Record     string      `json:"record,omitempty"`
	Findings   []Finding   `json:"findings"`
	NotChecked []string    `json:"not_checked"`
}

// Disclosed is a value that a proof opens; Value is canonical JSON.
type Disclosed struct {
	Where string          `json:"where"`
	Field string          `json:"field"`
	Value json.RawMessage `json:"value"`
}

// IsProof reports whether b looks like a proof, so that a program can tell it from other files.
func IsProof(b []byte) bool {
	o, err := parseObject(b[:max(0, len(b)-1)])
	return err == nil && o.has("tlog") && o.has("type") && o.has("v")
}

// proofCheck is one check of one proof.
type proofCheck struct {
	r *ProofReport
	p *proofForm
	c *collector
}

// Proof checks a proof (docs/formats/proof.md). Whatever is wrong with it is in the report:
// CannotVerify where it cannot be read, Altered where a hash or a signature is not what it
// must be, Forked where a receipt says otherwise. It fails with evidence.ErrFormat where a key to trust is
// no verifier key.
func Proof(b []byte, o ProofOptions) (*ProofReport, error) {
	c := &proofCheck{r: &ProofReport{Attestation: Attestation{Keys: []string{}}, Proved: []string{}, Disclosed: []Disclosed{}}, c: &collector{}}
	trust := make([]publicKey, len(o.Trust))
	for i, s := range o.Trust {
		k, err := parseKey(s)
		if err != nil {
			return nil, fmt.Errorf("verify: key to trust %q: %w", s, err)
		}
		trust[i] = k
	}
	p, err := parseProof(b)
	if err != nil {
		c.find(CannotVerify, "proof", "cannot be read", err)
		return c.conclude(), nil
	}
	c.p, c.r.Type = p, p.typ
	cp := p.tlog.note
	c.r.Log = Log{Origin: cp.origin, Entries: cp.size, Root: hexOf(cp.root)}
	if p.typ == "consistency" {
		c.consistency()
	} else {
		c.entry()
	}
	c.attest(trust, o)
	return c.conclude(), nil
}

func (c *proofCheck) find(v Verdict, object, what string, err error) {
	detail := ""
	if err != nil {
		detail = err.Error()
	}
	c.c.place().find(v, object, what, detail)
}

// entry checks the entry's inclusion, and what hangs on it.
func (c *proofCheck) entry() {
	p, cp := c.p, c.p.tlog.note
	e, err := parseEntry(p.entry)
	if err == nil {
		_, err = custody.ParseEntry(p.entry) // which knows the table of fields
	}
	if errors.Is(err, evidence.ErrNewer) {
		c.find(CannotVerify, "entry", "was written by a newer program", err)
		return
	}
	if err != nil {
		c.find(Altered, "entry", "is not an entry as the format has it", err)
		return
	}
	name := entryName(e.seq)
	if e.seq != p.tlog.number || e.origin != cp.origin {
		c.find(Altered, name, fmt.Sprintf("is not entry %d of %q", p.tlog.number, cp.origin), nil)
		return
	}
	root, err := rootOfInclusion(p.tlog.number, cp.size, leafHash(p.entry), p.tlog.path)
	if err != nil || root != cp.root {
		c.find(Altered, name, "is not in the log under this checkpoint", err)
		return
	}
	c.proved("Entry %d, of kind %s, is in the log %s as it was when it had %d entries. It says that it was written at %s.", e.seq, e.kind, cp.origin, cp.size, e.end)
	for _, d := range p.openings {
		c.open(name, d, e.commit[d.field])
	}
	if p.member != nil {
		c.member(e)
	}
}

// open checks what is disclosed of one field; want is its commitment, "" where there is none.
func (c *proofCheck) open(where string, d disclosure, want string) bool {
	got := commitment(d.salt, d.field, d.value)
	switch {
	case want == "":
		c.find(Altered, where, "commits to no field "+shown(d.field), nil)
	case hex.EncodeToString(got[:]) != want:
		c.find(Altered, where, "the value disclosed of "+shown(d.field)+" is not what it commits to", nil)
	default:
		c.r.Disclosed = append(c.r.Disclosed, Disclosed{where, d.field, d.value})
		return true
	}
	return false
}

func (c *proofCheck) member(e *entry) {
	m := c.p.member
	name := rowName(m.set, e.seq, m.n)
	root, ok := e.sets[m.set]
	if !ok || !known(m.set) {
		c.find(Altered, entryName(e.seq), "has no set "+shown(m.set), nil)
		return
	}
	got, err := rootOfInclusion(m.n, root.size, leafHash(m.leaf), m.path)
	if err != nil || hexOf(got) != root.root {
		c.find(Altered, name, "is not in the set that the entry commits to", err)
		return
	}
	leaf, err := parseObject(m.leaf)
	if err != nil {
		c.find(Altered, name, "its leaf is not a list of commitments", err)
		return
	}
	c.proved("It commits to %d of %s; number %d of them is here.", root.size, m.set, m.n)
	var tree []byte
	for _, d := range m.fields {
		if c.open(name, d, leaf.text(d.field)) && d.field == "record_tree" {
			tree = d.value
		}
	}
	if c.p.record != nil {
		c.record(name, tree)
	}
}

func known(set string) bool {
	for _, name := range setNames() {
		if name == set {
			return true
		}
	}
	return false
}

func (c *proofCheck) record(run string, tree []byte) {
	r := c.p.record
	if c.p.member.set != "runs" || tree == nil {
		c.find(Altered, run, "discloses no root of records", nil)
		return
	}
	o, err := parseObject(tree)
	if err != nil {
		c.find(Altered, run, "its record_tree is not the head of a tree", err)
		return
	}
	o.only("root", "size")
	root, size := o.text("root"), o.integer("size")
	if *o.err != nil || !isHex(root, 64) {
		c.find(Altered, run, "its record_tree is not the head of a tree", *o.err)
		return
	}
	name := fmt.Sprintf("record %d", r.n+1)
	data := append([]byte("\x00[\""+r.salt+`","record",`), r.line...)
	got, err := rootOfInclusion(r.n, size, sha256.Sum256(append(data, ']')), r.path)
	if err != nil || hexOf(got) != root {
		c.find(Altered, name, "is not among the records that the run commits to", err)
		return
	}
	c.proved("The record is number %d of the %d that this run read. Nothing is said of the others.", r.n+1, size)
	c.r.Record = string(r.line)
}

func (c *proofCheck) consistency() {
	p := c.p
	was, is := p.old, p.tlog.note
	if was.origin != is.origin || was.size != p.tlog.number {
		c.find(Altered, "proof", "its two checkpoints and its path are not of one log", fmt.Errorf("%d entries of %q, then %d of %q, by a path from %d", was.size, was.origin, is.size, is.origin, p.tlog.number))
		return
	}
	if kind, _ := was.verify([]publicKey{p.oldKey}); kind != sigValid || p.oldKey.name != was.origin {
		c.find(Altered, noteObject(was.size), "is not signed by the key that the proof states for it", nil)
		return
	}
	same, err := continues(was.size, is.size, was.root, is.root, p.tlog.path)
	if err != nil || !same {
		c.find(Altered, "proof", fmt.Sprintf("does not show that the log of %d entries continues the one of %d", is.size, was.size), err)
		return
	}
	c.proved("The log %s of %d entries begins with the very %d entries of the earlier checkpoint: none was changed, removed or put between.", is.origin, is.size, was.size)
}

func (c *proofCheck) proved(format string, args ...any) {
	c.r.Proved = append(c.r.Proved, fmt.Sprintf(format, args...))
}

// attest says who vouches for the checkpoint that the proof rests on.
func (c *proofCheck) attest(trust []publicKey, o ProofOptions) {
	cp := c.p.tlog.note
	a := &c.r.Attestation
	trusted := make([]publicKey, len(trust))
	for i, k := range trust {
		trusted[i] = k.as(cp.origin)
	}
	kind, by := cp.verify(append([]publicKey{c.p.key}, trusted...))
	switch {
	case c.p.key.name != cp.origin:
		c.find(Altered, "proof", "states a key for another log", errors.New(c.p.key.id()))
	case kind == sigInvalid:
		c.find(Altered, noteObject(cp.size), "its signature is wrong", nil)
	case kind == sigUnknown:
		c.find(Altered, noteObject(cp.size), "is not signed by the key that the proof states, nor by one that you gave", nil)
	default:
		a.Level, a.Covered = SelfAsserted, cp.size
		for _, k := range by {
			if holds(trusted, k) {
				a.Level = Trusted
			}
		}
		for _, k := range by {
			if (a.Level < Trusted || holds(trusted, k)) && !holdsID(a.Keys, k.id()) {
				a.Keys = append(a.Keys, k.id())
			}
		}
	}
	for i, b := range o.Receipts {
		c.receipt(fmt.Sprintf("receipt %d", i+1), b)
	}
	p := c.c.place()
	if a.Level < o.Require {
		p.find(BelowRequired, "attestation", fmt.Sprintf("is %s where %s was required", a.Level, o.Require), "")
	}
	if len(trust) > 0 && a.Level < Trusted {
		p.find(BelowRequired, "attestation", "the checkpoint is not signed by a key that you trust", "")
	}
}

func holdsID(ids []string, id string) bool {
	for _, have := range ids {
		if have == id {
			return true
		}
	}
	return false
}

// receipt compares the proof's checkpoints with one that somebody kept.
func (c *proofCheck) receipt(object string, b []byte) {
	note, key, err := readReceipt(b)
	if err != nil {
		c.find(CannotVerify, object, "cannot be read", err)
		return
	}
	keys := []publicKey{c.p.key, c.p.oldKey}
	if key != nil {
		keys = []publicKey{*key}
	}
	if kind, _ := note.verify(keys); kind != sigValid {
		c.find(CannotVerify, object, "is not signed by the key that it states", nil)
		return
	}
	checkpoints := []*checkpoint{c.p.tlog.note}
	if c.p.old != nil {
		checkpoints = append(checkpoints, c.p.old)
	}
	for _, cp := range checkpoints {
		switch {
		case cp.origin != note.origin || cp.size != note.size:
		case cp.root != note.root:
			c.find(Forked, object, fmt.Sprintf("says otherwise: at %d entries the log was another one", cp.size), fmt.Errorf("root %s then, %s here", hexOf(note.root), hexOf(cp.root)))
			return
		default:
			c.r.Attestation.Level, c.r.Attestation.Covered = Anchored, cp.size
			return
		}
	}
	if note.origin != c.p.tlog.note.origin {
		c.find(CannotVerify, object, "is for another log, and says nothing about this proof", nil)
		return
	}
	c.c.skip(fmt.Sprintf("Whether the log of %s, which has %d entries, is the one of this proof: ask for a proof under that receipt, or for one of consistency with it.", object, note.size))
}

// conclude draws the verdict.
func (c *proofCheck) conclude() *ProofReport {
	r := c.r
	for _, s := range []string{
		"Whether what the entry says is true, and what else the log says: that nothing was corrected or taken back later.",
		"Whether the key was revoked after this checkpoint was signed.",
	} {
		c.c.skip(s)
	}
	var whole Report
	c.c.fill(&whole)
	r.Integrity, r.Findings, r.NotChecked = whole.Integrity, whole.Findings, whole.NotChecked
	r.Verdict = r.Integrity
	if r.Integrity == BelowRequired {
		r.Integrity = Intact
	}
	r.Exit = r.Verdict.ExitCode()
	if r.Integrity != Intact {
		// Nothing is proved by a proof that does not hold, whatever part of it does.
		r.Proved, r.Disclosed, r.Record = []string{}, []Disclosed{}, ""
	}
	return r
}

// Text writes the report for people.
func (r *ProofReport) Text(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\nproof of     %s\nlog          %s\nentries      %d\nroot         %s\nattestation  %s\n", r.Verdict, r.Type, r.Log.Origin, r.Log.Entries, r.Log.Root, r.Attestation.Level)
	for _, key := range r.Attestation.Keys {
		fmt.Fprintf(&b, "signed by    %s\n", key)
	}
	b.WriteByte('\n')
	for _, s := range r.Proved {
		fmt.Fprintln(&b, s)
	}
	switch {
	case r.Integrity != Intact:
		fmt.Fprintln(&b, "The proof does not hold: it proves nothing.")
	case r.Attestation.Level == SelfAsserted:
		fmt.Fprintln(&b, "The checkpoint is signed by a key that only the proof vouches for: whoever made the proof could have made the log. Compare the key with one that you were given by another way.")
	case r.Attestation.Level == Trusted:
		fmt.Fprintln(&b, "The checkpoint is signed by a key that you trust.")
	case r.Attestation.Level == Anchored:
		fmt.Fprintln(&b, "The checkpoint is the one of the receipt that you gave.")
	}
	for _, d := range r.Disclosed {
		fmt.Fprintf(&b, "  %s  %s: %s\n", d.Where, d.Field, d.Value)
	}
	if r.Record != "" {
		fmt.Fprintf(&b, "\nRecord\n  %s\n", r.Record)
	}
	for i, f := range r.Findings {
		if i == 0 {
			b.WriteString("\nWhat is wrong\n")
		}
		fmt.Fprintf(&b, "  %s: %s %s", f.Verdict, f.Object, f.What)
		if f.Detail != "" {
			fmt.Fprintf(&b, " (%s)", f.Detail)
		}
		b.WriteByte('\n')
	}
	b.WriteString("\nNot checked\n")
	for _, s := range r.NotChecked {
		fmt.Fprintf(&b, "  %s\n", s)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// JSON returns the report as one JSON object, indented, with a newline.
func (r *ProofReport) JSON() ([]byte, error) {
	b, err := json.MarshalIndent(r, "", "  ")
	return append(b, '\n'), err
}
