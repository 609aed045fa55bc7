package sdk

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"
)

// Every character of a text is found again in the input, whatever the charset and
// however it is read.
func TestTextReader(t *testing.T) {
	text := strings.Repeat("plain text, 你好世界 再見 — Grüße €\r\n", 700)
	for name, e := range map[string]encoding.Encoding{
		"utf-8": encoding.Nop, "gb18030": simplifiedchinese.GB18030, "utf-16le": unicode.UTF16(unicode.LittleEndian, unicode.UseBOM),
		"utf-16be": unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), "big5": traditionalchinese.Big5, "windows-1252": charmap.Windows1252, "iso-8859-15": charmap.ISO8859_15,
	} {
		text := text
		switch name {
		case "big5":
			text = strings.NewReplacer("ü", "u", "ß", "s", "€", "e").Replace(text)
		case "windows-1252", "iso-8859-15":
			text = strings.NewReplacer("你好世界", "é", "再見", "è", "—", "-").Replace(text)
		case "utf-16le", "utf-16be":
			text += "😊 at the end"
		}
		raw, err := e.NewEncoder().Bytes([]byte(text))
		if err != nil {
			t.Fatal(name, err)
		}
		cs, err := ParseCharset(name)
		if err != nil {
			t.Fatal(err)
		}
		in := NewInput(bytes.NewReader(raw), int64(len(raw)))
		r, err := in.TextReader(cs)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if err != nil || string(got) != text {
			t.Fatalf("%s: %v, %d bytes of text, want %d", name, err, len(got), len(text))
		}
		if r.Damaged(0, int64(len(got))) {
			t.Errorf("%s: damaged", name)
		}
		for at := 0; at < len(text); {
			_, n := utf8.DecodeRuneInString(text[at:])
			from, to := r.Offset(int64(at)), r.Offset(int64(at+n))
			if shown, bad := cs.AppendShown(nil, raw[from:to], nil); bad || string(shown) != text[at:at+n] {
				t.Fatalf("%s: byte %d is at %d to %d, which is %q", name, at, from, to, shown)
			}
			at += n
		}
		middle := int64(strings.LastIndexByte(text[:len(text)/2], '\n') + 1)
		r.Restart(middle)
		if again, err := io.ReadAll(r); err != nil || string(again) != text[middle:] {
			t.Errorf("%s: after Restart %v, %d bytes", name, err, len(again))
		}
		if from := r.Offset(int64(len(text))); from != int64(len(raw)) {
			t.Errorf("%s: it ends at %d of %d", name, from, len(raw))
		}
	}
}

// What is no text shows as U+FFFD, at its place.
func TestTextReaderDamage(t *testing.T) {
	raw := append(bytes.Repeat([]byte("ab"), 3000), 0xff, 'x', 0xc4, 0xe3, 'y')
	cs, _ := ParseCharset("gbk")
	r, err := NewInput(bytes.NewReader(raw), int64(len(raw))).TextReader(cs)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil || string(text[6000:]) != "\uFFFDx你y" {
		t.Fatalf("%v %q", err, text[6000:])
	}
	var at []int64
	for _, n := range []int64{5999, 6000, 6003, 6004, 6007, 6008} {
		at = append(at, r.Offset(n))
	}
	if fmt.Sprint(at) != "[5999 6000 6001 6002 6004 6005]" {
		t.Error(at)
	}
	if r.Damaged(0, 6000) || !r.Damaged(6000, 6001) || r.Damaged(6003, 6008) {
		t.Error("Damaged", r.Damaged(0, 6000), r.Damaged(6000, 6001), r.Damaged(6003, 6008))
	}
	r.Forget(6000)
	if got := r.Offset(6003); got != 6001 {
		t.Error(got)
	}
}
