package detect

import (
	"unicode/utf8"

	"github.com/exhibit-forensics/exhibit/plugins/redact/canon"
)

// scan reads the folded text once.
func (s *Finder) scan() {
	b := s.b
	for i := 0; i < len(b); {
		switch c := class[b[i]]; {
		case c&isWord != 0:
			i = s.wordFrom(i)
		case c&isHigh != 0:
			i = s.high(i)
		case c&isMark != 0:
			i = s.mark(i)
		default:
			i++
		}
	}
}

// wordFrom reads the word or number at a place and returns where it ends.
func (s *Finder) wordFrom(from int) int {
	b := s.b
	i, sort := from, uint8(0)
	for i < len(b) {
		c := class[b[i]]
		if c&isWord == 0 {
			break
		}
		sort |= c
		i++
	}
	if i < len(b) && class[b[i]]&isHigh != 0 {
		if r, _ := utf8.DecodeRune(b[i:]); letter(r) {
			return s.foreignWord(from)
		}
	}
	s.known(from, b[from:i])
	if sort&isDigit == 0 {
		if i-from <= longestTrigger && i-from >= 2 {
			s.trigger(from, i)
		}
		if i-from <= 2 && i < len(b) && class[b[i]]&isSep != 0 && class[s.at(i+1)]&isDigit != 0 {
			if i-from == 2 {
				s.nino(from)
			}
			s.hkid(from, i-from == 2)
		}
		if i-from == 2 && sort&isHex != 0 {
			s.mac(from, i)
		}
		return i
	}
	if from >= s.digitsTo && class[b[from]]&isDigit != 0 {
		s.number(from)
	}
	if sort&isLetter != 0 {
		s.mixed(from, i)
	}
	if n := i - from; n == 2 || n == 4 {
		s.mac(from, i)
	}
	return i
}

// foreignWord reads a word that has letters outside ASCII.
func (s *Finder) foreignWord(from int) int {
	s.word = s.word[:0]
	i := from
	for i < len(s.b) {
		c := s.b[i]
		if c < utf8.RuneSelf {
			if class[c]&isWord == 0 {
				break
			}
			s.word = append(s.word, c)
			i++
			continue
		}
		r, n := utf8.DecodeRune(s.b[i:])
		if !letter(r) {
			break
		}
		s.word = utf8.AppendRune(s.word, canon.Lower(r))
		i += n
	}
	s.known(from, s.word)
	if from >= s.digitsTo && class[s.b[from]]&isDigit != 0 {
		s.number(from)
	}
	return i
}

// high reads a character outside ASCII.
func (s *Finder) high(i int) int {
	r, n := utf8.DecodeRune(s.b[i:])
	if !isHan(r) {
		if letter(r) {
			return s.foreignWord(i)
		}
		return i + n
	}
	flags := s.d.dict.hanFlags(r)
	if flags == 0 {
		return i + n
	}
	if flags&hanNumeral != 0 && i >= s.digitsTo {
		s.number(i)
	}
	if flags&hanProvince != 0 {
		s.plate(i, n)
	}
	if flags&hanFirst != 0 {
		s.knownHan(i, n, r)
	}
	if flags&hanTrigger != 0 {
		s.hanTrigger(i, r)
	}
	return i + n
}

// mark reads an @ or a colon.
func (s *Finder) mark(i int) int {
	if s.b[i] == '@' {
		s.email(i)
		return i + 1
	}
	if s.at(i+1) == '/' && s.at(i+2) == '/' {
		return s.url(i)
	}
	return s.ipv6(i)
}
