package leakcheck

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"hash/crc32"
	"slices"
	"strings"
)

// hashSet holds the unkeyed hashes of values. Of a hash its first 8 bytes are enough: so what
// is cut short is found as well.
type hashSet struct {
	table prefixTable
	owner []uint32
	// crcs are CRC-32 (IEEE), told only where a token is one by itself.
	crcs map[uint32]uint32
}

type hashBuilder struct {
	first []uint64
	owner []uint32
	crcs  map[uint32]uint32
}

// add takes the hashes of a spelling, in lower case too and with a line end behind it, as
// shell commands make them.
func (b *hashBuilder) add(s string, needle uint32) {
	if b.crcs == nil {
		b.crcs = map[uint32]uint32{}
	}
	spellings := []string{s}
	if l := strings.ToLower(s); l != s {
		spellings = append(spellings, l)
	}
	if !strings.HasPrefix(s, "+") && len(s) >= 11 && strings.Trim(s, "0123456789") == "" {
		spellings = append(spellings, "+"+s)
	}
	for _, s := range slices.Clone(spellings) {
		spellings = append(spellings, s+"\n")
	}
	for _, s := range spellings {
		text := []byte(s)
		m, s1, s2, s5 := md5.Sum(text), sha1.Sum(text), sha256.Sum256(text), sha512.Sum512(text)
		for _, sum := range [][]byte{m[:], s1[:], s2[:], s5[:]} {
			b.first = append(b.first, binary.LittleEndian.Uint64(sum))
			b.owner = append(b.owner, needle)
		}
		b.crcs[crc32.ChecksumIEEE(text)] = needle
	}
}

func (b *hashBuilder) build() hashSet {
	s := hashSet{table: newPrefixTable(8, len(b.first)), owner: b.owner, crcs: b.crcs}
	for i, key := range b.first {
		s.table.add(key, uint32(i))
	}
	b.first = nil
	return s
}

// scan calls found with each place of text where a hash begins.
func (s *hashSet) scan(text []byte, found func(needle uint32, at int)) {
	bitmap, shift := s.table.bits, s.table.shift
	for i := 0; i+8 <= len(text); i++ {
		key := binary.LittleEndian.Uint64(text[i:])
		h := key * multiplier >> shift
		if bitmap[h>>6]>>(h&63)&1 != 0 {
			s.table.candidates(key, func(id uint32) { found(s.owner[id], i) })
		}
	}
}

// isCRC is the same of the 4 bytes of a CRC-32, the highest first.
func (s *hashSet) isCRC(sum []byte) (needle uint32, ok bool) {
	if len(sum) != 4 {
		return 0, false
	}
	needle, ok = s.crcs[binary.BigEndian.Uint32(sum)]
	return needle, ok
}
