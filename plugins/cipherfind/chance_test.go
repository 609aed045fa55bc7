package main_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/internal/slow"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// decoys are inputs in which there is no key to be found: random, compressed,
// pictures with and without compression, ordinary text plain and encoded, and what
// was encrypted under a key that is nowhere.
func decoys(t testing.TB, rng *rand.Rand, n int) map[string][]byte {
	random := make([]byte, 400*n)
	fill(rng, random)
	var base, hexa, text, coded bytes.Buffer
	for range 10 * n {
		b := make([]byte, 8*(2+rng.IntN(10)))
		fill(rng, b)
		base.WriteString(base64.StdEncoding.EncodeToString(b) + "\n")
		hexa.WriteString(hex.EncodeToString(b) + "\n")
		l := prose(rng, 12)
		text.WriteString(l + "\n")
		coded.WriteString(base64.StdEncoding.EncodeToString([]byte(l)) + "\n")
	}
	img := image.NewRGBA(image.Rect(0, 0, n, n))
	for x := range n {
		for y := range n {
			img.Set(x, y, color.RGBA{uint8(x / 6 * 20), uint8(y / 6 * 20), uint8(x ^ y), 255})
		}
	}
	var pic, photo, zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, err := z.Write(text.Bytes())
	for _, e := range []error{err, z.Close(), png.Encode(&pic, img), jpeg.Encode(&photo, img, nil)} {
		if e != nil {
			t.Fatal(e)
		}
	}
	secret := make([]byte, 8)
	fill(rng, secret)
	unknown := sealing{"des", "ecb", "", "pkcs7", "base64", "utf-8", secret}
	xored := sealing{"xor", "", "", "none", "raw", "utf-8", []byte{0x81, 0x13, 0xC4, 0x22, 0x9A, 0x51, 0xE7}}
	return map[string][]byte{
		"random bytes": random, "random base64": base.Bytes(), "random hex": hexa.Bytes(), "text": text.Bytes(), "text in base64": coded.Bytes(),
		"gzip": zipped.Bytes()[10:], "png": pic.Bytes()[8:], "jpeg": photo.Bytes()[4:], "bitmap": img.Pix, "zeros": make([]byte, 100*n),
		"counted": counted(20 * n), "another key": unknown.seal(t, rng, rows(rng, 20*n, "utf-8", "\t")), "xor by another key": xored.seal(t, rng, rows(rng, 20*n, "utf-8", "\t")),
	}
}

// counted is a table of small numbers, as programs hold.
func counted(n int) []byte {
	var b []byte
	for i := range n {
		b = append(b, byte(i), byte(i>>8), 0, 0)
	}
	return b
}

// prose is made of the letters and lengths of ordinary words.
func prose(rng *rand.Rand, n int) string {
	var b []byte
	for i := range n {
		if i > 0 {
			b = append(b, ' ')
		}
		for range 2 + rng.IntN(9) {
			b = append(b, "etaoinshrdlucmfwypvbgkjqxz"[min(rng.IntN(26), rng.IntN(26))])
		}
	}
	return string(b)
}

// Where there is no key none is found: every decoy against as many candidates as a
// settings file, a page of prose and a program hold, and against each other.
func TestNoFalseKeys(t *testing.T) {
	var trials, units int64
	seeds, size := uint64(1), 2
	if slow.Asked() {
		seeds, size = 4, 16
	}
	for seed := range seeds {
		rng := rand.New(rand.NewPCG(seed, 77))
		var inputs []*sdk.Input
		n := 0
		for name, data := range decoys(t, rng, size) {
			n++
			in := input(fmt.Sprintf("encrypted-%04d", n), data)
			in.Name = name
			inputs = append(inputs, in)
		}
		var words bytes.Buffer
		for range size {
			words.WriteString(prose(rng, 8) + "\n")
		}
		inputs = append(inputs, input("source-0001", words.Bytes()), input("source-0002", []byte("key=32bnx23l\npassword: hunter2hunter2\nsalt=00112233445566778899aabbccddeeff\n")))
		records, _, u := run(t, evidence.OpFindKey, "", nil, inputs...)
		for _, r := range records {
			t.Errorf("seed %d: found by chance: %v", seed, r)
		}
		trials += u.Skipped
		units++
	}
	t.Logf("%d times a candidate was tried on a target under a cipher, in %d searches; of 10 million such searches one is to find something by chance", trials, units)
}
