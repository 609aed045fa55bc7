package main

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/crypt"
)

// What the tests of package main_test reach in here for.

// Trials tries n keys of the given length on data, and returns how many trials that
// made and how many hits.
func Trials(t testing.TB, data []byte, cipher string, length, n int) (trials int64, hits int) {
	t.Helper()
	target, err := newTarget(sdk.NewInput(bytes.NewReader(data), int64(len(data))))
	if err != nil {
		t.Fatal(err)
	}
	modes := map[string][]mode{crypt.RC4: {{}}, crypt.XOR: {{}}}
	for name, size := range blockSizes {
		modes[name] = []mode{{name: crypt.ECB}, {name: crypt.CBC, iv: make([]byte, size), stated: "00"}, {name: crypt.CBC, stated: ivPrefix}}
	}
	rng := rand.New(rand.NewPCG(1, 1))
	keys := make([]byte, n*length)
	for i := range keys {
		keys[i] = byte('!' + rng.IntN(94))
	}
	list := make([]candidate, n)
	for i := range list {
		list[i].key = keys[i*length : (i+1)*length]
	}
	y := newTryer(target, modes)
	y.all(cipher, list, func(hit) { hits++ })
	return y.trials, hits
}

// Form returns the test for a charset: whether b passes, and log10 of how probable that
// is for n random bytes.
func Form(name string) (passes func(b []byte) bool, logP func(n int) float64) {
	all := newForms()
	for i := range all {
		if f := &all[i]; f.name == name {
			return func(b []byte) bool { return f.passes(b, false) }, f.logP
		}
	}
	panic(name)
}

// Looks tries keys on data one by one, and many at once where the cipher allows it, and
// returns for each way how many keys took a closer look, and the keys that were found.
func Looks(t testing.TB, data []byte, cipher string, keys [][]byte) (looked [2]int64, found [2][]string) {
	t.Helper()
	target, err := newTarget(sdk.NewInput(bytes.NewReader(data), int64(len(data))))
	if err != nil {
		t.Fatal(err)
	}
	size := blockSizes[cipher]
	list := []mode{
		{name: crypt.ECB},
		{name: crypt.CBC, iv: make([]byte, size), stated: "00"},
		{name: crypt.CBC, stated: ivPrefix},
		{name: crypt.CBC, stated: ivKey},
		{name: crypt.CBC, iv: []byte("fixed iv"), stated: "fixed"},
	}
	modes := map[string][]mode{cipher: list}
	candidates := make([]candidate, len(keys))
	for i := range keys {
		candidates[i].key = keys[i]
	}
	one, many := newTryer(target, modes), newTryer(target, modes)
	tell := func(i int) func(hit) {
		return func(h hit) {
			found[i] = append(found[i], string(h.cand.key)+" "+h.mode.stated+" "+h.padding+" "+newForms()[h.form].name)
		}
	}
	for i := range candidates {
		one.one(cipher, &candidates[i], tell(0))
	}
	many.all(cipher, candidates, tell(1))
	if one.trials != many.trials {
		t.Errorf("%d trials, and %d", one.trials, many.trials)
	}
	slices.Sort(found[0])
	slices.Sort(found[1])
	return [2]int64{one.looked, many.looked}, found
}
