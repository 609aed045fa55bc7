package main

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// charset is what values are text in.
type charset struct {
	name string
	sdk  sdk.Charset
	// other is where the SDK does not have it; it decodes what is malformed as U+FFFD.
	other encoding.Encoding
}

// others are charsets by their names in MySQL, PostgreSQL and IANA, "_" as "-".
var others = map[string]struct {
	name string
	enc  encoding.Encoding
}{
	"latin1":       {"windows-1252", charmap.Windows1252}, // MySQL §12.10.2: latin1 is cp1252
	"win1252":      {"windows-1252", charmap.Windows1252},
	"windows-1252": {"windows-1252", charmap.Windows1252},
	"iso-8859-1":   {"iso-8859-1", charmap.ISO8859_1},
	"latin2":       {"iso-8859-2", charmap.ISO8859_2},
	"cp1250":       {"windows-1250", charmap.Windows1250},
	"win1250":      {"windows-1250", charmap.Windows1250},
	"cp1251":       {"windows-1251", charmap.Windows1251},
	"win1251":      {"windows-1251", charmap.Windows1251},
	"win":          {"windows-1251", charmap.Windows1251},
	"cp866":        {"ibm866", charmap.CodePage866},
	"win866":       {"ibm866", charmap.CodePage866},
	"koi8r":        {"koi8-r", charmap.KOI8R},
	"koi8":         {"koi8-r", charmap.KOI8R},
	"koi8u":        {"koi8-u", charmap.KOI8U},
	"cp1256":       {"windows-1256", charmap.Windows1256},
	"win1256":      {"windows-1256", charmap.Windows1256},
	"hebrew":       {"iso-8859-8", charmap.ISO8859_8},
	"greek":        {"iso-8859-7", charmap.ISO8859_7},
	"euckr":        {"euc-kr", korean.EUCKR},
	"euc-kr":       {"euc-kr", korean.EUCKR},
	"ujis":         {"euc-jp", japanese.EUCJP},
	"euc-jp":       {"euc-jp", japanese.EUCJP},
	"eucjpms":      {"euc-jp", japanese.EUCJP},
}

// sameAs are names of databases for charsets that the SDK has.
var sameAs = map[string]string{
	"utf8mb4": "utf-8", "utf8mb3": "utf-8", "unicode": "utf-8", "ascii": "utf-8", "cp932": "shift_jis",
	"euc-cn": "gb18030", "gb2312": "gb18030", "uhc": "euc-kr", "windows949": "euc-kr",
}

func charsetOf(name string) (charset, bool) {
	name = strings.ReplaceAll(strings.ToLower(name), "_", "-")
	if as, ok := sameAs[name]; ok {
		name = as
	}
	if o, ok := others[name]; ok { // first: databases call by some names what the SDK does not
		return charset{name: o.name, other: o.enc}, true
	}
	if c, err := sdk.ParseCharset(name); err == nil {
		return charset{name: c.Name(), sdk: c}, true
	}
	return charset{}, false
}

// decode returns b as UTF-8, appended to scratch where it must be changed; ok is
// false where b is no text.
func (c *charset) decode(scratch, b []byte) (text, rest []byte, ok bool) {
	if c.name == "utf-8" || c.name == "" {
		return b, scratch, utf8.Valid(b)
	}
	if plain(b) {
		return b, scratch, true
	}
	from := len(scratch)
	if c.other != nil {
		out, err := c.other.NewDecoder().Bytes(b)
		if err != nil || bytes.ContainsRune(out, utf8.RuneError) {
			return b, scratch, false
		}
		scratch = append(scratch, out...)
	} else {
		out, err := c.sdk.Append(scratch, b)
		if err != nil {
			return b, scratch, false
		}
		scratch = out
	}
	return scratch[from:len(scratch):len(scratch)], scratch, true
}

func plain(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf || c == 0x1B {
			return false
		}
	}
	return true
}

// charsets is which one the values are in, and why.
type charsets struct {
	current charset // zero where it is not known yet
	basis   string
	fixed   bool // declared for the item or by the layout: what the dump says does not matter
	stated  charset
	// open: not decided yet; meanwhile what is UTF-8 is shown as such.
	open bool
}

func newCharsets(cfg *config, wide bool) (c charsets, err error) {
	switch {
	case wide:
		c.current, _ = charsetOf("utf-8")
		c.current.name, c.basis, c.fixed = "utf-16", sdk.Detected, true
	case cfg.charset != "":
		known, ok := charsetOf(cfg.charset)
		if !ok {
			return c, fmt.Errorf("%w: charset %q", sdk.ErrUnsupported, cfg.charset)
		}
		c.current, c.basis, c.fixed = known, sdk.Declared, true
	}
	return c, nil
}

// declare takes over what SET NAMES or client_encoding states. It decides too how
// strings are lexed, whatever the examiner declared: it is what the writer escaped by.
func (c *charsets) declare(name string, l *lexer) {
	l.multibyte = singleByte
	switch strings.ReplaceAll(strings.ToLower(name), "_", "") {
	case "gbk", "big5":
		l.multibyte = doubleByte
	case "gb18030":
		l.multibyte = fourByte
	case "sjis", "cp932", "shiftjis2004":
		l.multibyte = shiftJIS
	}
	if l.wide != nil {
		l.multibyte = singleByte
	}
	if c.fixed {
		return
	}
	if known, ok := charsetOf(name); ok {
		c.current, c.basis, c.stated = known, sdk.Declared, known
		return
	}
	c.current, c.basis, c.stated = charset{}, "", charset{} // binary, SQL_ASCII: bytes of any charset
}

// unsettled reports whether values that are not ASCII must decide. latin1 needs
// them too: it is what MySQL calls bytes of any charset, and every byte is text in it.
func (c *charsets) unsettled() bool {
	return !c.fixed && (c.current.name == "" || c.open || c.stated.name == "windows-1252" && c.basis == sdk.Declared)
}

// settle decides by a sample of values that are not ASCII. It reports whether it
// contradicts what the dump states.
func (c *charsets) settle(sample []byte) (contradicts bool) {
	var candidates []sdk.Charset
	for _, name := range []string{"utf-8", "gb18030", "big5", "shift_jis"} {
		known, _ := sdk.ParseCharset(name)
		candidates = append(candidates, known)
	}
	if c.stated.name != "" {
		candidates = candidates[:1] // much of latin1 is as common in Chinese charsets
	}
	found, ok := sdk.Guess(sample, candidates...)
	switch {
	case ok && !plain(sample):
		contradicts = c.stated.name != ""
		c.current, c.basis = charset{name: found.Name(), sdk: found}, sdk.Detected
	case c.stated.name == "":
		c.current, _ = charsetOf("utf-8")
		c.basis, c.open = sdk.Assumed, true
		return false
	}
	c.fixed, c.open = true, false
	return contradicts
}

// name makes text of an identifier: most are UTF-8 whatever the rows are in.
func (c *charsets) name(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	text, _, _ := c.current.decode(nil, []byte(s))
	return string(text)
}
