package main

import (
	"slices"
	"unicode/utf8"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/crypt"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/layout"
)

// reading is a text that a unit may hold.
type reading struct {
	by      *candidate // nil: it is not encrypted
	padding string
	charset charset
	basis   string
	text    []byte // UTF-8
	// stray: the units before were text in another charset, and this one is not.
	stray bool
}

// reach says how far the reading of a unit got, from the least.
type reach uint8

const (
	reachNothing   reach = iota // neither encoded nor delimited
	reachFields                 // delimited, with another number of fields
	reachCut                    // encoded, but not whole bytes or blocks
	reachCipher                 // whole, and not opened
	reachCharset                // opened, and some of it is no text
	reachLayout                 // opened and text, and a column is not of its type
	reachOpenEnd                // read, but the padding that other units have is missing: the end is cut off
	reachAgreement              // read
)

// trial decides what is a text: one that its charset allows strictly, without the
// noise of a wrong key, and that agrees with the layout in every typed column.
type trial struct {
	parser *layout.Parser // nil: a unit is a term of a list
	strong bool           // the layout has columns that noise does not fit

	// anyText: nothing is known of the lines of a file but that they are text.
	anyText bool
	// plain: what is read is not decrypted, so it may hold any character.
	plain bool
	votes [charsets]int // units that are text in one charset of a list alone
	// padded and zeroed: units of the input ended in PKCS#7 padding, in zeros.
	padded, zeroed bool
	text           []byte // scratch
	stray          bool   // of the last pick
	mismatch       layout.Mismatch
}

// accept reports whether text is what it should be.
func (t *trial) accept(text []byte) bool {
	if t.parser == nil && t.anyText {
		return plausible(text)
	}
	if t.parser == nil {
		return printable(text)
	}
	if !t.plain && !plausible(text) {
		t.mismatch = layout.Mismatch{Code: layout.CodeText}
		return false
	}
	t.mismatch = t.parser.Check(text)
	return t.mismatch.OK() && (t.plain || !t.strong || t.parser.Typed() > 0)
}

// read reads what c made of a unit. The text is good until the next read.
//
// Of several paddings the first that is there counts: what it removes would be
// control characters at the end of a text. A unit that fills its last block has no
// padding of zeros, but always one of PKCS#7: in an input where others have that,
// it is the beginning of a unit whose end is cut off. Of several charsets, see pick.
func (t *trial) read(c *candidate, plain []byte) (reading, reach) {
	best := reachCipher
	for _, padding := range c.profile.Paddings {
		body, ok := crypt.Strip(padding, plain, c.opener.Block())
		if !ok {
			continue
		}
		if cs, text, ok := t.pick(c.charsets, body); ok {
			if t.openEnd(c, body, plain) {
				best = max(best, reachOpenEnd)
				continue
			}
			t.ended(padding, body, plain)
			return reading{by: c, padding: padding, charset: cs, basis: c.basis, text: text, stray: t.stray}, reachAgreement
		}
		if t.strong {
			best = max(best, t.judge(c.charsets, body))
			if best > reachCipher {
				break
			}
		}
	}
	return reading{}, best
}

func (t *trial) openEnd(c *candidate, body, plain []byte) bool {
	return len(body) == len(plain) && c.opener.Block() > 1 && t.padded && !t.zeroed
}

// ended notes how a unit ended.
func (t *trial) ended(padding string, body, plain []byte) {
	switch padding {
	case paddingPKCS7:
		t.padded = true
	case paddingZero:
		t.zeroed = t.zeroed || len(body) < len(plain)
	}
}

// judge says how far body got, which was not accepted, and leaves in t.mismatch
// what was wrong. A right number of fields is no accident.
func (t *trial) judge(list []charset, body []byte) reach {
	for _, cs := range list {
		if text, ok := t.decode(cs, body); ok && !t.accept(text) && t.mismatch.Column != "" {
			return reachLayout
		}
	}
	if t.mismatch = t.parser.Check(body); t.mismatch.Code == layout.CodeText {
		return reachCharset
	}
	return reachFields
}

// decode returns body as UTF-8; false: it is not in that charset.
func (t *trial) decode(cs charset, body []byte) ([]byte, bool) {
	switch cs.index {
	case inUTF8:
		return body, utf8.Valid(body)
	case inGB18030:
		text, result := gbCodes().append(t.text[:0], body)
		if t.text = text[:0]; result != gbOther {
			return text, result == gbDecoded
		}
	}
	text, err := cs.Append(t.text[:0], body)
	if cap(text) > cap(t.text) {
		t.text = text[:0]
	}
	return text, err == nil
}

// pick reads body in the one charset of the list in which alone other units of
// the input were text, else in the first in which it is.
func (t *trial) pick(list []charset, body []byte) (charset, []byte, bool) {
	first := t.preferred(list)
	t.stray = false
	if first >= 0 {
		if text, ok := t.decode(list[first], body); ok && t.accept(text) {
			return list[first], text, true
		}
	}
	for i, cs := range list {
		if i == first {
			continue
		}
		if text, ok := t.decode(cs, body); ok && t.accept(text) {
			t.stray = first >= 0
			if t.stray {
				t.votes[cs.index]++
			}
			return cs, text, true
		}
	}
	return charset{}, nil, false
}

// preferred returns the position of the only charset of list that has votes, -1
// where none has or several have.
func (t *trial) preferred(list []charset) int {
	found := -1
	for i, cs := range list {
		if t.votes[cs.index] == 0 {
			continue
		}
		if found >= 0 {
			return -1
		}
		found = i
	}
	return found
}

// look notes how a unit of the input ends and whether it is text in one of the
// charsets alone, before any is read for good.
func (t *trial) look(c *candidate, plain []byte) {
	for _, padding := range c.profile.Paddings {
		body, ok := crypt.Strip(padding, plain, c.opener.Block())
		if !ok {
			continue
		}
		if t.vote(c.charsets, body) {
			t.ended(padding, body, plain)
			return
		}
	}
}

// vote counts body for a charset of list if it is text in that alone, and reports
// whether it is text in any.
func (t *trial) vote(list []charset, body []byte) bool {
	fits, only := 0, 0
	for i, cs := range list {
		if text, ok := t.decode(cs, body); ok && t.accept(text) {
			fits++
			only = i
		}
	}
	if fits == 1 && len(list) > 1 {
		t.votes[list[only].index]++
	}
	return fits > 0
}

// charset is one that a text may be in, with its place among the votes.
type charset struct {
	sdk.Charset
	index int
}

// charsetNames are those that sdk.ParseCharset knows. In the first ascii of them
// the first bytes of a text show its first characters.
var charsetNames = [charsets]string{"utf-8", "gb18030", "big5", "shift_jis", "utf-16le", "utf-16be"}

const (
	inUTF8    = 0
	inGB18030 = 1
	ascii     = 4
	charsets  = 6
)

func newCharset(name string) (charset, error) {
	c, err := sdk.ParseCharset(name)
	if err != nil {
		return charset{}, err
	}
	return charset{c, slices.Index(charsetNames[:], c.Name())}, nil
}

func asciiAlike(list []charset) bool {
	return !slices.ContainsFunc(list, func(c charset) bool { return c.index < 0 || c.index >= ascii })
}
