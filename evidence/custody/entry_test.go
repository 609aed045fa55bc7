package custody_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/gowebpki/jcs"
	"pgregory.net/rapid"
)

func TestBuildThenParseGivesTheDraft(t *testing.T) {
	body, openings := sample(t)
	e, err := custody.ParseEntry(body)
	if err != nil {
		t.Fatal(err)
	}
	h, d := head(), draft()
	want := custody.Entry{
		Version: 1, Origin: h.Origin, Seq: h.Size, ID: e.ID, Kind: d.Kind, Prev: h.Prev, Nonce: e.Nonce,
		Start: d.Start, End: d.End, LocalOffset: d.LocalOffset, MonotonicUS: d.MonotonicUS, Clock: d.Clock, Tool: d.Tool,
		Plain:  map[string]any{"phase": "end", "in_place": false, "counts": map[string]any{"files": int64(3), "directories": int64(1)}},
		Commit: e.Commit, Sets: d.Sets, Refs: d.Refs,
	}
	if diff := cmp.Diff(want, e); diff != "" {
		t.Error(diff)
	}
	if u, err := uuid.Parse(e.ID); err != nil || u.Version() != 4 || u.Variant() != uuid.RFC4122 {
		t.Errorf("id %q: %v", e.ID, err)
	}
	if len(e.Commit) != len(d.Secret) || len(openings) != len(d.Secret) {
		t.Fatalf("%d commitments, %d openings for %d fields", len(e.Commit), len(openings), len(d.Secret))
	}
	salts := map[string]bool{}
	for i, o := range openings {
		if i > 0 && openings[i-1].Field >= o.Field {
			t.Errorf("opening %q after %q", o.Field, openings[i-1].Field)
		}
		if err := custody.CheckOpening(e, o); err != nil {
			t.Error(err)
		}
		want, err := evidence.Canonical(d.Secret[o.Field])
		if err != nil || !bytes.Equal(o.Value, want) {
			t.Errorf("opening %q holds another value", o.Field)
		}
		if bytes.Contains(body, o.Value) || bytes.Contains(body, []byte(o.Salt)) {
			t.Errorf("entry shows value or salt of %q", o.Field)
		}
		salts[o.Salt] = true
	}
	if salts[e.Nonce] || len(salts) != len(openings) {
		t.Error("salts or nonce repeat")
	}
}

// Another implementation of RFC 8785 has nothing to change in an entry.
func TestEntryIsCanonicalForOthers(t *testing.T) {
	body, openings := sample(t)
	texts := [][]byte{body}
	for _, o := range openings {
		b, err := json.Marshal([]any{o.Salt, o.Field, json.RawMessage(o.Value)})
		if err != nil {
			t.Fatal(err)
		}
		if b, err = jcs.Transform(b); err != nil {
			t.Fatal(err)
		}
		if got, want := custody.Commitment(o.Salt, o.Field, o.Value), evidence.Sum(b); got != want {
			t.Errorf("commitment to %q: %v, by way of jcs %v", o.Field, got, want)
		}
	}
	for _, b := range texts {
		again, err := jcs.Transform(b)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(again, b) {
			t.Errorf("jcs rewrites\n%s\nas\n%s", b, again)
		}
	}
}

func TestBuildRefuses(t *testing.T) {
	const canary = "canary-7f3e"
	set := func(f func(*custody.Head, *custody.Draft)) func(*custody.Head, *custody.Draft) { return f }
	plain := func(name string, v any) func(*custody.Head, *custody.Draft) {
		return func(_ *custody.Head, d *custody.Draft) { d.Plain[name] = v }
	}
	secret := func(name string, v any) func(*custody.Head, *custody.Draft) {
		return func(_ *custody.Head, d *custody.Draft) { d.Secret[name] = v }
	}
	tests := map[string]func(*custody.Head, *custody.Draft){
		"unknown kind":            set(func(_ *custody.Head, d *custody.Draft) { d.Kind = "recieve" }),
		"no kind":                 set(func(_ *custody.Head, d *custody.Draft) { d.Kind = "" }),
		"create later":            set(func(_ *custody.Head, d *custody.Draft) { d.Kind, d.Plain, d.Refs = "create", nil, nil }),
		"entry 0 not create":      set(func(h *custody.Head, d *custody.Draft) { h.Size, h.Prev, d.Refs = 0, "", nil }),
		"unknown plain field":     plain("colour", canary),
		"member as plain field":   plain("seq", 7),
		"secret as plain field":   plain("asserted.actor.name", canary),
		"plain of another kind":   plain("fingerprint", "key:0011223344556677"),
		"phase of another kind":   plain("phase", "intent"),
		"plain of wrong type":     plain("in_place", canary),
		"null for a plain field":  plain("in_place", nil),
		"negative count":          plain("counts", map[string]int{"files": -1}),
		"count that is text":      plain("counts", map[string]any{"files": canary}),
		"count's name is no word": plain("counts", map[string]any{canary + "/x": 1}),
		"fraction":                plain("counts", map[string]any{"files": 1.5}),
		"integer above 2^53-1":    plain("counts", map[string]any{"files": int64(1 << 53)}),
		"no phase":                set(func(_ *custody.Head, d *custody.Draft) { delete(d.Plain, "phase") }),
		"unknown secret":          secret("asserted.favourite", canary),
		"secret without prefix":   secret("exhibit", canary),
		"plain field as secret":   secret("phase", "end"),
		"secret of wrong type":    secret("asserted.note", []string{canary}),
		"empty text":              secret("asserted.note", ""),
		"text not UTF-8":          secret("asserted.note", canary+"\xff"),
		"name of wrong form":      secret("observed.source.path", map[string]any{"text": canary, "bytes": "eA=="}),
		"time without zone":       secret("asserted.released", "2026-11-22T10:00:00"),
		"time with offset":        secret("asserted.released", "2026-11-22T10:00:00+08:00"),
		"place without length":    secret("asserted.place", map[string]any{"artifact": aDigest, "offset": 0}),
		"unknown set": set(func(_ *custody.Head, d *custody.Draft) {
			d.Sets = map[string]custody.SetRoot{"things": d.Sets["artifacts"]}
		}),
		"set root of wrong length": set(func(_ *custody.Head, d *custody.Draft) { d.Sets["artifacts"] = custody.SetRoot{Root: "ab", Size: 1} }),
		"set root in upper case": set(func(_ *custody.Head, d *custody.Draft) {
			d.Sets["artifacts"] = custody.SetRoot{Root: strings.Repeat("AB", 32), Size: 1}
		}),
		"set of negative size": set(func(_ *custody.Head, d *custody.Draft) {
			d.Sets["artifacts"] = custody.SetRoot{Root: strings.Repeat("ab", 32), Size: -1}
		}),
		"unknown reference":       set(func(_ *custody.Head, d *custody.Draft) { d.Refs["parent"] = 1 }),
		"reference to itself":     set(func(_ *custody.Head, d *custody.Draft) { d.Refs["item"] = 7 }),
		"negative reference":      set(func(_ *custody.Head, d *custody.Draft) { d.Refs["item"] = -1 }),
		"no lab":                  set(func(h *custody.Head, _ *custody.Draft) { h.Origin = origin[strings.LastIndex(origin, "/")+1:] }),
		"lab with a space":        set(func(h *custody.Head, _ *custody.Draft) { h.Origin = "a b/" + origin }),
		"lab with a plus":         set(func(h *custody.Head, _ *custody.Draft) { h.Origin = "a+b/" + origin }),
		"lab with a newline":      set(func(h *custody.Head, _ *custody.Draft) { h.Origin = "a\n/" + origin }),
		"case uuid in upper case": set(func(h *custody.Head, _ *custody.Draft) { h.Origin = strings.ToUpper(origin) }),
		"case uuid of version 1":  set(func(h *custody.Head, _ *custody.Draft) { h.Origin = strings.Replace(origin, "-4c", "-1c", 1) }),
		"no previous leaf":        set(func(h *custody.Head, _ *custody.Draft) { h.Prev = "" }),
		"previous leaf cut short": set(func(h *custody.Head, _ *custody.Draft) { h.Prev = h.Prev[1:] }),
		"negative size":           set(func(h *custody.Head, _ *custody.Draft) { h.Size = -1 }),
		"year 10000":              set(func(_ *custody.Head, d *custody.Draft) { d.End = d.End.AddDate(8000, 0, 0) }),
		"offset without colon":    set(func(_ *custody.Head, d *custody.Draft) { d.LocalOffset = "+0800" }),
		"offset of 24 hours":      set(func(_ *custody.Head, d *custody.Draft) { d.LocalOffset = "+24:00" }),
		"before the boot":         set(func(_ *custody.Head, d *custody.Draft) { d.MonotonicUS = -1 }),
		"no clock":                set(func(_ *custody.Head, d *custody.Draft) { d.Clock.Source = "" }),
		"no tool":                 set(func(_ *custody.Head, d *custody.Draft) { d.Tool.Name = "" }),
		"tool of two lines":       set(func(_ *custody.Head, d *custody.Draft) { d.Tool.Version = "1\n2" }),
		"tool with half a digest": set(func(_ *custody.Head, d *custody.Draft) { d.Tool.SHA256 = aDigest[:40] }),
		"too long": plain("counts", func() map[string]int {
			m := map[string]int{}
			for i := range 100_000 {
				m[fmt.Sprintf("sort%d", i)] = i
			}
			return m
		}()),
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			h, d := head(), draft()
			change(&h, &d)
			body, openings, err := custody.Build(h, d, randomness(2))
			if !errors.Is(err, evidence.ErrFormat) && !errors.Is(err, evidence.ErrNotCanonical) {
				t.Fatalf("error %v", err)
			}
			if body != nil || openings != nil {
				t.Error("error, and an entry all the same")
			}
			if strings.Contains(err.Error(), canary) {
				t.Errorf("error quotes a value: %v", err)
			}
		})
	}
	for name, rand := range map[string]int{"nothing": 0, "half a salt": 40} {
		t.Run("random source gives "+name, func(t *testing.T) {
			r := iotest.DataErrReader(bytes.NewReader(make([]byte, rand)))
			if _, _, err := custody.Build(head(), draft(), r); err == nil {
				t.Error("an entry without randomness")
			}
		})
	}
}

func TestBuildEntryZero(t *testing.T) {
	d := draft()
	d.Kind, d.Refs, d.Sets, d.Secret, d.Tool.SHA256 = "create", nil, nil, nil, strings.TrimPrefix(aDigest, "sha256:")
	d.Plain = map[string]any{"format": "1", "case": origin[len(origin)-36:]}
	// The clock was set back while the case was created: that is what was seen.
	d.End = d.Start.Add(-time.Hour)
	d.Clock = custody.Clock{Source: "system"}
	body, openings, err := custody.Build(custody.Head{Origin: origin}, d, randomness(3))
	if err != nil {
		t.Fatal(err)
	}
	e, err := custody.ParseEntry(body)
	if err != nil {
		t.Fatal(err)
	}
	if len(openings) != 0 || e.Tool.SHA256 != aDigest || e.End.After(e.Start) || e.Clock.Synchronised != nil {
		t.Errorf("%d openings, %+v", len(openings), e)
	}
	d.Plain["case"] = "11111111-1111-4111-8111-111111111111"
	if _, _, err := custody.Build(custody.Head{Origin: origin}, d, randomness(3)); !errors.Is(err, evidence.ErrFormat) {
		t.Errorf("another case than the origin's: %v", err)
	}
}

// Every plain field can be said in an entry of some kind, and each with a wrong type is refused.
func TestEveryPlainFieldCanBeSaid(t *testing.T) {
	ref := map[string]any{"name": "unpack", "version": "1.0", "sha256": aDigest}
	vkey := custody.VKey(origin, publicKey(1))
	values := map[string]any{
		"case": origin[len(origin)-36:], "format": "1", "counts": map[string]int{"a-b_c1": 0}, "resumed": true, "in_place": false, "verdict": "intact",
		"revision": "385500b", "plugin": ref, "plugins": []any{ref, ref}, "encoding": "hex", "form": "place",
		"fingerprint": "key:0123456789abcdef", "signer": vkey, "successor": vkey,
		"anchor": aDigest, "service": "rfc3161", "stamped": "2026-11-22T20:00:00.5Z",
	}
	wrong := map[string]any{
		"case": strings.ToUpper(origin[len(origin)-36:]), "format": "", "counts": []int{1}, "resumed": "true", "in_place": 0, "verdict": "Intact", "revision": "a\nb",
		"plugin":  map[string]any{"name": "unpack", "version": "1.0", "sha256": aDigest, "path": "/"},
		"plugins": []any{}, "encoding": "HEX", "form": nil, "fingerprint": "key:0123456789abcdeF", "signer": vkey + "=", "successor": "x", "phase": "", "action": 1,
		"anchor": "", "service": "RFC 3161", "stamped": "20261122200000Z",
	}
	said := map[string]bool{}
	for _, k := range custody.Kinds() {
		h, d := head(), draft()
		if k.Name == "create" {
			h, d.Refs = custody.Head{Origin: origin}, nil
		}
		d.Kind, d.Plain = k.Name, map[string]any{}
		for _, name := range k.Plain {
			said[name] = true
			d.Plain[name] = values[name]
			if words := k.Words[name]; words != nil {
				d.Plain[name] = words[len(words)-1]
			}
		}
		body, _, err := custody.Build(h, d, randomness(6))
		if err != nil {
			t.Errorf("kind %s: %v", k.Name, err)
			continue
		}
		if e, err := custody.ParseEntry(body); err != nil || len(e.Plain) != len(k.Plain) {
			t.Errorf("kind %s: %v", k.Name, err)
		}
		for _, name := range k.Plain {
			was := d.Plain[name]
			d.Plain[name] = wrong[name]
			if _, _, err := custody.Build(h, d, randomness(6)); !errors.Is(err, evidence.ErrFormat) {
				t.Errorf("kind %s, %s of a wrong type: %v", k.Name, name, err)
			}
			d.Plain[name] = was
		}
	}
	for _, f := range custody.Fields() {
		if f.Place() == "plain" && !said[f.Name] {
			t.Errorf("no kind carries %s", f.Name)
		}
	}
}

// Every field of the table can be said, and each with a wrong type is refused.
func TestEveryFieldCanBeCommittedTo(t *testing.T) {
	values := map[string]any{
		"text": "x", "texts": []string{"a", ""}, "word": "original", "integer": -5, "count": 5, "boolean": true,
		"time": "2026-11-22T10:00:00.5Z", "digest": aDigest, "name": map[string]string{"text": "a"}, "object": map[string]any{},
		"place":  map[string]any{"artifact": aDigest, "offset": 0, "length": 16},
		"hashes": []any{map[string]any{"path": "a", "algorithm": "md5", "value": "x"}},
		"spans":  []any{map[string]any{"offset": 0, "length": 1}}, "objects": []any{map[string]any{"error": "x"}},
	}
	d := draft()
	for _, f := range custody.Fields() {
		if f.Place() != "commit" {
			continue
		}
		v, ok := values[f.Type]
		if !ok {
			t.Fatalf("no value of type %s", f.Type)
		}
		d.Secret[f.Name] = v
		wrong := draft()
		wrong.Secret[f.Name] = []any{nil}
		if _, _, err := custody.Build(head(), wrong, randomness(4)); !errors.Is(err, evidence.ErrFormat) {
			t.Errorf("%s of a wrong type: %v", f.Name, err)
		}
	}
	body, openings, err := custody.Build(head(), d, randomness(4))
	if err != nil {
		t.Fatal(err)
	}
	if len(openings) != len(d.Secret) || len(openings) < 100 {
		t.Errorf("%d openings of %d fields", len(openings), len(d.Secret))
	}
	if _, err := custody.ParseEntry(body); err != nil {
		t.Error(err)
	}
}

func TestParseRefuses(t *testing.T) {
	body, _ := sample(t)
	var tree map[string]any
	if err := json.Unmarshal(body, &tree); err != nil {
		t.Fatal(err)
	}
	check := func(t *testing.T, b []byte, want error) {
		t.Helper()
		e, err := custody.ParseEntry(b)
		if !errors.Is(err, want) {
			t.Errorf("error %v, want %v", err, want)
		}
		if !cmp.Equal(e, custody.Entry{}) {
			t.Error("error, and an entry all the same")
		}
	}
	// Each member of each object, one at a time: left out, added to, of another type.
	var walk func(path string, m map[string]any)
	walk = func(path string, m map[string]any) {
		for _, name := range slices.Sorted(maps.Keys(m)) {
			was := m[name]
			at := path + "/" + name
			// plain, commit, sets, refs are open; so are the counts in plain.
			if !strings.HasPrefix(path, "/plain") && !slices.Contains([]string{"/commit", "/sets", "/refs"}, path) {
				t.Run("without "+at, func(t *testing.T) {
					delete(m, name)
					check(t, canonical(t, tree), evidence.ErrFormat)
					m[name] = was
				})
			}
			t.Run("other type "+at, func(t *testing.T) {
				m[name] = []any{was}
				check(t, canonical(t, tree), evidence.ErrFormat)
				m[name] = was
			})
			if sub, ok := was.(map[string]any); ok {
				walk(at, sub)
			}
		}
		t.Run("more in "+path+"/", func(t *testing.T) {
			m["Zusatz"] = map[string]any{}
			check(t, canonical(t, tree), evidence.ErrFormat)
			delete(m, "Zusatz")
		})
	}
	walk("", tree)

	replace := func(old, new string) []byte {
		if !bytes.Contains(body, []byte(old)) {
			t.Fatalf("sample holds no %s", old)
		}
		return bytes.Replace(body, []byte(old), []byte(new), 1)
	}
	t.Run("newer", func(t *testing.T) { check(t, replace(`"v":1`, `"v":2`), evidence.ErrNewer) })
	t.Run("newer and different", func(t *testing.T) { check(t, []byte(`{"v":2}`), evidence.ErrNewer) })
	t.Run("version 0", func(t *testing.T) { check(t, replace(`"v":1`, `"v":0`), evidence.ErrFormat) })
	t.Run("nothing", func(t *testing.T) { check(t, nil, evidence.ErrNotCanonical) })
	t.Run("no object", func(t *testing.T) { check(t, []byte(`[]`), evidence.ErrFormat) })
	t.Run("newline", func(t *testing.T) { check(t, append(bytes.Clone(body), '\n'), evidence.ErrNotCanonical) })
	t.Run("byte order mark", func(t *testing.T) { check(t, append([]byte("\xef\xbb\xbf"), body...), evidence.ErrNotCanonical) })
	t.Run("space", func(t *testing.T) { check(t, replace(`,"v":1`, `, "v":1`), evidence.ErrNotCanonical) })
	t.Run("repeated", func(t *testing.T) { check(t, replace(`,"v":1`, `,"v":1,"v":1`), evidence.ErrNotCanonical) })
	t.Run("too long", func(t *testing.T) {
		check(t, append([]byte(`"`), append(bytes.Repeat([]byte("a"), custody.MaxEntry), '"')...), evidence.ErrFormat)
	})
	t.Run("milliseconds", func(t *testing.T) { check(t, replace(`12.345678Z`, `12.345Z`), evidence.ErrFormat) })
	t.Run("leap second", func(t *testing.T) { check(t, replace(`:12.345678Z`, `:60.345678Z`), evidence.ErrFormat) })
	t.Run("30 February", func(t *testing.T) {
		check(t, replace(`2026-11-22T10:11:12.3`, `2026-02-30T10:11:12.3`), evidence.ErrFormat)
	})
	t.Run("comma in time", func(t *testing.T) { check(t, replace(`12.345678Z`, `12,345678Z`), evidence.ErrFormat) })
}

func canonical(tb rapid.TB, v any) []byte {
	tb.Helper()
	b, err := evidence.Canonical(v)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}
