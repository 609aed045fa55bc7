package main_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
)

const chineseHead = "发送号码,接收号码,短信内容,发送时间\n"

func rows(n int, row string) string { return strings.Repeat(row, n) }

// Bytes that are no text cost no more than themselves: what can be read is read,
// and the field's bytes stand beside it.
func TestDamagedText(t *testing.T) {
	for charset, spoil := range map[string]string{"utf-8": "\xff", "gb18030": "\xff", "big5": "\xff", "shift_jis": "\xff", "utf-16le": "\x00\xd8", "utf-16be": "\xd8\x00"} {
		head := chineseHead
		text := "晚上八点在北门见"
		switch charset {
		case "big5":
			head, text = "發送號碼,接收號碼,簡訊內容,發送時間\n", "晚上八點在北門見"
		case "shift_jis":
			head, text = "送信者,受信者,本文,送信日時\n", "さくらがさいた"
		}
		good := "1055500001,1055500002," + text + ",2008/08/20 21:00:05\n"
		half := len(string([]rune(text)[:4]))
		before, after := encode(t, charset, text[:half]), encode(t, charset, text[half:])
		field := string(before) + spoil + string(after)
		data := encode(t, charset, head+rows(20, good)+"1055500001,1055500002,\"\n")
		data = append(data, field...)
		data = append(data, encode(t, charset, "\",2008/08/20 21:00:06\n"+good)...)
		got, diagnostics, _ := read(t, data, `{"zone":"UTC"}`)
		if len(got) != 22 || codes(diagnostics) != "warning charset.damaged" {
			t.Fatalf("%s: %d records; %s", charset, len(got), codes(diagnostics))
		}
		r := got[20]
		want := "\n" + text[:half] + "\uFFFD" + text[half:]
		raw := base64.StdEncoding.EncodeToString(append(encode(t, charset, "\n"), field...))
		if r["text"] != want || r["text_raw"] != raw || r["time"] != "2008-08-20T21:00:06Z" || r["to"].([]any)[0] != "1055500002" || r["flags"].([]any)[0] != "charset_damaged" {
			t.Errorf("%s: %v", charset, r)
		}
		if r["charset"] != charset || got[21]["text"] != text || got[21]["text_raw"] != nil {
			t.Errorf("%s: %v", charset, got[21])
		}
		if !bytes.Contains([]byte(span(data, r)), []byte(field)) {
			t.Errorf("%s: span %q", charset, span(data, r))
		}
	}
}

// Who says what the charset is.
func TestWhoSaysTheCharset(t *testing.T) {
	text := chineseHead + rows(5, "1055500001,1055500002,晚上八点在北门见,2008/08/20 21:00:05\n")
	const bad = "1055500001,1055500002,f\xfcr dich\xdf,2008/08/20 21:00:05\n"
	for name, c := range map[string]struct {
		data           []byte
		config         string
		charset, basis any
		codes          string
	}{
		"detected":           {encode(t, "gb18030", text), `{"zone":"UTC"}`, "gb18030", "detected", ""},
		"declared":           {encode(t, "gb18030", text), `{"zone":"UTC","charset":"gbk"}`, "gb18030", "declared", ""},
		"mark":               {encode(t, "utf-16be", "\ufeff"+text), `{"zone":"UTC"}`, "utf-16be", "detected", ""},
		"mark, not declared": {encode(t, "utf-8", "\ufeff"+text), `{"zone":"UTC","charset":"gb18030"}`, "utf-8", "detected", "warning charset.mark_differs"},
		"ASCII at first":     {encode(t, "gb18030", "From,To,Text,Time\n"+rows(8000, "1055500001,1055500002,x,2008/08/20 21:00:05\n")+rows(50, "1055500001,1055500002,晚上八点在北门见,2008/08/20 21:00:05\n")), `{"zone":"UTC"}`, "gb18030", "detected", ""},
		"not known here":     {[]byte("From,To,Text,Time\n" + rows(30, bad)), `{"zone":"UTC"}`, nil, nil, "unresolved charset.unknown, warning charset.damaged"},
	} {
		got, diagnostics, _ := read(t, c.data, c.config)
		if len(got) == 0 || codes(diagnostics) != c.codes {
			t.Fatalf("%s: %d records; %s", name, len(got), codes(diagnostics))
		}
		r := got[len(got)-1]
		if r["charset"] != c.charset || r["charset_basis"] != c.basis {
			t.Errorf("%s: %v", name, r)
		}
		if c.charset == nil {
			if r["text"] != "f\uFFFDr dich\uFFFD" || r["text_raw"] != base64.StdEncoding.EncodeToString([]byte("f\xfcr dich\xdf")) {
				t.Errorf("%s: %v", name, r)
			}
		} else if r["text"] != "晚上八点在北门见" {
			t.Errorf("%s: %v", name, r)
		}
	}
}

// Damage anywhere else than in the text: the bytes are kept where they belong.
func TestDamagedElsewhere(t *testing.T) {
	got, _, _ := read(t, []byte("From,To,Text,Note,Status\n5550100,555\xff0101,x,a\xffb,\xfe\n5550100,5550101,好,c,d\n"), `{}`)
	r := got[0]
	b64 := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	if r["to"].([]any)[0] != "555\uFFFD0101" || r["to_raw"].([]any)[0] != b64("555\xff0101") || r["status_raw"] != b64("\xfe") {
		t.Error(r)
	}
	extra := r["extra"].(object)
	if note(extra["Note"]) != "a\uFFFDb "+b64("a\xffb") {
		t.Error(r)
	}
	got, _, _ = read(t, []byte("name,city,zip\nA\xff,b,1\nc,d,2\ne,f,3\n"), `{}`)
	if c := got[0]["columns"].(object); note(c["name"]) != "A\uFFFD "+b64("A\xff") {
		t.Error(got[0])
	}
}

// note is a value under a name of the evidence's that is no text.
func note(v any) string {
	o, _ := v.(object)
	return fmt.Sprint(o["text"], " ", o["raw"])
}
