package main

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

const monthNames = "jan feb mar apr may jun jul aug sep oct nov dec"

// word takes a month, a weekday, AM or PM, T, or a zone.
func (s *scanner) word() bool {
	from := s.i
	for s.i < len(s.b) && (s.b[s.i]|0x20 >= 'a' && s.b[s.i]|0x20 <= 'z') {
		s.i++
	}
	w := strings.ToLower(string(s.b[from:s.i]))
	switch w {
	case "am":
		s.am = true
		return s.hourBefore()
	case "pm":
		s.pm = true
		return s.hourBefore()
	case "t":
		return s.n == 3
	case "z", "utc", "gmt":
		if s.m.hour < 0 || s.m.zone != "" {
			return false
		}
		s.m.zone = "Z"
		return true
	case "st", "nd", "rd", "th":
		return s.n > 0
	}
	if len(w) < 3 {
		return false
	}
	if i := strings.Index(monthNames, w[:3]); i >= 0 && i%4 == 0 && s.monthAt < 0 && s.n < 3 && strings.HasPrefix(fullMonths[i/4], w) {
		s.monthAt = s.n
		s.date[s.n], s.width[s.n] = i/4+1, 2
		s.n++
		return true
	}
	for _, d := range fullDays {
		if strings.HasPrefix(d, w) {
			return true
		}
	}
	return false
}

// hourBefore: "3 PM" has its hour taken for a number of the date.
func (s *scanner) hourBefore() bool {
	if s.m.hour < 0 && s.n == 4 {
		return false
	}
	return s.m.hour >= 0
}

var (
	fullMonths = strings.Fields("january february march april may june july august september october november december")
	fullDays   = strings.Fields("monday tuesday wednesday thursday friday saturday sunday")
)

// hanWords are those that a time in Chinese or Japanese may have.
var hanWords = []struct {
	word string
	do   func(*scanner) bool
}{
	{"年", func(s *scanner) bool { return s.n == 1 }},
	{"月", func(s *scanner) bool { return s.n > 0 }},
	{"日", func(s *scanner) bool { return s.n == 3 }},
	{"号", func(s *scanner) bool { return s.n == 3 }},
	{"號", func(s *scanner) bool { return s.n == 3 }},
	{"分", func(s *scanner) bool { return s.m.minute >= 0 }},
	{"秒", func(s *scanner) bool { return s.m.second >= 0 }},
	{"上午", func(s *scanner) bool { s.am = true; return true }},
	{"午前", func(s *scanner) bool { s.am = true; return true }},
	{"凌晨", func(s *scanner) bool { s.am = true; return true }},
	{"早上", func(s *scanner) bool { s.am = true; return true }},
	{"清晨", func(s *scanner) bool { s.am = true; return true }},
	{"下午", func(s *scanner) bool { s.pm = true; return true }},
	{"午後", func(s *scanner) bool { s.pm = true; return true }},
	{"晚上", func(s *scanner) bool { s.pm, s.night = true, true; return true }},
	{"傍晚", func(s *scanner) bool { s.pm = true; return true }},
	{"中午", func(s *scanner) bool { s.noon = true; return true }},
	{"星期", weekday},
	{"周", weekday},
	{"週", weekday},
	{"礼拜", weekday},
	{"禮拜", weekday},
}

func (s *scanner) han() bool {
	rest := s.b[s.i:]
	for _, w := range hanWords {
		if bytes.HasPrefix(rest, []byte(w.word)) {
			s.i += len(w.word)
			return w.do(s)
		}
	}
	if r, n := utf8.DecodeRune(rest); r == '\u3000' || r == '\u00a0' || r == '\u202f' {
		s.i += n
		return true
	}
	return false
}

// weekday takes the day after 星期; it is not compared with the date.
func weekday(s *scanner) bool {
	r, n := utf8.DecodeRune(s.b[s.i:])
	if !strings.ContainsRune("一二三四五六日天1234567", r) {
		return false
	}
	s.i += n
	return true
}
