package main_test

import (
	"bytes"
	"fmt"
	"os/exec"
	"strings"
	"testing"
)

// iconv is what iconv(1) makes of a text in UTF-8.
func iconv(t testing.TB, charset, text string) []byte {
	t.Helper()
	cmd := exec.Command("iconv", "-f", "utf-8", "-t", charset)
	cmd.Stdin = strings.NewReader(text)
	out, err := cmd.Output()
	if err != nil {
		t.Skip("NOT TESTED: iconv is not installed, or knows no " + charset)
	}
	return out
}

var texts = map[string][]string{
	"zh": {"你好世界今天", "我们晚上一起吃饭吧", "明天见面再说这件事"},
	"tw": {"你好,今天晚上見", "我們明天再說這件事", "請把東西帶過來給我"},
	"ja": {"こんにちは、今日は会議です", "また明日お願いします", "駅の前で待っています"},
	"ko": {"안녕하세요 오늘 저녁에 만날까요", "네 좋아요 어디에서 볼까요", "지하철역 앞에서 봅시다"},
}

func table(language string, rows int) []string {
	lines := []string{"from,to,body\n"}
	for i := range rows {
		text := texts[language][i%len(texts[language])]
		lines = append(lines, fmt.Sprintf("+8613800%05d,+8613900%05d,\"%s\"\n", i, i, text))
	}
	return lines
}

// What iconv(1) writes in each charset is found out, and comes out as it went in, and so
// it does where the charset is declared.
func TestIconv(t *testing.T) {
	for charset, language := range map[string]string{"utf-8": "zh", "gb18030": "zh", "big5": "tw", "shift_jis": "ja", "euc-kr": "ko", "utf-16le": "ko", "utf-16be": "ja"} {
		data := iconv(t, charset, strings.Join(table(language, 12), ""))
		for _, config := range []string{`{}`, `{"charset":"` + charset + `"}`} {
			records, _, _ := read(t, data, config)
			basis := map[string]string{`{}`: "detected"}[config]
			if basis == "" {
				basis = "declared"
			}
			if len(records) != 12 || records[4]["text"] != texts[language][1] || records[4]["charset"] != charset || records[4]["charset_basis"] != basis {
				t.Errorf("%s, %s: %d records, %v", charset, config, len(records), records[min(4, len(records)-1)])
			}
		}
	}
}

// A file whose lines are in two charsets: each record states its own, what is in
// neither is kept as bytes, and where every line is lies where it says.
func TestMixedCharsets(t *testing.T) {
	for _, c := range []struct {
		charset, language string
		every             int // which lines are in the charset, the others in UTF-8
	}{{"gb18030", "zh", 3}, {"gb18030", "zh", 2}, {"shift_jis", "ja", 3}, {"euc-kr", "ko", 2}, {"big5", "tw", 2}} {
		var data bytes.Buffer
		var want []string
		for i, line := range table(c.language, 24) {
			charset := "utf-8"
			if i%c.every == 1 {
				charset = c.charset
			}
			data.Write(iconv(t, charset, line))
			want = append(want, charset)
		}
		data.WriteString("1,2,\xff\xfe\xff\n")
		records, diagnostics, _ := read(t, data.Bytes(), `{}`)
		if len(records) != 25 || !strings.Contains(codes(diagnostics), "warning charset.mixed") {
			t.Fatalf("%s: %d records, %s", c.charset, len(records), codes(diagnostics))
		}
		for i, r := range records[:24] {
			if r["charset"] != want[i+1] || r["text"] != texts[c.language][i%3] || r["charset_basis"] != "detected" || !strings.HasPrefix(span(data.Bytes(), r), "+8613800") {
				t.Errorf("%s, line %d: %v", c.charset, i+2, r)
			}
		}
		if last := records[24]; last["text_raw"] != "//7/" || !strings.HasPrefix(fmt.Sprint(last["flags"]), "[charset_damaged") {
			t.Errorf("%v", last)
		}
		// Declared, the charset is that of all lines.
		records, diagnostics, _ = read(t, data.Bytes(), `{"charset":"utf-8"}`)
		if strings.Contains(codes(diagnostics), "mixed") || records[0]["charset"] != "utf-8" {
			t.Errorf("%s", codes(diagnostics))
		}
	}
}
