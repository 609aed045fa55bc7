package main

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/rc4"
	"errors"
	"fmt"

	"golang.org/x/crypto/blowfish" //nolint:staticcheck // deprecated for new systems; the evidence uses it
)

// errKeyLength: the cipher does not take a key of that length.
var errKeyLength = errors.New("key length")

// An opener decrypts. It holds what can be prepared from a key once, so that a
// message costs no key schedule.
type opener interface {
	// block is what the length of a ciphertext is a multiple of; 1 for any length.
	block() int
	// begin returns a function that decrypts the successive pieces of one message,
	// each but the last a multiple of block, appending to dst.
	begin() func(dst, piece []byte) []byte
	// open decrypts one whole message, appending to dst. The bytes of dst up to its
	// length are not touched; message must not overlap dst's spare room.
	open(dst, message []byte) []byte
}

// A batcher decrypts many messages in one go: the same as open on each, where
// blocks do not depend on each other.
type batcher interface {
	opener
	batch(dst, messages []byte) []byte
}

// newOpener prepares a cipher. iv is nil where the mode has none.
func newOpener(name, mode string, key, iv []byte) (opener, error) {
	switch name {
	case cipherNone:
		return plainOpener{}, nil
	case cipherChain:
		return chainOpener{}, nil
	case cipherXOR:
		if len(key) == 0 {
			return nil, fmt.Errorf("%w: xor with an empty key", errKeyLength)
		}
		return xorOpener(key), nil
	case cipherRC4:
		if _, err := rc4.NewCipher(key); err != nil {
			return nil, fmt.Errorf("%w: %w", errKeyLength, err)
		}
		return rc4Opener(key), nil
	}
	b, err := newBlock(name, key)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errKeyLength, err)
	}
	if mode == modeCBC {
		return &cbcOpener{b: b, iv: iv}, nil
	}
	if name == cipherDES {
		return &desOpener{b: b, sliced: newSlicedDES(key)}, nil
	}
	return &ecbOpener{b: b}, nil
}

// newBlock returns a block cipher. Go's crypto/des ignores the parity bits of a
// key, as FIPS 46-3 allows. A 16-byte key of triple DES is K1, K2, K1.
func newBlock(name string, key []byte) (cipher.Block, error) {
	switch name {
	case cipherDES:
		return des.NewCipher(key)
	case cipher3DES:
		if len(key) == 16 {
			key = append(append(make([]byte, 0, 24), key...), key[:8]...)
		}
		return des.NewTripleDESCipher(key)
	case cipherAES:
		return aes.NewCipher(key)
	case cipherBlowfish:
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

func (o *ecbOpener) block() int { return o.b.BlockSize() }

func (o *ecbOpener) begin() func(dst, piece []byte) []byte { return o.open }

func (o *ecbOpener) batch(dst, messages []byte) []byte { return o.open(dst, messages) }

func (o *ecbOpener) open(dst, message []byte) []byte {
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

func (o *cbcOpener) block() int { return o.b.BlockSize() }

func (o *cbcOpener) begin() func(dst, piece []byte) []byte {
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

func (o *cbcOpener) open(dst, message []byte) []byte { return o.begin()(dst, message) }

// rc4Opener begins the key stream anew for every message.
type rc4Opener []byte

func (rc4Opener) block() int { return 1 }

func (o rc4Opener) begin() func(dst, piece []byte) []byte {
	c, err := rc4.NewCipher(o)
	if err != nil {
		panic("rc4: a key that newOpener accepted: " + err.Error())
	}
	return func(dst, piece []byte) []byte {
		dst, out := grow(dst, len(piece))
		c.XORKeyStream(out, piece)
		return dst
	}
}

func (o rc4Opener) open(dst, message []byte) []byte { return o.begin()(dst, message) }

// xorOpener repeats the key over every message.
type xorOpener []byte

func (xorOpener) block() int { return 1 }

func (o xorOpener) begin() func(dst, piece []byte) []byte {
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

func (o xorOpener) open(dst, message []byte) []byte { return o.begin()(dst, message) }

// plainOpener is for text that is encoded, not encrypted.
type plainOpener struct{}

func (plainOpener) block() int { return 1 }

func (plainOpener) begin() func(dst, piece []byte) []byte { return plainOpener{}.open }

func (plainOpener) open(dst, message []byte) []byte { return append(dst, message...) }

// chainOpener is the byte chain of TOM-Skype's older keyword lists: each byte
// hides behind the ciphertext byte before it, P[i] = (C[i] xor 0x68) - C[i-1]
// modulo 255. The first byte carries nothing. It has no key.
type chainOpener struct{}

func (chainOpener) block() int { return 1 }

func (chainOpener) begin() func(dst, piece []byte) []byte {
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

func (chainOpener) open(dst, message []byte) []byte { return chainOpener{}.begin()(dst, message) }
