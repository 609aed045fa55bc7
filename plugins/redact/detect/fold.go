package detect

import (
	"slices"
	"unicode/utf8"

	"github.com/exhibit-forensics/exhibit/plugins/redact/canon"
)

// point is a place where folded text stops being the original, moved by a fixed distance.
type point struct {
	// folded is the place in folded text, text that in the original; before is the end in the
	// original of what precedes: less than text where characters were dropped.
	folded, text, before int32
}

// folded is a text as it is searched, and the way back.
type folded struct {
	b      []byte
	buf    []byte
	points []point
}

// plain tells the bytes that fold leaves as they are whatever follows them: ASCII, and the
// first bytes of U+4000 to U+9FFF.
var plain = func() (t [256]bool) {
	for c := range t {
		t[c] = c < utf8.RuneSelf || c >= 0xE4 && c <= 0xE9
	}
	return t
}()

// set folds text, which may be kept as it is. Bytes that are no UTF-8 stay.
func (f *folded) set(text []byte) {
	f.points = f.points[:0]
	i := 0
	for i < len(text) {
		c := text[i]
		if c < utf8.RuneSelf {
			i++
			continue
		}
		if !plain[c] {
			break
		}
		i += 3
	}
	if i >= len(text) {
		f.b = text
		return
	}
	out := append(f.buf[:0], text[:i]...)
	for i < len(text) {
		from := i
		for i < len(text) && plain[text[i]] {
			if text[i] < utf8.RuneSelf {
				i++
			} else {
				i += 3
			}
		}
		if i > len(text) { // the last character is cut short
			i = len(text)
		}
		out = append(out, text[from:i]...)
		if i == len(text) {
			break
		}
		r, n := utf8.DecodeRune(text[i:])
		w := r
		if r != utf8.RuneError || n > 1 {
			w = canon.Width(r)
		}
		switch {
		case w == r:
			out = append(out, text[i:i+n]...)
		case w == canon.Dropped:
			f.change(len(out), i+n, i)
		default: // ASCII
			out = append(out, byte(w))
			f.change(len(out), i+n, i+n)
		}
		i += n
	}
	f.b, f.buf = out, out
}

// change notes that what is folded at one place stands at text, and ends at before.
func (f *folded) change(at, text, before int) {
	if k := len(f.points) - 1; k >= 0 && int(f.points[k].folded) == at {
		f.points[k].text = int32(text)
		return
	}
	f.points = append(f.points, point{int32(at), int32(text), int32(before)})
}

// last is the last point at or before a place, or -1.
func (f *folded) last(at int) int {
	i, found := slices.BinarySearchFunc(f.points, at, func(p point, at int) int { return int(p.folded) - at })
	if found {
		return i
	}
	return i - 1
}

// start is the place in the original of the folded character at a place, end where in it
// the one before a place ends.
func (f *folded) start(at int) int {
	if k := f.last(at); k >= 0 {
		return int(f.points[k].text) + at - int(f.points[k].folded)
	}
	return at
}

func (f *folded) end(at int) int {
	k := f.last(at)
	if k < 0 {
		return at
	}
	if p := f.points[k]; int(p.folded) == at {
		return int(p.before)
	}
	return f.start(at)
}
