package detect

import (
	"bytes"
	"unicode/utf8"

	"github.com/exhibit-forensics/exhibit/plugins/redact/canon"
)

// What a Han letter may begin.
const (
	hanNumeral = 1 << iota
	hanProvince
	hanTrigger
	hanFirst

	hanLow, hanTable = 0x2E80, 0x9FFF - 0x2E80 + 1
)

// staticHan has the flags of letters that do not depend on the dictionary.
var staticHan = func() (t [hanTable]uint8) {
	for i := range t {
		if canon.HanDigit(rune(hanLow+i)) != 0 {
			t[i] |= hanNumeral
		}
	}
	for _, r := range "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使領领" {
		t[r-hanLow] |= hanProvince
	}
	for _, r := range hanTriggers() {
		t[r-hanLow] |= hanTrigger
	}
	return t
}()

func (d *Dictionary) hanFlags(r rune) uint8 {
	if i := int(r) - hanLow; i >= 0 && i < len(d.han) {
		return d.han[i]
	}
	return hanFirst // rare letters are looked up
}

func (d *Dictionary) markHan(r rune) {
	if i := int(r) - hanLow; i >= 0 && i < len(d.han) {
		d.han[i] |= hanFirst
	}
}

// known finds the values that begin with the word at a place.
func (s *Finder) known(from int, word []byte) {
	d := s.d.dict
	if d.words.filter == nil {
		return
	}
	h := hash(word)
	if !d.words.has(h) {
		return
	}
	t := &d.words
	for k := h & t.mask; t.slots[k].entry != 0; k = (k + 1) & t.mask {
		if t.slots[k].hash != h {
			continue
		}
		e := &d.entries[t.slots[k].entry-1]
		if end := s.match(from, e); end > 0 {
			s.addKnown(from, end, e)
		}
	}
}

// knownHan finds those that begin with the Han letter at a place.
func (s *Finder) knownHan(at, size int, r rune) {
	k := at + size
	if s.at(k) == ' ' {
		k++
	}
	if k >= len(s.b) {
		return
	}
	next, _ := utf8.DecodeRune(s.b[k:])
	h := hanHash(r, canon.Lower(next))
	d := s.d.dict
	if !d.words.has(h) {
		return
	}
	d.words.each(h, func(i int32) {
		if end := s.match(at, &d.entries[i]); end > 0 {
			s.addKnown(at, end, &d.entries[i])
		}
	})
}

func (s *Finder) addKnown(from, end int, e *entry) {
	if e.class == Weak && s.about(from) {
		return
	}
	s.spans = append(s.spans, Span{Start: from, End: end, Category: e.category, Rule: e.rule, Validator: e.validator, Class: e.class, KnownIn: e.count, known: true})
}

// match is where the value ends that an entry says, and that begins at a place; 0 where
// something else stands there.
func (s *Finder) match(at int, e *entry) int {
	text, i := e.text, at
	var last rune
	for k := 0; k < len(text); {
		// Most are ASCII, and the same but for case.
		for !e.exact && k < len(text) && i < len(s.b) && class[text[k]]&isWord != 0 && class[s.b[i]]&isWord != 0 {
			if text[k]|0x20 != s.b[i]|0x20 {
				return 0
			}
			last = rune(text[k])
			k++
			i++
		}
		if k == len(text) {
			break
		}
		want, n := utf8.DecodeRuneInString(text[k:])
		if i >= len(s.b) {
			return 0
		}
		got, m := rune(s.b[i]), 1
		if got >= utf8.RuneSelf {
			got, m = utf8.DecodeRune(s.b[i:])
		}
		switch {
		case e.exact && got == want, !e.exact && canon.Lower(got) == want:
			k += n
			i += m
			last = want
			if want == ' ' {
				for i < len(s.b) && space(s.b[i]) {
					i++
				}
			}
		case want == ' ' && space(byte(got)) && got < utf8.RuneSelf:
			k += n
			for i < len(s.b) && space(s.b[i]) {
				i++
			}
			last = ' '
		case k > 0 && e.loose && got < utf8.RuneSelf && class[byte(got)]&isSep != 0 && class[s.b[i-1]]&isSep == 0,
			k > 0 && isHan(last) && isHan(want) && got < utf8.RuneSelf && space(byte(got)),
			k > 0 && e.loose && (got == '·' || got == '•'):
			i += m
		default:
			return 0
		}
	}
	if !isHan(last) && s.wordAt(i) {
		return 0
	}
	return i
}

// about reports whether the letter at a place is the second of 关于, 对于 and the like, and
// so begins no name.
func (s *Finder) about(at int) bool {
	if !bytes.HasPrefix(s.b[at:], []byte("于")) {
		return false
	}
	r, _ := utf8.DecodeLastRune(s.b[:at])
	return bytes.ContainsRune([]byte("关对由至等属在终基鉴处位用善"), r)
}

func space(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// known looks the window up among the known numbers.
func (w *window) known(h uint64) {
	s, n := w.s, w.len()
	if w.glued() && n < 11 || n < 7 && w.groups > 0 || w.sep == '\n' && w.groups > 4 {
		return
	}
	if w.odd > 1 {
		return
	}
	s.d.dict.numbers.each(h, func(i int32) {
		e := &s.d.dict.entries[i]
		if !sameDigits(e, w.digits(0)) {
			return
		}
		begin := w.begin()
		if e.category == "phone" {
			if w.a == 0 && s.run.plus >= 0 {
				begin = s.run.plus
			}
			begin = w.opening(begin)
		}
		s.addKnown(begin, w.finish(), e)
	})
}

// sameDigits reports whether the digits are those of the entry, in one of the ways in which
// it is dialled.
func sameDigits(e *entry, d []byte) bool {
	text := e.text
	if text[0] == '+' {
		text = text[1:]
	}
	for _, s := range dialled(e.category, text) {
		if s == string(d) {
			return true
		}
	}
	return false
}

// knownShort looks runs up that are too short to be anything but a known number.
func (s *Finder) knownShort() {
	r := &s.run
	if r.n >= 5 || r.n < 3 || r.glued || r.gluedAfter {
		return
	}
	h := uint64(0)
	for k := range r.n {
		if k > 0 && r.gap[k] != gapNone {
			return
		}
		h = digitHash(h, r.digit[k])
	}
	if s.d.dict.hasDigits(r.n, h) {
		w := window{s: s, a: 0, b: r.n}
		w.known(h)
	}
}

func (d *Dictionary) hasDigits(n int, h uint64) bool {
	return d.digitLengths&(1<<n) != 0 && d.numbers.has(h)
}

// KnownIn is in how many records a field states the value, in any spelling.
func (d *Dictionary) KnownIn(category, value, region string) int64 {
	if i, ok := d.index[category+"\x00"+canon.Of(category, value, region)]; ok {
		return d.entries[i].count
	}
	return 0
}
