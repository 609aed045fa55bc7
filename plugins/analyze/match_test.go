package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// naive finds terms at each place of a text: the longest there, then on behind it.
func naive(text string, terms []string) (hits []int32) {
	for i := 0; i < len(text); {
		best := -1
		for t, term := range terms {
			if strings.HasPrefix(text[i:], term) && (best < 0 || len(term) > len(terms[best])) {
				best = t
			}
		}
		if best < 0 {
			i++
			continue
		}
		hits = append(hits, int32(best))
		i += len(terms[best])
	}
	return hits
}

// Few letters, so that terms overlap, contain and begin each other.
var letters = rapid.StringOfN(rapid.SampledFrom([]rune("abA中国Ａ　é")), 1, 6, -1)

func TestMatcherIsNaive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var folded [][]byte
		var terms []string
		for _, s := range rapid.SliceOfN(letters, 0, 12).Draw(t, "terms") {
			f := lower([]byte(s))
			if !slices.Contains(terms, string(f)) {
				folded, terms = append(folded, f), append(terms, string(f))
			}
		}
		m, err := newMatcher(folded)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Join(rapid.SliceOfN(letters, 0, 12).Draw(t, "text"), "")
		got := m.scan(fold(nil, []byte(text)), nil)
		want := naive(string(lower([]byte(text))), terms)
		if !slices.Equal(got, want) {
			t.Fatalf("%q in %q: %v, want %v", terms, text, got, want)
		}
		if slow := m.slow(fold(nil, []byte(text)), nil); len(terms) > 0 && !slices.Equal(slow, want) {
			t.Fatalf("%q in %q by the automaton: %v, want %v", terms, text, slow, want)
		}
	})
}

func TestFold(t *testing.T) {
	for in, want := range map[string]string{
		"ＴａＩｗａｎ　２０": "taiwan 20", "～！": "~!", "ﾀｲ": "ﾀｲ", "Ünï": "Ünï", "。、": "。、", "": "", "\uff5f\uff00": "\uff5f\uff00",
	} {
		if got := string(lower([]byte(in))); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		got := fold(nil, []byte(text))
		want := strings.Map(func(r rune) rune {
			switch {
			case r >= 0xff01 && r <= 0xff5e:
				return unicode.ToLower(r - 0xff01 + '!')
			case r == 0x3000:
				return ' '
			}
			if r < 0x80 && r >= 'A' && r <= 'Z' {
				return r | 0x20
			}
			return r
		}, text)
		if string(got) != want || !utf8.Valid(got) {
			t.Fatalf("%q: %q, want %q", text, got, want)
		}
	})
}

// A term may be cut off at the end of the text, and a shorter one inside it counts.
func TestMatcherAtTheEnd(t *testing.T) {
	m, err := newMatcher([][]byte{[]byte("falun"), []byte("falungong"), []byte("lungs"), []byte("gon")})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string][]int32{
		"falungon": {0, 3}, "falungong": {1}, "falungs": {0}, "lungs": {2}, "falungo": {0}, "xfalunfalungong": {0, 1}, "": nil,
	} {
		for _, got := range [][]int32{m.scan([]byte(text), nil), m.slow([]byte(text), nil)} {
			if !slices.Equal(got, want) {
				t.Errorf("%s: %v, want %v", text, got, want)
			}
		}
	}
}

// Text that is made to be slow is left to the automaton, and gives the same.
func TestMatcherUnderAttack(t *testing.T) {
	var terms [][]byte
	for i := range 300 {
		terms = append(terms, append(bytes.Repeat([]byte("a"), 100+i), 'b'))
	}
	m, err := newMatcher(terms)
	if err != nil {
		t.Fatal(err)
	}
	text := append(bytes.Repeat([]byte("a"), 20_000), 'b', 'c')
	if got := m.scan(text, []int32{7}); !slices.Equal(got, []int32{7, 299}) || m.auto == nil {
		t.Errorf("%v, automaton %t", got, m.auto != nil)
	}
}

func TestTooManyTerms(t *testing.T) {
	var terms [][]byte
	for i := range 2000 {
		terms = append(terms, bytes.Repeat([]byte{byte(i), byte(i >> 8), 7}, 1300))
	}
	if _, err := newMatcher(terms); err == nil {
		t.Fatal("no limit")
	}
}

// Terms by the thousand over text as it is logged: half Chinese, a term in most messages.
func BenchmarkScan(b *testing.B) {
	terms, text := benchTerms(5000), benchText()
	m, err := newMatcher(terms)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(text)))
	var hits []int32
	var folded []byte
	for b.Loop() {
		folded = fold(folded, text)
		hits = m.scan(folded, hits[:0])
	}
	if len(hits) == 0 {
		b.Fatal("nothing found")
	}
	b.ReportMetric(float64(len(hits)), "hits")
}

// benchTerms are n different terms, a third in ASCII.
func benchTerms(n int) (terms [][]byte) {
	seen := map[string]bool{}
	for i, state := 0, uint32(1); len(terms) < n; i++ {
		var s []rune
		for range 2 + i%6 + 3*(1-min(i%3, 1)) { // words of five letters and more, two characters and more
			state = state*1664525 + 1013904223
			if i%3 == 0 {
				s = append(s, 'a'+rune(state>>16)%26)
			} else {
				s = append(s, 0x4e00+rune(state>>16)%2000)
			}
		}
		if !seen[string(s)] {
			seen[string(s)] = true
			terms = append(terms, []byte(string(s)))
		}
	}
	return terms
}

func benchText() []byte {
	var b bytes.Buffer
	terms := benchTerms(5000)
	for i, state := 0, uint32(7); b.Len() < 4<<20; i++ {
		for range 20 {
			state = state*1664525 + 1013904223
			b.WriteRune(0x4e00 + rune(state>>16)%3000)
		}
		b.Write(terms[int(state>>8)%len(terms)])
		b.WriteString(" and then He said Nothing of it. ")
	}
	return b.Bytes()
}
