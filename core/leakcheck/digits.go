package leakcheck

import (
	"encoding/binary"
	"slices"
	"unicode/utf8"
)

const (
	// minDigits is how many digits tell a number, or are enough of its end.
	minDigits = 7
	// sureDigits are so many that a number stands there however it is glued to others.
	sureDigits = 11
	tailValues = 10_000_000
	maxDigits  = 40
	// maxBetween is how many separators may stand between two digits of a number.
	maxBetween = 3
)

// digitTable finds numbers by their last 7 digits.
type digitTable struct {
	bits  []uint64
	tails map[uint32][]uint32 // to numbers
	list  []number
	// longer[n] is how many numbers have more than n digits: as many ends of n digits may
	// stand somewhere by chance.
	longer [maxDigits + 1]int64
}

type number struct {
	digits string
	needle uint32
}

type digitBuilder struct{ list []number }

func (b *digitBuilder) add(digits string, needle uint32) {
	b.list = append(b.list, number{digits[:min(len(digits), maxDigits)], needle})
}

func (b *digitBuilder) build() digitTable {
	t := digitTable{list: b.list}
	if len(b.list) == 0 {
		return t
	}
	t.bits, t.tails = make([]uint64, tailValues/64+1), make(map[uint32][]uint32, len(b.list))
	for i, v := range b.list {
		var tail uint32
		for _, c := range []byte(v.digits[len(v.digits)-minDigits:]) {
			tail = tail*10 + uint32(c-'0')
		}
		t.bits[tail>>6] |= 1 << (tail & 63)
		t.tails[tail] = append(t.tails[tail], uint32(i))
		for n := minDigits; n < len(v.digits); n++ {
			t.longer[n]++
		}
	}
	return t
}

// digit is one digit of a run, and where it stands.
type digit struct {
	value    byte
	at, end  int32
	detached bool // nothing of the number stands directly before it
}

// runs of digits, put together over what may stand between them.
type digitScanner struct {
	t       *digitTable
	found   func(needle uint32, from, to int, part bool)
	chance  *float64
	run     []digit
	text    []byte
	between int
	binary  bool // text is not text alone
}

// kinds of bytes for the scan.
const (
	other = iota
	asciiDigit
	asciiBetween
	leadByte
)

var digitKinds = func() (t [256]uint8) {
	for c := '0'; c <= '9'; c++ {
		t[c] = asciiDigit
	}
	for _, c := range " -.()+\t" {
		t[c] = asciiBetween
	}
	for _, c := range []byte{0xc2, 0xe2, 0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xe9, 0xef} {
		t[c] = leadByte
	}
	return t
}()

// scan reads text for digits.
func (s *digitScanner) scan(text []byte) {
	if len(s.t.list) == 0 {
		return
	}
	s.text, s.run, s.between = text, s.run[:0], 0
	for i := 0; i < len(text); {
		switch digitKinds[text[i]] {
		case other:
			if len(s.run) > 0 {
				s.flush()
			}
			i++
		case asciiDigit:
			s.digit(text[i]-'0', i, i+1)
			i++
		case asciiBetween:
			if len(s.run) > 0 {
				s.separator()
			}
			i++
		case leadByte:
			i += s.wide(text, i)
		}
	}
	s.flush()
}

// wide takes a character that is not ASCII, and returns how long it is.
func (s *digitScanner) wide(text []byte, i int) int {
	// Most Han characters are no digits: not decoded.
	if b := text[i]; b >= 0xe3 && b <= 0xe9 && i+2 < len(text) {
		if v := hanDigit(uint32(b)<<16 | uint32(text[i+1])<<8 | uint32(text[i+2])); v >= 0 {
			s.digit(byte(v), i, i+3)
			return 3
		} else if b != 0xe3 {
			s.flush()
			return 1
		}
	}
	r, n := utf8.DecodeRune(text[i:])
	switch d := digitValue(r); {
	case r == utf8.RuneError:
		s.flush()
	case d >= 0:
		s.digit(byte(d), i, i+n)
	case isBetween(r):
		if len(s.run) > 0 {
			s.separator()
		}
	default:
		s.flush()
	}
	return n
}

func (s *digitScanner) separator() {
	if s.between++; s.between > maxBetween {
		s.flush()
	}
}

func (s *digitScanner) digit(v byte, at, end int) {
	s.run = append(s.run, digit{value: v, at: int32(at), end: int32(end), detached: len(s.run) == 0 || s.between > 0})
	s.between = 0
	if len(s.run) == 4096 { // a run of any length takes bounded memory
		s.match()
		s.run = append(s.run[:0], s.run[len(s.run)-maxDigits:]...)
	}
}

func (s *digitScanner) flush() {
	if len(s.run) >= minDigits {
		s.match()
	}
	s.run, s.between = s.run[:0], 0
}

// match looks at each end of 7 digits in the run.
func (s *digitScanner) match() {
	var tail uint32
	run := s.run
	for i, d := range run {
		tail = (tail*10 + uint32(d.value)) % tailValues
		if i < minDigits-1 {
			continue
		}
		if s.t.bits[tail>>6]>>(tail&63)&1 != 0 {
			for _, id := range s.t.tails[tail] {
				s.judge(s.t.list[id], i+1)
			}
		}
		if n := len(run); i+1 == n && n < sureDigits && s.t.longer[n] > 0 && !isDate(run) && !s.inHex(int(run[0].at), int(run[n-1].end)) && !s.isJSONNumber(int(run[0].at), int(run[n-1].end)) {
			*s.chance += float64(s.t.longer[len(run)]) / pow10(len(run))
		}
	}
}

func pow10(n int) float64 {
	p := 1.0
	for range n {
		p *= 10
	}
	return p
}

// judge says whether a number ends behind the digit before end of the run: all of it, or as
// much as there is. What is short must stand by itself.
func (s *digitScanner) judge(v number, end int) {
	same := 0
	for same < end && same < len(v.digits) && s.run[end-1-same].value == v.digits[len(v.digits)-1-same]-'0' {
		same++
	}
	if same < minDigits {
		return
	}
	start := end - same
	from, to := int(s.run[start].at), int(s.run[end-1].end)
	if same >= sureDigits {
		s.found(v.needle, from, to, same < len(v.digits))
		return
	}
	part := same < len(v.digits)
	closed, detached := end == len(s.run) || s.run[end].detached, s.run[start].detached
	if s.binary {
		// In a database's page the byte before or behind may be a length that looks like a digit.
		closed = closed || end+1 == len(s.run)
		detached = detached || start == 1 || s.run[start-1].detached
	}
	groups := 0
	for _, d := range s.run[start:end] {
		if d.detached {
			groups++
		}
	}
	switch {
	case !closed, !detached, same < 2*groups, s.inHex(from, to):
		return
	case part && (s.inDate(start, end) || s.isJSONNumber(from, to)):
		return
	}
	s.found(v.needle, from, to, part)
}

// inHex reports whether a place is within a hexadecimal number such as a digest, where runs of
// digits stand by chance.
func (s *digitScanner) inHex(from, to int) bool {
	letter := false
	in := func(i int) bool {
		if !isHexDigit(s.text[i]) && s.text[i] != '-' {
			return false
		}
		letter = letter || isLetter(s.text[i])
		return true
	}
	for from > 0 && in(from-1) {
		from--
	}
	for to < len(s.text) && in(to) {
		to++
	}
	return letter && to-from >= 16
}

// inDate reports whether digits are a day, or what is left of one without the digit beside
// them that a page of a database may have had for a length.
func (s *digitScanner) inDate(start, end int) bool {
	run := s.run
	return isDate(run[start:end]) || s.binary && (start > 0 && isDate(run[start-1:end]) || end < len(run) && isDate(run[start:end+1]))
}

// isDate reports whether digits are a day, as dates of records are written.
func isDate(run []digit) bool {
	if len(run) != 8 && len(run) != 14 {
		return false
	}
	n := 0
	for _, d := range run[:8] {
		n = n*10 + int(d.value)
	}
	year, month, day := n/10000, n/100%100, n%100
	return year >= 1970 && year < 2100 && month >= 1 && month <= 12 && day >= 1 && day <= 31
}

// isJSONNumber reports whether text[from:to] is a JSON number by itself: a size or a count. Ends
// of numbers are not looked for there.
func (s *digitScanner) isJSONNumber(from, to int) bool {
	const before, after = ":[", ",}]"
	if to == len(s.text) || !slices.Contains([]byte(after), s.text[to]) {
		return false
	}
	for from > 0 && s.text[from-1] == ' ' {
		from--
	}
	return from > 1 && slices.Contains([]byte(before), s.text[from-1]) && (s.text[from-2] == '"' || s.text[from-1] == '[')
}

// hanDigit is the value of a Han numeral by its bytes in UTF-8, or -1.
func hanDigit(b uint32) int {
	switch b {
	case 0xe99bb6, 0xe38087: // 零 〇
		return 0
	case 0xe4b880, 0xe5a3b9, 0xe5b9ba: // 一 壹 幺
		return 1
	case 0xe4ba8c, 0xe8b4b0: // 二 贰
		return 2
	case 0xe4b889, 0xe58f81: // 三 叁
		return 3
	case 0xe59b9b, 0xe88286: // 四 肆
		return 4
	case 0xe4ba94, 0xe4bc8d: // 五 伍
		return 5
	case 0xe585ad, 0xe99986: // 六 陆
		return 6
	case 0xe4b883, 0xe69f92: // 七 柒
		return 7
	case 0xe585ab, 0xe68d8c: // 八 捌
		return 8
	case 0xe4b99d, 0xe78e96: // 九 玖
		return 9
	}
	return -1
}

// digitValue is the value of a digit: ASCII, full-width or Han; else -1.
func digitValue(r rune) int {
	switch {
	case r >= '0' && r <= '9':
		return int(r - '0')
	case r >= '０' && r <= '９':
		return int(r - '０')
	case r < 0x3000 || r > 0xffff:
		return -1
	}
	var b [4]byte
	if utf8.EncodeRune(b[:], r) != 3 {
		return -1
	}
	return hanDigit(binary.BigEndian.Uint32(b[:]) >> 8)
}

// isBetween reports whether a character that is not ASCII may stand between the digits of a
// number: spaces, dashes, what cannot be seen, and their full-width forms.
func isBetween(r rune) bool {
	switch {
	case r == 0xa0, r == 0xad, r == 0xb7, r >= 0x2000 && r <= 0x206f, r == 0x2212, r == 0x3000, r == 0xfeff, r == 0x30fb,
		r == '（', r == '）', r == '－', r == '．':
		return true
	}
	return false
}
