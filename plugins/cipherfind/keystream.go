package main

import (
	"bytes"
	"math"

	"github.com/exhibit-forensics/exhibit/plugins/sdk/crypt"
)

// minXORKey: a shorter key cannot be told from chance (xorLog).
const minXORKey = 6

// stream tries a cipher that adds a key stream, begun anew with each message.
func (y *tryer) stream(cipher string, c *candidate, found func(hit)) {
	o, err := crypt.New(cipher, "", c.key, nil)
	if err != nil {
		return
	}
	y.trials++
	units := y.usable(cipher)
	heads := y.heads[:len(units)]
	var head [headBytes]byte
	if cipher == crypt.RC4 { // one key schedule for the beginnings of all
		y.ecb = o.Open(y.ecb[:0], head[:])
	}
	for i, missed := 0, 0; i < len(units); i++ {
		u := &units[i]
		if cipher == crypt.RC4 {
			y.text = y.text[:0]
			for j, b := range u.data[:min(headBytes, len(u.data))] {
				y.text = append(y.text, b^y.ecb[j])
			}
		} else {
			y.text = y.add(o, cipher, c, u, min(headBytes, len(u.data)))
		}
		if heads[i] = start(y.forms, y.text, u.at > 0); heads[i] == 0 {
			if missed++; missed > len(units)-needOf(len(units)) {
				return // not enough can be left
			}
		}
	}
	if !enough(heads) {
		return
	}
	texts, masks := make([][]byte, len(units)), make([]mask, len(units))
	for i := range units {
		u := &units[i]
		texts[i] = bytes.Clone(y.add(o, cipher, c, u, len(u.data)))
		masks[i] = whole(y.forms, u, texts[i], 1)
	}
	h := hit{cand: c, cipher: cipher}
	if cipher == crypt.RC4 {
		y.settle(h, units, texts, masks, y.odds[cipher][0], 1, y.limit, found)
		return
	}
	y.settle(h, units, texts, masks, y.odds[cipher][0], 1, math.Inf(1), func(h hit) {
		if h.logP = y.xorLog(o, &h); h.logP <= y.limit {
			found(h)
		}
	})
}

// add decrypts the first n bytes of u.
func (y *tryer) add(o crypt.Cipher, cipher string, c *candidate, u *unit, n int) []byte {
	if cipher == crypt.RC4 {
		return o.Open(y.text[:0], u.data[:n])
	}
	out := y.text[:0]
	at := int(u.at % int64(len(c.key)))
	for _, b := range u.data[:n] {
		out = append(out, b^c.key[at])
		if at++; at == len(c.key) {
			at = 0
		}
	}
	return out
}

// alignedBytes is how much of a line may stand at the same place in every line.
const alignedBytes = 32

// xorAlphabet is by how many values a byte of a written key is uncertain at the least.
const xorAlphabet = 32

// xorLog bounds log10 of the probability that a key of n bytes opens the units by
// chance. A wrong key of a repeating XOR does not leave random bytes: it leaves the
// text, changed alike at every n-th byte. But under the right key the bytes at every
// place of the key are distributed alike, since they are out of the same text. So
// for each place of the key those changes are counted under which its bytes would
// agree with those of all other places as well as they do: with k of them, a byte of
// a key that is right by chance has a probability of k/32 at the most.
//
// Lines often begin alike (a time, an address), so that the same characters would
// always meet the same place of the key; their beginnings are left out.
func (y *tryer) xorLog(o crypt.Cipher, h *hit) float64 {
	n := len(h.cand.key)
	columns := make([][256]float64, n)
	var all [256]float64
	for i := range y.t.long {
		u := &y.t.long[i]
		text := o.Open(y.text[:0], u.data)
		y.text = text
		if whole(y.forms, u, text, 1)>>h.form&1 == 0 {
			continue
		}
		skip := 0
		if y.t.unit == unitLine {
			skip = min(alignedBytes, len(text)/2)
		}
		for j := skip; j < len(text); j++ {
			columns[j%n][text[j]]++
			all[text[j]]++
		}
	}
	sum := 0.0
	for j := range columns {
		var others [256]float64
		size := 0.0
		for c := range all {
			others[c] = all[c] - columns[j][c]
			size += columns[j][c]
		}
		if size < 24 {
			return 0
		}
		own := alike(&columns[j], &others, 0)
		as := 1
		for d := 1; d < 256; d++ {
			switch a := alike(&columns[j], &others, byte(d)); {
			case a > own*1.3:
				return 0 // another byte of the key fits better
			case a > own/1.3:
				as++
			}
		}
		sum += min(0, math.Log10(float64(as)/xorAlphabet))
	}
	return sum
}

// alike is the inner product of a column, every byte changed by d, with the rest.
func alike(column, others *[256]float64, d byte) (sum float64) {
	for c, n := range column {
		if n > 0 {
			sum += n * others[byte(c)^d]
		}
	}
	return sum
}
