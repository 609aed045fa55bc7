package main_test

import (
	"math"
	"math/rand/v2"
	"testing"

	cipherfind "github.com/exhibit-forensics/exhibit/plugins/cipherfind"
)

// The stated probability that random bytes are text is how often they are.
func TestProbability(t *testing.T) {
	rng := rand.New(rand.NewPCG(23, 24))
	for _, charset := range []string{"utf-8", "gb18030", "big5", "shift_jis", "utf-16le"} {
		passes, logP := cipherfind.Form(charset)
		for _, n := range []int{1, 2, 3, 4, 6, 8} {
			const rounds = 100_000
			passed, stated := 0, math.Pow(10, logP(n))
			b := make([]byte, n)
			for range rounds {
				fill(rng, b)
				if passes(b) {
					passed++
				}
			}
			p := float64(passed) / rounds
			if tolerance := 5 * math.Sqrt(stated*(1-stated)/rounds); math.Abs(p-stated) > tolerance+1e-9 {
				t.Errorf("%s, %d bytes: %v of random bytes pass, stated %v", charset, n, p, stated)
			}
		}
	}
}
