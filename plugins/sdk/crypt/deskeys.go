package crypt

import "encoding/binary"

// DESKeys decrypts one block under many keys at once, which is what trying keys
// needs: a key schedule is a selection of bits, so that in a sliced cipher it costs
// next to nothing, where crypto/des spends more on it than on ten blocks.
type DESKeys struct{ sliced slicedDES }

// DESLanes is how many keys DESKeys holds.
const DESLanes = sliceBlocks

// Set takes at most DESLanes keys of 8 bytes; the parity bits do not count.
func (k *DESKeys) Set(keys [][]byte) {
	var w [sliceBlocks]uint64
	for i, key := range keys {
		w[i] = binary.BigEndian.Uint64(key)
	}
	transpose(&w) // w[i] is bit i of the keys, from the left
	turned := 0
	for round, n := range keyRotations {
		turned += int(n)
		for i, from := range permutedChoice2 {
			at := int(from) - 1
			half := at / 28 * 28
			k.sliced.keys[15-round][i] = w[permutedChoice1[half+(at-half+turned)%28]-1]
		}
	}
}

// Decrypt decrypts a block of 8 bytes; out[i] is what key i makes of it, as a
// big-endian number.
func (k *DESKeys) Decrypt(block []byte, out *[DESLanes]uint64) {
	b := binary.BigEndian.Uint64(block)
	for i := range out {
		out[i] = -(b >> (63 - i) & 1)
	}
	k.sliced.run(out)
	transpose(out)
}
