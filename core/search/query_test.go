package search_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/exhibit-forensics/exhibit/core/search"
	"github.com/exhibit-forensics/exhibit/evidence"
)

func TestParse(t *testing.T) {
	china := time.FixedZone("", 8*3600)
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"  a　b  ", "a b"},
		{"a AND b OR c", "a b OR c"},
		{"a (b OR c)", "a (b OR c)"},
		{"(a b) c", "a b c"},
		{"(a OR b) OR c", "a OR b OR c"},
		{"NOT a", "-a"},
		{"--a", "a"},
		{"-(a OR -b)", "-(a OR -b)"},
		{"NOT (a b)", "-(a b)"},
		{`"two words" "or" "OR"`, `"two words" or "OR"`},
		{`"a \"b\" \\ \n"`, `"a \"b\" \\ \\n"`},
		{"or and not ANDROID", "or and not ANDROID"},
		{"10:20 +86-10 -x", `"10:20" +86-10 -x`},
		{`"-5" "(x)"`, `"-5" "(x)"`},
		{"kind:x-acme/loc from:-5 columns.a.b:\"x y\"", "kind:x-acme/loc from:-5 columns.a.b:\"x y\""},
		{`"full name":x "a:b":c`, `"full name":x "a:b":c`},
		{"columns.姓名:李:四", "columns.姓名:李:四"},
		{"after:2008-07-31", "after:2008-07-31T00:00:00+08:00"},
		{"before:2008", "before:2008-01-01T00:00:00+08:00"},
		{`after:"2008-07-31 23:10"`, "after:2008-07-31T23:10:00+08:00"},
		{"after:2008-07-31T23:10:19.5Z", "after:2008-07-31T23:10:19.5Z"},
		{"ip:10.0.0.0/8 ip:2001:db8::1", "ip:10.0.0.0/8 ip:2001:db8::1"},
		{"id:0123456789abcdef:17 tag:x path:*.txt exhibit:EX-001", "id:0123456789abcdef:17 tag:x path:*.txt exhibit:EX-001"},
		{"微：信", "微：信"},
	} {
		q, err := search.Parse(c.in, search.ParseOptions{Zone: china})
		if err != nil || q.String() != c.want {
			t.Errorf("%s: %v, want %s; %v", c.in, q, c.want, err)
			continue
		}
		again, err := search.Parse(q.String(), search.ParseOptions{})
		if err != nil || again.String() != c.want {
			t.Errorf("%s: again %v %v", c.in, again, err)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for _, c := range []struct {
		in   string
		at   int // character, 0 where none is named
		want string
	}{
		{"微信 )", 4, `a ")" without a "("`},
		{"a)", 2, `a ")" without a "("`},
		{"a (b", 3, `"(" without a ")"`},
		{"()", 2, `")"; expected`},
		{"a OR", 5, "the query ends"},
		{"OR a", 1, "OR; expected"},
		{"a AND OR b", 7, "OR; expected"},
		{"NOT", 4, "the query ends"},
		{"-", 2, "the query ends"},
		{"a - b", 3, `"-" and a space`},
		{`微 "x`, 3, "without its second quote"},
		{`""`, 1, "empty phrase"},
		{"kind:", 6, `a value after "kind:"`},
		{"kind: x", 6, "a value"},
		{`from:""`, 6, "a value"},
		{"ip:10.0.0", 4, "an address"},
		{"ip:10.0.0.0/33", 4, "an address"},
		{"x after:yesterday", 9, "a date"},
		{"before:2008-13-01", 8, "a date"},
		{"id:12", 4, "record's id"},
		{"path:[a", 6, "a pattern"},
		{"a\xffb", 0, "byte 2"},
		{strings.Repeat("(", 200) + "a", 102, "nested"},
		{strings.Repeat("a", 1<<17), 0, "over 65536 bytes"},
	} {
		_, err := search.Parse(c.in, search.ParseOptions{})
		if !errors.Is(err, evidence.ErrFormat) || !strings.Contains(err.Error(), c.want) || c.at > 0 && !strings.Contains(err.Error(), fmt.Sprintf("at character %d of", c.at)) {
			t.Errorf("%.40q: %v, want %q at %d", c.in, err, c.want, c.at)
		}
	}
}

// TestNormalForm: whatever parses, its normal form parses to itself.
func TestNormalForm(t *testing.T) {
	words := []string{"a", "微信", "OR", "AND", "NOT", "(", ")", "-", `"`, `\"`, `\`, ":", " ", "　", "kind:", "from:", "from:=", "=", "after:2008-01-02", "ip:10.0.0.1", "b.c:", "x", "*", "10:2", "\t", "\u0301"}
	seen := 0
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(words), 0, 12).Draw(t, "words"), "")
		q, err := search.Parse(text, search.ParseOptions{Zone: time.FixedZone("", 3600)})
		if err != nil {
			return
		}
		seen++
		again, err := search.Parse(q.String(), search.ParseOptions{Zone: time.UTC})
		if err != nil || again.String() != q.String() || !slices.Equal(again.Terms(), q.Terms()) || !slices.Equal(again.Fields(), q.Fields()) {
			t.Fatalf("%q: %q, then %v %v", text, q, again, err)
		}
	})
	if seen == 0 {
		t.Fatal("nothing parsed")
	}
}

func TestFind(t *testing.T) {
	for _, c := range []struct{ query, text, want string }{
		{"wechat", "My ＷｅＣｈａｔ and wechat", "My [ＷｅＣｈａｔ] and [wechat]"},
		{"s", "Straße", "[S]tra[ß]e"},
		{"sse", "Straße", "Stra[ße]"},
		{"é", "Cafe\u0301 e", "Caf[e\u0301] e"},
		{"ガ", "ｶﾞｯ", "[ｶﾞ]ｯ"},
		{"aa", "aaaa b", "[aaaa] b"},
		{"微 -信 from:发", "微信发", "[微]信[发]"},
		{"kind:sms", "sms", "sms"},
		{"x", "", ""},
	} {
		q, err := search.Parse(c.query, search.ParseOptions{})
		must(t, err)
		var b strings.Builder
		last := 0
		for _, at := range q.Find(c.text) {
			b.WriteString(c.text[last:at[0]] + "[" + c.text[at[0]:at[1]] + "]")
			last = at[1]
		}
		b.WriteString(c.text[last:])
		if b.String() != c.want {
			t.Errorf("%s in %s: %s, want %s", c.query, c.text, b.String(), c.want)
		}
	}
}
