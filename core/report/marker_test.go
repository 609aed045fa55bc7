package report

import (
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/core/search/fold"
)

func TestMarker(t *testing.T) {
	for _, c := range []struct {
		text  string
		terms []string
		want  string // marks in brackets
	}{
		{"有人转发了六四的消息给我", []string{"六四"}, "有人转发了[六四]的消息给我"},
		{"On my WAY, ｗａｙ", []string{"way"}, "On my [WAY], [ｗａｙ]"},
		{"Straße", []string{"strass"}, "[Straß]e"},
		{"cafe\u0301 au lait", []string{"café"}, "[cafe\u0301] au lait"},
		{"aaa", []string{"aa", "aaa"}, "[aaa]"},
		{"abcabc", []string{"bc", "ca"}, "a[bcabc]"},
		{"nothing", []string{"x", ""}, "nothing"},
		{"", []string{"x"}, ""},
	} {
		var terms []string
		for _, term := range c.terms {
			terms = append(terms, fold.String(term))
		}
		var b strings.Builder
		for _, p := range (&marker{terms}).split(c.text) {
			if p.Mark {
				b.WriteString("[" + p.Text + "]")
			} else {
				b.WriteString(p.Text)
			}
		}
		if b.String() != c.want {
			t.Errorf("%q in %q: %q, want %q", c.terms, c.text, b.String(), c.want)
		}
	}
}

// Marking changes nothing of a text, whatever it holds.
func FuzzMarker(f *testing.F) {
	f.Add("Straße ＷＡＹ", "way")
	f.Add("e\u0301\u0323e", "e")
	f.Add("각ㄱ", "ㄱ")
	f.Add("\xff\xfe", "\xff")
	f.Fuzz(func(t *testing.T, text, term string) {
		k := &marker{[]string{fold.String(term)}}
		at := 0
		for _, s := range k.find(text) {
			if s.from < at || s.to <= s.from || s.to > len(text) {
				t.Fatalf("span %+v after %d in %d bytes", s, at, len(text))
			}
			at = s.to
		}
	})
}
