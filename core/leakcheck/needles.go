package leakcheck

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/exhibit-forensics/exhibit/evidence"
)

const (
	// maxValues bounds the memory that values take, about 1 kB each.
	maxValues = 1_000_000
	// maxRunes is how much of a long value is looked for: its beginning.
	maxRunes = 48
)

//go:embed words.txt
var wordList string

// Needles are the values to look for, made ready. They do not change and may be shared.
type Needles struct {
	values []needle
	counts NeedleCounts
	text   patterns
	digits digitTable
	hashes hashSet
}

// needle is what findings say of a value.
type needle struct {
	category string
	// sure: where it stands it cannot be something else. What is not sure is listed, for a
	// person to look at, and makes no leak.
	sure bool
	// within: two Han characters or the like, which are certain only where no letter stands
	// beside them: they may be part of a word, or a word.
	within bool
}

// NeedleCounts says how many values there were, and how they are searched.
type NeedleCounts struct {
	Values int64 `json:"values"`
	// Searched are looked for in every way. Uncertain are so short or so common that they
	// are looked for as whole words only, and what is found counts for nothing by itself.
	Searched  int64 `json:"searched"`
	Uncertain int64 `json:"uncertain"`
	// Unsearchable are single characters.
	Unsearchable int64 `json:"unsearchable"`
	// Digits are looked for as numbers too: in groups, full-width, as their last 7 digits.
	Digits int64 `json:"digits"`
	// Cut are looked for by their first 48 characters.
	Cut        int64            `json:"cut"`
	Categories map[string]int64 `json:"categories"`
}

// NewNeedles takes values as each yields them; numbers are given in that order, from 1. The
// canonical spelling may be "" or equal to the raw one. It fails with evidence.ErrFormat where
// there are more than 1,000,000 values.
func NewNeedles(each func(yield func(category, raw, canonical string) error) error) (*Needles, error) {
	b := builder{n: &Needles{counts: NeedleCounts{Categories: map[string]int64{}}}, common: map[string]bool{}}
	for _, w := range strings.Fields(wordList) {
		b.common[w] = true
	}
	if err := each(b.add); err != nil {
		return nil, err
	}
	b.n.text = b.text.build()
	b.n.digits = b.digits.build()
	b.n.hashes = b.hashes.build()
	return b.n, nil
}

// Counts says what is looked for.
func (n *Needles) Counts() NeedleCounts { return n.counts }

type builder struct {
	n      *Needles
	common map[string]bool
	text   patternBuilder
	digits digitBuilder
	hashes hashBuilder
}

func (b *builder) add(category, raw, canonical string) error {
	n := b.n
	if len(n.values) == maxValues {
		return fmt.Errorf("%w: more than %d values to look for", evidence.ErrFormat, maxValues)
	}
	id := uint32(len(n.values))
	n.counts.Values++
	n.counts.Categories[category]++
	raw, canonical = strings.TrimSpace(raw), strings.TrimSpace(canonical)
	spellings := []string{raw}
	if canonical != "" && canonical != raw {
		spellings = append(spellings, canonical)
	}
	sort := sortOf(raw, b.common)
	n.values = append(n.values, needle{category: category, sure: sort == searchable, within: utf8.RuneCountInString(raw) == 2})
	switch sort {
	case unsearchable:
		n.counts.Unsearchable++
		return nil
	case uncertain:
		n.counts.Uncertain++
		b.text.add(raw, id, wholeWord|utf8Only)
		return nil
	case searchable:
	}
	n.counts.Searched++
	number := false
	for _, s := range spellings {
		if sortOf(s, b.common) != searchable {
			continue
		}
		b.hashes.add(s, id)
		digits, pure := digitsOf(category, s)
		if len(digits) >= minDigits {
			number = true
			b.digits.add(digits, id)
			b.hashes.add(digits, id)
		}
		cut, whole := head(s)
		if !whole {
			n.counts.Cut++
		}
		how := boundsOf(cut, whole)
		if pure {
			// The digit view finds these, however they are written, where bytes are ASCII.
			how |= wideOnly
		}
		b.text.add(cut, id, how)
		if pure && s != digits {
			b.text.add(digits, id, how)
		}
		if local, ok := localPart(s); ok {
			b.text.add(local, id, wholeWord|utf8Only)
		}
	}
	if number {
		n.counts.Digits++
	}
	return nil
}

type sortOfValue int

const (
	searchable sortOfValue = iota
	uncertain
	unsearchable
)

// sortOf says how certain it is that a value, where it stands, is that value. A Han character
// or the like tells as much as two letters.
func sortOf(s string, common map[string]bool) sortOfValue {
	weight, digits, runes, letters := 0, 0, 0, 0
	for _, r := range s {
		runes++
		switch {
		case r < utf8.RuneSelf:
			weight++
		default:
			weight += 2
		}
		switch {
		case unicode.IsDigit(r):
			digits++
			letters++
		case unicode.IsLetter(r):
			letters++
		}
	}
	switch {
	case runes < 2 || letters == 0:
		return unsearchable
	case weight <= 3, digits == letters && digits < minDigits, common[strings.ToLower(s)]:
		return uncertain
	}
	return searchable
}

// head is the part of a value that is looked for.
func head(s string) (cut string, whole bool) {
	n := 0
	for i := range s {
		if n++; n > maxRunes {
			return s[:i], false
		}
	}
	return s, true
}

// boundsOf says which characters may not stand beside a value: letters beside what begins or
// ends with one and is made of letters alone, digits beside a digit.
func boundsOf(s string, whole bool) flags {
	var f flags
	only := strings.IndexFunc(s, func(r rune) bool { return r >= utf8.RuneSelf || !isLetter(byte(r)) }) < 0
	switch first := s[0]; {
	case only:
		f |= noLetterBefore
	case isDigit(first):
		f |= noDigitBefore
	}
	switch last := s[len(s)-1]; {
	case !whole:
	case only:
		f |= noLetterAfter
	case isDigit(last):
		f |= noDigitAfter
	}
	// What is short stands alone, or it is part of something else.
	if len(s) < 6 && whole && strings.IndexFunc(s, func(r rune) bool { return r >= utf8.RuneSelf }) < 0 {
		f |= wholeWord
	}
	return f
}

// localPart is what stands before the @ of an e-mail address, where that tells who it is: a
// full-text index keeps it apart from the rest.
func localPart(s string) (string, bool) {
	local, _, ok := strings.Cut(s, "@")
	letters := strings.ContainsFunc(local, unicode.IsLetter)
	return local, ok && len(local) >= 8 && len(local) <= 64 && letters && strings.ContainsFunc(local, unicode.IsDigit)
}

// noNumber are categories whose digits are no number: their groups mean something, and are
// looked for as they are written.
func noNumber(category string) bool {
	return slices.Contains([]string{"ip", "mac", "birth_date", "email", "url_secret", "person_name", "address", "attachment_name", "path", "iban", "credential"}, category)
}

// digitsOf returns the digits of a value that is a number, with or without a check letter at
// its end; pure where it is nothing but ASCII digits and what stands between them.
func digitsOf(category, s string) (digits string, pure bool) {
	if noNumber(category) {
		return "", false
	}
	var b strings.Builder
	pure = true
	for i, r := range s {
		switch d := digitValue(r); {
		case d >= 0:
			b.WriteByte(byte('0' + d))
			pure = pure && r < utf8.RuneSelf
		case r < utf8.RuneSelf && strings.ContainsRune(" -.()/+\t", r):
		case r >= utf8.RuneSelf && !unicode.IsLetter(r):
			pure = false
		case (r == 'X' || r == 'x') && i == len(s)-1:
			pure = false
		default:
			return "", false
		}
	}
	return b.String(), pure
}

func isDigit(b byte) bool  { return b >= '0' && b <= '9' }
func isLetter(b byte) bool { return b|0x20 >= 'a' && b|0x20 <= 'z' }
func isWord(b byte) bool   { return isDigit(b) || isLetter(b) || b == '_' }
func isHexDigit(b byte) bool {
	return isDigit(b) || b|0x20 >= 'a' && b|0x20 <= 'f'
}
