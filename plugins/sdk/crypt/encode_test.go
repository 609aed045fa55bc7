package crypt_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/plugins/sdk/crypt"
)

// decode returns what Decode does, its state as a word.
func decode(encoding string, line []byte) ([]byte, string) {
	out, state := crypt.Decode(encoding, nil, line)
	return out, map[crypt.State]string{crypt.Decoded: "decoded", crypt.NotEncoded: "not encoded", crypt.CutShort: "cut short"}[state]
}

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
		got, state := decode(c.encoding, []byte(c.line))
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
				got, state := decode(encoding, []byte(line))
				if state != "decoded" || !bytes.Equal(got, want) {
					t.Fatalf("%s %q: %s", encoding, line, state)
				}
				front, state := decode(encoding, crypt.Head(encoding, []byte(line), 8))
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
		got, ok := crypt.Strip(c.padding, []byte(c.text), 8)
		if ok != c.ok || ok && string(got) != c.want {
			t.Errorf("%s %q: %q, %v", c.padding, c.text, got, ok)
		}
	}
}
