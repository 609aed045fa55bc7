package verify

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
)

// entryTime is how entries write times.
const entryTime = "2006-01-02T15:04:05.000000Z"

// setRoot is what an entry says of a set.
type setRoot struct {
	root string
	size int64
}

// entry is a line of the log, as this package reads it.
type entry struct {
	seq          int64
	origin, kind string
	prev         string
	start, end   string
	plain        object
	// commit holds commitments in hexadecimal by field.
	commit map[string]string
	sets   map[string]setRoot
	refs   map[string]int64
}

// parseEntry reads an entry by docs/formats/custody.md.
func parseEntry(body []byte) (*entry, error) {
	if err := checkCanonical(body); err != nil {
		return nil, err
	}
	o, err := parseObject(body)
	if err != nil {
		return nil, err
	}
	o.only("v", "origin", "seq", "id", "kind", "prev", "nonce", "time", "tool", "plain", "commit", "sets", "refs")
	if v := o.integer("v"); v > evidence.FormatVersion {
		return nil, fmt.Errorf("%w: format %d", evidence.ErrNewer, v)
	} else if v != evidence.FormatVersion {
		o.fail("v", "not a format version")
	}
	t := o.sub("time")
	e := &entry{
		seq: o.integer("seq"), origin: o.text("origin"), kind: o.text("kind"), prev: o.text("prev"),
		start: t.text("start"), end: t.text("end"), plain: o.sub("plain"),
		commit: map[string]string{}, sets: map[string]setRoot{}, refs: map[string]int64{},
	}
	for _, s := range []string{e.start, e.end} {
		if at, err := time.Parse(entryTime, s); err != nil || at.Format(entryTime) != s {
			o.fail("time", "not RFC 3339 UTC with microseconds")
		}
	}
	if !isHex(o.text("nonce"), 32) {
		o.fail("nonce", "not 32 hexadecimal digits")
	}
	if e.seq > 0 && !isHex(e.prev, 64) || e.seq == 0 && e.prev != "" {
		o.fail("prev", "not 64 hexadecimal digits")
	}
	e.commits(o)
	if *o.err != nil {
		return nil, *o.err
	}
	return e, nil
}

// commits reads commitments, sets and references; what is wrong with them stands in o.
func (e *entry) commits(o object) {
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
}

// checkEntry reads the entry that stands as number seq, and says what is wrong
// with it. It returns nil where it cannot be read.
func (v *verifier) checkEntry(p place, seq int64, body []byte) *entry {
	name := entryName(seq)
	e, err := parseEntry(body)
	if err == nil {
		// The log's own reader knows the table of fields, and must agree.
		_, err = custody.ParseEntry(body)
	}
	switch {
	case errors.Is(err, evidence.ErrNewer):
		p.find(CannotVerify, name, "was written by a newer program", err.Error())
	case err != nil:
		p.find(Altered, name, "is not an entry as the format has it", err.Error())
	}
	if e == nil {
		return nil
	}
	if e.seq != seq {
		p.find(Altered, name, "stands in the wrong place", fmt.Sprintf("it says it is entry %d", e.seq))
	}
	if v.origin == "" {
		v.origin = e.origin
	}
	if e.origin != v.origin {
		p.find(Altered, name, "is of another log", fmt.Sprintf("%q, not %q", e.origin, v.origin))
	}
	if (e.kind == "create") != (seq == 0) {
		p.find(Altered, name, "a log begins with the creation of its case, and has one", "kind "+e.kind)
	}
	return e
}

// checkMeta compares the table meta with entry 0, which may be nil.
func (v *verifier) checkMeta(first *entry) error {
	p := v.c.place()
	want := map[string]string{}
	if first != nil {
		want = map[string]string{
			"case":    first.origin[strings.LastIndexByte(first.origin, '/')+1:],
			"created": first.start,
			"format":  fmt.Sprint(evidence.FormatVersion),
			"origin":  first.origin,
		}
		for _, name := range []string{"case", "format"} {
			if s := first.plain.text(name); first.plain.has(name) && s != want[name] {
				p.find(Altered, entryName(0), "contradicts itself about "+name, "")
			}
		}
	}
	r, err := v.db.query(v.ctx, "SELECT name, value FROM meta ORDER BY name")
	if err != nil {
		return v.unreadable(p, "the table meta", err)
	}
	defer r.close()
	seen := map[string]bool{}
	for {
		row, err := r.next()
		if err != nil {
			return v.unreadable(p, "the table meta", err)
		}
		if row == nil {
			break
		}
		name, _ := row[0].(string)
		value, _ := row[1].(string)
		seen[name] = true
		v.c.count("statements about the case (meta)", 1, 0)
		if w, known := want[name]; first != nil && !known {
			p.find(Altered, "meta "+shown(name), "does not belong to the format", "")
		} else if first != nil && w != value {
			p.find(Altered, "meta "+shown(name), "is not what entry 0 says", fmt.Sprintf("%q, not %q", value, w))
		}
	}
	for _, name := range []string{"case", "created", "format", "origin"} {
		if !seen[name] && first != nil {
			p.find(Incomplete, "meta "+name, "is missing", "")
		}
	}
	return nil
}

func isHex(s string, digits int) bool {
	return len(s) == digits && strings.Trim(s, "0123456789abcdef") == ""
}
