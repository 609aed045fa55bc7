package leakcheck

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

// charset is how a pattern's bytes are to be read.
type charset uint8

const (
	inUTF8 charset = iota
	inUTF16LE
	inUTF16BE
	inGB18030
	inBig5
)

func (c charset) String() string {
	return [...]string{"UTF-8", "UTF-16LE", "UTF-16BE", "GB18030", "Big5"}[c]
}

type flags uint8

const (
	noLetterBefore flags = 1 << iota
	noLetterAfter
	noDigitBefore
	noDigitAfter
	// wholeWord: neither letter, digit nor _ beside it.
	wholeWord
	utf8Only // builder: in no other charset
	wideOnly // builder: not in UTF-8
)

// pattern is one spelling of a value as bytes, ASCII letters in lower case.
type pattern struct {
	at      uint32 // in patterns.bytes
	n       uint16
	charset charset
	flags   flags
	needle  uint32
}

// patterns finds many byte sequences at once: by their first bytes in a bit map, then exactly.
// Patterns of different length have maps of their own, so that long ones, which most are, are
// told by eight bytes.
type patterns struct {
	bytes  []byte
	list   []pattern
	tables []prefixTable
}

type patternBuilder struct {
	bytes []byte
	list  []pattern
}

func (b *patternBuilder) add(s string, needle uint32, how flags) {
	s = lowerASCII(s)
	keep := how &^ (utf8Only | wideOnly)
	if how&wideOnly == 0 {
		b.put([]byte(s), inUTF8, needle, keep)
	}
	if how&utf8Only != 0 {
		return
	}
	units := utf16.Encode([]rune(s))
	le, be := make([]byte, 0, 2*len(units)), make([]byte, 0, 2*len(units))
	for _, u := range units {
		le = append(le, byte(u), byte(u>>8))
		be = append(be, byte(u>>8), byte(u))
	}
	b.put(le, inUTF16LE, needle, keep)
	b.put(be, inUTF16BE, needle, keep)
	if strings.IndexFunc(s, func(r rune) bool { return r >= utf8.RuneSelf }) < 0 {
		return
	}
	for _, e := range []struct {
		in charset
		by encoding.Encoding
	}{{inGB18030, simplifiedchinese.GB18030}, {inBig5, traditionalchinese.Big5}} {
		// What a charset cannot say stands in no text in it.
		if text, err := e.by.NewEncoder().Bytes([]byte(s)); err == nil {
			b.put(text, e.in, needle, keep)
		}
	}
}

func (b *patternBuilder) put(text []byte, in charset, needle uint32, how flags) {
	if len(text) < 2 {
		return
	}
	b.list = append(b.list, pattern{at: uint32(len(b.bytes)), n: uint16(len(text)), charset: in, flags: how, needle: needle})
	b.bytes = append(b.bytes, text...)
}

func (b *patternBuilder) build() patterns {
	p := patterns{bytes: b.bytes, list: b.list}
	byWidth := map[int][]uint32{}
	for i, q := range b.list {
		w := widthOf(int(q.n))
		byWidth[w] = append(byWidth[w], uint32(i))
	}
	for _, w := range []int{8, 6, 4, 2} {
		if len(byWidth[w]) == 0 {
			continue
		}
		t := newPrefixTable(w, len(byWidth[w]))
		for _, i := range byWidth[w] {
			q := b.list[i]
			t.add(keyOf(b.bytes[q.at:int(q.at)+int(q.n)], w), i)
		}
		p.tables = append(p.tables, t)
	}
	b.bytes, b.list = nil, nil
	return p
}

func widthOf(n int) int {
	switch {
	case n >= 8:
		return 8
	case n >= 6:
		return 6
	case n >= 4:
		return 4
	}
	return 2
}

// equal reports whether a pattern stands at i of text, of which folded is the same with every
// byte that could be a capital in lower case. Only what is a letter in the pattern's charset
// may differ in case.
func (p *patterns) equal(q pattern, text, folded []byte, i int) bool {
	if i+int(q.n) > len(text) {
		return false
	}
	want := p.bytes[q.at : int(q.at)+int(q.n)]
	if q.charset == inUTF8 {
		return string(folded[i:i+len(want)]) == string(want)
	}
	for k := 0; k < len(want); {
		size, letter := 1, 0 // of the character, and which byte of it may be a letter
		switch q.charset {
		case inUTF16LE:
			size = 2
			if want[k+1] != 0 {
				letter = -1
			}
		case inUTF16BE:
			size, letter = 2, 1
			if want[k] != 0 {
				letter = -1
			}
		case inGB18030, inBig5:
			if want[k] >= 0x80 {
				size, letter = 2, -1
				if q.charset == inGB18030 && k+1 < len(want) && isDigit(want[k+1]) {
					size = 4
				}
			}
		case inUTF8:
		}
		for c := range size {
			got := text[i+k+c]
			if c == letter {
				got = folded[i+k+c]
			}
			if got != want[k+c] {
				return false
			}
		}
		k += size
	}
	return true
}

// bounded reports whether what stands beside a match may stand there.
func (q pattern) bounded(text []byte, i int) bool {
	if q.flags == 0 {
		return true
	}
	before, after := q.charset.beside(text, i, i+int(q.n))
	switch {
	case q.flags&noLetterBefore != 0 && isLetter(before), q.flags&noLetterAfter != 0 && isLetter(after),
		q.flags&noDigitBefore != 0 && isDigit(before), q.flags&noDigitAfter != 0 && isDigit(after),
		q.flags&wholeWord != 0 && (isWord(before) || isWord(after)):
		return false
	}
	return true
}

// beside returns the ASCII characters beside text[from:to], 0 where there are none.
func (c charset) beside(text []byte, from, to int) (before, after byte) {
	switch c {
	case inUTF16LE:
		if from >= 2 && text[from-1] == 0 {
			before = text[from-2]
		}
		if to+1 < len(text) && text[to+1] == 0 {
			after = text[to]
		}
	case inUTF16BE:
		if from >= 2 && text[from-2] == 0 {
			before = text[from-1]
		}
		if to+1 < len(text) && text[to] == 0 {
			after = text[to+1]
		}
	case inUTF8, inGB18030, inBig5:
		if from > 0 {
			before = text[from-1]
		}
		if to < len(text) {
			after = text[to]
		}
	}
	return before, after
}

func lowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}
