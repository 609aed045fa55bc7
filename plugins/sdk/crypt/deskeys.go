package crypt

import "encoding/binary"

// DESKeys decrypts one block under many keys at once, which is what trying keys
// needs: a key schedule is a selection of bits, so that in a sliced cipher it costs
// next to nothing, where crypto/des spends more on it than on ten blocks.
type DESKeys struct {
	// keys are transposed: the first, second and third DES key of each lane.
	keys [3][sliceBlocks]uint64
	// stages undo the encryptions of triple DES in order: K3, K2 (which encrypts), K1.
	stages [3]slicedDES
	n      int
}

// DESLanes is how many keys DESKeys holds.
const DESLanes = sliceBlocks

// DESParity are the bits of a key of 8 bytes that DES ignores.
const DESParity = 0x0101010101010101

// Set takes at most DESLanes keys of one length: 8 bytes for DES; 16 (K1, K2, K1) or 24 for
// triple DES. The parity bits do not count.
func (k *DESKeys) Set(keys [][]byte) {
	k.n = 1
	if len(keys) > 0 && len(keys[0]) > 8 {
		k.n = 3
	}
	for part := range k.n {
		w := &k.keys[part]
		*w = [sliceBlocks]uint64{}
		for i, key := range keys {
			w[i] = binary.BigEndian.Uint64(key[8*part%len(key):])
		}
		transpose(w) // w[i] is bit i of the keys, from the left
		k.stages[k.n-1-part].schedule(w, part == 1)
	}
}

// selected[round][i] is the bit of a key, from the left, that is bit i of the round's.
var selected = func() (out [16][48]uint8) {
	turned := 0
	for round, n := range keyRotations {
		turned += int(n)
		for i, from := range permutedChoice2 {
			at := int(from) - 1
			half := at / 28 * 28
			out[round][i] = permutedChoice1[half+(at-half+turned)%28] - 1
		}
	}
	return out
}()

// schedule makes the round keys of transposed keys, in the order of decryption, or of
// encryption.
func (s *slicedDES) schedule(w *[sliceBlocks]uint64, encrypts bool) {
	for round := range selected {
		to := &s.keys[15-round]
		if encrypts {
			to = &s.keys[round]
		}
		for i, from := range &selected[round] {
			to[i] = w[from&63]
		}
	}
}

// Decrypt decrypts a block of 8 bytes; out[i] is what key i makes of it, as a
// big-endian number.
func (k *DESKeys) Decrypt(block []byte, out *[DESLanes]uint64) {
	k.Lanes(block, out)
	transpose(out)
}

// Lanes decrypts a block of 8 bytes: out[i] is bit i, from the left, of what every key makes
// of it, that of key j being bit 63−j of the word.
func (k *DESKeys) Lanes(block []byte, out *[DESLanes]uint64) {
	b := binary.BigEndian.Uint64(block)
	for i := range out {
		out[i] = -(b >> (63 - i) & 1)
	}
	for i := range k.n {
		k.stages[i].run(out)
	}
}

// Keys are the keys as they were set, in lanes like those of Lanes: of triple DES the first of
// each.
func (k *DESKeys) Keys() *[DESLanes]uint64 { return &k.keys[0] }
