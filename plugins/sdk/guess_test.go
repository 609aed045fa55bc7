package sdk_test

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// Sentences of the Universal Declaration of Human Rights, articles 1, 3, 18 and 19.
var sentences = map[string][]string{
	"zh-Hans": {"人人生而自由,在尊严和权利上一律平等。", "他们赋有理性和良心,并应以兄弟关系的精神相对待。", "人人有权享有生命、自由和人身安全。", "人人有思想、良心和宗教自由的权利", "此项权利包括改变他的宗教或信仰的自由", "人人有权享有主张和发表意见的自由", "我在3点到 ok?"},
	"zh-Hant": {"人人生而自由,在尊嚴和權利上一律平等。", "他們賦有理性和良心,並應以兄弟關係的精神相對待。", "人人有權享有生命、自由和人身安全。", "人人有思想、良心和宗教自由的權利", "此項權利包括改變他的宗教或信仰的自由", "人人有權享有主張和發表意見的自由", "我們在3點到 ok?"},
	"ja":      {"すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。", "人間は、理性と良心とを授けられており、互いに同胞の精神をもって行動しなければならない。", "すべて人は、生命、自由及び身体の安全に対する権利を有する。", "すべて人は、思想、良心及び宗教の自由に対する権利を有する。"},
}

func TestGuess(t *testing.T) {
	all := []sdk.Charset{charset(t, "utf-8"), charset(t, "gb18030"), charset(t, "big5"), charset(t, "shift_jis"), charset(t, "utf-16le"), charset(t, "utf-16be")}
	for _, c := range []struct {
		name, language string
		enc            encoding.Encoding
	}{
		{"utf-8", "zh-Hans", unicode.UTF8},
		{"gb18030", "zh-Hans", simplifiedchinese.GB18030},
		{"big5", "zh-Hant", traditionalchinese.Big5},
		{"shift_jis", "ja", japanese.ShiftJIS},
		{"utf-16le", "zh-Hans", unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)},
		{"utf-16be", "ja", unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)},
		{"utf-16le", "zh-Hant", unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)},
	} {
		list := sentences[c.language]
		for i, s := range append(list, strings.Join(list, "\r\n"), "<"+list[0]+"> http://example.com/") {
			b, err := c.enc.NewEncoder().String(s)
			if err != nil {
				t.Fatal(err)
			}
			for cut := range 2 { // a sample may end inside a character
				sample := []byte(b)[:len(b)-cut]
				got, ok := sdk.Guess(sample, all...)
				if !ok || got.Name() != c.name {
					t.Errorf("%s %d, cut %d: %q is guessed %s, %v", c.name, i, cut, s, got.Name(), ok)
				}
			}
		}
	}
}

func TestGuessRefusesToGuess(t *testing.T) {
	gb, big5, le := charset(t, "gb18030"), charset(t, "big5"), charset(t, "utf-16le")
	noise := make([]byte, 512)
	for i := range noise {
		noise[i] = byte(i*i*7 + i*131 + i>>3*89)
	}
	for i, c := range []struct {
		b          []byte
		candidates []sdk.Charset
	}{
		{noise, []sdk.Charset{gb, big5, le}},
		{[]byte("\xb0\xa1\xb0\xa1"), []sdk.Charset{gb, big5}}, // common in both
		{[]byte("a\xffb\xff"), []sdk.Charset{charset(t, "utf-8")}},
		{[]byte("abc"), nil},
	} {
		if got, ok := sdk.Guess(c.b, c.candidates...); ok {
			t.Errorf("%d: guessed %s", i, got.Name())
		}
	}
	if got, ok := sdk.Guess([]byte("plain ascii"), le, gb, big5); !ok || got.Name() != "gb18030" {
		t.Error(fmt.Sprint(got.Name(), ok))
	}
}
