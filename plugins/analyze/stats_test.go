package main

import (
	"math"
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// exactTail is P(X ≥ k) in rational arithmetic.
func exactTail(k, n int64, p float64) *big.Rat {
	chance := new(big.Rat).SetFloat64(p)
	other := new(big.Rat).Sub(big.NewRat(1, 1), chance)
	sum := new(big.Rat)
	for i := k; i <= n; i++ {
		term := new(big.Rat).SetInt(new(big.Int).Binomial(n, i))
		term.Mul(term, power1(chance, i)).Mul(term, power1(other, n-i))
		sum.Add(sum, term)
	}
	return sum
}

func power1(r *big.Rat, n int64) *big.Rat {
	e := big.NewInt(n)
	return new(big.Rat).SetFrac(new(big.Int).Exp(r.Num(), e, nil), new(big.Int).Exp(r.Denom(), e, nil))
}

// log10Of is the logarithm of a positive rational, far below the smallest float too.
func log10Of(r *big.Rat) float64 {
	f := new(big.Float).SetRat(r)
	mantissa := new(big.Float)
	exponent := f.MantExp(mantissa)
	m, _ := mantissa.Float64()
	return math.Log10(m) + float64(exponent)*math.Log10(2)
}

func TestUpperTailIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(1, 120).Draw(t, "n")
		k := rapid.Int64Range(0, n).Draw(t, "k")
		// Short fractions keep the rational arithmetic short.
		p := float64(rapid.IntRange(1, 1023).Draw(t, "p")) / 1024
		prob, lg := upperTail(k, n, p)
		want := exactTail(k, n, p)
		w, _ := want.Float64()
		if math.Abs(prob-w) > 1e-11*w+1e-300 {
			t.Fatalf("P(X ≥ %d), %d × %g: %g, want %g", k, n, p, prob, w)
		}
		if l := log10Of(want); math.Abs(lg-l) > 1e-9*(1+math.Abs(l)) {
			t.Fatalf("log10 P(X ≥ %d), %d × %g: %g, want %g", k, n, p, lg, l)
		}
	})
}

// What no float holds has a logarithm all the same.
func TestUpperTailFarOut(t *testing.T) {
	prob, lg := upperTail(400, 400, 1.0/1024)
	if want := -400 * math.Log10(1024); math.Abs(lg-want) > 1e-8*-want || prob != 0 {
		t.Fatalf("%g, 10^%g, want 10^%g", prob, lg, want)
	}
	if p, lg := upperTail(0, 5, 0.5); p != 1 || lg != 0 {
		t.Fatal(p, lg)
	}
	if p, lg := upperTail(6, 5, 0.5); p != 0 || !math.IsInf(lg, -1) {
		t.Fatal(p, lg)
	}
}

// By their definition the limits are where the tails come to what may be missed.
func TestInterval(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(1, 60).Draw(t, "n")
		k := rapid.Int64Range(0, n).Draw(t, "k")
		low, high := interval(k, n, 0.025)
		if k > 0 {
			if got, _ := exactTail(k, n, low).Float64(); math.Abs(got-0.025) > 1e-9 {
				t.Fatalf("%d of %d: at %g the upper tail is %g", k, n, low, got)
			}
		} else if low != 0 {
			t.Fatal(low)
		}
		if k < n {
			if got, _ := exactTail(k+1, n, high).Float64(); math.Abs(1-got-0.025) > 1e-9 {
				t.Fatalf("%d of %d: at %g the lower tail is %g", k, n, high, 1-got)
			}
		} else if high != 1 {
			t.Fatal(high)
		}
	})
	// Closed form where nothing was met.
	if _, high := interval(0, 10, 0.05); math.Abs(high-(1-math.Pow(0.05, 0.1))) > 1e-12 {
		t.Fatal(high)
	}
}

// slowOutlying is the test as docs/analysis.md states it, account by account, in
// rational arithmetic.
func slowOutlying(accounts []tally, alpha float64) map[tally]bool {
	flagged := make([]bool, len(accounts))
	for {
		var k, n int64
		for i, a := range accounts {
			if !flagged[i] {
				k, n = k+a.k, n+a.n
			}
		}
		type row struct {
			i int
			p *big.Rat
		}
		var rows []row
		for i, a := range accounts {
			kk, nn := k, n
			if !flagged[i] && a.n > n/large {
				kk, nn = k-a.k, n-a.n
			}
			if nn == 0 && n > 0 {
				rows = append(rows, row{i, big.NewRat(1, 1)})
				continue
			}
			base := 1.0
			if nn > 0 {
				_, base = interval(kk, nn, 0.05)
			}
			rows = append(rows, row{i, exactTail(a.k, a.n, base)})
		}
		slices.SortStableFunc(rows, func(a, b row) int { return a.p.Cmp(b.p) })
		added := false
		for j := 0; j < len(rows); {
			p, _ := new(big.Rat).Mul(rows[j].p, big.NewRat(int64(len(rows)-j), 1)).Float64()
			if p > alpha {
				break
			}
			// The same numbers stand or fall together.
			for same := accounts[rows[j].i]; j < len(rows) && accounts[rows[j].i] == same; j++ {
				added = added || !flagged[rows[j].i]
				flagged[rows[j].i] = true
			}
		}
		if !added {
			break
		}
	}
	out := map[tally]bool{}
	for i, a := range accounts {
		if flagged[i] {
			out[a] = true
		}
	}
	return out
}

func TestOutlyingIsSlow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		counts := map[tally]int64{}
		var all []tally
		for range rapid.IntRange(1, 25).Draw(t, "accounts") {
			n := rapid.Int64Range(1, 40).Draw(t, "n")
			k := min(n, rapid.Int64Range(0, 3).Draw(t, "k"))
			if rapid.IntRange(0, 9).Draw(t, "much") == 0 {
				k = rapid.Int64Range(0, n).Draw(t, "k2")
			}
			counts[tally{n, k}]++
			all = append(all, tally{n, k})
		}
		o := findOutlying(counts, 0.01)
		want := slowOutlying(all, 0.01)
		if len(want) != len(o.flagged) {
			t.Fatalf("%v: flagged %v, want %v", counts, o.flagged, want)
		}
		for x := range want {
			if _, ok := o.flagged[x]; !ok {
				t.Fatalf("%v: %v is not flagged", counts, x)
			}
		}
	})
}

// Nobody stands out where all are alike, however much some talk, nor where there is
// nobody to compare with, nor by a handful of messages.
func TestOutlyingIsHonest(t *testing.T) {
	for name, accounts := range map[string]map[tally]int64{
		"one account":         {{100, 100}: 1},
		"all without a term":  {{10, 10}: 50},
		"none without a term": {{10, 0}: 50},
		"some talk a lot":     {{20, 1}: 200, {5000, 140}: 3},
		"few messages":        {{20, 1}: 400, {2, 2}: 5},
		"a little more":       {{20, 1}: 400, {60, 6}: 1},
	} {
		if o := findOutlying(accounts, 0.01); o.count != 0 {
			t.Errorf("%s: %+v", name, o)
		}
	}
	o := findOutlying(map[tally]int64{{30, 1}: 500, {60, 30}: 12, {4000, 130}: 2}, 0.01)
	if o.count != 12 || o.unlisted != 760 || o.messages != 23000 {
		t.Errorf("%+v", o)
	}
	// One that stands out a little hides behind those that do a lot, until these are gone.
	o = findOutlying(map[tally]int64{{50, 1}: 100, {1000, 900}: 5, {50, 9}: 1}, 0.01)
	if o.count != 6 || o.rounds < 2 {
		t.Errorf("%+v", o)
	}
}

// Under the null, with a common rate, the share of runs that flag anybody stays below alpha.
func TestOutlyingKeepsItsRate(t *testing.T) {
	state := uint64(42)
	chance := func() float64 { // xorshift64*
		state ^= state >> 12
		state ^= state << 25
		state ^= state >> 27
		return float64(state*2685821657736338717>>11) / (1 << 53)
	}
	wrong := 0
	const runs = 300
	for range runs {
		counts := map[tally]int64{}
		for i := range 200 {
			x := tally{n: int64(5 + i%60)}
			for range x.n {
				if chance() < 0.03 {
					x.k++
				}
			}
			counts[x]++
		}
		if findOutlying(counts, 0.05).count > 0 {
			wrong++
		}
	}
	if wrong > runs*5/100 {
		t.Errorf("%d of %d runs without anybody to find found somebody", wrong, runs)
	}
}
