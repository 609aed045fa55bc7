package main

import (
	"math"
	"slices"
)

// upperTail is P(X ≥ k) for X binomial of n trials with probability p: the
// regularised incomplete beta function I_p(k, n−k+1) (DLMF 8.17.5), by itself and as
// a logarithm to the base 10, which does not vanish where the number does.
func upperTail(k, n int64, p float64) (prob, log10 float64) {
	switch {
	case k <= 0 || p >= 1:
		return 1, 0
	case k > n || p <= 0:
		return 0, math.Inf(-1)
	}
	ln, complement := lnBeta(float64(k), float64(n-k)+1, p)
	if complement {
		prob = -math.Expm1(ln)
		return prob, math.Log10(prob)
	}
	return math.Exp(ln), ln / math.Ln10
}

// lnBeta is the logarithm of I_x(a, b), or of 1 − I_x(a, b) where complement is set:
// whichever the continued fraction (DLMF 8.17.22) gives quickly.
func lnBeta(a, b, x float64) (ln float64, complement bool) {
	if x > (a+1)/(a+b+2) {
		return lnFraction(b, a, 1-x, x), true
	}
	return lnFraction(a, b, x, 1-x), false
}

// lnFraction is ln I_x(a, b) by Lentz's method; y is 1 − x.
func lnFraction(a, b, x, y float64) float64 {
	const tiny, enough, most = 1e-300, 1e-16, 100_000
	lg := func(v float64) float64 {
		r, _ := math.Lgamma(v)
		return r
	}
	front := a*math.Log(x) + b*math.Log(y) + lg(a+b) - lg(a) - lg(b) - math.Log(a)
	nonzero := func(v float64) float64 {
		if math.Abs(v) < tiny {
			return tiny
		}
		return v
	}
	c, d := 1.0, 1/nonzero(1-(a+b)*x/(a+1))
	f := d
	for i := 1; i <= most; i++ {
		m := float64(i)
		term := m * (b - m) * x / ((a + 2*m - 1) * (a + 2*m))
		d, c = 1/nonzero(1+term*d), nonzero(1+term/c)
		f *= d * c
		term = -(a + m) * (a + b + m) * x / ((a + 2*m) * (a + 2*m + 1))
		d, c = 1/nonzero(1+term*d), nonzero(1+term/c)
		step := d * c
		f *= step
		if math.Abs(step-1) < enough {
			break
		}
	}
	return front + math.Log(f)
}

// interval is the exact two-sided interval of Clopper and Pearson (1934) for the rate
// k of n, each side missing it with probability miss.
func interval(k, n int64, miss float64) (low, high float64) {
	low, high = 0, 1
	if k > 0 {
		low = solve(func(p float64) bool { t, _ := upperTail(k, n, p); return t < miss })
	}
	if k < n {
		high = solve(func(p float64) bool { t, _ := upperTail(k+1, n, p); return 1-t > miss })
	}
	return low, high
}

// solve finds where below turns from true to false between 0 and 1.
func solve(below func(float64) bool) float64 {
	low, high := 0.0, 1.0
	for range 80 {
		if mid := (low + high) / 2; below(mid) {
			low = mid
		} else {
			high = mid
		}
	}
	return (low + high) / 2
}

// tally is how many accounts have n messages, k of them without a listed term.
type tally struct{ n, k int64 }

// outlying is what the test comes to (docs/analysis.md, Accounts).
type outlying struct {
	// accounts were tested; unlisted of messages is what all but the flagged have.
	accounts, unlisted, messages int64
	// rate is unlisted of messages; base what an account is compared with: the upper
	// end of the rate's one-sided 95 % interval.
	rate, base float64
	// flagged holds the logarithm (base 10) of the corrected probability of each
	// combination that is significant.
	flagged map[tally]float64
	// count is how many accounts these are; rounds how often the rate was worked out.
	count  int64
	rounds int
	// least is the smallest number of messages with which an account can be flagged
	// at all; silent are the accounts with fewer.
	least, silent int64
	// spread is Pearson's χ² over its degrees of freedom among those not flagged.
	spread float64
}

// mostRounds bounds how often the rate is worked out anew. Each flags more, so that it ends by itself.
const mostRounds = 50

// findOutlying flags the combinations whose share of messages without a listed term is
// higher than chance explains, at a family-wise error rate of alpha (Holm 1979). The rate
// of the others is worked out again without those that were flagged, until none is added.
func findOutlying(accounts map[tally]int64, alpha float64) outlying {
	o := outlying{flagged: map[tally]float64{}}
	var all []tally
	var n, k int64
	for t, count := range accounts {
		all = append(all, t)
		o.accounts += count
		n, k = n+t.n*count, k+t.k*count
	}
	slices.SortFunc(all, func(a, b tally) int {
		if a.n != b.n {
			return int(a.n - b.n)
		}
		return int(a.k - b.k)
	})
	for o.rounds < mostRounds {
		o.rounds++
		o.setBase(k, n)
		before := len(o.flagged)
		o.holm(all, accounts, k, n, alpha)
		if len(o.flagged) == before {
			break
		}
		k, n = 0, 0
		for _, t := range all {
			if _, ok := o.flagged[t]; !ok {
				k, n = k+t.k*accounts[t], n+t.n*accounts[t]
			}
		}
	}
	for t := range o.flagged {
		o.count += accounts[t]
	}
	o.finish(all, accounts, alpha)
	return o
}

func (o *outlying) setBase(k, n int64) {
	o.unlisted, o.messages, o.rate, o.base = k, n, 0, 1
	if n > 0 {
		o.rate = float64(k) / float64(n)
		_, o.base = interval(k, n, 0.05)
	}
}

// large is the part of all messages from which on an account is left out of the rate
// that it is compared with. Below, leaving it in changes little, and in its favour.
const large = 100

// holm adds to flagged what is significant by Holm's step-down method over all accounts.
func (o *outlying) holm(all []tally, accounts map[tally]int64, k, n int64, alpha float64) {
	type tested struct {
		t  tally
		lg float64
	}
	list := make([]tested, 0, len(all))
	for _, t := range all {
		base := o.base
		if _, ok := o.flagged[t]; !ok && t.n > n/large {
			if n == t.n {
				continue // there is nobody to compare with
			}
			_, base = interval(k-t.k, n-t.n, 0.05)
		}
		_, lg := upperTail(t.k, t.n, base)
		list = append(list, tested{t, lg})
	}
	slices.SortStableFunc(list, func(a, b tested) int {
		switch {
		case a.lg < b.lg:
			return -1
		case a.lg > b.lg:
			return 1
		}
		return 0
	})
	left, worst := o.accounts, math.Inf(-1)
	for _, x := range list {
		// Accounts with the same numbers stand or fall together.
		worst = math.Max(worst, x.lg+math.Log10(float64(left)))
		if worst > math.Log10(alpha) {
			return
		}
		o.flagged[x.t] = math.Min(worst, 0)
		left -= accounts[x.t]
	}
}

// finish works out whom the test could never flag, and how much the others differ.
func (o *outlying) finish(all []tally, accounts map[tally]int64, alpha float64) {
	if o.base > 0 && o.base < 1 {
		o.least = int64(math.Ceil((math.Log(alpha) - math.Log(float64(max(o.accounts, 1)))) / math.Log(o.base)))
		o.least = max(o.least, 1)
	}
	var chi, free float64
	for _, t := range all {
		if t.n < o.least {
			o.silent += accounts[t]
		}
		if _, ok := o.flagged[t]; ok || o.rate <= 0 || o.rate >= 1 {
			continue
		}
		d := float64(t.k) - float64(t.n)*o.rate
		chi += float64(accounts[t]) * d * d / (float64(t.n) * o.rate * (1 - o.rate))
		free += float64(accounts[t])
	}
	if free > 1 {
		o.spread = chi / (free - 1)
	}
}
