package keyring_test

import (
	"encoding/hex"
	"errors"
	"testing"

	"github.com/exhibit-forensics/exhibit/core/keyring"
	"github.com/exhibit-forensics/exhibit/evidence"
)

// Ways of writing a key down that a search for keys meets.
func TestDecodeEncodings(t *testing.T) {
	for _, c := range []struct{ encoding, text, want string }{
		{"raw", "ab", "6162"},
		{"hex", "61 62\n", "6162"},
		{"base64", "YWI=", "6162"},
		{"utf-16le", "ab", "61006200"},
		{"from-utf-16le", "a\x00b\x00", "6162"},
		{"zero-8", "X7sRUjL", "58377352556a4c00"},
		{"zero-16", "a", "61000000000000000000000000000000"},
		{"zero-8", "12345678", "3132333435363738"},
		{"zero-8", "123456789", ""},
		{"utf-16le", "\xc3\xa4", ""},
		{"from-utf-16le", "a\x00b", ""},
		{"from-utf-16le", "a\x01", ""},
		{"zero-7", "a", ""},
		{"rot13", "a", ""},
	} {
		got, err := keyring.Decode([]byte(c.text), c.encoding)
		if c.want == "" {
			if !errors.Is(err, evidence.ErrFormat) {
				t.Errorf("%s %q: %x, %v", c.encoding, c.text, got, err)
			}
			continue
		}
		if err != nil || hex.EncodeToString(got) != c.want {
			t.Errorf("%s %q: %x, %v; want %s", c.encoding, c.text, got, err, c.want)
		}
	}
	for _, e := range keyring.Encodings() {
		if n := keyring.FilledTo(e); (n > 0) != (len(e) > 5 && e[:5] == "zero-") {
			t.Errorf("%s is filled up to %d", e, n)
		}
	}
}
