package custody

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// ParseEntry reads an entry. It is strict: canonical bytes, exactly the members
// of the format, names and types of the field table, what the kind may carry. It
// fails with evidence.ErrNotCanonical, evidence.ErrNewer on a later format
// version, evidence.ErrFormat on anything else, and then returns a zero Entry.
func ParseEntry(body []byte) (Entry, error) {
	e, err := parseEntry(body)
	if err != nil {
		return Entry{}, fmt.Errorf("custody: parse entry: %w", err)
	}
	return e, nil
}

func parseEntry(body []byte) (Entry, error) {
	if len(body) > MaxEntry {
		return Entry{}, fmt.Errorf("%w: entry longer than %d bytes", evidence.ErrFormat, MaxEntry)
	}
	if err := evidence.CheckCanonical(body); err != nil {
		return Entry{}, err
	}
	v, err := decode(body)
	if err != nil {
		return Entry{}, err
	}
	m, ok := v.(map[string]any)
	if !ok {
		return Entry{}, malformed("", "not an object")
	}
	// The version first: a later one may differ in everything else.
	if n, ok := m["v"].(int64); ok && n > evidence.FormatVersion {
		return Entry{}, fmt.Errorf("%w: entry of format %d", evidence.ErrNewer, n)
	}
	r := &reader{}
	e := r.entry(m)
	if r.err != nil {
		return Entry{}, r.err
	}
	return e, checkFields(&e)
}

// decode reads canonical JSON into string, int64, bool, nil, []any and
// map[string]any. b must have passed evidence.CheckCanonical.
func decode(b []byte) (any, error) {
	var v any
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
		return nil, fmt.Errorf("%w: %w", evidence.ErrNotCanonical, err)
	}
	return integers(v)
}

func integers(v any) (any, error) {
	var err error
	switch v := v.(type) {
	case json.Number:
		return v.Int64()
	case []any:
		for i := range v {
			if v[i], err = integers(v[i]); err != nil {
				return nil, err
			}
		}
	case map[string]any:
		for k := range v {
			if v[k], err = integers(v[k]); err != nil {
				return nil, err
			}
		}
	}
	return v, nil
}

func malformed(where, why string) error {
	if where == "" {
		return fmt.Errorf("%w: %s", evidence.ErrFormat, why)
	}
	return fmt.Errorf("%w: member %q: %s", evidence.ErrFormat, where, why)
}

// reader takes typed members out of decoded objects and keeps the first error.
type reader struct{ err error }

func (r *reader) fail(where, why string) {
	if r.err == nil {
		r.err = malformed(where, why)
	}
}

// object checks that m has exactly the members named.
func (r *reader) object(where string, v any, names ...string) map[string]any {
	m, ok := v.(map[string]any)
	if !ok {
		r.fail(where, "object expected")
		return nil
	}
	for _, name := range names {
		if _, ok := m[name]; !ok {
			r.fail(where, "member "+name+" missing")
		}
	}
	if len(m) > len(names) {
		r.fail(where, "unknown member")
	}
	return m
}

func (r *reader) text(where string, v any, ok func(string) bool) string {
	s, is := v.(string)
	if !is || !ok(s) {
		r.fail(where, "malformed")
	}
	return s
}

func (r *reader) integer(where string, v any, min int64) int64 {
	n, is := v.(int64)
	if !is || n < min {
		r.fail(where, "malformed")
	}
	return n
}

func (r *reader) time(where string, v any) time.Time {
	s := r.text(where, v, func(string) bool { return true })
	t, err := time.Parse(timeLayout, s)
	if err != nil || formatTime(t) != s {
		r.fail(where, "not RFC 3339 UTC with microseconds")
	}
	return t.UTC()
}

func (r *reader) maybeInteger(where string, v any) *int64 {
	if v == nil {
		return nil
	}
	n := r.integer(where, v, -evidence.MaxSafeInteger)
	return &n
}

func (r *reader) entry(v any) Entry {
	m := r.object("", v, "v", "origin", "seq", "id", "kind", "prev", "nonce", "time", "tool", "plain", "commit", "sets", "refs")
	e := Entry{
		Version: int(r.integer("v", m["v"], evidence.FormatVersion)),
		Origin:  r.text("origin", m["origin"], func(s string) bool { return CheckOrigin(s) == nil }),
		Seq:     r.integer("seq", m["seq"], 0),
		ID:      r.text("id", m["id"], isUUID),
		Kind:    r.text("kind", m["kind"], isKind),
		Nonce:   r.text("nonce", m["nonce"], func(s string) bool { return isHex(s, 32) }),
		Commit:  map[string]evidence.Digest{},
		Sets:    map[string]SetRoot{},
		Refs:    map[string]int64{},
	}
	e.Prev = r.text("prev", m["prev"], func(s string) bool { return s == "" && e.Seq == 0 || isHex(s, 64) && e.Seq > 0 })
	r.times(&e, m["time"])
	r.tool(&e, m["tool"])
	var ok bool
	if e.Plain, ok = m["plain"].(map[string]any); !ok {
		r.fail("plain", "object expected")
	}
	for name, c := range r.named("commit", m["commit"]) {
		d, ok := parseHex32(r.text("commit."+name, c, func(s string) bool { return true }))
		if !ok {
			r.fail("commit."+name, "malformed")
		}
		e.Commit[name] = d
	}
	for name, s := range r.named("sets", m["sets"]) {
		s := r.object("sets."+name, s, "root", "size")
		e.Sets[name] = SetRoot{
			Root: r.text("sets."+name, s["root"], func(h string) bool { return isHex(h, 64) }),
			Size: r.integer("sets."+name, s["size"], 0),
		}
	}
	for name, n := range r.named("refs", m["refs"]) {
		e.Refs[name] = r.integer("refs."+name, n, 0)
	}
	return e
}

func (r *reader) named(where string, v any) map[string]any {
	m, ok := v.(map[string]any)
	if !ok {
		r.fail(where, "object expected")
	}
	return m
}

func (r *reader) times(e *Entry, v any) {
	t := r.object("time", v, "start", "end", "local_offset", "monotonic_us", "clock")
	e.Start = r.time("time.start", t["start"])
	e.End = r.time("time.end", t["end"])
	e.LocalOffset = r.text("time.local_offset", t["local_offset"], isOffset)
	e.MonotonicUS = r.integer("time.monotonic_us", t["monotonic_us"], 0)
	c := r.object("time.clock", t["clock"], "source", "synchronised", "offset_us", "error_us")
	e.Clock.Source = r.text("time.clock.source", c["source"], isWord)
	if s := c["synchronised"]; s != nil {
		b, ok := s.(bool)
		if !ok {
			r.fail("time.clock.synchronised", "malformed")
		}
		e.Clock.Synchronised = &b
	}
	e.Clock.OffsetUS = r.maybeInteger("time.clock.offset_us", c["offset_us"])
	e.Clock.ErrorUS = r.maybeInteger("time.clock.error_us", c["error_us"])
}

func (r *reader) tool(e *Entry, v any) {
	t := r.object("tool", v, "name", "version", "sha256", "protocol", "os", "arch")
	e.Tool = Tool{
		Name:     r.text("tool.name", t["name"], isLine),
		Version:  r.text("tool.version", t["version"], isLine),
		SHA256:   r.text("tool.sha256", t["sha256"], func(s string) bool { return s == "" || isDigest(s) }),
		Protocol: int(r.integer("tool.protocol", t["protocol"], 0)),
		OS:       r.text("tool.os", t["os"], isLine),
		Arch:     r.text("tool.arch", t["arch"], isLine),
	}
}

// checkFields holds e against the tables of fields and kinds.
func checkFields(e *Entry) error {
	kind := tables().kinds[e.Kind]
	if (e.Kind == "create") != (e.Seq == 0) {
		return fmt.Errorf("%w: entry %d of kind %s: create is entry 0 and no other", evidence.ErrFormat, e.Seq, e.Kind)
	}
	if id, has := e.Plain["case"]; has && !strings.HasSuffix(e.Origin, "/"+fmt.Sprint(id)) {
		return fmt.Errorf("%w: field case: not the case of the origin", evidence.ErrFormat)
	}
	for name, v := range e.Plain {
		f, ok := fieldOf(name)
		if !ok || !f.Plain || f.Member {
			return fmt.Errorf("%w: no field %q stands plain", evidence.ErrFormat, name)
		}
		if !slices.Contains(kind.Plain, name) {
			return fmt.Errorf("%w: kind %s carries no field %s", evidence.ErrFormat, e.Kind, name)
		}
		if err := f.check(v); err != nil {
			return err
		}
		if words := kind.Words[name]; words != nil && !slices.Contains(words, v.(string)) {
			return fmt.Errorf("%w: field %s of kind %s: not one of its words", evidence.ErrFormat, name, e.Kind)
		}
	}
	if _, has := e.Plain["phase"]; !has && kind.Words["phase"] != nil {
		return fmt.Errorf("%w: kind %s without a phase", evidence.ErrFormat, e.Kind)
	}
	for name := range e.Commit {
		if f, ok := fieldOf(name); !ok || f.Plain {
			return fmt.Errorf("%w: no field %q is committed to", evidence.ErrFormat, name)
		}
	}
	for name := range e.Sets {
		if !slices.Contains(SetNames(), name) {
			return fmt.Errorf("%w: no set %q", evidence.ErrFormat, name)
		}
	}
	for name, seq := range e.Refs {
		if f, ok := fieldOf("refs." + name); !ok || !f.Member {
			return fmt.Errorf("%w: no reference %q", evidence.ErrFormat, name)
		}
		if seq >= e.Seq {
			return fmt.Errorf("%w: refs.%s: not an earlier entry", evidence.ErrFormat, name)
		}
	}
	return nil
}
