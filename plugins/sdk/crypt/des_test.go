package crypt_test

import (
	"bytes"
	"crypto/des"
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/exhibit-forensics/exhibit/plugins/sdk/crypt"
)

// The sliced cipher is crypto/des, at every number of blocks around a pass and
// for keys of any parity.
func TestSlicedDES(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		key, text := make([]byte, 8), make([]byte, 8*rng.IntN(200))
		fill(rng, key)
		fill(rng, text)
		b, err := des.NewCipher(key)
		if err != nil {
			t.Fatal(err)
		}
		want := make([]byte, len(text))
		for i := 0; i < len(text); i += 8 {
			b.Decrypt(want[i:], text[i:])
		}
		o, err := crypt.New("des", "ecb", key, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := o.Open(nil, text); !bytes.Equal(got, want) {
			t.Fatalf("%d blocks: differs", len(text)/8)
		}
	}
}

// Each S-box and each bit of key, text and round is seen by single-bit changes.
func TestSlicedDESBits(t *testing.T) {
	var key [8]byte
	for bit := range 64 {
		text := make([]byte, 64*8)
		for i := range 64 {
			text[i*8+i/8] ^= 0x80 >> (i % 8)
		}
		key[bit/8] ^= 0x80 >> (bit % 8)
		b, err := des.NewCipher(key[:])
		if err != nil {
			t.Fatal(err)
		}
		o, err := crypt.New("des", "ecb", key[:], nil)
		if err != nil {
			t.Fatal(err)
		}
		got := o.Open(nil, text)
		for i := 0; i < len(text); i += 8 {
			var want [8]byte
			b.Decrypt(want[:], text[i:])
			if !bytes.Equal(got[i:i+8], want[:]) {
				t.Fatalf("key bit %d, block %d", bit, i/8)
			}
		}
	}
}

func fill(rng *rand.Rand, b []byte) {
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
}

func BenchmarkDES(b *testing.B) {
	key, text := []byte("12345678"), make([]byte, 64*1024)
	b.Run("stdlib", func(b *testing.B) {
		c, err := des.NewCipher(key)
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			for i := 0; i < len(text); i += 8 {
				c.Decrypt(text[i:], text[i:])
			}
		}
	})
	b.Run("sliced", func(b *testing.B) {
		o, err := crypt.New("des", "ecb", key, nil)
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(len(text)))
		var out []byte
		for b.Loop() {
			out = o.Open(out[:0], text)
		}
	})
}

// Many keys at once do what crypto/des does with each.
func TestDESKeys(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	var many crypt.DESKeys
	var out [crypt.DESLanes]uint64
	for n := range crypt.DESLanes + 1 {
		keys, block := make([][]byte, n), make([]byte, 8)
		for i := range keys {
			keys[i] = make([]byte, 8)
			fill(rng, keys[i])
		}
		fill(rng, block)
		many.Set(keys)
		many.Decrypt(block, &out)
		for i, key := range keys {
			b, err := des.NewCipher(key)
			if err != nil {
				t.Fatal(err)
			}
			var want [8]byte
			b.Decrypt(want[:], block)
			if out[i] != binary.BigEndian.Uint64(want[:]) {
				t.Fatalf("key %d of %d: differs", i, n)
			}
		}
	}
}

func BenchmarkDESKeys(b *testing.B) {
	keys := make([][]byte, crypt.DESLanes)
	for i := range keys {
		keys[i] = []byte("12345678")
	}
	var many crypt.DESKeys
	var out [crypt.DESLanes]uint64
	for b.Loop() {
		many.Set(keys)
		many.Decrypt(keys[0], &out)
	}
	b.ReportMetric(float64(b.N)*crypt.DESLanes/b.Elapsed().Seconds(), "keys/s")
}
