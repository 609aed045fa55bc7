package main_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	tomskype "github.com/exhibit-forensics/exhibit/plugins/tomskype"
)

func TestText(t *testing.T) {
	for text, want := range map[string][2]bool{ // plausible in a line, printable as a term
		"法轮":             {true, true},
		"a\tb\r\nc":      {true, false},
		"a\x00b":         {false, false},
		"a\x7fb":         {false, false},
		"a\u0085b":       {false, false},
		"a\u00a0\u00e9":  {true, true},
		"\U0001F600":     {true, true},
		"a\u200db":       {true, true},
		"a\ue000":        {true, false},
		"a\uFFFD":        {true, false},
		"\U000E0FFFtail": {true, false},
		"":               {true, false},
	} {
		if got := tomskype.Plausible([]byte(text)); got != want[0] {
			t.Errorf("%q plausible: %v", text, got)
		}
		if got := tomskype.Printable([]byte(text)); got != want[1] {
			t.Errorf("%q printable: %v", text, got)
		}
	}
}

// The quick decoder of GB18030 is the SDK's strict one: for all codes of two
// bytes, for what is cut or malformed, and for mixtures with codes of four.
// Where x/text is not, the four sequences below are as Python 3's codec has them.
func TestGB18030(t *testing.T) {
	strict, err := sdk.ParseCharset("gb18030")
	if err != nil {
		t.Fatal(err)
	}
	same := func(b []byte) {
		t.Helper()
		want, err := strict.Append(nil, b)
		got, ok := tomskype.DecodeGB18030(b)
		if err == nil && !ok && bytes.ContainsAny(b, ":;<=>?") {
			return // x/text is not strict about the second and fourth of four bytes
		}
		if ok != (err == nil) || ok && !bytes.Equal(got, want) {
			t.Fatalf("% x: %q %v, want %q %v", b, got, ok, want, err)
		}
	}
	for lead := range 256 {
		same([]byte{byte(lead)})
		for trail := range 256 {
			same([]byte{byte(lead), byte(trail)})
			same([]byte{'a', byte(lead), byte(trail), 0xD6, 0xD0})
		}
	}
	for text, want := range map[string]bool{"\xd4\x3c\xfa\x31": false, "\xd4\x30\xfa\x3c": false, "\xd4\x30\xff\x31": false, "\x81\x30\x84\x36": true} {
		if _, ok := tomskype.DecodeGB18030([]byte(text)); ok != want {
			t.Errorf("% x: %v", text, ok)
		}
	}
	rng := rand.New(rand.NewPCG(5, 6))
	for range 20_000 {
		b := make([]byte, rng.IntN(9))
		fill(rng, b)
		same(b)
		same(append([]byte{0xD6, 0xD0, 0x81, 0x30, 0x84, 0x36}, b...))
	}
}

func fill(rng *rand.Rand, b []byte) {
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
}
