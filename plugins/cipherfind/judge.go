package main

import (
	"math"
	"slices"

	"github.com/exhibit-forensics/exhibit/plugins/sdk/crypt"
)

// mask says in which forms something is text, a bit each.
type mask uint8

// odds is what a trial of one target under one cipher and mode may come to by chance.
type odds struct {
	// logs[f] are the units' log10 probabilities for form f, the largest first.
	logs [forms][]float64
	// same: all units hang on the same key stream, so that one unit's text by chance
	// makes the others' likelier, and only one counts.
	same bool
}

func newOdds(fs *[forms]textForm, units []unit, block, skip int, same bool) *odds {
	o := &odds{same: same}
	for f := range fs {
		for i := range units {
			s := skip
			if units[i].at > 0 {
				s = 0
			}
			o.logs[f] = append(o.logs[f], units[i].logP(&fs[f], block, s))
		}
		slices.SortFunc(o.logs[f], func(a, b float64) int {
			switch {
			case a > b:
				return -1
			case a < b:
				return 1
			}
			return 0
		})
	}
	return o
}

// logP bounds log10 of the probability that any k units or more of a trial are
// text in form f, by chance: the union over the sets of k units, over k, and over
// the forms.
func (o *odds) logP(f, k int) float64 {
	m := len(o.logs[f])
	sum := 0.0
	for _, l := range o.logs[f][:k] { // of every set of k the probability is at most this
		sum += l
	}
	if o.same {
		sum = o.logs[f][k-1]
	}
	return sum + logChoose(m, k) + math.Log10(float64(m)) + math.Log10(forms)
}

func logChoose(m, k int) float64 {
	lg := func(n int) float64 { v, _ := math.Lgamma(float64(n + 1)); return v / math.Ln10 }
	return lg(m) - lg(k) - lg(m-k)
}

// controls are the bytes that no narrow text holds.
var controls = func() (t [256]bool) {
	for c := range 128 {
		t[c] = !isASCIIText[c]
	}
	return t
}()

// start says in which forms head may be the beginning of a text, or a piece of one.
func start(fs *[forms]textForm, head []byte, within bool) (out mask) {
	clean := true
	for _, c := range head {
		if controls[c] {
			clean = false
			break
		}
	}
	for f := range fs {
		if !clean && f != formUTF16LE {
			continue
		}
		if fs[f].passes(head, true) || within && fs[f].passesWithin(head) {
			out |= 1 << f
		}
	}
	return out
}

// whole says in which forms what a unit decrypts to is text. block is 1 where there
// is no padding.
func whole(fs *[forms]textForm, u *unit, text []byte, block int) (out mask) {
	bodies := [][]byte{text}
	if u.last && block > 1 {
		bodies = bodies[:0]
		if b, ok := crypt.Strip(crypt.PKCS7, text, block); ok {
			bodies = append(bodies, b)
		}
		b, _ := crypt.Strip(crypt.Zero, text, block)
		bodies = append(bodies, b)
		if len(b)%2 == 1 && len(b) < len(text) { // the zero of a wide character
			bodies = append(bodies, text[:len(b)+1])
		}
	}
	for _, b := range bodies {
		if len(b) == 0 {
			continue
		}
		for f := range fs {
			switch {
			case u.at > 0:
				if fs[f].passesWithin(b) {
					out |= 1 << f
				}
			case fs[f].passes(b, !u.last):
				out |= 1 << f
			}
		}
	}
	return out
}

// paddingOf says how the messages are padded, of those that were opened.
func paddingOf(units []unit, texts [][]byte, block int) string {
	if block == 1 {
		return crypt.NoPadding
	}
	padded, zeroed := 0, 0
	for i, t := range texts {
		if t == nil || !units[i].last {
			continue
		}
		if _, ok := crypt.Strip(crypt.PKCS7, t, block); ok {
			padded++
		} else {
			zeroed++
		}
	}
	switch {
	case padded > zeroed:
		return crypt.PKCS7
	case zeroed > 0:
		return crypt.Zero
	}
	return crypt.NoPadding
}
