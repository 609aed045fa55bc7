package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// Terms in the other script are found, told apart from those that stand as listed, and
// change no count of these.
func TestOtherScript(t *testing.T) {
	set := func(terms, texts []string) []byte {
		var b strings.Builder
		for _, term := range terms {
			fmt.Fprintf(&b, `{"effect":"censor","kind":"keyword","list":"k","source":{"pointer":"/"},"term":%q}`+"\n", term)
		}
		for i, text := range texts {
			fmt.Fprintf(&b, `{"account":"a","kind":"message","service":"chat","source":{"length":1,"offset":%d},"text":%q,"time":null,"to":[]}`+"\n", i, text)
		}
		return []byte(b.String())
	}
	terms := []string{"法轮功", "台灣獨立", "自由", "自由", "march", "发"}
	texts := []string{
		"法輪功", "法轮功", "法輪功和法轮功", "台湾独立", "臺灣獨立", "台灣獨立", "他們說學潮", "自由", "MARCH", "理髮", "發 𠮷 x", "",
		"法轮", "說明天見。法輪功,好",
	}
	all := do(t, set(terms, texts), `{}`)
	got := map[string]string{}
	for _, f := range of(all, "terms.variant") {
		got[f.Value] = f.Statement
	}
	want := map[string]string{
		"法轮功":  "The listed term “法轮功” stands in 2 messages in the other script, as “法輪功”.",
		"台灣獨立": "The listed term “台灣獨立” stands in 2 messages in the other script, as “台湾独立”, “臺灣獨立”.",
		"发":    "The listed term “发” stands in 2 messages in the other script, as “髮”, “發”.",
	}
	if len(got) != len(want) {
		t.Errorf("%d terms: %v", len(got), got)
	}
	for term, statement := range want {
		if got[term] != statement {
			t.Errorf("%s: %q, want %q", term, got[term], statement)
		}
	}
	if f := of(all, "terms.other_script"); len(f) != 1 || f[0].Cited != 6 || fmt.Sprint(f[0].Numbers["unlisted"]) != "6" {
		t.Errorf("%+v", f)
	}
	counts := map[string]int64{}
	for _, f := range of(all, "terms.term") {
		counts[f.Value] = f.Cited
	}
	for term, n := range map[string]int64{"法轮功": 2, "台灣獨立": 1, "自由": 1, "march": 1, "发": 0} {
		if counts[term] != n {
			t.Errorf("%s as it is listed: %d, want %d", term, counts[term], n)
		}
	}
	if f := of(do(t, set([]string{"march"}, []string{"march", "法輪功"}), `{}`), "terms.other_script"); f != nil {
		t.Errorf("without a Chinese term: %+v", f)
	}
}

// The table is one character for one, and applied once; text that is damaged stays as it is.
func TestSimplifier(t *testing.T) {
	s, err := newSimplifier()
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(traditionalText)), "\n")
	n := 0
	for _, l := range lines {
		r := []rune(l)
		if r[0] == '#' {
			continue
		}
		n++
		if got, changed := s.write(nil, []byte(string(r[0]))); !changed || string(got) != string(r[1]) {
			t.Errorf("%s: %s", l, got)
		}
	}
	if n < 3000 {
		t.Errorf("%d characters", n)
	}
	for from, to := range map[string]string{"臺灣獨立": "台湾独立", "學潮": "学潮", "六四": "六四", "": "", "a\xff\xe4": "a\xff\xe4", "é法輪": "é法轮"} {
		got, changed := s.write([]byte("x"), []byte(from))
		if string(got) != "x"+to || changed != (from != to) {
			t.Errorf("%q: %q %v", from, got, changed)
		}
	}
}

func TestLanguages(t *testing.T) {
	for text, want := range map[string]language{
		"": inNone, "123 :-)": inNone, "see you": inLatin, "naïve": inLatin, "明天见 ok": inChinese, "明日の朝": inJapanese, "カタカナ": inJapanese, "안녕 漢字": inKorean,
		"привет": inRussian, "ёлка ok": inRussian, "їжак": inCyrillic, "қазақ": inCyrillic, "مرحبا": inArabic, "چطوری": inArabicLetters, "ئۇيغۇر": inUyghur, "བོད": inTibetan,
		"hẹn gặp lại": inVietnamese, "שלום": inOther, "привет 你好": inSeveral, "\xff\xfe": inNone,
	} {
		if got := languageOf([]byte(text), scriptsOf([]byte(text))); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	var seen []string
	for _, l := range languageNames {
		if l.name == "" || l.why == "" || slices.Contains(seen, l.name) || !utf8.ValidString(l.name) {
			t.Errorf("%+v", l)
		}
		seen = append(seen, l.name)
	}
}
