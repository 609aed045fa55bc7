package sdk

import (
	"bytes"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// Codes of the diagnostics of ChooseCharset.
const (
	CodeCharsetUnknown = "charset.unknown"
	CodeCharsetAssumed = "charset.assumed"
	CodeCharsetMark    = "charset.mark_differs"
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
// in: UTF-8, GB18030, Big5, Shift-JIS, or UTF-16 with or without a mark. What an
// examiner should know of it becomes a diagnostic.
func ChooseCharset(c *Ctx, in *Input, stated Charset) (TextCharset, error) {
	if stated.Name() != "" {
		return TextCharset{stated, Declared}, nil
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
		return TextCharset{mustCharset(marked), Detected}, nil
	case items.Name() != "":
		return TextCharset{items, Declared}, nil
	case marked != "":
		return TextCharset{mustCharset(marked), Detected}, nil
	}
	if wide := wideWithoutMark(sample); wide != "" {
		return TextCharset{mustCharset(wide), Detected}, nil
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
	all := [4]Charset{mustCharset("utf-8"), mustCharset("gb18030"), mustCharset("big5"), mustCharset("shift_jis")}
	var fit [4]int
	var telling [][]byte
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
	}
	if len(telling) == 0 || fit[0]*10 >= len(telling)*9 {
		return TextCharset{all[0], Detected}
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
		return TextCharset{guess, Detected}
	case guess.Name() != "":
		c.Diagnose(Diagnostic{
			Code: CodeCharsetAssumed, Severity: evidence.SeverityWarning, Data: map[string]any{"charset": guess.Name()},
			Message: "two charsets fit the text about as well, and one was assumed; declare it at intake if it is known (exhibit add --charset)",
		})
		return TextCharset{guess, Assumed}
	}
	c.Unresolved(Source{}, CodeCharsetUnknown,
		"the text is in none of the charsets that are known here; what is not ASCII is kept as bytes; declare the charset at intake if it is known (exhibit add --charset)")
	return TextCharset{all[0], ""}
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
