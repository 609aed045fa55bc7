package verify

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// Statements of transfer, and the signatures under them (docs/formats/custody.md,
// Statements of transfer): this package's own reading.

const (
	transferNamespace = "exhibit-transfer"
	statementField    = "asserted.statement"
	statementBegin    = `STATEMENT OF TRANSFER OF CUSTODY

The exhibit below passes from one person to another. Whoever gives it and
whoever takes it sign this file as it is, byte for byte:

    ssh-keygen -Y sign -n exhibit-transfer -f KEY FILE

Each checks the digests first. A signature says that what is written here
was so when it was given or taken. It says nothing about what the exhibit
holds.

`
	signedTransfers = "signatures under statements of transfer"
)

// What is not checked of transfers, as soon as there is one.
const (
	notWhoseKeys = "Whose the keys are that signed transfers: a signature states its key itself. Compare the fingerprints with those that the parties give you."
	notTheirList = "Whether the files that statements of transfer list are those of the exhibit: that was compared when they were entered."
	notStated    = "What transfers say beside the statement that was signed: when, with which seal and in what condition the other party took the exhibit."
)

// transfers are the transfers of a log, as far as they are known.
type transfers struct {
	// sizes are the numbers of entries of which some statement states the root.
	sizes map[int64]bool
	// released holds what later entries refer to, by entry; unsure those of which that is not known.
	released map[int64]handed
	unsure   map[int64]bool
	stated   []stated
}

// handed is a statement with a right signature of who gives.
type handed struct {
	statement evidence.Digest
	by        string
}

// stated is what a signed statement says of the log as it was.
type stated struct {
	p       place
	object  string
	entries int64
	root    string
}

// gatherStatements finds out at which sizes the root of the log will be wanted. What cannot be
// read here cannot be when the log is checked, and is reported then.
func (v *verifier) gatherStatements() error {
	v.transfers = transfers{sizes: map[int64]bool{}, released: map[int64]handed{}, unsure: map[int64]bool{}}
	r, err := v.db.query(v.ctx, "SELECT value FROM openings WHERE field = ?", statementField)
	if err != nil {
		return v.ctx.Err()
	}
	defer r.close()
	for row, err := r.next(); err == nil && row != nil; row, err = r.next() {
		value, _ := row[0].([]byte)
		if text, ok := textOf(value); ok {
			if s, err := parseStatement(text); err == nil {
				v.transfers.sizes[s.entries] = true
			}
		}
	}
	return v.ctx.Err()
}

// textOf is the text that a canonical JSON value is.
func textOf(value []byte) (string, bool) {
	if len(value) < 2 || value[0] != '"' || evidence.CheckCanonical(value) != nil {
		return "", false
	}
	return evidence.Unescape(value[1 : len(value)-1]), true
}

// statement is what a statement of transfer says, as far as it is compared here.
type statement struct {
	values  map[string]string
	entries int64
	item    int64
}

// statementLines are the names of a statement's lines in their order; those with ? need not be there.
func statementLines() []string {
	return strings.Fields(`Statement Log Entries Root Exhibit Item Files Bytes List Description? From From-Organisation? From-Role? From-Key?
		To To-Organisation? To-Role? To-Key? Method Courier? Released Seal-Out? Condition? Purpose? Authority?`)
}

func parseStatement(text string) (*statement, error) {
	bad := func(why string) (*statement, error) {
		return nil, fmt.Errorf("%w: statement of transfer: %s", evidence.ErrFormat, why)
	}
	rest, ok := strings.CutPrefix(text, statementBegin)
	body, ended := strings.CutSuffix(rest, "\n")
	if !ok || !ended {
		return bad("does not begin, or not end, as one does")
	}
	s := &statement{values: map[string]string{}}
	lines := strings.Split(body, "\n")
	for _, want := range statementLines() {
		want, optional := strings.CutSuffix(want, "?")
		value, is := "", false
		if len(lines) > 0 {
			value, is = strings.CutPrefix(lines[0], want+": ")
		}
		switch {
		case is && value != "":
			s.values[want] = value
			lines = lines[1:]
		case !optional:
			return bad("no line " + want)
		}
	}
	if v := s.values["Statement"]; v != "1" {
		return nil, fmt.Errorf("%w: statement of transfer of format %s", evidence.ErrNewer, shown(v))
	}
	for _, line := range lines {
		if !strings.HasPrefix(line, "File: ") {
			return bad("a line that it does not have, or not there")
		}
	}
	for _, f := range []struct {
		name string
		to   *int64
	}{{"Entries", &s.entries}, {"Item", &s.item}} {
		n, err := strconv.ParseInt(s.values[f.name], 10, 64)
		if err != nil || n < 0 || strconv.FormatInt(n, 10) != s.values[f.name] {
			return bad("its " + f.name + " is no number")
		}
		*f.to = n
	}
	if s.entries < 1 || !isHex(s.values["Root"], 64) {
		return bad("its Root is not that of a log")
	}
	return s, nil
}

// transfer checks what stands behind an entry of kind transfer. opened holds the values of those
// of its commitments that their openings open.
func (l *logCheck) transfer(p place, e *entry, opened map[string][]byte) {
	side, who := "from", "who gives"
	if e.plain.text("phase") == "received" {
		side, who = "to", "who takes"
	}
	object := fmt.Sprintf("transfer %d", e.seq)
	field := "asserted." + side + ".signature"
	l.v.transfers.unsure[e.seq] = side == "from" // until its signature was found right
	_, signed := e.commit[field]
	if _, has := e.commit[statementField]; !has && !signed {
		p.find(Intact, object, "is signed by nobody: it is the word of who entered it", "")
		return
	}
	text, ok1 := textOf(opened[statementField])
	armor, ok2 := textOf(opened[field])
	if !ok1 || !ok2 {
		l.untold(p, e, object, field)
		return
	}
	for _, s := range []string{notWhoseKeys, notTheirList, notStated} {
		p.skip(s)
	}
	l.v.c.count(signedTransfers, 1, int64(len(text)))
	sig, err := readSSHSignature(armor)
	right := false
	if err == nil {
		right, err = sig.over([]byte(text), transferNamespace)
	}
	switch {
	case err != nil:
		p.find(CannotVerify, object, "the signature of "+who+" cannot be read", err.Error())
		return
	case !right:
		p.find(Altered, object, "the signature of "+who+" is not one under its statement", sig.fingerprint())
		return
	}
	s, err := parseStatement(text)
	if err != nil {
		p.find(CannotVerify, object, "what "+who+" signed cannot be read as a statement of transfer", err.Error())
		return
	}
	l.compareStatement(p, e, opened, object, side, sig.fingerprint(), s)
	if e.seq >= s.entries {
		l.v.transfers.stated = append(l.v.transfers.stated, stated{p, object, s.entries, s.values["Root"]})
	}
	h := handed{evidence.Sum([]byte(text)), sig.fingerprint()}
	if side == "from" {
		l.v.transfers.released[e.seq] = h
		delete(l.v.transfers.unsure, e.seq)
		return
	}
	l.answers(p, e, object, h)
}

// untold is about a transfer of which statement or signature is not there.
func (l *logCheck) untold(p place, e *entry, object, field string) {
	_, signed := e.commit[field]
	_, has := e.commit[statementField]
	switch {
	case !signed:
		p.find(Intact, object, "has a statement that is signed by nobody: it is the word of who entered it", "")
	case !has:
		p.find(CannotVerify, object, "has a signature, and not what was signed", "")
	default: // what is missing, or was changed, is a finding of its own
		p.skip(fmt.Sprintf("The signature of transfer %d: statement and signature are not both there as they were.", e.seq))
	}
}

// compareStatement holds what was signed against the entry that has it.
func (l *logCheck) compareStatement(p place, e *entry, opened map[string][]byte, object, side, fingerprint string, s *statement) {
	differs := func(what, detail string) { p.find(Altered, object, what, detail) }
	if s.values["Log"] != e.origin {
		differs("what was signed is about another log", shown(s.values["Log"]))
	}
	if item, has := e.refs["item"]; has && item != s.item {
		differs("what was signed is about another item", fmt.Sprintf("entry %d, not %d", s.item, item))
	}
	if s.entries > e.seq {
		differs("what was signed is about a log that had more entries than there were", strconv.FormatInt(s.entries, 10))
	}
	key := "From-Key"
	if side == "to" {
		key = "To-Key"
	}
	if want := s.values[key]; want != "" && want != fingerprint {
		differs("is signed by another key than its statement names", fingerprint)
	}
	for _, f := range []struct{ name, field string }{{"Exhibit", "asserted.exhibit"}, {"From", "asserted.from.name"}, {"To", "asserted.to.name"}} {
		if value, ok := textOf(opened[f.field]); ok && value != s.values[f.name] {
			p.find(Intact, object, "states "+f.field+" otherwise than what was signed", "")
		}
	}
	if value, ok := textOf(opened["asserted."+side+".key"]); ok && value != fingerprint {
		differs("names another key than the one that signed", fingerprint)
	}
}

// answers holds the entry of who takes against that of who gives.
func (l *logCheck) answers(p place, e *entry, object string, h handed) {
	intent, has := e.refs["intent"]
	given, known := l.v.transfers.released[intent]
	switch {
	case !known && (l.v.transfers.unsure[intent] || l.v.holes):
		p.skip(fmt.Sprintf("Whether transfer %d takes what entry %d gave: that entry's signature was not found right.", e.seq, intent))
	case !has || !known:
		p.find(Altered, object, "answers no entry in which somebody gave", "")
	case given.statement != h.statement:
		p.find(Altered, object, fmt.Sprintf("is signed under another statement than entry %d", intent), "")
	case given.by == h.by:
		p.find(Altered, object, fmt.Sprintf("is signed by the same key as entry %d: one party signed for both", intent), h.by)
	}
}

// judgeStatements compares the log with what signed statements say it was: a signature of both
// parties is worth a receipt.
func (v *verifier) judgeStatements() {
	for _, s := range v.transfers.stated {
		root, known := v.roots[s.entries]
		switch {
		case !known:
			s.p.skip(fmt.Sprintf("Whether the first %d entries of the log are those of which %s states the root: they cannot be read.", s.entries, s.object))
		case hexOf(root) == s.root:
		case v.unsound:
			s.p.find(Altered, s.object, fmt.Sprintf("states another root for the first %d entries: the log was changed since", s.entries), s.root)
		default:
			s.p.find(Forked, s.object, fmt.Sprintf("what was signed is about another log of this name: its first %d entries have another root", s.entries), s.root)
		}
	}
}
