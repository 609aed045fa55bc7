package sdk

import (
	"bytes"
	"unicode/utf8"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// Codes of the diagnostics of ChooseCharset.
const (
	CodeCharsetUnknown = "charset.unknown"
	CodeCharsetAssumed = "charset.assumed"
	CodeCharsetMark    = "charset.mark_differs"
	CodeCharsetMixed   = "charset.mixed"
)

// FlagCharsetDamaged is the flag of a record some bytes of which are no text in the
// input's charset.
const FlagCharsetDamaged = "charset_damaged"

// charsetSample is how much of the input decides its charset, charsetTelling how
// much of that in lines that are not ASCII.
const (
	charsetSample  = 256 << 10
	charsetTelling = 32 << 10
)

// TextCharset is the charset of a text, and who says so.
type TextCharset struct {
	Charset
	// Basis is Declared, Detected or Assumed; "" where the charset is unknown, and only
	// ASCII is read as text.
	Basis string
	// Other is a second charset, which some lines are in: see OfLine. Zero where the text
	// is in one alone.
	Other Charset
}

// OfLine returns the charset that a line is in: where the text has a second one, the
// line's own. What is text in neither is the first one's, and damaged.
func (t TextCharset) OfLine(line []byte) Charset {
	if t.Other.Name() == "" || ascii(line) {
		return t.Charset
	}
	wide := t.Other.kind == utf8Charset && threeByte(line) // what is UTF-8 by its form is no other
	if _, err := t.Decode(line); err == nil && !wide {
		return t.Charset
	}
	if _, err := t.Other.Decode(line); err == nil {
		return t.Other
	}
	return t.Charset
}

// threeByte reports whether a line is UTF-8 and has a character of three bytes or four:
// in a charset of two bytes that comes about by chance hardly ever.
func threeByte(line []byte) bool {
	return utf8.Valid(line) && bytes.IndexFunc(line, func(r rune) bool { return r >= 0x800 }) >= 0
}

// Stated returns the name for Common.Charset: "" where the charset is unknown.
func (t TextCharset) Stated() string {
	if t.Basis == "" {
		return ""
	}
	return t.Name()
}

func mustCharset(name string) Charset {
	c, err := ParseCharset(name)
	if err != nil {
		panic(err) // the names are ours
	}
	return c
}

// ChooseCharset settles in which charset the input is text. It takes stated, which
// a layout or the format itself may say (zero where it does not); else that of a
// byte order mark; else the one declared for the item; else what the bytes are text
// in: UTF-8, GB18030, Big5, Shift-JIS, EUC-KR, or UTF-16 with or without a mark, or UTF-8 and
// one of the others line by line. What an examiner should know of it becomes a diagnostic.
func ChooseCharset(c *Ctx, in *Input, stated Charset) (TextCharset, error) {
	if stated.Name() != "" {
		return TextCharset{Charset: stated, Basis: Declared}, nil
	}
	var items Charset
	if c.Charset() != "" {
		var err error
		if items, err = ParseCharset(c.Charset()); err != nil {
			return TextCharset{}, err
		}
	}
	sample := make([]byte, min(in.Size, charsetSample))
	if n, err := in.ReadAt(sample, 0); n < len(sample) {
		return TextCharset{}, err
	}
	marked := markedCharset(sample)
	switch {
	case marked != "" && items.Name() != "" && marked != items.Name():
		c.Diagnose(Diagnostic{
			Code: CodeCharsetMark, Severity: evidence.SeverityWarning,
			Message: "a byte order mark says another charset than was declared; the mark was followed",
			Data:    map[string]any{"declared": items.Name(), "mark": marked},
		})
		return TextCharset{Charset: mustCharset(marked), Basis: Detected}, nil
	case items.Name() != "":
		return TextCharset{Charset: items, Basis: Declared}, nil
	case marked != "":
		return TextCharset{Charset: mustCharset(marked), Basis: Detected}, nil
	}
	if wide := wideWithoutMark(sample); wide != "" {
		return TextCharset{Charset: mustCharset(wide), Basis: Detected}, nil
	}
	sample, err := tellingSample(c, in, sample)
	if err != nil {
		return TextCharset{}, err
	}
	return detectCharset(c, sample), nil
}

// markedCharset returns the charset that a byte order mark states, "" for none.
func markedCharset(b []byte) string {
	switch {
	case bytes.HasPrefix(b, []byte("\xef\xbb\xbf")):
		return "utf-8"
	case bytes.HasPrefix(b, []byte("\xff\xfe")):
		return "utf-16le"
	case bytes.HasPrefix(b, []byte("\xfe\xff")):
		return "utf-16be"
	}
	return ""
}

// wideWithoutMark recognises UTF-16 without a mark: delimiters, digits and line
// breaks have a zero in one byte of two, always the same.
func wideWithoutMark(b []byte) string {
	var zeros [2]int
	for i, c := range b {
		if c == 0 {
			zeros[i%2]++
		}
	}
	units := len(b) / 2
	if ascii(b) && max(zeros[0], zeros[1])*10 < units*9 {
		return "" // plain text with a NUL here and there
	}
	switch {
	case zeros[1]*10 > units && zeros[0]*20 < zeros[1]:
		return "utf-16le"
	case zeros[0]*10 > units && zeros[1]*20 < zeros[0]:
		return "utf-16be"
	}
	return ""
}

// tellingSample returns a part of the input that is not ASCII alone: the sample, or
// the first further on.
func tellingSample(c *Ctx, in *Input, sample []byte) ([]byte, error) {
	block := sample
	for at := int64(len(sample)); ; {
		if !ascii(block) {
			return block, nil
		}
		if at >= in.Size {
			return sample, nil
		}
		if err := c.Err(); err != nil {
			return nil, err
		}
		if at == int64(len(sample)) {
			block = make([]byte, charsetSample)
		}
		n := min(int64(len(block)), in.Size-at)
		if m, err := in.ReadAt(block[:n], at); int64(m) < n {
			return nil, err
		}
		block = block[:n]
		at += n
	}
}

// detectCharset decides by the lines that are not ASCII, of which a few may be damaged.
func detectCharset(c *Ctx, sample []byte) TextCharset {
	lines := bytes.Split(sample, []byte{'\n'})
	if len(lines) > 2 { // the first and the last may be parts of lines
		lines = lines[:len(lines)-1]
	}
	all := [5]Charset{mustCharset("utf-8"), mustCharset("gb18030"), mustCharset("big5"), mustCharset("shift_jis"), mustCharset("euc-kr")}
	var fit [5]int
	var telling, unicode, rest [][]byte // lines that are not ASCII; of these those in UTF-8, and the others
	size := 0
	for _, l := range lines {
		if size >= charsetTelling {
			break
		}
		if ascii(l) {
			continue
		}
		size += len(l)
		telling = append(telling, l)
		for i := range all {
			if _, err := all[i].Decode(l); err == nil {
				fit[i]++
			}
		}
		if threeByte(l) {
			unicode = append(unicode, l)
		} else if !utf8.Valid(l) {
			rest = append(rest, l)
		}
	}
	if len(unicode) > 0 && len(rest) > 0 {
		if other, ok := guessOfSound(rest, fitting(all[1:], rest)); ok {
			return mixedCharset(c, all[0], other, len(rest) > len(unicode))
		}
	}
	if len(telling) == 0 || fit[0]*10 >= len(telling)*9 {
		return TextCharset{Charset: all[0], Basis: Detected}
	}
	var candidates []Charset
	for i, cs := range all {
		if i > 0 && fit[i]*10 >= len(telling)*9 {
			candidates = append(candidates, cs)
		}
	}
	guess, ok := guessOfSound(telling, candidates)
	switch {
	case ok:
		return TextCharset{Charset: guess, Basis: Detected}
	case guess.Name() != "":
		c.Diagnose(Diagnostic{
			Code: CodeCharsetAssumed, Severity: evidence.SeverityWarning, Data: map[string]any{"charset": guess.Name()},
			Message: "two charsets fit the text about as well, and one was assumed; declare it at intake if it is known (exhibit add --charset)",
		})
		return TextCharset{Charset: guess, Basis: Assumed}
	}
	c.Unresolved(Source{}, CodeCharsetUnknown,
		"the text is in none of the charsets that are known here; what is not ASCII is kept as bytes; declare the charset at intake if it is known (exhibit add --charset)")
	return TextCharset{Charset: all[0], Basis: ""}
}

// fitting returns the charsets in which all lines but a tenth, or but one, are text.
func fitting(list []Charset, lines [][]byte) (fit []Charset) {
	for _, cs := range list {
		n := 0
		for _, l := range lines {
			if _, err := cs.Decode(l); err == nil {
				n++
			}
		}
		if n > 0 && max(n+1, n*10/9) >= len(lines) {
			fit = append(fit, cs)
		}
	}
	return fit
}

// mixedCharset says that the text is in two charsets.
func mixedCharset(c *Ctx, first, second Charset, swap bool) TextCharset {
	if swap {
		first, second = second, first
	}
	c.Diagnose(Diagnostic{
		Code: CodeCharsetMixed, Severity: evidence.SeverityWarning, Data: map[string]any{"charset": first.Name(), "other": second.Name()},
		Message: "some lines are in another charset than the others; each is read by itself, and its records state which. A charset that is declared at intake (exhibit add --charset) is that of all lines",
	})
	return TextCharset{Charset: first, Basis: Detected, Other: second}
}

// guessOfSound guesses by the lines that are text in every candidate: a damaged one
// is text in hardly any, and must not decide for it.
func guessOfSound(lines [][]byte, candidates []Charset) (Charset, bool) {
	var sound []byte
	for _, l := range lines {
		whole := true
		for _, cs := range candidates {
			_, err := cs.Decode(l)
			whole = whole && err == nil
		}
		if whole {
			sound = append(append(sound, l...), '\n')
		}
	}
	if len(sound) == 0 {
		return Charset{}, false
	}
	return Guess(sound, candidates...)
}
