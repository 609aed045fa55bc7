package sdk

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/transform"
)

// Charset decodes bytes as text, strictly: what is malformed is refused, never
// replaced. The zero Charset is none. Tables are those of the WHATWG Encoding
// Standard: GB18030 reads 0x80 as the euro sign, as code page 936 does; what the
// standards leave to private use is refused.
type Charset struct {
	name    string
	kind    charsetKind
	decoder transform.Transformer // has no state; nil where none is needed
}

type charsetKind uint8

const (
	noCharset charsetKind = iota
	utf8Charset
	gb18030Charset
	big5Charset
	shiftJISCharset
	eucKRCharset
	utf16LECharset
	utf16BECharset
	singleByteCharset
)

// ParseCharset returns the charset of an IANA name or alias, in any case: utf-8,
// us-ascii, gb18030 (also gbk, gb2312, cp936, which it contains), big5, shift_jis
// (cp932), euc-kr (cp949), utf-16le, utf-16be, and of those with one byte for a character iso-8859-1
// to -16, windows-1250 to -1258, koi8-r and koi8-u. ErrUnsupported otherwise.
func ParseCharset(name string) (Charset, error) {
	switch strings.ToLower(strings.ReplaceAll(name, "_", "-")) {
	case "utf-8", "utf8", "us-ascii", "ascii":
		return Charset{name: "utf-8", kind: utf8Charset}, nil
	case "gb18030", "gbk", "gb2312", "cp936", "windows-936":
		return Charset{"gb18030", gb18030Charset, simplifiedchinese.GB18030.NewDecoder().Transformer}, nil
	case "big5", "cp950":
		return Charset{"big5", big5Charset, traditionalchinese.Big5.NewDecoder().Transformer}, nil
	case "shift-jis", "sjis", "cp932", "windows-31j":
		return Charset{"shift_jis", shiftJISCharset, japanese.ShiftJIS.NewDecoder().Transformer}, nil
	case "euc-kr", "ks-c-5601-1987", "ksc5601", "cp949", "uhc", "windows-949":
		return Charset{"euc-kr", eucKRCharset, korean.EUCKR.NewDecoder().Transformer}, nil
	case "utf-16le":
		return Charset{name: "utf-16le", kind: utf16LECharset}, nil
	case "utf-16be":
		return Charset{name: "utf-16be", kind: utf16BECharset}, nil
	}
	name = strings.ToLower(strings.ReplaceAll(name, "_", "-"))
	for _, m := range charmap.All {
		if c, ok := m.(*charmap.Charmap); ok && singleByteName(c) == name {
			return Charset{name, singleByteCharset, c.NewDecoder().Transformer}, nil
		}
	}
	return Charset{}, fmt.Errorf("%w: charset %q", ErrUnsupported, name)
}

// singleByteName returns the IANA name in lower case of a charset of the ISO 8859,
// Windows and KOI8 families, "" for others.
func singleByteName(c *charmap.Charmap) string {
	name := strings.ReplaceAll(strings.ToLower(c.String()), " ", "-")
	for _, family := range []string{"iso-8859-", "windows-125", "koi8-"} {
		if strings.HasPrefix(name, family) {
			return name
		}
	}
	return ""
}

// Name returns the IANA name in lower case, "" for the zero Charset.
func (c Charset) Name() string { return c.name }

// Append decodes b and appends the text in UTF-8 to dst. Where b is malformed it
// returns dst as it was and ErrCharset. A byte order mark is text like any other.
func (c Charset) Append(dst, b []byte) ([]byte, error) {
	switch c.kind {
	case utf8Charset:
		if !utf8.Valid(b) {
			return dst, c.refuse()
		}
		return append(dst, b...), nil
	case utf16LECharset, utf16BECharset:
		return c.appendUTF16(dst, b)
	case gb18030Charset, big5Charset, shiftJISCharset, eucKRCharset, singleByteCharset:
		return c.appendMultibyte(dst, b)
	}
	return dst, fmt.Errorf("%w: no charset", ErrUnsupported)
}

// Decode is Append into new memory, but for UTF-8, where the result is b itself.
func (c Charset) Decode(b []byte) ([]byte, error) {
	if c.kind == utf8Charset {
		if !utf8.Valid(b) {
			return nil, c.refuse()
		}
		return b, nil
	}
	return c.Append(nil, b)
}

func (c Charset) refuse() error { return fmt.Errorf("%w: %s", ErrCharset, c.name) }

const replacement = "\uFFFD"

// appendMultibyte decodes with x/text, which writes U+FFFD for what is malformed.
// Big5 and Shift-JIS have no code for that character; GB18030 has one.
func (c Charset) appendMultibyte(dst, b []byte) ([]byte, error) {
	if ascii(b) {
		return append(dst, b...), nil
	}
	start := len(dst)
	out, err := transformAppend(c.decoder, dst, b)
	if err != nil {
		return dst, c.refuse()
	}
	if n := bytes.Count(out[start:], []byte(replacement)); n > 0 && (c.kind != gb18030Charset || n != gb18030Replacements(b)) {
		return dst, c.refuse()
	}
	return out, nil
}

// gb18030Replacements counts the characters of b that are U+FFFD by rights.
func gb18030Replacements(b []byte) (n int) {
	for i := 0; i < len(b); {
		switch {
		case b[i] <= 0x80:
			i++
		case i+3 < len(b) && b[i+1] >= '0' && b[i+1] <= '9':
			if b[i] == 0x84 && b[i+1] == 0x31 && b[i+2] == 0xA4 && b[i+3] == 0x37 {
				n++
			}
			i += 4
		default:
			i += 2
		}
	}
	return n
}

func transformAppend(t transform.Transformer, dst, src []byte) ([]byte, error) {
	for {
		room := dst[len(dst):cap(dst)]
		nDst, nSrc, err := t.Transform(room, src, true)
		dst, src = dst[:len(dst)+nDst], src[nSrc:]
		switch {
		case err == nil:
			return dst, nil
		case errors.Is(err, transform.ErrShortDst):
			dst = append(dst, make([]byte, max(64, len(src)*2))...)[:len(dst)]
		default:
			return dst, err
		}
	}
}

func ascii(b []byte) bool {
	for ; len(b) >= 8; b = b[8:] {
		if binary.LittleEndian.Uint64(b)&0x8080808080808080 != 0 {
			return false
		}
	}
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func (c Charset) appendUTF16(dst, b []byte) ([]byte, error) {
	if len(b)%2 != 0 {
		return dst, c.refuse()
	}
	hi, lo := 0, 1
	if c.kind == utf16LECharset {
		hi, lo = 1, 0
	}
	out := dst
	for i := 0; i < len(b); i += 2 {
		r := rune(b[i+hi])<<8 | rune(b[i+lo])
		if r >= 0xD800 && r < 0xE000 {
			if r >= 0xDC00 || i+3 >= len(b) {
				return dst, c.refuse()
			}
			i += 2
			r2 := rune(b[i+hi])<<8 | rune(b[i+lo])
			if r2 < 0xDC00 || r2 >= 0xE000 {
				return dst, c.refuse()
			}
			r = (r-0xD800)<<10 | (r2 - 0xDC00) + 0x10000
		}
		out = utf8.AppendRune(out, r)
	}
	return out, nil
}
