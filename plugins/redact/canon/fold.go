// Package canon brings all spellings of one value to one string: full-width forms,
// letters that look alike, separators, invisible characters, numbers in Han numerals,
// national and international form. What is found in one spelling and stated in another
// is so known for one value. It holds no state and decides nothing about what is
// personal.
package canon

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Dropped is what Width makes of characters that show nothing.
const Dropped rune = -1

// Width folds what a reader takes for the same character: full-width and mathematical
// forms to ASCII, digits of other scripts and in circles to ASCII digits, all spaces to
// U+0020, dashes to U+002D. Characters that show nothing are Dropped: U+00AD, U+034F,
// U+180E, U+200B–F, U+202A–E, U+2060–4, U+2066–9, U+20E3, U+FE00–F, U+FEFF.
func Width(r rune) rune {
	if r < utf8.RuneSelf {
		return r
	}
	switch {
	case r < 0x2000:
		return widthLow(r)
	case r >= 0xFF01 && r <= 0xFF5E:
		return r - 0xFEE0
	case r < 0x2070:
		return widthPunctuation(r)
	case r < 0x2800:
		return widthSymbol(r)
	case r == 0x3000:
		return ' '
	case r >= 0xFE00 && r <= 0xFE0F, r == 0xFEFF:
		return Dropped
	case r == 0xFE58, r == 0xFE63:
		return '-'
	case r >= 0x1D400 && r <= 0x1D6A3: // 13 alphabets of 52 letters
		if i := (r - 0x1D400) % 52; i >= 26 {
			return 'a' + i - 26
		}
		return 'A' + (r-0x1D400)%52
	case r >= 0x1D7CE && r <= 0x1D7FF:
		return '0' + (r-0x1D7CE)%10
	case r >= 0xE0100 && r <= 0xE01EF:
		return Dropped
	case r >= 0xA620 && unicode.IsDigit(r):
		return digit(r)
	}
	return r
}

func widthLow(r rune) rune {
	switch {
	case r == 0xA0, r == 0x1680:
		return ' '
	case r == 0xAD, r == 0x034F, r == 0x180E:
		return Dropped
	case r == 0xB9:
		return '1'
	case r == 0xB2 || r == 0xB3:
		return '0' + r - 0xB0
	case r >= 0x660 && unicode.IsDigit(r):
		return digit(r)
	}
	return r
}

func widthPunctuation(r rune) rune {
	switch {
	case r <= 0x200A, r == 0x202F, r == 0x205F:
		return ' '
	case r <= 0x200F, r >= 0x202A && r <= 0x202E, r >= 0x2060:
		return Dropped
	case r >= 0x2010 && r <= 0x2015, r == 0x2043:
		return '-'
	}
	return r
}

func widthSymbol(r rune) rune {
	switch {
	case r == 0x2070, r >= 0x2074 && r <= 0x2079:
		return '0' + r - 0x2070
	case r >= 0x2080 && r <= 0x2089:
		return '0' + r - 0x2080
	case r == 0x20E3:
		return Dropped
	case r == 0x2212:
		return '-'
	case r >= 0x2460 && r <= 0x2468:
		return '1' + r - 0x2460
	case r == 0x24EA, r == 0x24FF:
		return '0'
	case r >= 0x24B6 && r <= 0x24CF:
		return 'A' + r - 0x24B6
	case r >= 0x24D0 && r <= 0x24E9:
		return 'a' + r - 0x24D0
	case r >= 0x2776 && r <= 0x277E:
		return '1' + r - 0x2776
	case r >= 0x2780 && r <= 0x2788:
		return '1' + r - 0x2780
	case r >= 0x278A && r <= 0x2792:
		return '1' + r - 0x278A
	}
	return r
}

// digit is the ASCII digit of a decimal digit of any script: their ten stand one behind
// the other from a code point that ends in 0 or in 6.
func digit(r rune) rune {
	zero := r &^ 15
	if !unicode.IsDigit(zero) {
		zero |= 6
	}
	if i := r - zero; i >= 0 && i <= 9 {
		return '0' + i
	}
	return r
}

// HanDigit is the ASCII digit of a Han numeral, plain or as on cheques, 0 where r is none.
func HanDigit(r rune) byte {
	switch r {
	case '零', '〇', '○':
		return '0'
	case '一', '壹', '幺', '弌':
		return '1'
	case '二', '贰', '貳', '弍':
		return '2'
	case '三', '叁', '參', '叄', '弎':
		return '3'
	case '四', '肆':
		return '4'
	case '五', '伍':
		return '5'
	case '六', '陆', '陸':
		return '6'
	case '七', '柒':
		return '7'
	case '八', '捌':
		return '8'
	case '九', '玖':
		return '9'
	}
	return 0
}

// Lower is the one letter that stands for all cases of r, and of Cyrillic and Greek
// letters that look like Latin ones (a part of Unicode's UTS 39) the Latin one.
func Lower(r rune) rune {
	if r < utf8.RuneSelf {
		if r >= 'A' && r <= 'Z' {
			r |= 0x20
		}
		return r
	}
	if r >= 0x2E80 && r < 0xA640 {
		return r // no cases here
	}
	r = unicode.ToLower(unicode.ToUpper(r))
	if r < 0x370 || r > 0x52F {
		return r
	}
	const from = "аеорсухіјѕһԁԛԝвнтмкӏαβγεικνορτυχημјϳ"
	const to = "aeopcyxijshdqwbhtmklabyeikvoptuxhmjj"
	i := 0
	for _, c := range from {
		if c == r {
			return rune(to[i])
		}
		i++
	}
	return r
}

// Fold is text as names are compared: each character by Width and Lower, runs of white
// space as one space, none at the ends, and none between two Han characters.
func Fold(text string) string {
	var b strings.Builder
	b.Grow(len(text))
	space, last := false, rune(0)
	for _, r := range text {
		if r = Width(r); r == Dropped {
			continue
		}
		if unicode.IsSpace(r) {
			space = true
			continue
		}
		if r = Lower(r); space && b.Len() > 0 && !(unicode.Is(unicode.Han, last) && unicode.Is(unicode.Han, r)) {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
		space, last = false, r
	}
	return b.String()
}
