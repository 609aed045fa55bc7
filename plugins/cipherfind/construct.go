package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/crypt"
)

// mode is how a block cipher is used.
type mode struct {
	name string // crypt.ECB or crypt.CBC
	// iv is that of every message; nil where the message begins with it.
	iv []byte
	// stated is the iv as a profile says it: "prefix", or digits; "" in ECB.
	stated string
}

// chained: it is CBC.
func (m *mode) chained() bool { return m.name == crypt.CBC }

// skip is how many bytes of a message of blocks of n bytes carry no text.
func (m *mode) skip(n int) int {
	if m.stated == ivPrefix {
		return n
	}
	return 0
}

// What a mode's stated may be besides digits: each message begins with the vector; it is the
// key, as much of it as a block.
const (
	ivPrefix = "prefix"
	ivKey    = "key"
)

// vector is what the first block of a message is mixed with under a key, nil where the message
// begins with it.
func (m *mode) vector(key []byte, block int) []byte {
	if m.stated == ivKey && len(key) >= block {
		return key[:block]
	}
	return m.iv
}

// zero: the vector is all zeros, so that it changes nothing.
func (m *mode) zero() bool { return m.iv != nil && bytes.Count(m.iv, []byte{0}) == len(m.iv) }

// blockSizes of block ciphers.
var blockSizes = map[string]int{crypt.DES: 8, crypt.TripleDES: 8, crypt.AES: 16, crypt.Blowfish: 8}

// Order in which ciphers are tried, and how many candidates each is tried with: the
// key schedules of some are slow.
var ciphers = []struct {
	name string
	most int
}{{crypt.DES, maxCandidates}, {crypt.AES, maxCandidates}, {crypt.TripleDES, 400_000}, {crypt.RC4, 400_000}, {crypt.XOR, maxCandidates}, {crypt.Blowfish, 30_000}}

// fits: the cipher takes a key of that length.
func fits(cipher string, n int) bool {
	switch cipher {
	case crypt.DES:
		return n == 8
	case crypt.TripleDES:
		return n == 16 || n == 24
	case crypt.AES:
		return n == 16 || n == 24 || n == 32
	case crypt.XOR:
		return n >= minXORKey
	}
	return n <= maxKey
}

// fixedLength: only certain lengths of key fit the cipher.
func fixedLength(cipher string) bool {
	return cipher == crypt.DES || cipher == crypt.TripleDES || cipher == crypt.AES
}

// modesOf lists the ways of using each cipher: plain ones, and those with an
// initialisation vector that a profile states.
func modesOf(c *sdk.Ctx) (map[string][]mode, error) {
	out := map[string][]mode{crypt.RC4: {{}}, crypt.XOR: {{}}}
	for name, n := range blockSizes {
		out[name] = []mode{
			{name: crypt.ECB},
			{name: crypt.CBC, iv: make([]byte, n), stated: hex.EncodeToString(make([]byte, n))},
			{name: crypt.CBC, stated: ivPrefix},
		}
	}
	var config struct {
		Profiles []struct {
			Cipher, Mode, IV string
		} `json:"profiles"`
	}
	if err := json.Unmarshal(c.Config(), &config); err != nil {
		return nil, fmt.Errorf("%w: config: %w", sdk.ErrMalformed, err)
	}
	for _, p := range config.Profiles {
		n := blockSizes[p.Cipher]
		iv, err := hex.DecodeString(p.IV)
		if p.IV == ivKey {
			iv, err = nil, nil
		}
		if err != nil || p.Mode != crypt.CBC || n == 0 || p.IV != ivKey && len(iv) != n {
			continue
		}
		known := false
		for _, m := range out[p.Cipher] {
			known = known || m.stated == p.IV
		}
		if !known {
			out[p.Cipher] = append(out[p.Cipher], mode{name: crypt.CBC, iv: iv, stated: p.IV})
		}
	}
	return out, nil
}

// chain turns what ECB made of a piece of ciphertext into what CBC makes of it.
// before are the bytes of the message before the piece; out may be ecb.
func (m *mode) chain(out, ecb, data, before, key []byte, n int) []byte {
	out = append(out[:0], ecb...)
	if !m.chained() {
		return out
	}
	iv := m.vector(key, n)
	for i := range out {
		switch {
		case i >= n:
			out[i] ^= data[i-n]
		case len(before) >= n:
			out[i] ^= before[len(before)-n+i]
		case iv != nil:
			out[i] ^= iv[i]
		}
	}
	if len(before) == 0 && m.stated == ivPrefix {
		return out[min(n, len(out)):]
	}
	return out
}
