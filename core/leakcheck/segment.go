package leakcheck

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// segment is bytes to search, and where they come from.
type segment struct {
	text   []byte
	parent *segment // nil: the piece of the file itself
	// marks say from where in parent text comes: from a mark on, num bytes of parent are den
	// bytes of text. There is one for text[0]. None: text is parent's.
	marks    []mark
	num, den int
	view     view
	// random: mostly bytes that mean nothing, since what was decoded was no such encoding.
	random bool
}

type mark struct{ at, from int }

// view is how a segment was made of its parent.
type view string

const (
	asIs      view = ""
	inEscapes view = "escapes"
	inForm    view = "a web form's escapes"
	inQuoted  view = "quoted-printable"
	inTags    view = "between HTML tags"
	inBase64  view = "base64"
	inHex     view = "hexadecimal"
)

// origin is where text[i] stands in the piece of the file.
func (s *segment) origin(i int) int {
	for s.parent != nil {
		if len(s.marks) > 0 {
			k, ok := slices.BinarySearchFunc(s.marks, i, func(m mark, i int) int { return m.at - i })
			if !ok {
				k--
			}
			m := s.marks[max(k, 0)]
			i = m.from + (i-m.at)*s.num/s.den
		}
		s = s.parent
	}
	return i
}

// encoding names charset and views, the innermost first.
func (s *segment) encoding(c charset) string {
	name := c.String()
	for ; s != nil; s = s.parent {
		if s.view != asIs {
			name += " in " + string(s.view)
		}
	}
	return name
}

const (
	// minRun is the shortest run that is taken for base64 or hexadecimal, in characters: 6
	// and 4 bytes.
	minRun = 8
	// longLine is how long a line of base64 is for the next one to belong to it.
	longLine = 40
)

var base64Value = func() (t [256]byte) {
	for i := range t {
		t[i] = 0xff
	}
	for i, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") {
		t[c] = byte(i)
	}
	t['-'], t['_'] = 62, 63 // RFC 4648 section 5
	return t
}()

// base64Runs calls f with each run of base64 characters without the line ends in it.
func base64Runs(s *segment, f func(run *segment)) {
	text := s.text
	var joined []byte
	for i := 0; i < len(text); i++ {
		if base64Value[text[i]] == 0xff {
			continue
		}
		start, line := i, i
		joined = joined[:0]
		var marks []mark
		for i < len(text) {
			for i < len(text) && base64Value[text[i]] != 0xff {
				i++
			}
			k := i
			for k < len(text) && k < i+2 && (text[k] == '\r' || text[k] == '\n') {
				k++
			}
			if k == i || i-line < longLine || k == len(text) || base64Value[text[k]] == 0xff {
				break
			}
			if marks == nil {
				marks = []mark{{0, start}}
			}
			joined = append(joined, text[line:i]...)
			marks = append(marks, mark{len(joined), k})
			i, line = k, k
		}
		if n := i - start; n < minRun && (n != 6 || i >= len(text) || text[i] != '=') {
			continue // too short; 6 and == may be a CRC-32
		}
		run := &segment{parent: s, num: 1, den: 1}
		if marks == nil {
			run.text, run.marks = text[start:i], []mark{{0, start}}
		} else {
			run.text, run.marks = append(joined, text[line:i]...), marks
			joined = run.text
		}
		f(run)
	}
}

// decode64 decodes run from its character phase on into to.
func decode64(to []byte, run *segment, phase int) *segment {
	chars := run.text[phase:]
	to = to[:0]
	i := 0
	for ; i+4 <= len(chars); i += 4 {
		v := uint32(base64Value[chars[i]])<<18 | uint32(base64Value[chars[i+1]])<<12 | uint32(base64Value[chars[i+2]])<<6 | uint32(base64Value[chars[i+3]])
		to = append(to, byte(v>>16), byte(v>>8), byte(v))
	}
	switch len(chars) - i {
	case 2:
		to = append(to, base64Value[chars[i]]<<2|base64Value[chars[i+1]]>>4)
	case 3:
		to = append(to, base64Value[chars[i]]<<2|base64Value[chars[i+1]]>>4, base64Value[chars[i+1]]<<4|base64Value[chars[i+2]]>>2)
	}
	return &segment{text: to, parent: run, marks: []mark{{0, phase}}, num: 4, den: 3, view: inBase64, random: true}
}

// hexRuns calls f with each run of hexadecimal digits.
func hexRuns(s *segment, f func(from, to int)) {
	text := s.text
	for i := 0; i < len(text); i++ {
		if !isHexDigit(text[i]) {
			continue
		}
		start := i
		for i < len(text) && isHexDigit(text[i]) {
			i++
		}
		if i-start >= minRun {
			f(start, i)
		}
	}
}

func decodeHex(to []byte, s *segment, from, end int) *segment {
	n := (end - from) / 2
	to = slices.Grow(to[:0], n)[:n]
	if _, err := hex.Decode(to, s.text[from:from+2*n]); err != nil {
		n = 0
	}
	return &segment{text: to[:n], parent: s, marks: []mark{{0, from}}, num: 2, den: 1, view: inHex, random: true}
}

// around is how much beside a short match in decoded bytes must be text for it to count.
const around = 8

// plausible reports whether bytes that match may be what they look like. A few bytes are
// found anywhere by chance, and in a charset of two bytes for each character any text of
// another one reads as something.
func plausible(s *segment, c charset, i, j int) bool {
	low, high := max(0, i-around), min(len(s.text), j+around)
	switch {
	case c != inUTF8 && isText(s.text[low:high], true):
		return false
	case (c == inGB18030 || c == inBig5) && withinUTF8(s.text, i, j):
		return false
	case !s.random || j-i >= around:
		return true
	case c == inUTF8:
		return isText(s.text[low:high], true)
	case c == inUTF16LE || c == inUTF16BE:
		return isUTF16(s.text[max(i%2, i-around):min(j+around, len(s.text)-(len(s.text)-j)%2)], c)
	}
	return len(s.text) == j-i
}

// byChance reports whether a match of a few bytes in a charset of two for each character
// stands among bytes of a file that are none of it: tens of megabytes of index pages hold
// the name of somebody somewhere. It is for a person to look at.
func byChance(s *segment, c charset, i, j int) bool {
	if c != inUTF16LE && c != inUTF16BE || j-i >= around || bytes.IndexByte(s.text, 0) < 0 {
		return false
	}
	low := i - 2*min(i/2, around/2)
	return !isUTF16(s.text[low:min(j+around, len(s.text)-(len(s.text)-j)%2)], c)
}

// isText reports whether text is UTF-8 without controls; cut: but for what is cut off at its ends.
func isText(text []byte, cut bool) bool {
	for n := 0; cut && n < 3 && len(text) > 0 && text[0]&0xc0 == 0x80; n++ {
		text = text[1:]
	}
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		if r == utf8.RuneError && n == 1 {
			return cut && !utf8.FullRune(text)
		}
		if unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' {
			return false
		}
		text = text[n:]
	}
	return true
}

// withinUTF8 reports whether text[i:j] is whole characters, or parts of characters, of UTF-8.
func withinUTF8(text []byte, i, j int) bool {
	for n := 0; n < 3 && i > 0 && text[i]&0xc0 == 0x80; n++ {
		i--
	}
	for i < j {
		r, n := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError {
			return false
		}
		i += n
	}
	return true
}

// withinWord reports whether a letter stands directly beside text[i:j].
func withinWord(text []byte, i, j int) bool {
	before, _ := utf8.DecodeLastRune(text[:i])
	after, _ := utf8.DecodeRune(text[j:])
	return unicode.IsLetter(before) || unicode.IsLetter(after)
}

func isUTF16(text []byte, c charset) bool {
	for ; len(text) > 1; text = text[2:] {
		r := rune(text[0]) | rune(text[1])<<8
		if c == inUTF16BE {
			r = rune(text[1]) | rune(text[0])<<8
		}
		if !unicode.IsPrint(r) && !utf16.IsSurrogate(r) && r != '\n' && r != '\r' && r != '\t' {
			return false
		}
	}
	return true
}

// decodeStrict64 is what a run stands for that begins and ends where base64 does; nil where it does not.
func decodeStrict64(run []byte) []byte {
	out := make([]byte, base64.RawStdEncoding.DecodedLen(len(run)))
	n, err := base64.RawStdEncoding.Decode(out, run)
	if err != nil {
		return nil
	}
	return out[:n]
}
