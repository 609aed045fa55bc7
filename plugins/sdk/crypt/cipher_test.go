package crypt_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/plugins/sdk/crypt"
)

// Ciphertexts made by PyCryptodome 3.11.0 and, where it has the cipher, OpenSSL
// 3.0.19 with its legacy provider, which agree: testdata/vectors/vectors.py.
func TestVectors(t *testing.T) {
	text, err := os.ReadFile("testdata/vectors/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct{ Cipher, Mode, Key, IV, Plain, Sealed, By string }
	if err := json.Unmarshal(text, &vectors); err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for _, v := range vectors {
		key, iv, want, sealed := unhex(t, v.Key), unhex(t, v.IV), unhex(t, v.Plain), unhex(t, v.Sealed)
		seen[v.Cipher+v.Mode]++
		if len(iv) == 0 {
			iv = nil
		}
		o, err := crypt.New(v.Cipher, v.Mode, key, iv)
		if err != nil {
			t.Fatalf("%s: %v", v.Cipher, err)
		}
		name := v.Cipher + " " + v.Mode + " by " + v.By
		if got := o.Open([]byte("before"), sealed); string(got) != "before"+string(want) {
			t.Errorf("%s: %d bytes differ", name, len(want))
		}
		if b, ok := o.(crypt.Batcher); ok && !bytes.Equal(b.Batch(nil, sealed), want) {
			t.Errorf("%s: %d bytes differ in a batch", name, len(want))
		}
		for _, blocks := range []int{1, 2, 7} {
			next, got := o.Begin(), []byte(nil)
			for rest := sealed; len(rest) > 0; {
				n := min(blocks*o.Block(), len(rest))
				got, rest = next(got, rest[:n]), rest[n:]
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s: %d bytes differ in pieces of %d blocks", name, len(want), blocks)
			}
		}
		if v.Mode == "cbc" {
			o, err := crypt.New(v.Cipher, v.Mode, key, nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := o.Open(nil, append(bytes.Clone(iv), sealed...)); !bytes.Equal(got, want) {
				t.Errorf("%s: %d bytes differ where the message begins with its iv", name, len(want))
			}
		}
	}
	for _, name := range strings.Fields("desecb descbc 3desecb 3descbc aesecb aescbc blowfishecb blowfishcbc rc4 xor tom-chain") {
		if seen[name] == 0 {
			t.Errorf("no vector for %s", name)
		}
	}
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// FIPS 46-3: the last bit of each byte of a key is parity, and decides nothing.
func TestDESParity(t *testing.T) {
	sealed := []byte("0123456789abcdef0123456789abcdef")
	sealed = bytes.Repeat(sealed, 20) // enough for both ways of decrypting
	one, err := crypt.New("des", "ecb", []byte("32bnx23l"), nil)
	if err != nil {
		t.Fatal(err)
	}
	key := []byte("32bnx23l")
	for i := range key {
		key[i] ^= 1
	}
	two, err := crypt.New("des", "ecb", key, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(one.Open(nil, sealed), two.Open(nil, sealed)) {
		t.Error("parity bits change the result")
	}
}

func TestKeyLengths(t *testing.T) {
	for cipher, lengths := range map[string][]int{
		"des": {8}, "3des": {16, 24}, "aes": {16, 24, 32}, "blowfish": {1, 8, 16, 56}, "rc4": {1, 16, 256}, "xor": {1, 8},
	} {
		fits := map[int]bool{}
		for _, n := range lengths {
			fits[n] = true
		}
		for _, n := range []int{0, 1, 7, 8, 9, 16, 24, 32, 56, 57, 256, 257} {
			_, err := crypt.New(cipher, "ecb", make([]byte, n), nil)
			if fits[n] && err != nil {
				t.Errorf("%s refuses a key of %d bytes: %v", cipher, n, err)
			}
			if n == 0 && err == nil || n == 257 && err == nil && cipher != "xor" {
				t.Errorf("%s takes a key of %d bytes", cipher, n)
			}
		}
	}
	if _, err := crypt.New("des", "ecb", make([]byte, 9), nil); err == nil {
		t.Error("des takes nine bytes")
	}
}
