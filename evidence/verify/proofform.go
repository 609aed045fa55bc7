package verify

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
)

const (
	// maxProof bounds a proof's file, in bytes: entry and record lines are at most 1 MiB.
	maxProof = 16 << 20
	// maxPath bounds the length of a path: a tree of 2^53 leaves is no higher.
	maxPath = 64
)

// proofForm is a proof as its file holds it (docs/formats/proof.md), read by this package's
// own code.
type proofForm struct {
	typ      string
	key      publicKey
	tlog     treeProof
	old      *checkpoint
	oldKey   publicKey
	entry    []byte
	openings []disclosure
	member   *memberProof
	record   *recordProof
}

// treeProof is a C2SP tlog-proof, or what a C2SP tlog-witness takes.
type treeProof struct {
	// number is the index of the entry, or the size of the older tree.
	number int64
	path   []digest
	note   *checkpoint
}

type disclosure struct {
	field, salt string
	value       []byte
}

type memberProof struct {
	set    string
	n      int64
	leaf   []byte
	path   []digest
	fields []disclosure
}

type recordProof struct {
	n    int64
	line []byte
	salt string
	path []digest
}

// parseProof reads a proof. There is one form: evidence.ErrFormat on any other,
// evidence.ErrNewer on a later version.
func parseProof(b []byte) (*proofForm, error) {
	bad := func(why string) (*proofForm, error) { return nil, fmt.Errorf("%w: proof: %s", evidence.ErrFormat, why) }
	body, ok := bytes.CutSuffix(b, []byte("\n"))
	if !ok || len(b) > maxProof {
		return bad("not one line")
	}
	if err := checkCanonical(body); err != nil {
		return nil, err
	}
	o, err := parseObject(body)
	if err != nil {
		return nil, err
	}
	if v := o.integer("v"); v > 1 {
		return nil, fmt.Errorf("%w: proof of format %d", evidence.ErrNewer, v)
	} else if v != 1 {
		return bad("format version")
	}
	p := &proofForm{typ: o.text("type"), entry: []byte(o.text("entry"))}
	var members []string
	mark := "index "
	switch p.typ {
	case "entry":
		members = []string{"entry"}
	case "member":
		members = []string{"entry", "member"}
	case "record":
		members = []string{"entry", "member", "record"}
	case "consistency":
		members, mark = []string{"old", "old_key"}, "old "
	default:
		return bad("type " + strconv.Quote(p.typ))
	}
	if o.has("openings") {
		if p.typ == "consistency" {
			return bad("openings of no entry")
		}
		members = append(members, "openings")
		if p.openings, err = disclosures(o.list("openings")); err == nil && len(p.openings) == 0 {
			return bad("no openings")
		}
	}
	o.only(append(members, "v", "type", "key", "tlog")...)
	if err != nil {
		return nil, err
	}
	// What is hashed as it stands is canonical JSON too.
	if p.typ != "consistency" {
		if err := checkCanonical(p.entry); err != nil {
			return nil, err
		}
	}
	if p.key, err = parseKey(o.text("key")); err != nil {
		return nil, err
	}
	if p.tlog, err = parseTreeProof(o.text("tlog"), mark); err != nil {
		return nil, err
	}
	if o.has("old") {
		if p.old, err = parseCheckpoint([]byte(o.text("old"))); err == nil {
			p.oldKey, err = parseKey(o.text("old_key"))
		}
		if err != nil {
			return nil, err
		}
	}
	if o.has("member") {
		if p.member, err = parseMember(o.sub("member")); err != nil {
			return nil, err
		}
	}
	if o.has("record") {
		if p.record, err = parseRecord(o.sub("record")); err != nil {
			return nil, err
		}
	}
	return p, *o.err
}

func disclosures(list [][]byte) ([]disclosure, error) {
	var out []disclosure
	for _, b := range list {
		o, err := parseObject(b)
		if err != nil {
			return nil, err
		}
		o.only("field", "salt", "value")
		d := disclosure{o.text("field"), o.text("salt"), []byte(o.text("value"))}
		if !isHex(d.salt, 32) {
			o.fail("salt", "not 32 hexadecimal digits")
		}
		if *o.err != nil {
			return nil, *o.err
		}
		for _, have := range out {
			if have.field == d.field {
				return nil, fmt.Errorf("%w: field %q twice", evidence.ErrFormat, d.field)
			}
		}
		if err := checkCanonical(d.value); err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	return out, nil
}

func parseMember(o object) (*memberProof, error) {
	o.only("set", "n", "leaf", "path", "fields")
	m := &memberProof{set: o.text("set"), n: o.integer("n"), leaf: []byte(o.text("leaf"))}
	var err error
	if m.path, err = hexPath(o.texts("path")); err == nil {
		err = checkCanonical(m.leaf)
	}
	if err != nil {
		return nil, err
	}
	if m.fields, err = disclosures(o.list("fields")); err != nil {
		return nil, err
	}
	return m, *o.err
}

func parseRecord(o object) (*recordProof, error) {
	o.only("n", "line", "salt", "path")
	r := &recordProof{n: o.integer("n"), line: []byte(o.text("line")), salt: o.text("salt")}
	if !isHex(r.salt, 32) {
		o.fail("salt", "not 32 hexadecimal digits")
	}
	var err error
	if r.path, err = hexPath(o.texts("path")); err == nil {
		err = checkCanonical(r.line)
	}
	if err != nil {
		return nil, err
	}
	return r, *o.err
}

func hexPath(texts []string) ([]digest, error) {
	if len(texts) > maxPath {
		return nil, fmt.Errorf("%w: a path of %d hashes", evidence.ErrFormat, len(texts))
	}
	path := make([]digest, len(texts))
	for i, s := range texts {
		if !isHex(s, 64) {
			return nil, fmt.Errorf("%w: a hash of a path", evidence.ErrFormat)
		}
		b, err := hex.DecodeString(s)
		if err != nil {
			return nil, fmt.Errorf("%w: a hash of a path", evidence.ErrFormat)
		}
		path[i] = digest(b)
	}
	return path, nil
}

// parseTreeProof reads a C2SP tlog-proof without extra data (mark "index ") or the body of an
// add-checkpoint request of C2SP tlog-witness (mark "old ").
func parseTreeProof(s, mark string) (treeProof, error) {
	var t treeProof
	bad := func(why string) (treeProof, error) { return t, fmt.Errorf("%w: tlog: %s", evidence.ErrFormat, why) }
	if mark == "index " {
		var ok bool
		if s, ok = strings.CutPrefix(s, "c2sp.org/tlog-proof@v1\n"); !ok {
			return bad("not a tlog-proof")
		}
	}
	head, note, ok := strings.Cut(s, "\n\n")
	if !ok {
		return bad("no checkpoint")
	}
	lines := strings.Split(head, "\n")
	digits, ok := strings.CutPrefix(lines[0], mark)
	n, err := strconv.ParseInt(digits, 10, 64)
	if !ok || err != nil || n < 0 || strconv.FormatInt(n, 10) != digits {
		return bad(strings.TrimSpace(mark))
	}
	t.number = n
	if len(lines)-1 > maxPath {
		return bad("path too long")
	}
	for _, line := range lines[1:] {
		b, err := base64.StdEncoding.Strict().DecodeString(line)
		if err != nil || len(b) != len(digest{}) || base64.StdEncoding.EncodeToString(b) != line {
			return bad("a hash")
		}
		t.path = append(t.path, digest(b))
	}
	t.note, err = parseCheckpoint([]byte(note))
	return t, err
}
