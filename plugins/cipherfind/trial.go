package main

import (
	"math"
	"math/bits"
	"slices"

	"github.com/exhibit-forensics/exhibit/plugins/sdk/crypt"
)

// hit is a candidate that opens units of a target in a way that chance does not explain.
type hit struct {
	cand   *candidate
	cipher string
	mode   mode
	form   int
	// logP is log10 of the probability of as much by chance, in this one trial.
	logP float64
	// texts are what the units decrypt to, nil of those that it does not open.
	texts   [][]byte
	opened  int
	padding string
}

// tryer tries candidates on a target. It is used by one goroutine.
type tryer struct {
	t     *target
	forms *[forms]textForm
	modes map[string][]mode
	odds  map[string][]*odds // by cipher, by mode
	// limit is the log10 probability above which a trial is no hit, whatever the number
	// of trials: it only saves work.
	limit float64
	// trials counts candidates times ciphers and modes.
	trials int64
	// looked is how many of them took a closer look.
	looked int64

	sieve *sieve // of DES, nil until it is needed
	ecb   []byte
	text  []byte
	// heads are what tryer.head says of each unit.
	heads  [sampleUnits]mask
	byMode [][sampleUnits]mask
}

// headBytes is how much of a message is looked at first, more where blocks of 8 bytes
// leave more.
const headBytes = 16

// again is y for another goroutine: what was prepared is shared, and only read.
func (y *tryer) again() *tryer {
	return &tryer{t: y.t, forms: y.forms, modes: y.modes, odds: y.odds, limit: y.limit}
}

func newTryer(t *target, modes map[string][]mode) *tryer {
	y := &tryer{t: t, forms: newForms(), modes: modes, odds: map[string][]*odds{}, limit: -6}
	for name, list := range modes {
		block := max(1, blockSizes[name])
		for i := range list {
			y.odds[name] = append(y.odds[name], newOdds(y.forms, y.usable(name), block, list[i].skip(block), block == 1))
		}
	}
	return y
}

// usable are the units that a cipher can be tried on: a stream begins with its message.
func (y *tryer) usable(cipher string) []unit {
	if cipher == crypt.RC4 && y.t.unit == unitFile {
		return y.t.units[:min(1, len(y.t.units))]
	}
	return y.t.units
}

// possible: some of the target is whole blocks of the cipher, and enough of it that
// chance can be excluded at all.
func (y *tryer) possible(cipher string) bool {
	whole := 0
	n := max(1, blockSizes[cipher])
	units := y.usable(cipher)
	for i := range units {
		if len(units[i].data)%n == 0 || !units[i].last {
			whole++
		}
	}
	return whole > 0 && 4*whole >= len(units)
}

// all tries every candidate under a cipher.
func (y *tryer) all(cipher string, list []candidate, found func(hit)) {
	var batches [maxKey + 1][]*candidate // by length of key
	for i := range list {
		c := &list[i]
		// Where a key may have any length, nobody cuts or fills it up.
		if !fits(cipher, len(c.key)) || c.rank >= rankChanged && !fixedLength(cipher) || cipher == crypt.DES && c.twin {
			continue
		}
		if cipher != crypt.DES && cipher != crypt.TripleDES {
			y.one(cipher, c, found)
			continue
		}
		batch := append(batches[len(c.key)], c)
		if len(batch) == crypt.DESLanes {
			y.many(cipher, batch, found)
			batch = batch[:0]
		}
		batches[len(c.key)] = batch
	}
	for _, batch := range batches {
		if len(batch) > 0 {
			y.many(cipher, batch, found)
		}
	}
}

// many looks at the first blocks under as many keys of DES or triple DES at once as fit in
// a word, and takes a closer look at those that may leave text in enough units.
func (y *tryer) many(cipher string, batch []*candidate, found func(hit)) {
	if y.sieve == nil {
		y.sieve = new(sieve)
	}
	keys := make([][]byte, len(batch))
	for i, c := range batch {
		keys[i] = c.key
	}
	list, units := y.modes[cipher], y.t.units
	y.sieve.keys.Set(keys)
	y.trials += int64(len(batch) * len(list))
	left := make([]uint64, len(list))
	y.sieve.run(units, list, needOf(len(units)), left)
	for m, lanes := range left {
		for j := bits.LeadingZeros64(lanes); j < len(batch); j = bits.LeadingZeros64(lanes) {
			lanes &^= lane(j)
			heads := y.heads[:len(units)]
			for i := range units {
				u := &units[i]
				if heads[i] = 0; y.sieve.alive[m][i]&lane(j) == 0 {
					continue
				}
				y.ecb = y.sieve.bytes(y.ecb[:0], i, min(headBlocks, len(u.data)/8), j)
				heads[i] = y.head(u, &list[m], y.ecb, batch[j].key, 8)
			}
			if enough(heads) {
				y.close(cipher, m, batch[j], heads, found)
			}
		}
	}
}

// enough: a quarter of the units looks like text, in the same form.
func enough(heads []mask) bool {
	var counts [forms]int
	for _, h := range heads {
		for f := 0; h != 0; f, h = f+1, h>>1 {
			counts[f] += int(h & 1)
		}
	}
	return slices.Max(counts[:]) >= needOf(len(heads))
}

// head judges the first bytes of a unit, given what ECB makes of them.
func (y *tryer) head(u *unit, m *mode, ecb, key []byte, block int) mask {
	if u.last && len(u.data)%block != 0 {
		return 0
	}
	y.text = m.chain(y.text, ecb, u.data, u.before, key, block)
	if u.last && len(ecb) == len(u.data) {
		return whole(y.forms, u, y.text, block)
	}
	return start(y.forms, y.text, u.at > 0)
}

// one tries a candidate under a cipher of which one key at a time is set up.
func (y *tryer) one(cipher string, c *candidate, found func(hit)) {
	if cipher == crypt.RC4 || cipher == crypt.XOR {
		y.stream(cipher, c, found)
		return
	}
	o, err := crypt.New(cipher, crypt.ECB, c.key, nil)
	if err != nil {
		return
	}
	list, block := y.modes[cipher], blockSizes[cipher]
	y.trials += int64(len(list))
	units := y.t.units
	if cap(y.byMode) < len(list) {
		y.byMode = make([][sampleUnits]mask, len(list))
	}
	byMode := y.byMode[:len(list)]
	missed := make([]int, len(list))
	for i := range units {
		u := &units[i]
		n := min(len(u.data)/block*block, headBytes+block)
		y.ecb = o.Open(y.ecb[:0], u.data[:n])
		open := false
		for m := range list {
			if byMode[m][i] = y.head(u, &list[m], y.ecb, c.key, block); byMode[m][i] == 0 {
				missed[m]++
			}
			open = open || missed[m] <= len(units)-needOf(len(units))
		}
		if !open {
			return // of no mode can enough be left
		}
	}
	for m := range list {
		if heads := byMode[m][:len(units)]; enough(heads) {
			y.close(cipher, m, c, heads, found)
		}
	}
}

// close decrypts all of every unit whose head may be text, and tells of it where chance does
// not explain what comes out.
func (y *tryer) close(cipher string, m int, c *candidate, heads []mask, found func(hit)) {
	y.looked++
	o, err := crypt.New(cipher, crypt.ECB, c.key, nil)
	if err != nil {
		return
	}
	block, how := blockSizes[cipher], &y.modes[cipher][m]
	texts, masks := make([][]byte, len(y.t.units)), slices.Clone(heads)
	for i := range y.t.units {
		if !enough(masks) {
			return // what is left cannot be enough
		}
		u := &y.t.units[i]
		n := len(u.data) / block * block
		if masks[i] = 0; n == 0 || heads[i] == 0 || u.last && n != len(u.data) && y.t.unit == unitLine {
			continue
		}
		texts[i] = how.chain(nil, o.Open(nil, u.data[:n]), u.data[:n], u.before, c.key, block)
		masks[i] = whole(y.forms, u, texts[i], block)
	}
	if !enough(masks) {
		return
	}
	y.settle(hit{cand: c, cipher: cipher, mode: *how}, y.t.units, texts, masks, y.odds[cipher][m], block, y.limit, found)
}

// needOf is how many of the units must look like text by their first bytes for the
// rest to be looked at.
func needOf(units int) int { return max(1, units/4) }

// settle picks the form that explains most.
func (y *tryer) settle(h hit, units []unit, texts [][]byte, masks []mask, o *odds, block int, limit float64, found func(hit)) {
	h.logP = math.Inf(1)
	for f := range forms {
		k := 0
		for _, m := range masks {
			k += int(m >> f & 1)
		}
		if k < needOf(len(units)) {
			continue
		}
		// Of forms that explain as many units the one that least would be by chance counts.
		if p := o.logP(f, k); p < h.logP {
			h.form, h.logP, h.opened = f, p, k
		}
	}
	if math.IsInf(h.logP, 1) || h.logP > limit {
		return
	}
	h.texts = make([][]byte, len(texts))
	for i, m := range masks {
		if m>>h.form&1 == 1 {
			h.texts[i] = texts[i]
		}
	}
	h.padding = paddingOf(units, h.texts, block)
	found(h)
}
