package main

import (
	"encoding/binary"

	"github.com/exhibit-forensics/exhibit/plugins/sdk/crypt"
)

// A sieve looks at what 64 keys of DES make of a target's first blocks without taking the
// keys apart: each word holds one bit of all of them, and whether a byte may stand where it
// does in a text is a few operations on such words. What it lets through is looked at one by
// one; it lets through whatever tryer.head does, and a little more.
type sieve struct {
	keys crypt.DESKeys
	// plain[b] are the bits of block b decrypted, of each unit.
	plain [sampleUnits][headBlocks][crypt.DESLanes]uint64
	text  [crypt.DESLanes]uint64
	// alive[m][i] are the lanes in which unit i may be text in mode m.
	alive [][sampleUnits]uint64
	// at[b][i] are the classes of byte i of block b: as ECB leaves it, and as CBC does.
	at, chained [headBlocks][8]byteClass
	first       [8]byteClass
}

// headBlocks is how many blocks of 8 bytes of a unit are looked at first.
const headBlocks = 3

// lane is the bit of candidate j in a word.
func lane(j int) uint64 { return 1 << (63 - j) }

// level counts to three for each lane: word i has those that were added i+1 times.
type level [3]uint64

func (l *level) add(m uint64) {
	l[2] |= l[1] & m
	l[1] |= l[0] & m
	l[0] |= m
}

// run decrypts, and returns the lanes that may open need units or more, in each mode. need is
// 3 at the most.
func (s *sieve) run(units []unit, list []mode, need int, out []uint64) {
	counts := make([][forms]level, len(list))
	if len(s.alive) < len(list) {
		s.alive = make([][sampleUnits]uint64, len(list))
	}
	for i := range units {
		u := &units[i]
		s.decrypt(i, u)
		for m := range list {
			s.alive[m][i] = s.judge(i, u, &list[m], &counts[m])
		}
	}
	for m := range list {
		out[m] = 0
		for f := range forms {
			out[m] |= counts[m][f][need-1]
		}
	}
}

// decrypt fills in the blocks of unit i, and their classes.
func (s *sieve) decrypt(i int, u *unit) {
	for b := range min(headBlocks, len(u.data)/8) {
		p := &s.plain[i][b]
		s.keys.Lanes(u.data[8*b:], p)
		classify(p, &s.at[b])
		if b > 0 {
			s.mix(p, u.data[8*b-8:])
			classify(&s.text, &s.chained[b])
		}
	}
}

// mix adds a block of ciphertext, or an initialisation vector, to every lane.
func (s *sieve) mix(p *[crypt.DESLanes]uint64, block []byte) {
	v := binary.BigEndian.Uint64(block)
	for i := range p {
		s.text[i] = p[i] ^ -(v >> (63 - i) & 1)
	}
}

// judge adds to counts the lanes in which the beginning of a unit may be text, by form, and
// returns those of any. The last block of a message may be padding, and is not looked at.
func (s *sieve) judge(i int, u *unit, m *mode, counts *[forms]level) (alive uint64) {
	if u.last && len(u.data)%8 != 0 {
		return 0
	}
	blocks := len(u.data) / 8
	if u.last {
		blocks--
	}
	r := newReader(u.at > 0)
	for b := range min(headBlocks, blocks) {
		c := &s.at[b]
		switch {
		case !m.chained():
		case b > 0:
			c = &s.chained[b]
		case len(u.before) >= 8:
			s.mix(&s.plain[i][0], u.before[len(u.before)-8:])
			c = s.classified()
		case m.stated == ivPrefix:
			continue
		case m.stated == ivKey:
			for j, k := range s.keys.Keys() {
				s.text[j] = s.plain[i][0][j] ^ k
			}
			c = s.classified()
		case m.zero():
		default:
			s.mix(&s.plain[i][0], m.iv)
			c = s.classified()
		}
		r.block(c)
	}
	for f, mask := range r.alive() {
		counts[f].add(mask)
		alive |= mask
	}
	return alive
}

func (s *sieve) classified() *[8]byteClass {
	classify(&s.text, &s.first)
	return &s.first
}

// bytes are the first blocks of unit i under the key of one lane, as ECB leaves them.
func (s *sieve) bytes(dst []byte, i, blocks, j int) []byte {
	for b := range blocks {
		v := uint64(0)
		for _, w := range &s.plain[i][b] {
			v = v<<1 | w>>(63-j)&1
		}
		dst = binary.BigEndian.AppendUint64(dst, v)
	}
	return dst
}

// byteClass says of one byte, in every lane, what it may be.
type byteClass struct {
	ascii                        uint64 // of text
	cont, lead2, lead3, lead4    uint64 // of UTF-8
	high, digit, trailGB, trail5 uint64 // of GB18030 and Big5: 0x81 to 0xFE, …
	kana, leadJ, trailJ          uint64 // of Shift-JIS
	upper                        uint64 // 0xA0 and above
	wideZero, wideOther          uint64 // second byte of UTF-16: 0; another that leads to text
}

// classify fills in the classes of the 8 bytes of a block.
func classify(p *[crypt.DESLanes]uint64, out *[8]byteClass) {
	for i := range out {
		b := p[8*i : 8*i+8 : 8*i+8]
		b0, b1, b2, b3, b4, b5, b6, b7 := b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]
		c := &out[i]
		low := b4 | b5 | b6 | b7
		ones7 := b1 & b2 & b3 & b4 & b5 & b6 & b7
		rest := b1 | b2 | b3 | low
		ends := b4 & (b5&^b6&b7 | ^b5&(b6^b7)) // 9, 10, 13 of what is below 16
		c.ascii = ^b0 & ((b1|b2)&^ones7 | ^(b1|b2|b3)&ends)
		c.cont = b0 &^ b1
		c.lead2 = b0 & b1 &^ b2
		c.lead3 = b0 & b1 & b2 &^ b3
		c.lead4 = b0 & b1 & b2 & b3 &^ b4
		c.high = b0 & rest &^ ones7
		c.digit = ^b0 & ^b1 & b2 & b3 & (^b4 | ^(b5 | b6))
		c.trailGB = (b0 | b1) &^ ones7
		c.upper = b0 & (b1 | b2)
		none := ^(b3 | low) // the last five bits
		c.trail5 = ^b0&b1&^ones7 | c.upper&^(^b1&none)&^ones7
		c.kana = b0 & (b1 ^ b2) &^ (b2 & none)
		last := b1 & b2 & b3 & b4 & b5 & (b6 | b7) // with b0: 0xFD to 0xFF
		c.leadJ = b0 & (^(b1|b2)&^none | b1&b2&^last)
		c.trailJ = ^b0&b1&^ones7 | b0&^last
		c.wideZero = ^(b0 | rest)
		c.wideOther = ^(b0|b1|b2|b3|b4)&low&^(b5&b6&b7) | // 01 to 06
			^(b0|b1|low)&b2 | // 20, 30
			^b0&b1&(b2|b3|b4&b5&b6) | b0&^(b1|b2) | // 4E to 9F
			b0&^b1&b2&(b3|b4&b5) | b0&b1&^b2&^(b3&b4) | // AC to D7
			b0&ones7 // FF
	}
}

// laneReader follows, in every lane and form, where in a character a text is.
type laneReader struct {
	// utf8[k]: k more bytes of the character are to come.
	utf8             [4]uint64
	gb               [4]uint64 // between characters; after 1, 2, 3 bytes
	big5, jis        [2]uint64
	wide             [2]uint64
	wasText, wasHigh uint64
	// cut: two bytes before it a character of four bytes of GB18030 began, which nextGB does
	// not judge before it has all four.
	cut uint64
	// begins: how many more bytes may belong to a character before the piece.
	begins int
}

func newReader(within bool) *laneReader {
	const all = ^uint64(0)
	r := &laneReader{}
	r.utf8[0], r.gb[0], r.big5[0], r.jis[0], r.wide[0] = all, all, all, all, all
	if within {
		r.begins = 3
	}
	return r
}

// block reads 8 bytes.
func (r *laneReader) block(classes *[8]byteClass) {
	for i := range classes {
		c := &classes[i]
		u := &r.utf8
		u[0], u[1], u[2], u[3] = u[0]&c.ascii|u[1]&c.cont, u[0]&c.lead2|u[2]&c.cont, u[0]&c.lead3|u[3]&c.cont, u[0]&c.lead4
		g := &r.gb
		r.cut = g[2]
		g[0], g[1], g[2], g[3] = g[0]&c.ascii|g[1]&c.trailGB|g[3]&c.digit, g[0]&c.high, g[1]&c.digit, g[2]&c.high
		r.big5[0], r.big5[1] = r.big5[0]&c.ascii|r.big5[1]&c.trail5, r.big5[0]&c.high
		r.jis[0], r.jis[1] = r.jis[0]&(c.ascii|c.kana)|r.jis[1]&c.trailJ, r.jis[0]&c.leadJ
		r.wide[0], r.wide[1] = r.wide[1]&(c.wideOther|c.wideZero&(r.wasText|r.wasHigh)), r.wide[0]
		r.wasText, r.wasHigh = c.ascii, c.upper
		if r.begins > 0 {
			r.begins--
			const all = ^uint64(0)
			u[0], g[0], r.big5[0], r.jis[0], r.wide[0] = all, all, all, all, all
		}
	}
}

// alive are the lanes in which what was read may be text, by form.
func (r *laneReader) alive() (out [forms]uint64) {
	out[formUTF8] = r.utf8[0] | r.utf8[1] | r.utf8[2] | r.utf8[3]
	out[formGB18030] = r.gb[0] | r.gb[1] | r.gb[2] | r.gb[3] | r.cut
	out[formBig5] = r.big5[0] | r.big5[1]
	out[formShiftJIS] = r.jis[0] | r.jis[1]
	out[formUTF16LE] = r.wide[0] | r.wide[1]
	return out
}
