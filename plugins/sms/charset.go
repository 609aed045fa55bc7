package main

import (
	"bytes"
	"unicode/utf8"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// sampleSize is how much of the input decides charset, dialect and time format.
const sampleSize = 256 << 10

// tellingSize is how much of it, in lines that are not ASCII, decides the charset.
const tellingSize = 32 << 10

// charset is the input's, and who says so.
type charset struct {
	sdk.Charset
	// basis is declared, detected or assumed; "" where the charset is unknown, and
	// only ASCII is read as text.
	basis string
}

func (c charset) name() string {
	if c.basis == "" {
		return ""
	}
	return c.Name()
}

func mustCharset(name string) sdk.Charset {
	c, err := sdk.ParseCharset(name)
	if err != nil {
		panic(err) // the names are ours
	}
	return c
}

// The charsets that are told apart, in the order of preference.
var narrow = []string{"utf-8", "gb18030", "big5", "shift_jis"}

// readSample returns the beginning of the input.
func readSample(in *sdk.Input) ([]byte, error) {
	sample := make([]byte, min(in.Size, sampleSize))
	if len(sample) == 0 {
		return nil, nil
	}
	if n, err := in.ReadAt(sample, 0); n < len(sample) {
		return nil, err
	}
	return sample, nil
}

// chooseCharset takes a layout's charset; else that of a byte order mark; else the
// item's; else what the bytes are text in.
func chooseCharset(c *sdk.Ctx, in *sdk.Input, sample []byte, layouts sdk.Charset) (charset, error) {
	if layouts.Name() != "" {
		return charset{layouts, sdk.Declared}, nil
	}
	var items sdk.Charset
	if c.Charset() != "" {
		var err error
		if items, err = sdk.ParseCharset(c.Charset()); err != nil {
			return charset{}, err
		}
	}
	marked := marked(sample)
	switch {
	case marked != "" && items.Name() != "" && marked != items.Name():
		diagnose(c, evidence.SeverityWarning, codeCharsetMark, sdk.Source{}, map[string]any{"declared": items.Name(), "mark": marked})
		return charset{mustCharset(marked), sdk.Detected}, nil
	case items.Name() != "":
		return charset{items, sdk.Declared}, nil
	case marked != "":
		return charset{mustCharset(marked), sdk.Detected}, nil
	}
	if wide := wideOf(sample); wide != "" {
		return charset{mustCharset(wide), sdk.Detected}, nil
	}
	sample, err := telling(c, in, sample)
	if err != nil {
		return charset{}, err
	}
	return detect(c, sample), nil
}

// marked returns the charset that a byte order mark states, "" for none.
func marked(b []byte) string {
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

// wideOf recognises UTF-16 without a mark: delimiters, digits and line breaks have
// a zero in one byte of two, always the same.
func wideOf(b []byte) string {
	var zeros [2]int
	for i, c := range b {
		if c == 0 {
			zeros[i%2]++
		}
	}
	units := len(b) / 2
	switch {
	case zeros[1]*10 > units && zeros[0]*20 < zeros[1]:
		return "utf-16le"
	case zeros[0]*10 > units && zeros[1]*20 < zeros[0]:
		return "utf-16be"
	}
	return ""
}

// telling returns a part of the input that is not ASCII alone: the sample, or the
// first further on.
func telling(c *sdk.Ctx, in *sdk.Input, sample []byte) ([]byte, error) {
	block := sample
	for at := int64(len(sample)); ; {
		if i := bytes.IndexFunc(block, func(r rune) bool { return r >= utf8.RuneSelf }); i >= 0 {
			return block, nil
		}
		if at >= in.Size {
			return sample, nil
		}
		if err := c.Err(); err != nil {
			return nil, err
		}
		if at == int64(len(sample)) {
			block = make([]byte, sampleSize)
		}
		n := min(int64(len(block)), in.Size-at)
		if m, err := in.ReadAt(block[:n], at); int64(m) < n {
			return nil, err
		}
		block = block[:n]
		at += n
	}
}

// detect decides by the lines that are not ASCII, of which a few may be damaged.
func detect(c *sdk.Ctx, sample []byte) charset {
	lines := bytes.Split(sample, []byte{'\n'})
	if len(lines) > 2 { // the first and the last may be parts of lines
		lines = lines[:len(lines)-1]
	}
	var all [4]sdk.Charset
	for i, name := range narrow {
		all[i] = mustCharset(name)
	}
	var fit [4]int
	var telling [][]byte
	size := 0
	for _, l := range lines {
		if size >= tellingSize {
			break
		}
		if isASCII(l) {
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
		return charset{mustCharset("utf-8"), sdk.Detected}
	}
	var candidates []sdk.Charset
	for i, cs := range all {
		if i > 0 && fit[i]*10 >= len(telling)*9 {
			candidates = append(candidates, cs)
		}
	}
	// A damaged line is text in hardly any charset; it must not decide for one.
	var sound []byte
	for _, l := range telling {
		whole := true
		for _, cs := range candidates {
			_, err := cs.Decode(l)
			whole = whole && err == nil
		}
		if whole {
			sound = append(append(sound, l...), '\n')
		}
	}
	var guess sdk.Charset
	ok := false
	if len(sound) > 0 {
		guess, ok = sdk.Guess(sound, candidates...)
	}
	switch {
	case ok:
		return charset{guess, sdk.Detected}
	case guess.Name() != "":
		diagnose(c, evidence.SeverityWarning, codeCharsetAssumed, sdk.Source{}, map[string]any{"charset": guess.Name()})
		return charset{guess, sdk.Assumed}
	}
	diagnose(c, evidence.SeverityUnresolved, codeCharsetUnknown, sdk.Source{}, nil)
	return charset{mustCharset("utf-8"), ""}
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
