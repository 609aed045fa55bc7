package crypt

import (
	"crypto/cipher"
	"encoding/binary"
	"sync"
)

// sliceBlocks is how many DES blocks one pass of the sliced cipher takes.
const sliceBlocks = 64

// desOpener is DES-ECB. Many blocks are decrypted 64 at a time (slicedDES), the
// rest one by one.
type desOpener struct {
	b   cipher.Block
	key []byte
	// sliced is made where there are blocks enough for it.
	sliced *slicedDES
	once   sync.Once
}

func (o *desOpener) Block() int { return 8 }

func (o *desOpener) Begin() func(dst, piece []byte) []byte { return o.Open }

func (o *desOpener) Batch(dst, messages []byte) []byte { return o.Open(dst, messages) }

// worthSlicing is from how many blocks a pass, most of it empty, is quicker than
// crypto/des block by block.
const worthSlicing = 24

func (o *desOpener) Open(dst, message []byte) []byte {
	dst, out := grow(dst, len(message)&^7)
	for len(message) >= worthSlicing*8 {
		n := min(len(message)&^7, sliceBlocks*8)
		o.once.Do(func() { o.sliced = newSlicedDES(o.key) })
		o.sliced.decrypt(out[:n], message[:n])
		out, message = out[n:], message[n:]
	}
	for len(message) >= 8 {
		o.b.Decrypt(out, message)
		out, message = out[8:], message[8:]
	}
	return dst
}

// slicedDES decrypts 64 blocks at once: word i holds bit i of every block, so
// that one machine instruction does one gate of the cipher for all of them (Biham,
// "A Fast New DES Implementation in Software", 1997). crypto/des works on one
// block after another, and DES was made for gates.
type slicedDES struct {
	// keys holds the 48 key bits of each round in the order of decryption, each all ones or all zeros.
	keys [16][48]uint64
}

// newSlicedDES makes the key schedule of FIPS 46-3; len(key) is 8.
func newSlicedDES(key []byte) *slicedDES {
	k := binary.BigEndian.Uint64(key)
	var c, d uint32
	for i := range 28 {
		c |= uint32(k>>(64-permutedChoice1[i])&1) << (27 - i)
		d |= uint32(k>>(64-permutedChoice1[i+28])&1) << (27 - i)
	}
	s := new(slicedDES)
	for round, n := range keyRotations {
		c = (c<<n | c>>(28-n)) & (1<<28 - 1)
		d = (d<<n | d>>(28-n)) & (1<<28 - 1)
		cd := uint64(c)<<28 | uint64(d)
		for i, from := range permutedChoice2 {
			s.keys[15-round][i] = -(cd >> (56 - from) & 1)
		}
	}
	return s
}

// decrypt decrypts at most 64 blocks of src to dst, of the same length.
func (s *slicedDES) decrypt(dst, src []byte) {
	var w [sliceBlocks]uint64
	for i := 0; i < len(src); i += 8 {
		w[i/8] = binary.BigEndian.Uint64(src[i:])
	}
	transpose(&w)
	s.run(&w)
	transpose(&w)
	for i := 0; i < len(dst); i += 8 {
		binary.BigEndian.PutUint64(dst[i:], w[i/8])
	}
}

// run decrypts transposed blocks: w[i] is bit i of the blocks, from the left, and
// bit j of it is block j's.
func (s *slicedDES) run(w *[sliceBlocks]uint64) {
	var l, r [32]uint64
	for i := range 32 {
		l[i] = w[initialPermutation[i]-1]
		r[i] = w[initialPermutation[i+32]-1]
	}
	for i := 0; i < 16; i += 2 {
		desRound(&l, &r, &s.keys[i])
		desRound(&r, &l, &s.keys[i+1])
	}
	// The halves change places, then the initial permutation is undone.
	for i := range 32 {
		w[initialPermutation[i]-1] = r[i]
		w[initialPermutation[i+32]-1] = l[i]
	}
}

// transpose turns the 64x64 matrix of bits, row 0 and its leftmost bit first,
// about its diagonal (Warren, "Hacker's Delight", 7-3).
func transpose(w *[64]uint64) {
	m := uint64(0x00000000FFFFFFFF)
	for j := 32; j != 0; j, m = j>>1, m^m<<(uint(j)>>1) {
		for k := 0; k < 64; k = (k + j + 1) &^ j {
			t := (w[k] ^ w[k|j]>>uint(j)) & m
			w[k] ^= t
			w[(k|j)&63] ^= t << uint(j)
		}
	}
}

// The tables of FIPS 46-3, bits counted from 1 at the left.
var (
	initialPermutation = [64]uint8{
		58, 50, 42, 34, 26, 18, 10, 2, 60, 52, 44, 36, 28, 20, 12, 4, 62, 54, 46, 38, 30, 22, 14, 6, 64, 56, 48, 40, 32, 24, 16, 8,
		57, 49, 41, 33, 25, 17, 9, 1, 59, 51, 43, 35, 27, 19, 11, 3, 61, 53, 45, 37, 29, 21, 13, 5, 63, 55, 47, 39, 31, 23, 15, 7,
	}
	permutedChoice1 = [56]uint8{
		57, 49, 41, 33, 25, 17, 9, 1, 58, 50, 42, 34, 26, 18, 10, 2, 59, 51, 43, 35, 27, 19, 11, 3, 60, 52, 44, 36,
		63, 55, 47, 39, 31, 23, 15, 7, 62, 54, 46, 38, 30, 22, 14, 6, 61, 53, 45, 37, 29, 21, 13, 5, 28, 20, 12, 4,
	}
	permutedChoice2 = [48]uint8{
		14, 17, 11, 24, 1, 5, 3, 28, 15, 6, 21, 10, 23, 19, 12, 4, 26, 8, 16, 7, 27, 20, 13, 2,
		41, 52, 31, 37, 47, 55, 30, 40, 51, 45, 33, 48, 44, 49, 39, 56, 34, 53, 46, 42, 50, 36, 29, 32,
	}
	keyRotations = [16]uint8{1, 1, 2, 2, 2, 2, 2, 2, 1, 2, 2, 2, 2, 2, 2, 1}
)
