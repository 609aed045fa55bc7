package main

import (
	"bytes"
	"unicode/utf8"
)

// order is that of year, month and day where the text itself does not show it.
type order uint8

const (
	orderYMD order = iota
	orderDMY
	orderMDY
	orders
)

var orderNames = [orders]string{"year-month-day", "day-month-year", "month-day-year"}

// moment is a time as written. A part that is not stated is -1.
type moment struct {
	year, month, day     int
	hour, minute, second int
	fraction             []byte
	zone                 string // an offset as sdk.TimeFormat's %z reads it
}

// scanner walks over a time as text.
type scanner struct {
	b []byte
	i int

	date      [3]int // numbers in their order
	width     [3]int // how many digits each has
	n         int
	monthAt   int // which of date is a month by its name, -1
	yearFirst bool
	m         moment
	pm, am    bool
	noon      bool
	night     bool
}

// scanMoment reads a time in any of the ways that exports write them: numbers with
// separators, 2008年8月20日, 20080820210005, month names, 上午 and PM, fractions,
// offsets. o decides what the text leaves open. ok: it is a date, a time of day, or
// both, and nothing else.
func scanMoment(b []byte, o order) (m moment, ok bool) {
	s := scanner{b: bytes.TrimSpace(b), monthAt: -1}
	s.m = moment{year: -1, month: -1, day: -1, hour: -1, minute: -1, second: -1}
	if len(s.b) == 0 || len(s.b) > 64 {
		return s.m, false
	}
	for s.i < len(s.b) {
		if !s.token() {
			return s.m, false
		}
	}
	if !s.clock() || !s.calendar(o) {
		return s.m, false
	}
	return s.m, s.m.year >= 0 || s.m.hour >= 0
}

// token takes one number, word or separator.
func (s *scanner) token() bool {
	c := s.b[s.i]
	switch {
	case c >= '0' && c <= '9':
		return s.number()
	case c == '+' || c == '-' && s.m.minute >= 0:
		return s.offset()
	case c == ' ' || c == '/' || c == '-' || c == '.' || c == ',':
		s.i++
		return true
	case c|0x20 >= 'a' && c|0x20 <= 'z':
		return s.word()
	case c >= utf8.RuneSelf:
		return s.han()
	}
	return false
}

// number takes digits: a part of the date, a compact date or time, or an hour and
// what follows it.
func (s *scanner) number() bool {
	v, n := s.digits(17)
	rest := s.b[s.i:]
	switch {
	case n <= 2 && s.m.hour < 0 && clockMark(rest) > 0:
		return s.timeOfDay(v)
	case n <= 2 && s.m.hour < 0 && (s.am || s.pm || s.noon):
		s.m.hour = v // 下午3, 3 PM is seen at the word
		return true
	case n == 8 || n == 12 || n == 14 || n == 17:
		return s.n == 0 && s.compact(s.b[s.i-n:s.i])
	case (n == 6 || n == 4) && s.n == 3 && s.m.hour < 0:
		return s.compactTime(s.b[s.i-n : s.i])
	case n > 4 || s.n == 3 || n == 3:
		return false
	}
	if bytes.HasPrefix(rest, []byte("年")) {
		if s.n > 0 || n == 1 || n == 3 {
			return false
		}
		s.yearFirst = true
	}
	s.date[s.n], s.width[s.n] = v, n
	s.n++
	return true
}

func (s *scanner) digits(most int) (v, n int) {
	for s.i < len(s.b) && n < most && s.b[s.i] >= '0' && s.b[s.i] <= '9' {
		v = v*10 + int(s.b[s.i]-'0')
		s.i++
		n++
	}
	if s.i < len(s.b) && s.b[s.i] >= '0' && s.b[s.i] <= '9' {
		return 0, most + 1
	}
	return v, n
}

// clockMark returns how long a mark of hours or minutes b starts with, 0 for none.
func clockMark(b []byte) int {
	for _, mark := range [...]string{":", "：", "时", "時", "点", "點", "分"} {
		if bytes.HasPrefix(b, []byte(mark)) {
			return len(mark)
		}
	}
	return 0
}

// timeOfDay takes what follows an hour.
func (s *scanner) timeOfDay(hour int) bool {
	s.m.hour, s.m.minute = hour, 0
	s.i += clockMark(s.b[s.i:])
	v, n := s.digits(2)
	if n == 0 {
		return true // 8时
	}
	if n > 2 {
		return false
	}
	s.m.minute = v
	mark := clockMark(s.b[s.i:])
	if mark == 0 {
		return true
	}
	s.i += mark
	if v, n = s.digits(2); n == 0 {
		return true // 8时5分
	}
	if n > 2 {
		return false
	}
	s.m.second = v
	if rest := s.b[s.i:]; bytes.HasPrefix(rest, []byte("秒")) {
		s.i += len("秒")
	} else if len(rest) > 1 && (rest[0] == '.' || rest[0] == ',') && rest[1] >= '0' && rest[1] <= '9' {
		s.i++
		from := s.i
		if _, n := s.digits(9); n > 9 {
			return false
		}
		s.m.fraction = s.b[from:s.i]
	}
	return true
}

func (s *scanner) compact(d []byte) bool {
	s.date = [3]int{atoi(d[:4]), atoi(d[4:6]), atoi(d[6:8])}
	s.n, s.yearFirst, s.width = 3, true, [3]int{4, 2, 2}
	if len(d) > 8 {
		if !s.compactTime(d[8:min(len(d), 14)]) {
			return false
		}
		if len(d) == 17 {
			s.m.fraction = d[14:]
		}
	}
	return true
}

func (s *scanner) compactTime(d []byte) bool {
	s.m.hour, s.m.minute = atoi(d[:2]), atoi(d[2:4])
	if len(d) == 6 {
		s.m.second = atoi(d[4:])
	}
	return true
}

func atoi(b []byte) (v int) {
	for _, c := range b {
		v = v*10 + int(c-'0')
	}
	return v
}

// offset takes +08:00 and the like, after the time of day.
func (s *scanner) offset() bool {
	from := s.i
	s.i++
	h, n := s.digits(4)
	if s.m.hour < 0 || n == 0 || n > 4 || s.m.zone != "" && s.m.zone != "Z" {
		return false
	}
	minutes := 0
	switch {
	case n >= 3:
		h, minutes = h/100, h%100
	case s.i < len(s.b) && s.b[s.i] == ':':
		s.i++
		if minutes, n = s.digits(2); n != 2 {
			return false
		}
	}
	if h > 14 || minutes > 59 {
		return false
	}
	s.m.zone = string([]byte{s.b[from], byte('0' + h/10), byte('0' + h%10), ':', byte('0' + minutes/10), byte('0' + minutes%10)})
	return true
}

// clock makes one hour of 上午, PM and what was read.
func (s *scanner) clock() bool {
	m := &s.m
	if m.hour < 0 {
		return !s.am && !s.pm && !s.noon
	}
	if m.minute < 0 {
		m.minute = 0
	}
	if m.second < 0 {
		m.second = 0
	}
	if s.night && m.hour == 12 { // midnight, but of which day
		return false
	}
	if s.am && s.pm || m.hour > 23 || m.minute > 59 || m.second > 60 {
		return false
	}
	switch {
	case s.am && m.hour == 12:
		m.hour = 0
	case s.pm && m.hour < 12 && m.hour > 0, s.noon && m.hour < 3:
		m.hour += 12
	}
	return true
}

// calendar makes a date of the numbers read.
func (s *scanner) calendar(o order) bool {
	if s.n == 0 {
		return true
	}
	if s.n != 3 {
		return false
	}
	y, mo, d := 0, 1, 2
	switch {
	case s.yearFirst || s.width[0] == 4:
		if s.monthAt == 2 {
			return false
		}
	case s.monthAt == 0: // Aug 20, 2008
		y, mo, d = 2, 0, 1
	case s.monthAt == 1: // 20 Aug 2008
		y, mo, d = 2, 1, 0
	case o == orderDMY || o == orderYMD && s.width[2] == 4:
		if o == orderYMD {
			return false // the year is last
		}
		y, mo, d = 2, 1, 0
	case o == orderMDY:
		y, mo, d = 2, 0, 1
	}
	m := &s.m
	m.year, m.month, m.day = s.date[y], s.date[mo], s.date[d]
	switch s.width[y] {
	case 4:
	case 2: // as POSIX has it
		if m.year += 1900; m.year < 1969 {
			m.year += 100
		}
	default:
		return false
	}
	return s.width[mo] <= 2 && s.width[d] <= 2 && m.month >= 1 && m.month <= 12 && m.day >= 1 && m.day <= daysIn(m.year, m.month)
}

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// append writes the moment as "2008-08-20 21:00:05", with fraction and zone where
// it has them. A date alone stands at midnight.
func (m *moment) append(b []byte) []byte {
	b = pad(b, m.year, 4)
	b = pad(append(b, '-'), m.month, 2)
	b = pad(append(b, '-'), m.day, 2)
	b = pad(append(b, ' '), max(m.hour, 0), 2)
	b = pad(append(b, ':'), max(m.minute, 0), 2)
	b = pad(append(b, ':'), max(m.second, 0), 2)
	if len(m.fraction) > 0 {
		b = append(append(b, '.'), m.fraction...)
	}
	return append(b, m.zone...)
}

func pad(b []byte, v, width int) []byte {
	for p := 1000; p > 0; p /= 10 {
		if width == 2 && p > 10 {
			continue
		}
		b = append(b, byte('0'+v/p%10))
	}
	return b
}
