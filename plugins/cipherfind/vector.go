package main

import (
	"encoding/hex"
	"math"

	"github.com/exhibit-forensics/exhibit/plugins/sdk/crypt"
)

// Where every message is mixed with the same initialisation vector and it is not stated, a key
// opens all of a message but its first block, as if the message began with the vector. So
// under a key that is found the vector is looked for by itself: the key, what lies beside it,
// and where there are messages enough to tell, all that may be a key.

const (
	// maxVectorMiss is one in how many messages may have another first block: damage.
	maxVectorMiss = 10
	// vectorChance is log10 of how probable it may be that a wrong vector is stated for a right
	// key: the other choice is to lose the first block of every message.
	vectorChance = -2
	// besideKey is how far from the key a vector is beside it, in bytes.
	besideKey = 1024
	// likelier is by how many bits a byte must be likelier for a vector to take the place of zeros.
	likelier = 1.0
	// rarer is by how many bits a usual byte may be rarer than bytes are on the average.
	rarer = 2.5
)

// begun are the first blocks of the messages that a find opens, and of what bytes the rest of
// them is made.
type begun struct {
	firsts [][]byte
	// bits are −log2 of how frequent each byte is; most is how many a usual byte has, usual
	// how many bytes are usual.
	bits  [256]float64
	most  float64
	usual int
}

// vector settles the vector of a find in CBC.
func (s *search) vector(y *tryer, h *hit) {
	block := blockSizes[h.cipher]
	if !h.mode.chained() || h.mode.stated != ivPrefix && !h.mode.zero() {
		return
	}
	b := y.begun(h, block)
	if len(b.firsts) == 0 {
		return
	}
	best, least := mode{}, math.Inf(1)
	if h.mode.zero() {
		least = b.rarity(make([]byte, block)) - likelier
	}
	try := func(m mode) {
		iv := m.vector(h.cand.key, block)
		if len(iv) != block || !b.text(&y.forms[h.form], iv) {
			return
		}
		if r := b.rarity(iv); r < least {
			best, least = m, r
		}
	}
	chance := b.chance(block)
	if chance <= vectorChance {
		try(mode{name: crypt.CBC, stated: ivKey})
	}
	all := chance+math.Log10(float64(len(s.list)+1)) <= s.limit
	var beside []*candidate
	for i := range s.list {
		if c := &s.list[i]; len(c.key) == block && (all || c.beside(h.cand)) {
			beside = append(beside, c)
		}
	}
	if all || chance+math.Log10(float64(len(beside)+1)) <= vectorChance {
		for _, c := range beside {
			try(mode{name: crypt.CBC, iv: c.key, stated: hex.EncodeToString(c.key)})
		}
	}
	if best.name != "" {
		h.use(y, best, block)
	}
}

// beside: it lies near the key, as it is written.
func (c *candidate) beside(key *candidate) bool {
	return key.given == nil && c.given == nil && c.input == key.input && c.rank < rankChanged && c.offset > key.offset-besideKey && c.offset < key.offset+besideKey
}

// begun gathers first blocks, as ECB leaves them, each once.
func (y *tryer) begun(h *hit, block int) *begun {
	b := &begun{}
	o, err := crypt.New(h.cipher, crypt.ECB, h.cand.key, nil)
	if err != nil {
		return b
	}
	seen := map[string]bool{}
	var hist [256]float64
	total := 0.0
	for _, list := range [][]unit{y.t.units, y.t.long} {
		for i := range list {
			u := &list[i]
			n := len(u.data) / block * block
			// The last block may be padding, and what is not opened says nothing.
			if u.at > 0 || n < 2*block || u.last && (n != len(u.data) || n == 2*block) {
				continue
			}
			ecb := o.Open(nil, u.data[:n])
			rest := (&mode{name: crypt.CBC, stated: ivPrefix}).chain(nil, ecb, u.data[:n], nil, h.cand.key, block)
			if y.t.unit == unitLine && whole(y.forms, u, rest, block)>>h.form&1 == 0 {
				continue
			}
			for _, c := range rest[:len(rest)-block] {
				hist[c]++
				total++
			}
			if !seen[string(u.data[:block])] {
				seen[string(u.data[:block])] = true
				b.firsts = append(b.firsts, ecb[:block])
			}
		}
	}
	mean := 0.0
	for c, n := range hist {
		b.bits[c] = -math.Log2((n + 0.5) / (total + 128))
		mean += b.bits[c] * n / max(1, total)
	}
	b.most = mean + rarer
	for _, v := range b.bits {
		if v <= b.most {
			b.usual++
		}
	}
	return b
}

// chance is log10 of how probable it is that a wrong vector makes such blocks.
func (b *begun) chance(block int) float64 {
	n := len(b.firsts)
	miss := n / maxVectorMiss
	p := float64(b.usual) / 256
	one := 0.0
	for k := odd(block); k >= 0; k-- { // that many bytes are not usual
		one += math.Pow(10, logChoose(block, k)) * math.Pow(p, float64(block-k)) * math.Pow(1-p, float64(k))
	}
	return float64(n-miss)*math.Log10(one) + logChoose(n, miss)
}

// odd is how many bytes of a block need not be usual: the signs of a date stand nowhere else.
func odd(block int) int { return block / 4 }

// text: with the vector nearly all blocks are made of usual bytes, and begin a text.
func (b *begun) text(f *textForm, iv []byte) bool {
	left := len(b.firsts) / maxVectorMiss
	var text [16]byte
	for _, first := range b.firsts {
		unusual := 0
		for i, c := range first {
			text[i] = c ^ iv[i]
			if b.bits[text[i]] > b.most {
				unusual++
			}
		}
		if unusual > odd(len(first)) || !f.passes(text[:len(first)], true) {
			if left--; left < 0 {
				return false
			}
		}
	}
	return true
}

// rarity is how many bits a byte of the first blocks has under a vector, by how frequent it is
// in the rest.
func (b *begun) rarity(iv []byte) (sum float64) {
	for _, first := range b.firsts {
		for i, c := range first {
			sum += b.bits[c^iv[i]]
		}
	}
	return sum / float64(len(b.firsts)*len(iv))
}

// use decrypts anew with another mode.
func (h *hit) use(y *tryer, m mode, block int) {
	o, err := crypt.New(h.cipher, crypt.ECB, h.cand.key, nil)
	if err != nil {
		return
	}
	texts := make([][]byte, len(h.texts))
	for i, text := range h.texts {
		if text != nil {
			u := &y.t.units[i]
			n := len(u.data) / block * block
			texts[i] = m.chain(nil, o.Open(nil, u.data[:n]), u.data[:n], u.before, h.cand.key, block)
		}
	}
	h.mode, h.texts = m, texts
}
