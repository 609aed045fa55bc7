package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"slices"
	"unicode/utf8"
)

// traditionalText lists characters that are written otherwise in Simplified Chinese, with
// what they become: two characters a line.
//
//go:embed traditional.txt
var traditionalText []byte

const (
	firstHan = 0x3400
	lastHan  = 0x9fff
)

// simplifier writes Traditional characters as Simplified ones, one for one. Words that are
// other words in the other script are not known to it, and some characters that become
// one are different words.
type simplifier struct {
	han  [lastHan + 1 - firstHan]rune // 0: as it is
	rare map[rune]rune
}

func newSimplifier() (*simplifier, error) {
	s := &simplifier{rare: map[rune]rune{}}
	for line := range bytes.Lines(traditionalText) {
		if line[0] == '#' {
			continue
		}
		r := bytes.Runes(bytes.TrimRight(line, "\n"))
		if len(r) != 2 {
			return nil, fmt.Errorf("a line of the table of characters: %q", line)
		}
		if r[0] >= firstHan && r[0] <= lastHan {
			s.han[r[0]-firstHan] = r[1]
		} else {
			s.rare[r[0]] = r[1]
		}
	}
	return s, nil
}

// write appends text in Simplified characters to dst; changed: it is not as it was.
func (s *simplifier) write(dst, text []byte) (out []byte, changed bool) {
	for i := 0; i < len(text); {
		if text[i] < 0xe3 { // before U+3000
			dst = append(dst, text[i])
			i++
			continue
		}
		r, n := utf8.DecodeRune(text[i:])
		to := r
		switch {
		case r >= firstHan && r <= lastHan:
			if c := s.han[r-firstHan]; c != 0 {
				to = c
			}
		case r > lastHan:
			if c, ok := s.rare[r]; ok {
				to = c
			}
		}
		if to == r {
			dst = append(dst, text[i:i+n]...)
		} else {
			dst, changed = utf8.AppendRune(dst, to), true
		}
		i += n
	}
	return dst, changed
}

// maxVariants is how many ways of writing a term in the other script are named.
const maxVariants = 3

// otherScript finds terms that stand in a text in the other script of Chinese than that
// in which they are listed.
type otherScript struct {
	simple  *simplifier
	matcher *matcher
	// texts are the terms in Simplified characters, each once; members are the terms of each.
	texts   [][]byte
	members [][]int32
	// mixed: some terms are not listed in Simplified characters.
	mixed bool
	buf   []byte
	hits  []int32
}

// newOtherScript readies folded terms, by their numbers.
func newOtherScript(folded [][]byte) (*otherScript, error) {
	simple, err := newSimplifier()
	if err != nil {
		return nil, err
	}
	o := &otherScript{simple: simple}
	at := map[string]int{}
	for t, text := range folded {
		simplified, changed := simple.write(nil, text)
		o.mixed = o.mixed || changed
		i, ok := at[string(simplified)]
		if !ok {
			i = len(o.texts)
			at[string(simplified)] = i
			o.texts, o.members = append(o.texts, simplified), append(o.members, nil)
		}
		o.members[i] = append(o.members[i], int32(t))
	}
	o.matcher, err = newMatcher(o.texts)
	return o, err
}

// found calls each with every term of a folded text that stands in it in the other script
// and, as terms in no way of writing it, not as it is listed; form is how it is written.
// listed are the terms found as they are.
func (o *otherScript) found(text []byte, listed []int32, each func(term int32, form []byte)) {
	simplified, changed := o.simple.write(o.buf[:0], text)
	o.buf = simplified
	if !changed && !o.mixed {
		return
	}
	o.hits = o.matcher.scan(simplified, o.hits[:0])
	for k, h := range o.hits {
		if slices.Contains(o.hits[:k], h) || slices.ContainsFunc(o.members[h], func(t int32) bool { return slices.Contains(listed, t) }) {
			continue
		}
		form := o.form(text, simplified, o.texts[h])
		for _, t := range o.members[h] {
			each(t, form)
		}
	}
}

// form is the part of text that is term in Simplified characters.
func (*otherScript) form(text, simplified, term []byte) []byte {
	from := bytes.Index(simplified, term)
	skip, n := utf8.RuneCount(simplified[:from]), utf8.RuneCount(term)
	start := advance(text, skip)
	return text[start : start+advance(text[start:], n)]
}

// advance is how many bytes n characters take.
func advance(text []byte, n int) (at int) {
	for range n {
		_, size := utf8.DecodeRune(text[at:])
		at += size
	}
	return at
}
