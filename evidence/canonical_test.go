package evidence_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"

	"github.com/gowebpki/jcs"
	"pgregory.net/rapid"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// anyValue draws JSON values of the restricted kind.
func anyValue(depth int) *rapid.Generator[any] {
	text := rapid.Map(rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{
		"", "\u2028", "\x00\x1f\x7f", "é", "e\u0301", "\U0001F600", "\uFB33", "\uffff", "\"\\/\b\f\n\r\t",
	})), func(s string) any { return s })
	integer := rapid.Map(rapid.Int64Range(-evidence.MaxSafeInteger, evidence.MaxSafeInteger), func(n int64) any { return n })
	atom := rapid.OneOf(text, integer, rapid.SampledFrom([]any{nil, true, false}))
	if depth == 0 {
		return atom
	}
	inner := anyValue(depth - 1)
	return rapid.OneOf(atom,
		rapid.Map(rapid.SliceOfN(inner, 0, 4), func(v []any) any { return v }),
		rapid.Map(rapid.MapOfN(rapid.String(), inner, 0, 5), func(v map[string]any) any { return v }),
	)
}

// The outside truth is another implementation of RFC 8785.
func TestCanonicalEqualsJCS(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := anyValue(3).Draw(t, "value")
		got, err := evidence.Canonical(v)
		if err != nil {
			t.Fatal(err)
		}
		if err := evidence.CheckCanonical(got); err != nil {
			t.Fatalf("%s: %v", got, err)
		}
		plain, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		want, err := jcs.Transform(plain)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Fatalf("got  %s\nwant %s", got, want)
		}
	})
}

func TestCheckCanonicalRefuses(t *testing.T) {
	for _, bad := range []string{
		"", " ", "{", "[", `{"a":1,}`, `[1,]`, `{"b":1,"a":2}`, `{"a":1,"a":2}`, `{ "a":1}`, `{"a": 1}`, "1 ", "01", "-0", "1.0", "1e3",
		"9007199254740992", "-9007199254740992", "99999999999999999999", `"\u0041"`, `"\u001F"`, `"\u000a"`, `"\/"`, "\"\n\"", "\"\xff\"",
		`"\ud800"`, "nul", "truth", "\ufeff{}", `{"a"}`, `{1:2}`, "{}{}", `"`, `"\`, `"\u00`,
		`{"` + "\U0001F600" + `":1,"` + "\uFB33" + `":2,"a":3}`,
	} {
		if err := evidence.CheckCanonical([]byte(bad)); !errors.Is(err, evidence.ErrNotCanonical) {
			t.Errorf("%q: got %v", bad, err)
		}
	}
	for _, good := range []string{"0", "-1", "9007199254740991", "{}", "[]", `{"":0,"a":[{}]}`, `"\u001f\b"`, "\"\u2028\x7f\"", `{"` + "\U0001F600" + `":1,"` + "\uFB33" + `":2}`} {
		if err := evidence.CheckCanonical([]byte(good)); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
}

func TestCanonicalRefuses(t *testing.T) {
	for _, bad := range []any{1.5, "\xff", int64(evidence.MaxSafeInteger) + 1, uint64(1) << 60, json.Number("1e2"), map[string]any{"\xff": 1}, struct{ F float64 }{0.5}} {
		if b, err := evidence.Canonical(bad); !errors.Is(err, evidence.ErrNotCanonical) || b != nil {
			t.Errorf("%v: got %q, %v", bad, b, err)
		}
	}
}

func FuzzCheckCanonical(f *testing.F) {
	for _, s := range []string{`{"a":[1,"x",null]}`, `{"b":1,"a":2}`, `"\u0001"`, `"\ud83d"`, "-0", "1e5"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if evidence.CheckCanonical(b) != nil {
			return
		}
		// What we accept, the independent implementation leaves as it is.
		wrapped := append(append([]byte("["), b...), ']')
		want, err := jcs.Transform(wrapped)
		if err != nil || !bytes.Equal(want, wrapped) {
			t.Fatalf("accepted %q, jcs says %q, %v", wrapped, want, err)
		}
		if again, err := evidence.Canonicalize(b); err != nil || !bytes.Equal(again, b) {
			t.Fatalf("canonicalize changed %q to %q, %v", b, again, err)
		}
	})
}

func TestMembers(t *testing.T) {
	got := map[string]string{}
	err := evidence.Members([]byte(`{"a":{"x":1},"b":"y","c\n":[1]}`), func(n, v []byte) error {
		got[evidence.Unescape(n)] = string(v)
		return nil
	})
	if err != nil || len(got) != 3 || got["c\n"] != "[1]" || got["a"] != `{"x":1}` {
		t.Fatal(got, err)
	}
}

func BenchmarkCheckCanonical(b *testing.B) {
	line := []byte(`{"account":"bluetom2950","charset":"utf-8","charset_basis":"detected","direction":"incoming","from":"skyblue1541","ip":"203.0.113.210","kind":"message","matched_term":"taiwan","service":"tom-skype","source":{"key":"key:0011223344556677","length":128,"line":1,"offset":0,"profile":"tom-messages-3.6"},"state":"live","text":"关于taiwan,我有话要说","time":"2008-07-31T23:10:19Z"}`)
	b.SetBytes(int64(len(line)))
	for b.Loop() {
		if err := evidence.CheckCanonical(line); err != nil {
			b.Fatal(err)
		}
	}
}

func TestElements(t *testing.T) {
	var got []string
	if err := evidence.Elements([]byte(`[{"x":[1]},"a,]",null]`), func(v []byte) error {
		got = append(got, string(v))
		return nil
	}); err != nil || len(got) != 3 || got[0] != `{"x":[1]}` || got[1] != `"a,]"` || got[2] != "null" {
		t.Fatal(got, err)
	}
	if err := evidence.Elements([]byte(`[]`), func([]byte) error { return errors.New("there are none") }); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{"", "{}", "[1", "[1,]", "[1] ", `[{"b":1,"a":2}]`} {
		if err := evidence.Elements([]byte(bad), func([]byte) error { return nil }); !errors.Is(err, evidence.ErrNotCanonical) {
			t.Errorf("%s: %v", bad, err)
		}
	}
	stop := errors.New("enough")
	if err := evidence.Elements([]byte(`[1,2]`), func([]byte) error { return stop }); !errors.Is(err, stop) {
		t.Error(err)
	}
}
