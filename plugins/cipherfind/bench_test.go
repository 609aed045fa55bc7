package main_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	cipherfind "github.com/exhibit-forensics/exhibit/plugins/cipherfind"
)

// BenchmarkTrials is how many keys a second are tried on twelve lines, under all
// modes of each cipher, by one processor.
func BenchmarkTrials(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	s := sealing{"des", "ecb", "", "pkcs7", "base64", "utf-8", []byte{1, 2, 3, 4, 5, 6, 7, 8}}
	data := s.seal(b, rng, rows(rng, 400, "utf-8", "\t"))
	for _, c := range []struct {
		cipher    string
		length, n int
	}{{"des", 8, 64 << 10}, {"aes", 16, 32 << 10}, {"aes", 32, 32 << 10}, {"3des", 16, 16 << 10}, {"rc4", 16, 16 << 10}, {"xor", 16, 32 << 10}, {"blowfish", 16, 1 << 10}} {
		b.Run(fmt.Sprintf("%s-%d", c.cipher, 8*c.length), func(b *testing.B) {
			for b.Loop() {
				if _, hits := cipherfind.Trials(b, data, c.cipher, c.length, c.n); hits != 0 {
					b.Fatal(hits)
				}
			}
			b.ReportMetric(float64(c.n)*float64(b.N)/b.Elapsed().Seconds(), "keys/s")
		})
	}
}
