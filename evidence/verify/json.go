package verify

import (
	"bytes"
	"fmt"
	"strconv"

	"github.com/gowebpki/jcs"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// checkCanonical holds b against two implementations of RFC 8785: our own
// scanner, which also knows our restrictions, and an independent one that must
// give b back unchanged.
func checkCanonical(b []byte) error {
	if err := evidence.CheckCanonical(b); err != nil {
		return err
	}
	wrapped := append(append([]byte{'['}, b...), ']') // the other wants an object or array
	again, err := jcs.Transform(wrapped)
	if err != nil || !bytes.Equal(again, wrapped) {
		return fmt.Errorf("%w: RFC 8785 writes it otherwise", evidence.ErrNotCanonical)
	}
	return nil
}

// object reads a canonical JSON object by exact member names (encoding/json
// would ignore case) and remembers the first thing that was not as expected.
type object struct {
	members map[string][]byte
	where   string
	err     *error
}

// parseObject reads b, which need not have been checked.
func parseObject(b []byte) (object, error) {
	o := object{members: map[string][]byte{}, err: new(error)}
	err := evidence.Members(b, func(name, value []byte) error {
		o.members[evidence.Unescape(name)] = value
		return nil
	})
	return o, err
}

func (o object) fail(name, why string) {
	if *o.err == nil {
		*o.err = fmt.Errorf("%w: %s: %s", evidence.ErrFormat, o.where+name, why)
	}
}

// only fails where o has a member that is not named, or lacks one.
func (o object) only(names ...string) {
	for _, name := range names {
		if _, ok := o.members[name]; !ok {
			o.fail(name, "missing")
		}
	}
	if len(o.members) > len(names) {
		o.fail("", "members that the format does not have")
	}
}

func (o object) has(name string) bool { _, ok := o.members[name]; return ok }

// text returns a string member, "" where it is absent.
func (o object) text(name string) string {
	v, ok := o.members[name]
	if !ok {
		return ""
	}
	if len(v) < 2 || v[0] != '"' {
		o.fail(name, "not a string")
		return ""
	}
	return evidence.Unescape(v[1 : len(v)-1])
}

// integer returns an integer member, 0 where it is absent.
func (o object) integer(name string) int64 {
	v, ok := o.members[name]
	if !ok {
		return 0
	}
	n, err := strconv.ParseInt(string(v), 10, 64)
	if err != nil {
		o.fail(name, "not an integer")
	}
	return n
}

// digest returns a member that is "sha256:…", zero where it is absent or empty.
func (o object) digest(name string) evidence.Digest {
	s := o.text(name)
	if s == "" {
		return evidence.Digest{}
	}
	d, err := evidence.ParseDigest(s)
	if err != nil || d.String() != s {
		o.fail(name, "not a digest")
	}
	return d
}

// sub returns an object member, an empty one where it is absent.
func (o object) sub(name string) object {
	s := object{where: o.where + name + ".", err: o.err}
	v, ok := o.members[name]
	if !ok {
		return s
	}
	parsed, err := parseObject(v)
	if err != nil {
		o.fail(name, "not an object")
		return s
	}
	s.members = parsed.members
	return s
}

// counts returns an object member whose values are integers.
func (o object) counts(name string) map[string]int64 {
	s := o.sub(name)
	m := make(map[string]int64, len(s.members))
	for k := range s.members {
		m[k] = s.integer(k)
	}
	return m
}

// list returns the elements of an array member as written.
func (o object) list(name string) [][]byte {
	v, ok := o.members[name]
	if !ok {
		return nil
	}
	items, err := elements(v)
	if err != nil {
		o.fail(name, "not a list")
	}
	return items
}

// texts returns an array member whose elements are strings.
func (o object) texts(name string) []string {
	var out []string
	for _, v := range o.list(name) {
		if len(v) < 2 || v[0] != '"' {
			o.fail(name, "not a list of strings")
			return nil
		}
		out = append(out, evidence.Unescape(v[1:len(v)-1]))
	}
	return out
}

// elements splits a canonical JSON array.
func elements(v []byte) ([][]byte, error) {
	if err := evidence.CheckCanonical(v); err != nil {
		return nil, err
	}
	if v[0] != '[' {
		return nil, evidence.ErrFormat
	}
	var out [][]byte
	depth, start, quoted := 0, 1, false
	for i := 1; i < len(v); i++ {
		switch c := v[i]; {
		case quoted:
			if c == '\\' {
				i++
			} else if c == '"' {
				quoted = false
			}
		case c == '"':
			quoted = true
		case c == '[' || c == '{':
			depth++
		case (c == ']' || c == '}') && depth > 0:
			depth--
		case c == ']' || c == ',' && depth == 0:
			if i > start {
				out = append(out, v[start:i])
			}
			start = i + 1
		}
	}
	return out, nil
}
