package detect

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/exhibit-forensics/exhibit/plugins/redact/canon"
)

// Dictionary holds values that are known to be personal: those that a field states. It is
// added to first and used by a Detector afterwards.
type Dictionary struct {
	// Limit bounds its memory in bytes, about; 0 is none.
	Limit   int64
	bytes   int64
	entries []entry
	index   map[string]int32 // category, NUL, canonical spelling
	done    bool

	// words holds entries by their first word, or first two Han letters; digits those
	// that consist of digits, in each way in which they are dialled; compact those of
	// letters and digits, without separators.
	words, numbers, compact table
	// digitLengths has a bit for each length of digits.
	digitLengths uint64
	han          []uint8
}

// entry is a value.
type entry struct {
	category, text, rule, validator string
	count                           int64
	last                            uint64
	class                           Class
	// loose: separators in the text do not matter. exact: letters count in their case.
	loose, exact bool
}

// ErrFull says that values do not fit in Limit.
var ErrFull = errors.New("the values that are known do not fit in memory")

// NewDictionary returns one without values.
func NewDictionary() *Dictionary { return &Dictionary{index: map[string]int32{}} }

// Len is how many values there are.
func (d *Dictionary) Len() int { return len(d.entries) }

// Add notes that a field of a record states a value. record tells records apart: each
// counts once for a value, where those of one record are added one after another. It
// fails with ErrFull.
func (d *Dictionary) Add(category, value, region string, record uint64) error {
	text := canon.Of(category, value, region)
	if text == "" {
		return nil
	}
	key := category + "\x00" + text
	i, ok := d.index[key]
	if !ok {
		i = int32(len(d.entries))
		if d.bytes += int64(2*len(key)) + 256; d.Limit > 0 && d.bytes > d.Limit || i < 0 {
			return fmt.Errorf("%w: %d of them, %d bytes", ErrFull, i, d.bytes)
		}
		d.index[key] = i
		d.entries = append(d.entries, entry{category: category, text: key[len(category)+1:], rule: "known_value@1", validator: "dictionary"})
	}
	if e := &d.entries[i]; e.count == 0 || e.last != record {
		e.count++
		e.last = record
	}
	return nil
}

// custom adds a literal of a policy.
func (d *Dictionary) custom(c Custom, literal string) {
	text := canon.Fold(literal)
	if text == "" || d.done {
		return
	}
	d.entries = append(d.entries, entry{category: c.Category, text: text, rule: "custom:" + c.ID + "@1", validator: "literal", class: Strong})
}

// digitsOnly are the categories whose values are numbers, however they are written.
func digitsOnly(category string) bool {
	switch category {
	case "phone", "bank_card", "imei", "imsi", "iccid", "ssn", "tin":
		return true
	}
	return false
}

// compactOnly are those whose values are letters and digits, separators or not.
func compactOnly(category string) bool {
	switch category {
	case "cn_resident_id", "iban", "hkid", "tw_id", "passport", "plate", "nino", "account_number", "national_id", "mac":
		return true
	}
	return false
}

// finish makes the tables.
func (d *Dictionary) finish() {
	if d.done {
		return
	}
	d.done = true
	// In an order that does not depend on how they came.
	slices.SortFunc(d.entries, func(a, b entry) int {
		return compareStrings(a.text, b.text, a.category, b.category, a.rule, b.rule)
	})
	clear(d.index)
	words, numbers, compact := 0, 0, 0
	for i := range d.entries {
		e := &d.entries[i]
		if e.validator == "dictionary" {
			d.index[e.category+"\x00"+e.text] = int32(i)
		}
		if e.class == Review && e.rule == "known_value@1" {
			e.class = certainty(e)
		}
		if digitsOnly(e.category) || allDigits(e.text) {
			numbers += 6
		} else {
			words += 2
		}
		compact++
	}
	d.words.make(words)
	d.numbers.make(numbers)
	d.compact.make(compact)
	d.han = make([]uint8, hanTable)
	copy(d.han, staticHan[:])
	for i := range d.entries {
		d.enter(int32(i))
	}
}

func compareStrings(pairs ...string) int {
	for i := 0; i < len(pairs); i += 2 {
		if c := strings.Compare(pairs[i], pairs[i+1]); c != 0 {
			return c
		}
	}
	return 0
}

func (d *Dictionary) enter(i int32) {
	e := &d.entries[i]
	text := strings.TrimLeft(e.text, "+")
	if digitsOnly(e.category) || allDigits(text) {
		for _, s := range dialled(e.category, text) {
			if len(s) < 3 || len(s) > 34 {
				continue
			}
			h := uint64(0)
			for k := range len(s) {
				h = digitHash(h, s[k])
			}
			d.numbers.put(h, i)
			d.digitLengths |= 1 << len(s)
		}
		return
	}
	if e.category == "credential" || e.category == "url_secret" {
		e.exact = true
	}
	if compactOnly(e.category) {
		e.loose = true
		e.text = strings.ToLower(text)
		d.compact.put(hash([]byte(e.text)), i)
	}
	// The key is the first word.
	text = e.text
	for text != "" {
		r, n := utf8.DecodeRuneInString(text)
		if r < utf8.RuneSelf && class[text[0]]&isWord != 0 || letter(r) || isHan(r) {
			break
		}
		text = text[n:]
	}
	if text == "" || utf8.RuneCountInString(text) < 2 {
		return // one letter is no name, and no text is without it
	}
	e.text = text
	r, n := utf8.DecodeRuneInString(text)
	if isHan(r) {
		d.markHan(r)
		next, _ := utf8.DecodeRuneInString(strings.TrimLeft(text[n:], " "))
		d.words.put(hanHash(r, canon.Lower(next)), i)
		return
	}
	first := firstWord(text)
	if len(first) == len(text) && utf8.RuneCountInString(text) < 3 {
		return
	}
	d.words.put(hash([]byte(first)), i)
	if e.loose {
		// Its letters may stand apart from its digits, and parts of it from others.
		for k := 1; k < len(first); k++ {
			if k <= 6 || class[first[k]]&isDigit != class[first[k-1]]&isDigit {
				d.words.put(hash([]byte(first[:k])), i)
			}
		}
	}
}

// firstWord is the word that text begins with, as scan reads words.
func firstWord(text string) string {
	for i, r := range text {
		if r < utf8.RuneSelf && class[byte(r)]&isWord == 0 || r >= utf8.RuneSelf && !letter(r) {
			return text[:i]
		}
	}
	return text
}

// dialled are the ways in which a number is written: a telephone number with and without
// its country.
func dialled(category, digits string) []string {
	out := []string{digits}
	if category != "phone" || len(digits) < 8 {
		return out
	}
	out = append(out, "00"+digits)
	country := 0
	for n := 1; n <= 3; n++ {
		if countryCode(digits[:n]) {
			country = n
			break
		}
	}
	if national := digits[country:]; country > 0 && len(national) >= 7 {
		out = append(out, national, "0"+national)
	}
	return out
}

// countryCode reports whether digits are one of E.164: 1, 7, or two digits that are no
// beginning of three.
func countryCode(d string) bool {
	switch len(d) {
	case 1:
		return d == "1" || d == "7"
	case 2:
		return strings.Contains(" 20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 82 84 86 90 91 92 93 94 95 98 ", " "+d+" ")
	}
	return true
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// certainty is how sure it is that a text means a known value where it states it. What may
// be a common word is for a person to decide.
func certainty(e *entry) Class {
	runes := []rune(e.text)
	switch {
	case digitsOnly(e.category) || allDigits(e.text):
		if len(runes) < 7 {
			return Review
		}
		return Strong
	case isHan(runes[0]):
		if len(runes) < 3 {
			return Weak
		}
		return Strong
	case e.category == "email" || e.category == "ip" || compactOnly(e.category):
		return Strong
	case len(runes) <= 4 && !strings.ContainsFunc(e.text, func(r rune) bool { return r < 'a' || r > 'z' }), commonWord(e.text):
		return Review
	}
	return Strong
}

// table finds entries by a hash of 64 bits. Several entries may have one.
type table struct {
	filter []uint64 // a bit for each of the hashes' first bits
	shift  uint
	slots  []slot
	mask   uint64
}

type slot struct {
	hash  uint64
	entry int32 // and 1, 0 where the slot is empty
}

func (t *table) make(n int) {
	t.filter, t.slots = nil, nil
	if n == 0 {
		return
	}
	size := uint(bits.Len(uint(n*16 - 1)))
	size = max(size, 12)
	t.filter = make([]uint64, 1<<(size-6))
	t.shift = 64 - size
	k := bits.Len(uint(n * 2))
	t.slots = make([]slot, 1<<k)
	t.mask = 1<<k - 1
}

func (t *table) put(h uint64, entry int32) {
	if int(t.mask) >= 0 && len(t.slots) == 0 {
		t.make(1)
	}
	if f := h >> t.shift; t.filter[f>>6]&(1<<(f&63)) == 0 {
		t.filter[f>>6] |= 1 << (f & 63)
	}
	i := h & t.mask
	for used := 0; t.slots[i].entry != 0; i = (i + 1) & t.mask {
		if t.slots[i].hash == h && t.slots[i].entry == entry+1 {
			return
		}
		if used++; used > len(t.slots)*3/4 {
			t.grow()
			t.put(h, entry)
			return
		}
	}
	t.slots[i] = slot{h, entry + 1}
}

func (t *table) grow() {
	old := t.slots
	t.slots = make([]slot, 2*len(old))
	t.mask = uint64(len(t.slots)) - 1
	for _, s := range old {
		if s.entry != 0 {
			i := s.hash & t.mask
			for t.slots[i].entry != 0 {
				i = (i + 1) & t.mask
			}
			t.slots[i] = s
		}
	}
}

func (t *table) has(h uint64) bool {
	if t.filter == nil {
		return false
	}
	f := h >> t.shift
	return t.filter[f>>6]&(1<<(f&63)) != 0
}

// each calls f with the entries of a hash.
func (t *table) each(h uint64, f func(entry int32)) {
	if !t.has(h) {
		return
	}
	for i := h & t.mask; t.slots[i].entry != 0; i = (i + 1) & t.mask {
		if t.slots[i].hash == h {
			f(t.slots[i].entry - 1)
		}
	}
}

const (
	mulA = 0x9E3779B97F4A7C15
	mulB = 0xD6E8FEB86659FD93
)

// hash is one of a word in any case: of the letters, digits and _ of ASCII, 0x20 is all
// that tells cases apart.
func hash(b []byte) uint64 {
	const lower = 0x2020202020202020
	h := uint64(len(b)) * mulA
	for len(b) >= 8 {
		h = (h ^ (binary.LittleEndian.Uint64(b) | lower)) * mulB
		h = bits.RotateLeft64(h, 29)
		b = b[8:]
	}
	if len(b) > 0 {
		var rest uint64
		for i, c := range b {
			rest |= uint64(c|0x20) << (8 * i)
		}
		h = (h ^ rest) * mulB
	}
	return (h ^ h>>32) * mulA
}

func digitHash(h uint64, d byte) uint64 { return (h+uint64(d-'0')+1)*mulA ^ h>>29 }

func hanHash(r, next rune) uint64 {
	h := uint64(r)<<32 | uint64(uint32(next))
	h = (h ^ h>>29) * mulA
	return (h ^ h>>32) * mulB
}
