package main

import (
	"math"
	"slices"
	"strings"
	"testing"
)

func TestWords(t *testing.T) {
	for text, want := range map[string]string{
		"今天天气":                  "今天 今天天 今天天气 天天 天天气 天气",
		"see you at 8":          "see you at",
		"去skype了吗":              "skype 了吗",
		"a":                     "",
		"привет мир":            "привет мир",
		"":                      "",
		"x1 ,, 关于,我":            "x1 关于",
		strings.Repeat("a", 33): "",
	} {
		var got []string
		words([]byte(text), func(w []byte) { got = append(got, string(w)) })
		expected := strings.Fields(want)
		slices.Sort(got)
		slices.Sort(expected)
		if !slices.Equal(got, expected) {
			t.Errorf("%s: %v, want %v", text, got, expected)
		}
	}
}

// By hand: 10 of 100 against 20 of 1,900, prior 100 messages of which 1.5 hold the word.
func TestScore(t *testing.T) {
	v := &vocabulary{n: [groups]int64{inQuestion: 100, withTerm: 1900}, control: withTerm}
	odds, z := v.score(&wordCount{n: [groups]int64{inQuestion: 10, withTerm: 20}})
	want := math.Log(11.5/(90+98.5)) - math.Log(21.5/(1880+98.5))
	if math.Abs(odds-want) > 1e-12 || math.Abs(z-want/math.Sqrt(1/11.5+1/21.5)) > 1e-12 {
		t.Error(odds, z)
	}
	if _, z := v.score(&wordCount{n: [groups]int64{inQuestion: 5, withTerm: 95}}); math.Abs(z) > 1e-9 {
		t.Errorf("the same share in both: z = %g", z)
	}
}

// Far values of the normal distribution, from tables: Abramowitz and Stegun 26.1 (z = 1.96, 5)
// and -log10 Q(20) = 88.56010, -log10 Q(50) = 544.96634 (ibid., table 26.2).
func TestUpperNormal(t *testing.T) {
	for z, want := range map[float64]float64{0: math.Log10(0.5), 1.959963985: math.Log10(0.025), 5: -6.54265, 20: -88.56010, 50: -544.96634} {
		if got := upperNormal(z); math.Abs(got-want) > 5e-5 {
			t.Errorf("z = %g: %g, want %g", z, got, want)
		}
	}
}

func TestQuote(t *testing.T) {
	for in, want := range map[string]string{`a b`: `"a b"`, `a"b\c`: `"a\"b\\c"`, `\"`: `"\\\""`, ``: `""`} {
		if got := quote(in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}
