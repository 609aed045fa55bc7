package redact_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/exhibit-forensics/exhibit/core/redact"
	"github.com/exhibit-forensics/exhibit/evidence"
)

var (
	secretA = bytes.Repeat([]byte{1}, 32)
	secretB = bytes.Repeat([]byte{2}, 32)
)

// spellings writes one phone number in many ways.
func spellings(digits string) []string {
	full := strings.Map(func(r rune) rune { return r - '0' + '０' }, digits)
	return []string{
		digits, "+86" + digits, "0086" + digits, "+86 " + digits[:3] + " " + digits[3:7] + " " + digits[7:], digits[:3] + "-" + digits[3:7] + "-" + digits[7:],
		full, digits[:5] + "\u200b" + digits[5:],
	}
}

// All spellings of a value have one mark, two values two, and another case or recipient
// others.
func TestMarks(t *testing.T) {
	p := policy(t, map[string]any{"pseudonyms": "recipient"})
	a, b, c := redact.NewBench(p, secretA, "court"), redact.NewBench(p, secretB, "court"), redact.NewBench(p, secretA, "press")
	rapid.Check(t, func(t *rapid.T) {
		digits := "13" + rapid.StringMatching(`[0-9]{9}`).Draw(t, "digits")
		other := "13" + rapid.StringMatching(`[0-9]{9}`).Draw(t, "other")
		for _, op := range []string{redact.OpPseudonym, redact.OpKeyedHash} {
			want := a.Mark(op, "phone", digits, redact.Rule{})
			for _, s := range spellings(digits) {
				if got := a.Mark(op, "phone", s, redact.Rule{}); got != want {
					t.Fatalf("%q: %s, want %s", s, got, want)
				}
			}
			if got := a.Mark(op, "phone", other, redact.Rule{}); (got == want) != (other == digits) {
				t.Fatalf("%s and %s: %s", digits, other, got)
			}
			if b.Mark(op, "phone", digits, redact.Rule{}) == want || c.Mark(op, "phone", digits, redact.Rule{}) == want || a.Mark(op, "imei", digits, redact.Rule{}) == want {
				t.Fatal("another case, recipient or category has the same mark")
			}
		}
	})
}

var threeDigits = regexp.MustCompile(`[0-9]{3}`)

// A pseudonym never has three digits together, so that none can be taken for a number.
func TestMarksAreNoNumbers(t *testing.T) {
	b := redact.NewBench(policy(t, nil), secretA, "")
	for i := range 5000 {
		v := fmt.Sprint("value", i)
		for _, op := range []string{redact.OpPseudonym, redact.OpKeyedHash} {
			if m := b.Mark(op, "username", v, redact.Rule{}); threeDigits.MatchString(m) {
				t.Fatal(m)
			}
		}
	}
}

// Two values whose first 40 bits are the same get longer pseudonyms, both.
func TestCollisions(t *testing.T) {
	plain := redact.Tokens(secretA, nil, "phone", "a", "b")
	if len(plain[0]) != len("PHONE-")+8 || plain[0] == plain[1] {
		t.Fatal(plain)
	}
	long := redact.Tokens(secretA, map[uint64]struct{}{redact.Prefix(secretA, "phone", "a"): {}}, "phone", "a", "b")
	if len(long[0]) != len("PHONE-")+12 || !strings.HasPrefix(long[0], plain[0]) || long[1] != plain[1] {
		t.Fatal(long, plain)
	}
}

// generated is a record with spans over all places of its values.
type generated struct {
	line   []byte
	spans  []redact.Span
	values map[string][]string // by field
}

var kinds = []string{"message", "sms", "call", "account", "contact", "keyword", "row", "transfer", "x-acme/thing"}

// drawRecord makes any record: values at known places, text of any letters around them.
func drawRecord(t *rapid.T) generated {
	g := generated{values: map[string][]string{}}
	rec := map[string]any{"kind": rapid.SampledFrom(kinds).Draw(t, "kind")}
	value := rapid.OneOf(rapid.StringMatching(`1[3-9][0-9]{9}`), rapid.StringMatching(`[a-z]{4,9}@[a-z]{3,6}\.org`), rapid.StringMatching(`[王李张][一-龥]{1,2}`), rapid.StringN(1, 12, 40))
	free := rapid.StringOf(rapid.RuneFrom([]rune("abc 你好，\"\\/~\n\t{}[]:1é😀")))
	text := func(field string) string {
		var b strings.Builder
		b.WriteString(free.Draw(t, "before"))
		for range rapid.IntRange(0, 3).Draw(t, "values") {
			v := value.Draw(t, "value")
			g.spans = append(g.spans, redact.Span{
				Field: field, Start: b.Len(), End: b.Len() + len(v), Category: rapid.SampledFrom([]string{"phone", "email", "person_name", "code_name"}).Draw(t, "category"),
				Class: rapid.SampledFrom([]string{"proven", "strong", "weak", "review"}).Draw(t, "class"),
			})
			g.values[field] = append(g.values[field], v)
			b.WriteString(v)
			b.WriteString(free.Draw(t, "after"))
		}
		return b.String()
	}
	for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"text", "account", "from", "status", "term", "table", "display_name", "odd", "time_raw"}), 0, 5, rapid.ID).Draw(t, "fields") {
		rec[name] = text("/" + name)
	}
	if rapid.Bool().Draw(t, "to") {
		rec["to"] = []any{text("/to/0"), text("/to/1"), nil}
	}
	if rapid.Bool().Draw(t, "extra") {
		rec["extra"] = map[string]any{"a/b": text("/extra/a~1b"), "c~": map[string]any{"x": text("/extra/c~0/x")}, "n": 17}
	}
	var err error
	if g.line, err = evidence.Canonical(rec); err != nil {
		t.Fatal(err)
	}
	return g
}

// fieldText is the text at a pointer of a redacted record, "" where there is none.
func fieldText(body []byte, pointer string) string {
	var v any
	if json.Unmarshal(body, &v) != nil {
		return ""
	}
	for _, name := range strings.Split(pointer, "/")[1:] {
		name = strings.ReplaceAll(strings.ReplaceAll(name, "~1", "/"), "~0", "~")
		switch x := v.(type) {
		case map[string]any:
			v = x[name]
		case []any:
			i := 0
			if _, err := fmt.Sscan(name, &i); err != nil || i >= len(x) {
				return ""
			}
			v = x[i]
		default:
			return ""
		}
	}
	s, _ := v.(string)
	return s
}

// What comes out is canonical JSON, the same each time and whatever the order of the spans;
// no value that was redacted stands in its field any more; what was done is said exactly.
func TestApplied(t *testing.T) {
	for _, op := range []string{redact.OpPseudonym, redact.OpMask, redact.OpKeyedHash, redact.OpDrop} {
		p := policy(t, map[string]any{"names": []string{"*"}, "defaults": map[string]any{"proven": op, "strong": op, "weak": "review", "review": op}, "show": map[string]string{"x-acme/thing.odd": "keep"}})
		b := redact.NewBench(p, secretA, "")
		rapid.Check(t, func(t *rapid.T) {
			g := drawRecord(t)
			out, applied, err := b.Redact(g.line, g.spans)
			if err != nil {
				t.Fatal(err)
			}
			body := string(out)
			if err := evidence.CheckCanonical(out); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			applied = slices.Clone(applied)
			for field, values := range g.values {
				shown := fieldText(out, field)
				rest := shown
				for _, a := range slices.Backward(applied) {
					if a.Field == field && a.Operator != redact.OpKeep {
						if shown[a.OutStart:a.OutEnd] != a.Token {
							t.Fatalf("%+v in %q", a, shown)
						}
						rest = rest[:a.OutStart] + rest[a.OutEnd:]
					}
				}
				for _, v := range values {
					if len(v) >= 4 && strings.Contains(rest, v) && !occursOutside(g, field, v) {
						t.Fatalf("%q stands in %q", v, shown)
					}
				}
			}
			shuffled := rapid.Permutation(g.spans).Draw(t, "order")
			again, _, err := b.Redact(g.line, shuffled)
			if err != nil || string(again) != body {
				t.Fatalf("in another order: %v\n%s\n%s", err, again, body)
			}
		})
	}
}

// occursOutside: a value stands in its field also where no span is, by chance.
func occursOutside(g generated, field, v string) bool {
	text := fieldText(g.line, field)
	var b strings.Builder
	at := 0
	for _, s := range g.spans {
		if s.Field == field {
			b.WriteString(text[at:s.Start])
			at = s.End
		}
	}
	b.WriteString(text[at:])
	return strings.Contains(b.String(), v)
}

// Redacting what is redacted changes nothing: nothing is found in marks.
func TestIdempotent(t *testing.T) {
	b := redact.NewBench(policy(t, map[string]any{"names": []string{"*"}, "allow": []string{"x"}}), secretA, "")
	rapid.Check(t, func(t *rapid.T) {
		g := drawRecord(t)
		out, _, err := b.Redact(g.line, g.spans)
		if err != nil {
			t.Fatal(err)
		}
		first := string(out)
		var rec map[string]any
		if err := json.Unmarshal(out, &rec); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"account", "from", "to", "display_name"} {
			delete(rec, name) // what names somebody is redacted whole whatever stands there
		}
		line, err := evidence.Canonical(rec)
		if err != nil {
			t.Fatal(err)
		}
		out, applied, err := b.Redact(line, nil)
		if err != nil || string(out) != string(line) || len(applied) != 0 {
			t.Fatalf("%v\n%s\n%s", err, out, first)
		}
	})
}

// A record with a hundred thousand fields, each with something in it, takes no longer for
// each of them than one with a few.
func TestManySpans(t *testing.T) {
	const n = 40_000
	values := make([]any, n)
	spans := make([]redact.Span, n)
	dropped := map[string]any{}
	for i := range values {
		values[i], spans[i] = "13812345678", redact.Span{Field: fmt.Sprintf("/extra/kept/%d", i), Start: 0, End: 11, Category: "phone", Class: "proven"}
		if i%2 == 1 {
			name := fmt.Sprint("n", i)
			dropped[name], spans[i].Field = "13812345678", "/extra/"+name
		}
	}
	line, err := evidence.Canonical(map[string]any{"kind": "message", "extra": map[string]any{"kept": values}})
	if err != nil {
		t.Fatal(err)
	}
	inner, err := evidence.Canonical(dropped)
	if err != nil {
		t.Fatal(err)
	}
	line, err = evidence.Canonicalize([]byte(strings.Replace(string(line), `"extra":{`, `"extra":{`+string(inner[1:len(inner)-1])+`,`, 1)))
	if err != nil {
		t.Fatal(err)
	}
	out, applied, err := redact.NewBench(policy(t, map[string]any{"names": []string{"kept"}}), secretA, "").Redact(line, spans)
	if err != nil || len(applied) != n/2 || strings.Count(string(out), "13812345678") != n/2 { // the others have no span
		t.Fatal(err, len(applied))
	}
	spans = append(spans, redact.Span{Field: "/nowhere", Start: 0, End: 1, Category: "phone", Class: "proven"})
	if _, _, err := redact.NewBench(policy(t, nil), secretA, "").Redact(line, spans); err == nil || !strings.Contains(err.Error(), "/nowhere") {
		t.Fatal(err)
	}
}

func FuzzRedact(f *testing.F) {
	f.Add([]byte(message), "/text", 13, 26, "phone", "/to/0", 0, 7)
	f.Add([]byte(contact), "/names/0", 0, 3, "person_name", "/names/0", 2, 5)
	f.Add([]byte(`{"columns":{"a":[1,{"b":null}]},"kind":"row"}`), "/columns/a/0", 0, 1, "imsi", "", 0, 0)
	p, err := redact.ParsePolicy([]byte(least + `,"names":["*"],"times":{"op":"date_shift","days":9,"subject":"account"}}`))
	if err != nil {
		f.Fatal(err)
	}
	b := redact.NewBench(p, secretA, "")
	f.Fuzz(func(t *testing.T, line []byte, field1 string, start1, end1 int, category, field2 string, start2, end2 int) {
		if evidence.CheckCanonical(line) != nil {
			return
		}
		out, applied, err := b.Redact(line, []redact.Span{{field1, start1, end1, category, "strong"}, {field2, start2, end2, "email", "weak"}})
		if err != nil {
			return
		}
		if err := evidence.CheckCanonical(out); err != nil {
			t.Fatalf("%v: %s from %s", err, out, line)
		}
		for _, a := range applied {
			if s := fieldText(out, a.Field); a.Operator == redact.OpMask && (a.OutEnd > len(s) || s[a.OutStart:a.OutEnd] != a.Token) {
				t.Fatalf("%+v in %q", a, s)
			}
		}
	})
}
