package ndjson

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// canonical translates one record's value.
func canonical(in string) (string, error) {
	t := translator{opt: Options{MaxLine: 1 << 20}}
	err := t.statement([]byte(`{"record":` + in + `}`))
	return strings.TrimSuffix(string(t.records.b), "\n"), err
}

func TestRecordValues(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{`{}`, `{}`},
		{` { "b" : 1 , "a" : [ ] } `, `{"a":[],"b":1}`},
		{
			`{"a":-0,"b":9007199254740991,"c":9007199254740992,"d":-9007199254740992,"e":1.50,"f":1E3,"g":-0.0,"h":12345678901234567890}`,
			`{"a":0,"b":9007199254740991,"c":"9007199254740992","d":"-9007199254740992","e":"1.50","f":"1E3","g":"-0.0","h":"12345678901234567890"}`,
		},
		{`{"a":"\u4e2d\u00e9\/\ud83d\ude00\u0000\u001f\t\b\f\r\n\"\\"}`, `{"a":"中é/😀\u0000\u001f\t\b\f\r\n\"\\"}`},
		{`{"` + "\U0001F600" + `":1,"` + "\uFFFD" + `":2}`, `{"` + "\U0001F600" + `":1,"` + "\uFFFD" + `":2}`},
		{`{"\u0061":1,"B":2}`, `{"B":2,"a":1}`},
		{`{"a":true,"b":false,"c":null}`, `{"a":true,"b":false,"c":null}`},
		// Bytes that are no text: as they are, or as surrogateescape writes them.
		{`{"kind":"sms","text":"b\udcffc"}`, `{"kind":"sms","text":"b` + "\ufffd" + `c","text_raw":"Yv9j"}`},
		{"{\"kind\":\"sms\",\"text\":\"b\xffc\"}", `{"kind":"sms","text":"b` + "\ufffd" + `c","text_raw":"Yv9j"}`},
		{"{\"kind\":\"sms\",\"text\":\"b\xff\\nc\"}", `{"kind":"sms","text":"b` + "\ufffd" + `\nc","text_raw":"Yv8KYw=="}`},
		{`{"to":["a","\udcfe","b"],"text":"x"}`, `{"text":"x","to":["a","` + "\ufffd" + `","b"],"to_raw":[null,"/g==",null]}`},
		{
			`{"columns":{"a":"\udcff","b":["\udcff"],"a_raw":1},"extra":{"x":{"y":"\udcff"}}}`,
			`{"columns":{"a":{"raw":"/w==","text":"` + "\ufffd" + `"},"a_raw":1,"b":[{"raw":"/w==","text":"` + "\ufffd" + `"}]},"extra":{"x":{"y":{"raw":"/w==","text":"` + "\ufffd" + `"}}}}`,
		},
		{`{"attachments":[{"name":"\udcff","size":1}]}`, `{"attachments":[{"name":"` + "\ufffd" + `","name_raw":"/w==","size":1}]}`},
		{`{"columns":{"\udcff":1,"\udcfe":2}}`, `{"columns":{"\\xfe":2,"\\xff":1}}`},
		{`{"lists":[["\udcff"]]}`, `{"lists":[[{"raw":"/w==","text":"` + "\ufffd" + `"}]]}`},
		{
			`{"kind":"x-a/b","name":"\udcff","list":["\udcff"],"in":{"y":"\udcff"}}`,
			`{"in":{"y":{"raw":"/w==","text":"` + "\ufffd" + `"}},"kind":"x-a/b","list":[{"raw":"/w==","text":"` + "\ufffd" + `"}],"name":"` + "\ufffd" + `","name_raw":"/w=="}`,
		},
		{`{"in":"{\"kind\":\"x-","kind":"sms","text":["\udcff"]}`, `{"in":"{\"kind\":\"x-","kind":"sms","text":["` + "\ufffd" + `"],"text_raw":["/w=="]}`},
		// Half of a character: its three bytes.
		{`{"text":"\ud83d"}`, `{"text":"` + "\ufffd\ufffd\ufffd" + `","text_raw":"7aC9"}`},
		{`{"text":"\ud83d\ud83d\ude00"}`, `{"text":"` + "\ufffd\ufffd\ufffd\U0001F600" + `","text_raw":"7aC98J+YgA=="}`},
		{`{"text":"\udc00"}`, `{"text":"` + "\ufffd\ufffd\ufffd" + `","text_raw":"7bCA"}`},
	} {
		got, err := canonical(c.in)
		if err != nil || got != c.want {
			t.Errorf("%s\ngot  %s %v\nwant %s", c.in, got, err, c.want)
		}
		if err := evidence.CheckCanonical([]byte(got)); err != nil {
			t.Errorf("%s: %v", got, err)
		}
	}
}

func TestRefused(t *testing.T) {
	for in, want := range map[string]error{
		`[]`: nil, `1`: nil, `{"a":1,"a":2}`: errRepeated, `{"a":1,"\u0061":2}`: errRepeated, `{"a":NaN}`: errNaN, `{"a":-Infinity}`: errNaN,
		`{"a":01}`: errSyntax, `{"a":.5}`: errSyntax, `{"a":1.}`: errSyntax, `{"a":1e}`: errSyntax, `{"a":+1}`: errSyntax, `{"a":-}`: errSyntax,
		`{"a":tru}`: errSyntax, `{'a':1}`: errSyntax, `{"a":"\x41"}`: errSyntax, `{"a":"\u12g4"}`: errSyntax, "{\"a\":\"\x01\"}": errControl, "{\"a\":\"\\n\x01\"}": errControl,
		`{"a":1,}`: errSyntax, `{"a" 1}`: errSyntax, `{"a":[1,]}`: errSyntax, `{"a":[1 2]}`: errSyntax,
		`{"text":"` + "\xff" + `","text_raw":"x"}`: errRepeated, `{"a":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`: errDepth,
	} {
		got, err := canonical(in)
		if err == nil || want != nil && !errors.Is(err, want) {
			t.Errorf("%s: %q, %v", in, got, err)
		}
	}
}

// TestAgainstEncodingJSON: what encoding/json and evidence make of the same text.
func TestAgainstEncodingJSON(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		in := randomObject(rng, 0)
		want, err := evidence.Canonicalize([]byte(in))
		if err != nil {
			t.Fatal(in, err)
		}
		got, err := canonical(in)
		if err != nil || got != string(want) {
			t.Fatalf("%s\ngot  %s %v\nwant %s", in, got, err, want)
		}
	}
}

func randomObject(rng *rand.Rand, depth int) string {
	var b strings.Builder
	b.WriteString("{")
	for i := range rng.IntN(6) {
		if i > 0 {
			b.WriteString(" ,")
		}
		fmt.Fprintf(&b, `"%s%d" :`, []string{"", "a", "é", "😀", `\u0041`, `\n`, "\uffff"}[rng.IntN(7)], i)
		b.WriteString(randomValue(rng, depth+1))
	}
	return b.String() + "}"
}

func randomValue(rng *rand.Rand, depth int) string {
	switch n := rng.IntN(9); {
	case n == 0 && depth < 6:
		return randomObject(rng, depth)
	case n == 1 && depth < 6:
		var parts []string
		for range rng.IntN(4) {
			parts = append(parts, randomValue(rng, depth+1))
		}
		return "[\t" + strings.Join(parts, " , ") + "]"
	case n == 2:
		return []string{"null", "true", "false"}[rng.IntN(3)]
	case n < 5:
		return fmt.Sprint(rng.Int64N(1<<54) - 1<<53 + 1)
	}
	return `"` + []string{"", "text", "中文", `a\"b`, `\\`, `\u001f`, `\ud83d\ude00`, "😀", strings.Repeat("x", 50)}[rng.IntN(9)] + `"`
}

func FuzzStatement(f *testing.F) {
	for _, s := range []string{`{"record":{"a":1}}`, `{"done":true}`, `{"diagnostic":{"code":"x"}}`, `{"artifact":{"name":"\udcff"}}`, "{\"record\":{\"b\":[\"\xff\"],\"a\":{}}}", `{"data":"aGk="}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		tr := translator{opt: Options{MaxLine: 1 << 20}}
		if tr.statement(line) != nil {
			return
		}
		for _, out := range [][]byte{tr.records.b, tr.diagnostics.b} {
			if len(out) == 0 {
				continue
			}
			if err := evidence.CheckCanonical(out[:len(out)-1]); err != nil {
				t.Fatalf("%q: %q: %v", line, out, err)
			}
		}
	})
}
