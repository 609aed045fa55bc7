package main

import (
	"hash/crc32"
	"io"
)

// Traditional PKWARE encryption (APPNOTE 6.3.10 §6.1).
const zipCryptoHeader = 12

var crcTable = crc32.IEEETable

type zipCrypto [3]uint32

func newZipCrypto(password []byte) *zipCrypto {
	k := &zipCrypto{0x12345678, 0x23456789, 0x34567890}
	for _, c := range password {
		k.update(c)
	}
	return k
}

func (k *zipCrypto) update(c byte) {
	k[0] = crcTable[byte(k[0])^c] ^ k[0]>>8
	k[1] = (k[1]+k[0]&0xff)*134775813 + 1
	k[2] = crcTable[byte(k[2])^byte(k[1]>>24)] ^ k[2]>>8
}

func (k *zipCrypto) decrypt(p []byte) {
	for i, c := range p {
		t := k[2]&0xffff | 2
		c ^= byte(t * (t ^ 1) >> 8)
		k.update(c)
		p[i] = c
	}
}

// zipCryptoReader decrypts what r gives.
type zipCryptoReader struct {
	r io.Reader
	k *zipCrypto
}

func (z *zipCryptoReader) Read(p []byte) (int, error) {
	n, err := z.r.Read(p)
	z.k.decrypt(p[:n])
	return n, err
}
