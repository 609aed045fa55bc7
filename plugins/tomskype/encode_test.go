package main_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	tomskype "github.com/exhibit-forensics/exhibit/plugins/tomskype"
)

func TestDecode(t *testing.T) {
	for _, c := range []struct{ encoding, line, want, state string }{
		{"hex", "00fFA5", "\x00\xff\xa5", "decoded"},
		{"hex", " \t0a 0B\t0c\v\f", "\x0a\x0b\x0c", "decoded"},
		{"hex", "", "", "decoded"},
		{"hex", "0", "", "cut short"},
		{"hex", "00f", "", "cut short"},
		{"hex", "0 0", "", "not encoded"},
		{"hex", "0g", "", "not encoded"},
		{"hex", "00x", "", "not encoded"},
		{"base64", "AAECAw==", "\x00\x01\x02\x03", "decoded"},
		{"base64", "AAECAw", "\x00\x01\x02\x03", "decoded"},
		{"base64", "AAECAwQ=", "\x00\x01\x02\x03\x04", "decoded"},
		{"base64", " AAECAwQ \r", "\x00\x01\x02\x03\x04", "decoded"},
		{"base64", "+/+/", "\xfb\xff\xbf", "decoded"},
		{"base64", "AAEC", "\x00\x01\x02", "decoded"},
		{"base64", "AAECA", "", "cut short"},
		{"base64", "AAECAw=", "", "cut short"},
		{"base64", "AA=CAw==", "", "not encoded"},
		{"base64", "AAE AAA=", "", "not encoded"},
		{"base64", "--MARK-- log rotated", "", "not encoded"},
		{"base64", "AA====", "", "not encoded"},
		{"raw", " x\xff ", " x\xff ", "decoded"},
	} {
		got, state := tomskype.Decode(c.encoding, []byte(c.line))
		if state != c.state || string(got) != c.want {
			t.Errorf("%s %q: %q, %s; want %q, %s", c.encoding, c.line, got, state, c.want, c.state)
		}
	}
}

// What Go's own packages encode is decoded, and a head is a beginning.
func TestDecodeRoundTrip(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 500 {
		want := make([]byte, rng.IntN(100))
		fill(rng, want)
		for encoding, lines := range map[string][]string{
			"hex":    {hex.EncodeToString(want), strings.ToUpper(hex.EncodeToString(want))},
			"base64": {base64.StdEncoding.EncodeToString(want), base64.RawStdEncoding.EncodeToString(want)},
		} {
			for _, line := range lines {
				got, state := tomskype.Decode(encoding, []byte(line))
				if state != "decoded" || !bytes.Equal(got, want) {
					t.Fatalf("%s %q: %s", encoding, line, state)
				}
				front, state := tomskype.Decode(encoding, tomskype.Head(encoding, []byte(line), 8))
				if state != "decoded" || !bytes.HasPrefix(want, front) || len(front) < min(8, len(want)) {
					t.Fatalf("%s %q: head %q, %s", encoding, line, front, state)
				}
			}
		}
	}
}

func TestStrip(t *testing.T) {
	for _, c := range []struct {
		padding, text, want string
		ok                  bool
	}{
		{"pkcs7", "abc\x05\x05\x05\x05\x05", "abc", true},
		{"pkcs7", "\x08\x08\x08\x08\x08\x08\x08\x08", "", true},
		{"pkcs7", "abcdefg\x01", "abcdefg", true},
		{"pkcs7", "abcdef\x01\x02", "", false},
		{"pkcs7", "abcdefg\x09", "", false},
		{"pkcs7", "abcdefg\x00", "", false},
		{"pkcs7", "", "", false},
		{"pkcs7", "\x02", "", false},
		{"zero", "abc\x00\x00\x00\x00\x00", "abc", true},
		{"zero", "abcdefgh", "abcdefgh", true},
		{"zero", "a\x00\x00\x00\x00\x00\x00\x00", "a", true},
		{"zero", "\x00\x00\x00\x00\x00\x00\x00\x00", "\x00", true}, // a whole block of zeros is no padding
		{"zero", "", "", true},
		{"none", "abc\x00", "abc\x00", true},
	} {
		got, ok := tomskype.Strip(c.padding, []byte(c.text), 8)
		if ok != c.ok || ok && string(got) != c.want {
			t.Errorf("%s %q: %q, %v", c.padding, c.text, got, ok)
		}
	}
}

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
