package crypt

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/rc4"
	"errors"
	"fmt"

	"golang.org/x/crypto/blowfish" //nolint:staticcheck // deprecated for new systems; the evidence uses it
)

// ErrKeyLength: the cipher does not take a key of that length.
var ErrKeyLength = errors.New("key length")

// A Cipher decrypts. It holds what can be prepared from a key once, so that a
// message costs no key schedule.
type Cipher interface {
	// Block is what the length of a ciphertext is a multiple of; 1 for any length.
	Block() int
	// Begin returns a function that decrypts the successive pieces of one message,
	// each but the last a multiple of Block, appending to dst.
	Begin() func(dst, piece []byte) []byte
	// Open decrypts one whole message, appending to dst. The bytes of dst up to its
	// length are not touched; message must not overlap dst's spare room.
	Open(dst, message []byte) []byte
}

// A Batcher decrypts many messages in one go: the same as Open on each, where
// blocks do not depend on each other.
type Batcher interface {
	Cipher
	Batch(dst, messages []byte) []byte
}

// New prepares a cipher. iv is nil where the mode has none.
func New(name, mode string, key, iv []byte) (Cipher, error) {
	switch name {
	case None:
		return plainOpener{}, nil
	case Chain:
		return chainOpener{}, nil
	case XOR:
		if len(key) == 0 {
			return nil, fmt.Errorf("%w: xor with an empty key", ErrKeyLength)
		}
		return xorOpener(key), nil
	case RC4:
		if _, err := rc4.NewCipher(key); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrKeyLength, err)
		}
		return rc4Opener(key), nil
	}
	b, err := newBlock(name, key)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKeyLength, err)
	}
	if mode == CBC {
		return &cbcOpener{b: b, iv: iv}, nil
	}
	if name == DES {
		return &desOpener{b: b, key: bytes.Clone(key)}, nil
	}
	return &ecbOpener{b: b}, nil
}

// newBlock returns a block cipher. Go's crypto/des ignores the parity bits of a
// key, as FIPS 46-3 allows. A 16-byte key of triple DES is K1, K2, K1.
func newBlock(name string, key []byte) (cipher.Block, error) {
	switch name {
	case DES:
		return des.NewCipher(key)
	case TripleDES:
		if len(key) == 16 {
			key = append(append(make([]byte, 0, 24), key...), key[:8]...)
		}
		return des.NewTripleDESCipher(key)
	case AES:
		return aes.NewCipher(key)
	case Blowfish:
		return blowfish.NewCipher(key)
	}
	return nil, fmt.Errorf("no cipher %q", name)
}

// grow appends n bytes to dst for the caller to fill.
func grow(dst []byte, n int) (all, fresh []byte) {
	start := len(dst)
	if cap(dst)-start < n {
		dst = append(dst, make([]byte, n)...)
	} else {
		dst = dst[:start+n]
	}
	return dst, dst[start:]
}

type ecbOpener struct{ b cipher.Block }

func (o *ecbOpener) Block() int { return o.b.BlockSize() }

func (o *ecbOpener) Begin() func(dst, piece []byte) []byte { return o.Open }

func (o *ecbOpener) Batch(dst, messages []byte) []byte { return o.Open(dst, messages) }

func (o *ecbOpener) Open(dst, message []byte) []byte {
	dst, out := grow(dst, len(message))
	n := o.b.BlockSize()
	for len(message) >= n {
		o.b.Decrypt(out, message)
		out, message = out[n:], message[n:]
	}
	return dst
}

// cbcOpener's iv is that of every message, or nil where a message begins with it.
type cbcOpener struct {
	b  cipher.Block
	iv []byte
}

func (o *cbcOpener) Block() int { return o.b.BlockSize() }

func (o *cbcOpener) Begin() func(dst, piece []byte) []byte {
	var mode cipher.BlockMode
	if o.iv != nil {
		mode = cipher.NewCBCDecrypter(o.b, o.iv)
	}
	return func(dst, piece []byte) []byte {
		if mode == nil {
			n := o.b.BlockSize()
			if len(piece) < n {
				return dst
			}
			mode, piece = cipher.NewCBCDecrypter(o.b, piece[:n]), piece[n:]
		}
		dst, out := grow(dst, len(piece))
		mode.CryptBlocks(out, piece)
		return dst
	}
}

func (o *cbcOpener) Open(dst, message []byte) []byte { return o.Begin()(dst, message) }

// rc4Opener begins the key stream anew for every message.
type rc4Opener []byte

func (rc4Opener) Block() int { return 1 }

func (o rc4Opener) Begin() func(dst, piece []byte) []byte {
	c, err := rc4.NewCipher(o)
	if err != nil {
		panic("rc4: a key that New accepted: " + err.Error())
	}
	return func(dst, piece []byte) []byte {
		dst, out := grow(dst, len(piece))
		c.XORKeyStream(out, piece)
		return dst
	}
}

func (o rc4Opener) Open(dst, message []byte) []byte { return o.Begin()(dst, message) }

// xorOpener repeats the key over every message.
type xorOpener []byte

func (xorOpener) Block() int { return 1 }

func (o xorOpener) Begin() func(dst, piece []byte) []byte {
	at := 0
	return func(dst, piece []byte) []byte {
		for _, c := range piece {
			dst = append(dst, c^o[at])
			if at++; at == len(o) {
				at = 0
			}
		}
		return dst
	}
}

func (o xorOpener) Open(dst, message []byte) []byte { return o.Begin()(dst, message) }

// plainOpener is for text that is encoded, not encrypted.
type plainOpener struct{}

func (plainOpener) Block() int { return 1 }

func (plainOpener) Begin() func(dst, piece []byte) []byte { return plainOpener{}.Open }

func (plainOpener) Open(dst, message []byte) []byte { return append(dst, message...) }

// chainOpener is the byte chain of TOM-Skype's older keyword lists: each byte
// hides behind the ciphertext byte before it, P[i] = (C[i] xor 0x68) - C[i-1]
// modulo 255. The first byte carries nothing. It has no key.
type chainOpener struct{}

func (chainOpener) Block() int { return 1 }

func (chainOpener) Begin() func(dst, piece []byte) []byte {
	var prev byte
	first := true
	return func(dst, piece []byte) []byte {
		for _, c := range piece {
			if !first {
				p := int(c^0x68) - int(prev)
				if p < 0 {
					p += 255
				}
				dst = append(dst, byte(p%255))
			}
			prev, first = c, false
		}
		return dst
	}
}

func (chainOpener) Open(dst, message []byte) []byte { return chainOpener{}.Begin()(dst, message) }
