package main

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha1"
	"hash"
	"io"
)

// WinZip's AE-1 and AE-2 (AES Encryption Information, WinZip, §II and III): a salt, two
// bytes that tell a wrong password, the content, ten bytes of HMAC-SHA1 over it.
const (
	aesVerifier   = 2
	aesMAC        = 10
	aesIterations = 1000
	extraAES      = 0x9901
)

// zipAES is what the extra field says; strength 0 where there is none.
type zipAES struct {
	version  int64 // 1 or 2; of 2 the CRC is not kept
	strength int64 // 1, 2, 3: 128, 192, 256 bits
}

func (a zipAES) salt() int64 { return 4 + 4*a.strength }
func (a zipAES) key() int64  { return 8 + 8*a.strength }

// overhead is what stands around the content.
func (a zipAES) overhead() int64 { return a.salt() + aesVerifier + aesMAC }

// aesKeys are those that a password makes.
type aesKeys struct {
	block    cipher.Block
	mac      hash.Hash
	verifier [aesVerifier]byte
}

func (a zipAES) keys(password, salt []byte) (k aesKeys, err error) {
	n := int(a.key())
	b, err := pbkdf2.Key(sha1.New, string(password), salt, aesIterations, 2*n+aesVerifier)
	if err != nil {
		return k, err
	}
	if k.block, err = aes.NewCipher(b[:n]); err != nil {
		return k, err
	}
	k.mac = hmac.New(sha1.New, b[n:2*n])
	copy(k.verifier[:], b[2*n:])
	return k, nil
}

// ctrReader decrypts in counter mode with the counter's low end first, from 1.
type ctrReader struct {
	r       io.Reader
	block   cipher.Block
	counter [aes.BlockSize]byte
	pad     [aes.BlockSize]byte
	used    int // of pad
}

func newCTRReader(r io.Reader, block cipher.Block) *ctrReader {
	return &ctrReader{r: r, block: block, used: aes.BlockSize}
}

func (c *ctrReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	for i := range p[:n] {
		if c.used == aes.BlockSize {
			for j := range c.counter {
				if c.counter[j]++; c.counter[j] != 0 {
					break
				}
			}
			c.block.Encrypt(c.pad[:], c.counter[:])
			c.used = 0
		}
		p[i] ^= c.pad[c.used]
		c.used++
	}
	return n, err
}
