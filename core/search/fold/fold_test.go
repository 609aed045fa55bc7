package fold_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/exhibit-forensics/exhibit/core/search/fold"
	"github.com/exhibit-forensics/exhibit/evidence"
)

// reference is the definition, without any short cut.
func reference(s string) string {
	c := cases.Fold()
	return norm.NFKC.String(c.String(norm.NFKC.String(c.String(norm.NFD.String(s)))))
}

func TestFold(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"Hello", "hello"},
		{"ＷｅＣｈａｔ　１２", "wechat 12"},
		{"STRASSE Straße", "strasse strasse"},
		{"İstanbul", "i̇stanbul"},
		{"ｶﾞｯﾂ", "ガッツ"},
		{"한국어", "한국어"}, // conjoining jamo
		{"Cafe\u0301", "café"},
		{"ﷺ", "صلى الله عليه وسلم"},
		{"№ ① ﬁ", "no 1 fi"},
		{"ΣΑΣ σας", "σασ σασ"},
		{"微信，身份证。", "微信,身份证。"},
		{"❤️👍🏽", "❤️👍🏽"},
		{"", ""},
	} {
		if got := fold.String(c.in); got != c.want || got != reference(c.in) {
			t.Errorf("%q: %q, want %q, by definition %q", c.in, got, c.want, reference(c.in))
		}
	}
}

// TestShortCuts: every letter, alone and next to others, folds as the definition
// says, and a second time changes nothing.
func TestShortCuts(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if !utf8.ValidRune(r) {
			continue
		}
		s := string(r)
		if got := fold.String(s); got != reference(s) {
			t.Fatalf("%U: %q, by definition %q", r, got, reference(s))
		}
	}
	rng := rand.New(rand.NewPCG(1, 2))
	marks := []rune{0x301, 0x308, 0x3099, 0x309A, 0x653, 0x654, 0x64B, 0x11A8, 0x1161, 0x345, 0xFE0F, 0x200D, 0xFF9E, 0x327}
	ranges := [][2]rune{{0x20, 0x7e}, {0x4e00, 0x4e40}, {0x3041, 0x30fe}, {0xac00, 0xac40}, {0x621, 0x64a}, {0x410, 0x45f}, {0xff01, 0xff9f}, {0x1f300, 0x1f340}, {0xc0, 0x17f}, {0x2010, 0x2030}, {0x1100, 0x11ff}, {0x391, 0x3c9}}
	for range 200_000 {
		var b strings.Builder
		for range rng.IntN(5) + 1 {
			if rng.IntN(4) == 0 {
				b.WriteRune(marks[rng.IntN(len(marks))])
				continue
			}
			p := ranges[rng.IntN(len(ranges))]
			b.WriteRune(p[0] + rng.Int32N(p[1]-p[0]+1))
		}
		s := b.String()
		got := fold.String(s)
		if got != reference(s) {
			t.Fatalf("%+q: %+q, by definition %+q", s, got, reference(s))
		}
		if again := fold.String(got); again != got {
			t.Fatalf("%+q folds to %+q and that to %+q", s, got, again)
		}
	}
}

func TestWalk(t *testing.T) {
	line, err := evidence.Canonical(map[string]any{
		"kind": "message", "time": "2020-01-01T00:00:00Z", "time_raw": "x", "times": []any{map[string]any{"raw": "y"}}, "state": "live", "flags": []string{"f"},
		"charset": "gbk", "charset_basis": "declared", "source": map[string]any{"offset": 1, "length": 3, "line": 2}, "text_raw": "AAAA", "exhibit": "own", "id": 4,
		"theme": "seen", "text": "quote \" back \\ tab \t slash \\\"", "direction": nil, "partial": true, "n": -5, "to": []string{"a", "b"},
		"attachments": []any{map[string]any{"name": "f.png", "name_raw": "BBBB", "missing": false, "size": 12}, map[string]any{}},
		"columns":     map[string]any{"raw": "kept", "a_raw": "kept too", "b": map[string]any{"raw": "AA==", "text": "a\ufffd"}, "姓名": "张", "none": []any{}},
		"extra":       map[string]any{"raw": "one", "text": "two"},
	})
	if err != nil {
		t.Fatal(err)
	}
	w := fold.Walker{Paths: true, Texts: true, Roots: []string{"kind", "time", "time_raw", "times", "source", "text_raw", "exhibit", "id", "charset", "charset_basis", "flags", "state", "partial"}}
	var searched, other []string
	if err := w.Walk(line, func(v *fold.Value) {
		s := fmt.Sprintf("%s=%s", v.Path, v.Text())
		if v.Searched {
			searched = append(searched, s)
		} else {
			other = append(other, s)
		}
	}); err != nil {
		t.Fatal(err)
	}
	_, members, err := evidence.ScanRecord(line, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []fold.Walker{w, {Texts: true}, {Roots: []string{"columns", "to"}}, {Texts: true, Paths: true, Roots: []string{"columns", "source"}}} {
		var whole, parts []fold.Value
		note := func(to *[]fold.Value) func(*fold.Value) {
			return func(v *fold.Value) {
				c := *v
				c.Path = bytes.Clone(c.Path)
				*to = append(*to, c)
			}
		}
		if err := errors.Join(v.Walk(line, note(&whole)), v.WalkMembers(line, members, note(&parts))); err != nil || !reflect.DeepEqual(whole, parts) {
			t.Errorf("by members %+v, whole %+v (%v)", parts, whole, err)
		}
	}
	want := "attachments.name=f.png|attachments.size=12|columns.a_raw=kept too|columns.b.text=a\ufffd|columns.raw=kept|columns.姓名=张|extra.text=two|" +
		"n=-5|text=quote \" back \\ tab \t slash \\\"|theme=seen|to=a|to=b"
	if got := strings.Join(searched, "|"); got != want {
		t.Errorf("searched:\n%s\nwant\n%s", got, want)
	}
	want = "attachments.missing=false|attachments.name_raw=BBBB|charset=gbk|charset_basis=declared|columns.b.raw=AA==|exhibit=own|extra.raw=one|flags=f|id=4|kind=message|partial=true|" +
		"source.length=3|source.line=2|source.offset=1|state=live|text_raw=AAAA|time=2020-01-01T00:00:00Z|time_raw=x|times.raw=y"
	if got := strings.Join(other, "|"); got != want {
		t.Errorf("not searched:\n%s\nwant\n%s", got, want)
	}
	searched, other = nil, nil
	w = fold.Walker{Paths: true, Roots: []string{"columns", "time"}}
	must := w.Walk(line, func(v *fold.Value) { searched = append(searched, string(v.Path)) })
	if got := strings.Join(searched, "|"); must != nil || got != "columns.a_raw|columns.b.raw|columns.b.text|columns.raw|columns.姓名|time" {
		t.Errorf("roots: %s %v", got, must)
	}
	w = fold.Walker{Texts: true}
	for _, bad := range []string{"", "x", "{", `{"a`, `{"a"`, `{"a":`, `{"a":"b`, `{"a":"b"`, `{"a":1,`, `{"a":[1`, `{"a":[,]}`, `{"a":1}x`, `{"a":"\`, strings.Repeat(`{"a":`, 100)} {
		if err := w.Walk([]byte(bad), func(*fold.Value) {}); err == nil {
			t.Errorf("%q is taken for a line", bad)
		}
	}
}
