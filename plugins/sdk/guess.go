package sdk

import (
	"bytes"
	"unicode/utf8"
)

// What a guess needs: the share of characters that are common in the charset, and
// how far the best candidate must be ahead of the next.
const (
	guessShare  = 0.85
	guessMargin = 0.10
)

// Guess decides which of candidates, in the order of preference, the bytes are
// text in; a whole file's or one line's. A byte order mark decides; then whether
// they are UTF-8 at all; then which of the others decode strictly, and how many of
// the characters are common ones. ok is false where no candidate fits, or two do
// about as well: then it must be declared. ASCII is text in all but UTF-16: the
// first such candidate is returned.
//
// UTF-16 without a mark is considered where the bytes hold a NUL, which is text in
// no other candidate, or where no other fits well. A sample may end inside a character.
func Guess(sample []byte, candidates ...Charset) (c Charset, ok bool) {
	if c, ok := byteOrderMark(sample, candidates); ok {
		return c, true
	}
	if bytes.IndexByte(sample, 0) < 0 {
		plain := ascii(sample)
		for _, c := range candidates {
			if !c.wide() && (plain || c.kind == utf8Charset && fits(c, sample)) {
				return c, true
			}
		}
		if c, ok := hangul(sample, candidates); ok {
			return c, true
		}
		c, share, ahead := mostUsual(sample, candidates, func(c Charset) bool { return !c.wide() && c.kind != utf8Charset })
		if share >= guessShare {
			return c, ahead >= guessMargin
		}
	}
	c, share, ahead := mostUsual(sample, candidates, Charset.wide)
	return c, share >= guessShare && ahead >= guessMargin
}

// What a guess at EUC-KR needs: its syllables are a part of what is usual in GB 2312
// (the first 25 of 72 rows of characters), so that nearly all of a text must be there,
// and there must be enough of it: 12 Chinese characters are so in one case of 400.
const (
	hangulShare = 0.98
	hangulChars = 12
)

// hangul reports whether a sample is Korean by where its characters are.
func hangul(sample []byte, candidates []Charset) (Charset, bool) {
	for _, c := range candidates {
		if c.kind != eucKRCharset || !fits(c, sample) {
			continue
		}
		n := 0
		for _, b := range sample {
			if b >= utf8.RuneSelf {
				n++
			}
		}
		return c, n >= 2*hangulChars && c.share(sample) >= hangulShare
	}
	return Charset{}, false
}

// mostUsual returns the candidate in which most characters are common ones, their
// share, and how far the next one's lies behind.
func mostUsual(sample []byte, candidates []Charset, considered func(Charset) bool) (best Charset, share, ahead float64) {
	var next float64
	for _, c := range candidates {
		if !considered(c) || !fits(c, sample) {
			continue
		}
		switch s := c.share(sample); {
		case s > share:
			best, share, next = c, s, share
		case s > next:
			next = s
		}
	}
	return best, share, share - next
}

func byteOrderMark(b []byte, candidates []Charset) (Charset, bool) {
	for _, c := range candidates {
		mark := map[charsetKind]string{utf8Charset: "\xef\xbb\xbf", utf16LECharset: "\xff\xfe", utf16BECharset: "\xfe\xff"}[c.kind]
		if mark != "" && bytes.HasPrefix(b, []byte(mark)) && fits(c, b) {
			return c, true
		}
	}
	return Charset{}, false
}

// fits reports whether sample, or all but its last few bytes, is text in c.
func fits(c Charset, sample []byte) bool {
	for cut := 0; cut <= 3 && cut <= len(sample); cut++ {
		whole, tail := sample[:len(sample)-cut], sample[len(sample)-cut:]
		if cut > 0 && !c.unfinished(tail) {
			continue
		}
		if _, err := c.Decode(whole); err == nil {
			return true
		}
	}
	return false
}

// unfinished reports whether tail may be the beginning of a character.
func (c Charset) unfinished(tail []byte) bool {
	switch c.kind {
	case utf8Charset:
		return !utf8.FullRune(tail)
	case utf16LECharset, utf16BECharset:
		return true
	case singleByteCharset:
		return false
	case gb18030Charset:
		return tail[0] > 0x80 && (len(tail) == 1 || tail[1] >= '0' && tail[1] <= '9')
	}
	return len(tail) == 1 && tail[0] > 0x80
}

func (c Charset) wide() bool { return c.kind == utf16LECharset || c.kind == utf16BECharset }

// share returns how many of the characters that are not ASCII are common in c.
func (c Charset) share(b []byte) float64 {
	var common, all int
	for len(b) > 0 {
		n, counts, usual := c.char(b)
		if counts {
			all++
		}
		if usual {
			common++
		}
		b = b[n:]
	}
	if all == 0 {
		return 0
	}
	return float64(common) / float64(all)
}

// char measures the character at the start of b: its length, whether it counts,
// and whether it is a common one. In GB 2312, Big5 and JIS X 0208 the usual
// characters stand in rows of their own, before the rare ones.
func (c Charset) char(b []byte) (n int, counts, usual bool) {
	if c.wide() {
		return c.charUTF16(b)
	}
	if b[0] < utf8.RuneSelf {
		return 1, false, false
	}
	if len(b) < 2 || c.kind == singleByteCharset {
		return 1, true, false
	}
	lead, trail := b[0], b[1]
	switch c.kind {
	case gb18030Charset:
		if trail >= '0' && trail <= '9' {
			return min(4, len(b)), true, false
		}
		return 2, true, trail >= 0xA1 && (lead >= 0xB0 && lead <= 0xD7 || lead >= 0xA1 && lead <= 0xA3)
	case big5Charset:
		return 2, true, lead >= 0xA4 && lead <= 0xC6 || lead == 0xA1
	case eucKRCharset: // Hangul, and the marks between
		return 2, true, trail >= 0xA1 && (lead >= 0xB0 && lead <= 0xC8 || lead == 0xA1 || lead == 0xA3)
	default: // Shift-JIS
		if lead >= 0xA1 && lead <= 0xDF {
			return 1, true, false // half-width kana: rare, and most bytes of other charsets
		}
		return 2, true, lead >= 0x81 && lead <= 0x83 || lead >= 0x88 && lead <= 0x97
	}
}

func (c Charset) charUTF16(b []byte) (n int, counts, usual bool) {
	if len(b) < 2 {
		return 1, true, false
	}
	r := rune(b[0])<<8 | rune(b[1])
	if c.kind == utf16LECharset {
		r = rune(b[1])<<8 | rune(b[0])
	}
	switch {
	case r >= 0x20 && r < 0x7F || r == '\t' || r == '\r' || r == '\n':
		return 2, true, true
	case r >= 0x4E00 && r < 0xA000, r >= 0x3000 && r < 0x3100, r >= 0xFF00 && r < 0xFFF0, r >= 0x2000 && r < 0x2070, r >= 0xA0 && r < 0x250, r >= 0x370 && r < 0x530:
		return 2, true, true
	}
	return 2, true, false
}
