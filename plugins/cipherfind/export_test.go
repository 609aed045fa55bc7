package main

import (
	"bytes"
	"math/rand/v2"
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
