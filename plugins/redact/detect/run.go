package detect

import (
	"unicode/utf8"

	"github.com/exhibit-forensics/exhibit/plugins/redact/canon"
)

// maxRun bounds the digits of a run.
const maxRun = 64

// Gaps before a digit.
const (
	// gapNone: it follows the one before. gapSoft: that one is of another script.
	gapNone = 0
	gapSoft = 1
	// gapOdd: something stands between them that separates no parts of a number. Any other
	// value is the character that stands there.
	gapOdd = 0xFF
)

// run is a sequence of digits and what separates them, of which one or several numbers
// may be made.
type run struct {
	digit    [maxRun]byte
	pos, end [maxRun]int32
	gap      [maxRun]uint8
	n        int
	// plus is where a + stands before the first, -1 where none does.
	plus int
	// glued and gluedAfter: a letter stands right before it, or right after.
	glued, gluedAfter bool
	// said is what the words right before it announce.
	said announcement
}

// announcement is what words announce of a number that has no form of its own.
type announcement uint8

const (
	saidUnknown announcement = iota
	saidNothing
	saidUser
	saidAccount
)

func (r *run) push(d byte, at, n int, gap uint8) {
	r.digit[r.n], r.pos[r.n], r.end[r.n], r.gap[r.n] = d, int32(at), int32(at+n), gap
	r.n++
}

// collect reads the run that begins with a digit at a place.
func (s *Finder) collect(from int) {
	r := &s.run
	r.n, r.plus, r.glued, r.said = 0, -1, false, saidUnknown
	i, gap, han := from, uint8(gapNone), false
	for i < len(s.b) {
		c := s.b[i]
		if class[c]&isDigit != 0 {
			if han && gap == gapNone && r.n > 0 {
				gap = gapSoft
			}
			if r.n == maxRun {
				break
			}
			r.push(c, i, 1, gap)
			gap, han = gapNone, false
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			x, n := utf8.DecodeRune(s.b[i:])
			if d := canon.HanDigit(x); d != 0 {
				if !han && gap == gapNone && r.n > 0 {
					gap = gapSoft
				}
				if r.n == maxRun {
					break
				}
				r.push(d, i, n, gap)
				gap, han = gapNone, true
				i += n
				continue
			}
			if gap != gapNone || x != '。' && x != '·' && x != '•' && x != '・' && x != '.' {
				break
			}
			gap = '.'
			i += n
			continue
		}
		if class[c]&isSep == 0 || gap != gapNone {
			break
		}
		k := i
		for k < len(s.b) && k < i+4 && class[s.b[k]]&isSep != 0 {
			k++
		}
		if gap = separator(s.b[i:k]); gap == 0 {
			break
		}
		i = k
	}
	if r.n == maxRun && i < len(s.b) && class[s.b[i]]&isDigit != 0 {
		// Longer than any number: the part that was cut is none.
		for r.n > 0 && r.gap[r.n-1] == gapNone {
			r.n--
		}
		r.n = max(0, r.n-1)
		for i < len(s.b) && class[s.b[i]]&isDigit != 0 {
			i++
		}
		s.digitsTo = i
	} else if r.n > 0 {
		s.digitsTo = int(r.end[r.n-1])
	}
	if r.n == 0 {
		return
	}
	for k := from - 1; k >= max(0, from-2); k-- {
		if s.b[k] == '+' {
			r.plus = k
		}
		if c := s.b[k]; c != ' ' && c != '(' {
			break
		}
	}
	r.glued = r.plus < 0 && s.wordBefore(from) && !s.named(from)
	last := int(r.end[r.n-1])
	r.gluedAfter = s.wordAt(last) && s.extension(last) == last
}

// separator is what stands for the characters between two digits, 0 where they end a
// number.
func separator(b []byte) uint8 {
	if len(b) == 1 {
		if b[0] == '\r' || b[0] == '\t' {
			return ' '
		}
		return b[0]
	}
	out := uint8(0)
	for _, c := range b {
		switch c {
		case ' ', '\r', '\t':
			if out == 0 {
				out = ' '
			}
		default:
			if out == 0 || out == ' ' {
				out = c
			} else if out != c && !(out == ')' && c == '-') {
				return gapOdd
			}
		}
	}
	if len(b) >= 4 || out == '.' || out == '/' { // the end of a sentence
		return gapOdd
	}
	return out
}

// number finds the numbers in the run that begins at a place.
func (s *Finder) number(from int) {
	s.collect(from)
	r := &s.run
	if r.n < 4 {
		s.knownShort()
		return
	}
	s.ipv4()
	if r.n < 5 {
		s.knownShort()
		return
	}
	behind := s.international()
	for a := 0; a < r.n; a++ {
		if a > 0 && (r.gap[a] == gapNone || a < behind) {
			continue
		}
		s.windows(a)
	}
	s.knownShort()
}

// windows tries all numbers that begin with digit a.
func (s *Finder) windows(a int) {
	r := &s.run
	w := window{s: s, a: a}
	h := uint64(0)
	for b := a + 1; b <= r.n && b-a <= 34; b++ {
		h = digitHash(h, r.digit[b-1])
		if b > a+1 {
			w.take(b - 1)
		}
		if w.odd > 0 && !(s.d.dict.digitLengths != 0) {
			return
		}
		if b < r.n && r.gap[b] == gapNone {
			continue // inside a group
		}
		w.b = b
		if s.d.dict.hasDigits(b-a, h) {
			w.known(h)
		}
		if w.odd == 0 {
			w.judge()
		}
	}
}

// window is digits a to b of the run, which begin and end with a group.
type window struct {
	s    *Finder
	a, b int
	// cuts are the offsets, from a, of the digits before which a separator stands.
	cuts uint32
	// groups are how many there are but one; odd how many gaps are no separators.
	groups, odd int
	// sep is the one separator, 0 where there is none, gapOdd where there are several.
	sep uint8
}

// take adds the gap before a digit.
func (w *window) take(k int) {
	g := w.s.run.gap[k]
	if g == gapNone || g == gapSoft {
		return
	}
	if g == gapOdd {
		w.odd++
	}
	w.cuts |= 1 << min(k-w.a, 31)
	w.groups++
	if w.sep == 0 {
		w.sep = g
	} else if w.sep != g {
		w.sep = gapOdd
	}
}

func (w *window) len() int { return w.b - w.a }

// digits are those from an offset on.
func (w *window) digits(from int) []byte { return w.s.run.digit[w.a+from : w.b] }

// begin and finish are the places of the first digit and of the end.
func (w *window) begin() int  { return int(w.s.run.pos[w.a]) }
func (w *window) finish() int { return int(w.s.run.end[w.b-1]) }

// decimal reports whether the window is a part of a decimal fraction, or of a version.
func (w *window) decimal() bool {
	r := &w.s.run
	return w.sep != '.' && (w.a > 0 && r.gap[w.a] == '.' || w.b < r.n && r.gap[w.b] == '.')
}

// glued reports whether a letter touches the window.
func (w *window) glued() bool {
	r := &w.s.run
	return w.a == 0 && r.glued || w.b == r.n && r.gluedAfter
}

// singles reports whether each digit, or each pair of them, stands by itself.
func (w *window) singles() bool {
	n := w.len()
	if n >= 31 || w.groups == 0 {
		return false
	}
	all := uint32(1)<<n - 2
	const even = 0x55555554
	return w.cuts == all || w.cuts == even&all
}

// add takes the window as a value, with what stands before it from a place.
func (w *window) add(begin int, category, rule, validator string, class Class) {
	w.s.add(begin, w.finish(), category, rule, validator, class)
}

// judge puts the window to all that it may be by its length.
func (w *window) judge() {
	n := w.len()
	if w.sep == '\n' && w.groups > 4 || w.groups > 0 && w.sep == '/' && n < 10 {
		return
	}
	switch {
	case n == 9 && w.ssn():
	case n >= 7 && n <= 15:
		w.phone()
	}
	switch n {
	case 15:
		w.resident15()
		w.mobileIDs()
	case 17, 18:
		if w.resident18() {
			return
		}
	case 19, 20:
		w.iccid()
	}
	if n >= 12 && n <= 19 {
		w.card()
	}
	if n >= 5 && n <= 30 && w.groups <= 7 {
		w.byContext()
	}
}
