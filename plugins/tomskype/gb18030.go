package main

import (
	"bytes"
	"sync"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// gbTable has the characters of GB18030's two-byte codes by lead and trail, 0
// where there is none. It is made by x/text, so that nothing differs from it.
type gbTable [0x7E][0xBF]rune

const (
	gbLead  = 0x81
	gbTrail = 0x40
)

// gbCodes makes the table when it is first needed: most inputs are UTF-8.
var gbCodes = sync.OnceValue(newGBTable)

// newGBTable decodes all codes of two bytes at once, one a line.
func newGBTable() *gbTable {
	t := new(gbTable)
	var codes []byte
	for lead := range t {
		for trail := range t[lead] {
			codes = append(codes, byte(lead+gbLead), byte(trail+gbTrail), '\n')
		}
	}
	// The decoder writes U+FFFD for what is no code, and never fails.
	text, _ := simplifiedchinese.GB18030.NewDecoder().Bytes(codes)
	for lead := range t {
		for trail := range t[lead] {
			line, rest, _ := bytes.Cut(text, []byte{'\n'})
			if r, n := utf8.DecodeRune(line); n == len(line) && r != utf8.RuneError {
				t[lead][trail] = r
			}
			text = rest
		}
	}
	return t
}

// gbResult says what came of decoding with a gbTable.
type gbResult uint8

const (
	gbDecoded gbResult = iota
	gbRefused          // it is not GB18030
	gbOther            // it holds codes that are not in the table: ask the full decoder
)

// append decodes what is ASCII or of two bytes, as nearly all text is, and
// refuses what has not the form of GB18030. x/text alone would take any byte up to
// 0x3F as the second of four, where the standard has the digits 0 to 9.
func (t *gbTable) append(dst, b []byte) ([]byte, gbResult) {
	result := gbDecoded
	for i := 0; i < len(b); {
		c := b[i]
		switch {
		case c < utf8.RuneSelf:
			dst = append(dst, c)
			i++
			continue
		case c < gbLead: // 0x80, a euro sign in code page 936
			result = gbOther
			i++
			continue
		case c == 0xFF || i+1 == len(b) || b[i+1] < '0' || b[i+1] == 0xFF:
			return dst, gbRefused
		case b[i+1] <= '9':
			if i+3 >= len(b) || b[i+2] < gbLead || b[i+2] == 0xFF || b[i+3] < '0' || b[i+3] > '9' {
				return dst, gbRefused
			}
			result = gbOther
			i += 4
			continue
		case b[i+1] < gbTrail:
			return dst, gbRefused
		}
		r := t[c-gbLead][b[i+1]-gbTrail]
		if r == 0 {
			return dst, gbRefused
		}
		dst = utf8.AppendRune(dst, r)
		i += 2
	}
	return dst, result
}
