package main

import (
	"errors"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// wide reads a dump in UTF-16, as PowerShell writes what is redirected to a file.
// The scanner sees UTF-8; a unit of two bytes that is no character is U+FFFD.
type wide struct {
	high, low int // which byte of a unit is which
	raw       []byte
}

// wideOf returns how to read an input that begins with head, nil for bytes.
func wideOf(head []byte) *wide {
	if len(head) < 4 {
		return nil
	}
	switch {
	case head[0] == 0xFF && head[1] == 0xFE && head[3] == 0:
		return &wide{high: 1, low: 0}
	case head[0] == 0xFE && head[1] == 0xFF && head[2] == 0:
		return &wide{high: 0, low: 1}
	}
	return nil
}

// fillWide reads on into the window: a unit takes at most three bytes of UTF-8.
func (s *scanner) fillWide(into []byte) bool {
	room := int64(len(into)/3) &^ 1
	room = min(room, (s.stop-s.next)&^1)
	if room <= 0 {
		s.next = s.stop // half a unit is no character
		return false
	}
	if int64(len(s.wide.raw)) < room {
		s.wide.raw = make([]byte, room)
	}
	raw := s.wide.raw[:room]
	n, err := s.src.ReadAt(raw, s.next)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	n &^= 1
	out := into[:0]
	i := 0
	for ; i < n; i += 2 {
		r := s.wide.unit(raw[i:])
		if utf16.IsSurrogate(r) {
			if i+2 == n && s.next+int64(n) < s.stop && n > 2 {
				break // its other half comes with the next bytes
			}
			pair := rune(utf8.RuneError)
			if i+2 < n {
				pair = utf16.DecodeRune(r, s.wide.unit(raw[i+2:]))
			}
			if r = pair; r != utf8.RuneError {
				i += 2
			}
		}
		out = utf8.AppendRune(out, r)
	}
	s.next += int64(i)
	s.end += len(out)
	return len(out) > 0
}

func (w *wide) unit(b []byte) rune { return rune(b[w.high])<<8 | rune(b[w.low]) }

// units counts the units of UTF-16 that b stands for.
func units(b []byte) (n int64) {
	for _, c := range b {
		switch {
		case c >= 0xF0:
			n += 2
		case c < 0x80 || c >= 0xC0:
			n++
		}
	}
	return n
}
