package main

import (
	"math"
	"unicode/utf8"
)

// A textForm is a test whether bytes are text, and how probable it is that random
// bytes pass. The tests are structural (which byte may follow which), so that the
// probability is exact and not estimated: of n random bytes it is the recurrence
//
//	P(n) = Σ p(k)·P(n−k), P(0) = 1
//
// over the lengths k of a character, p(k) being the share of all k bytes that are
// one (README.md, "How sure a find is").
type textForm struct {
	name string
	// share[k] is p(k).
	share [5]float64
	// next returns the length of the character that b begins with; 0: none does; -1: b
	// ends within it.
	next func(b []byte) int
	log  []float64 // log10 P(n), filled as needed
}

const (
	formUTF8 = iota
	formGB18030
	formBig5
	formShiftJIS
	formUTF16LE
	forms
)

// asciiText are the single bytes below 0x80 that a text holds: the printable ones,
// tab, and the ends of lines.
const asciiText = 95 + 3

var isASCIIText = func() (t [128]bool) {
	for c := range t {
		t[c] = c >= 0x20 && c < 0x7F || c == '\t' || c == '\n' || c == '\r'
	}
	return t
}()

// wideTexts is how many code units wideText accepts.
var wideTexts = func() (n int) {
	for u := range 65536 {
		if wideText(uint16(u)) {
			n++
		}
	}
	return n
}()

// newForms makes the tests; logs of probabilities are kept in each.
func newForms() *[forms]textForm {
	pairs := func(n int) float64 { return float64(n) / 65536 }
	single := float64(asciiText) / 256
	return &[forms]textForm{
		// U+00A0…U+07FF; U+0800…U+FFFD without surrogates and private use; the planes beyond.
		formUTF8:     {name: "utf-8", share: [5]float64{1: single, 2: pairs(0x800 - 0xA0), 3: (63488 - 2048 - 6400 - 2) / math.Pow(2, 24), 4: (1 << 20) / math.Pow(2, 32)}, next: nextUTF8},
		formGB18030:  {name: "gb18030", share: [5]float64{1: single, 2: pairs(126 * 190), 4: 126 * 10 * 126 * 10 / math.Pow(2, 32)}, next: nextGB},
		formBig5:     {name: "big5", share: [5]float64{1: single, 2: pairs(126 * 157)}, next: nextBig5},
		formShiftJIS: {name: "shift_jis", share: [5]float64{1: float64(asciiText+63) / 256, 2: pairs(60 * 188)}, next: nextShiftJIS},
		formUTF16LE:  {name: "utf-16le", share: [5]float64{2: pairs(wideTexts)}, next: nextWide},
	}
}

// logP is log10 of the probability that n random bytes pass.
func (f *textForm) logP(n int) float64 {
	if n < 0 {
		return 0
	}
	for i := len(f.log); i <= n; i++ {
		if i == 0 {
			f.log = append(f.log, 0)
			continue
		}
		sum := math.Inf(-1)
		for k := 1; k <= 4 && k <= i; k++ {
			if f.share[k] > 0 {
				sum = addLog(sum, math.Log10(f.share[k])+f.log[i-k])
			}
		}
		f.log = append(f.log, sum)
	}
	return f.log[n]
}

// addLog returns log10(10^a + 10^b).
func addLog(a, b float64) float64 {
	if a < b {
		a, b = b, a
	}
	if math.IsInf(b, -1) {
		return a
	}
	return a + math.Log10(1+math.Pow(10, b-a))
}

// passes reports whether all of b is text; open: its last character may be cut off.
func (f *textForm) passes(b []byte, open bool) bool {
	for len(b) > 0 {
		n := f.next(b)
		if n <= 0 {
			return n < 0 && open
		}
		b = b[n:]
	}
	return true
}

// passesWithin is passes for a piece out of the middle of a text: its first bytes
// may belong to a character before it.
func (f *textForm) passesWithin(b []byte) bool {
	for skip := 0; skip <= 3 && skip < len(b); skip++ {
		if f.passes(b[skip:], true) {
			return true
		}
	}
	return false
}

// logWithin bounds log10 of the probability that n random bytes pass passesWithin:
// at most 16 choices of what is cut off at either end, 3 bytes each.
func (f *textForm) logWithin(n int) float64 {
	return min(0, math.Log10(16)+f.logP(max(0, n-6)))
}

func nextUTF8(b []byte) int {
	if b[0] < utf8.RuneSelf {
		if isASCIIText[b[0]] {
			return 1
		}
		return 0
	}
	r, n := utf8.DecodeRune(b)
	switch {
	case r == utf8.RuneError && n <= 1:
		if !utf8.FullRune(b) {
			return -1
		}
		return 0
	case r < 0xA0, r >= 0xE000 && r < 0xF900, r == 0xFFFE, r == 0xFFFF:
		return 0
	}
	return n
}

func nextGB(b []byte) int {
	switch c := b[0]; {
	case c < 0x80:
		if isASCIIText[c] {
			return 1
		}
		return 0
	case c == 0x80 || c == 0xFF:
		return 0
	case len(b) == 1:
		return -1
	}
	switch c := b[1]; {
	case c >= 0x40 && c != 0x7F && c != 0xFF:
		return 2
	case c < '0' || c > '9':
		return 0
	case len(b) < 4:
		return -1
	case b[2] > 0x80 && b[2] != 0xFF && b[3] >= '0' && b[3] <= '9':
		return 4
	}
	return 0
}

func nextBig5(b []byte) int {
	return nextPair(b, func(lead byte) bool { return lead > 0x80 && lead != 0xFF }, func(trail byte) bool {
		return trail >= 0x40 && trail < 0x7F || trail > 0xA0 && trail != 0xFF
	})
}

func nextShiftJIS(b []byte) int {
	if b[0] > 0xA0 && b[0] < 0xE0 {
		return 1
	}
	return nextPair(b, func(lead byte) bool { return lead > 0x80 && lead < 0xA0 || lead >= 0xE0 && lead < 0xFD }, func(trail byte) bool {
		return trail >= 0x40 && trail != 0x7F && trail < 0xFD
	})
}

func nextPair(b []byte, lead, trail func(byte) bool) int {
	switch {
	case b[0] < 0x80:
		if isASCIIText[b[0]] {
			return 1
		}
		return 0
	case !lead(b[0]):
		return 0
	case len(b) == 1:
		return -1
	case trail(b[1]):
		return 2
	}
	return 0
}

// wideText: the code units of the scripts that logs are written in, without which
// nearly every pair of bytes would be a character.
func wideText(u uint16) bool {
	switch {
	case u < 0x80:
		return isASCIIText[u]
	case u < 0xA0:
		return false
	case u < 0x0530, // Latin, Greek, Cyrillic
		u >= 0x0590 && u < 0x0600, u >= 0x0600 && u < 0x0700, // Hebrew, Arabic
		u >= 0x2010 && u < 0x2040, u >= 0x3000 && u < 0x3100, // punctuation, kana
		u >= 0x4E00 && u < 0xA000, u >= 0xAC00 && u < 0xD7A4, u >= 0xFF00 && u < 0xFFE7:
		return true
	}
	return false
}

func nextWide(b []byte) int {
	if len(b) < 2 {
		return -1
	}
	if wideText(uint16(b[0]) | uint16(b[1])<<8) {
		return 2
	}
	return 0
}
