package main_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
	cipherfind "github.com/exhibit-forensics/exhibit/plugins/cipherfind"
)

// Many keys at once come to the same as one after the other: the same keys are looked at
// closely, and the same are found, in every mode, charset, padding and encoding.
func TestManyAtOnce(t *testing.T) {
	rng := rand.New(rand.NewPCG(31, 32))
	i, looked := 0, int64(0)
	for _, cipher := range []struct {
		name string
		size int
	}{{"des", 8}, {"3des", 16}, {"3des", 24}} {
		for _, charset := range []string{"utf-8", "gb18030", "big5", "shift_jis", "utf-16le"} {
			for _, how := range [][2]string{{"ecb", ""}, {"cbc", "zero"}, {"cbc", "prefix"}, {"cbc", "key"}, {"cbc", "fixed"}} {
				key := make([]byte, cipher.size)
				fill(rng, key)
				s := sealing{cipher.name, how[0], how[1], []string{"pkcs7", "zero"}[i%2], []string{"base64", "hex", "raw"}[i%3], charset, key}
				lines := rows(rng, 30, charset, "\t")
				if i%4 == 0 { // messages of a block or two
					for j := range lines {
						lines[j] = lines[j][:1+rng.IntN(min(len(lines[j]), 20))]
					}
				}
				i++
				data := s.seal(t, rng, lines)
				keys := make([][]byte, 300)
				for j := range keys {
					keys[j] = make([]byte, cipher.size)
					fill(rng, keys[j])
				}
				keys[rng.IntN(len(keys))] = key
				n, found := cipherfind.Looks(t, data, cipher.name, keys)
				if n[0] != n[1] || !slices.Equal(found[0], found[1]) {
					t.Errorf("%v: %d keys looked at closely, and %d; found %q, and %q", s, n[0], n[1], found[0], found[1])
				}
				if i%4 != 1 && len(found[1]) == 0 {
					t.Errorf("%v: not found", s)
				}
				looked += n[1]
			}
		}
	}
	if looked < 100 {
		t.Errorf("%d keys were looked at closely in all: too few to tell", looked)
	}
}

// Keys that DES does not tell apart are tried once: the likeliest, which is found.
func TestTwins(t *testing.T) {
	rng := rand.New(rand.NewPCG(33, 34))
	s := sealing{"des", "ecb", "", "pkcs7", "base64", "utf-8", []byte("32bnx23l")}
	twin := []byte("32bnx23l")
	for i := range twin {
		twin[i] ^= 1
	}
	conf := input("source-0001", []byte("key=32bnx23l\nremember "+string(twin)+" too\n"))
	records, diags, _ := run(t, evidence.OpFindKey, "", nil, input("encrypted-0001", s.seal(t, rng, rows(rng, 40, "utf-8", "\t"))), conf)
	if len(records) != 1 || records[0]["source"].(object)["offset"] != 4.0 {
		t.Errorf("%v %v", records, diags)
	}
	for _, d := range diags {
		if d["code"] == "key.candidates" && d["data"].(object)["same_des_key"] != 1.0 {
			t.Error(d)
		}
	}
}
