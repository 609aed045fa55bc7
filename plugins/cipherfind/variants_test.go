package main_test

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// hideouts are ways in which a key lies in the evidence, each with what the record
// must say of how it is written down.
var hideouts = []struct {
	name, encoding string
	write          func(key []byte) (text string, ok bool)
}{
	{"value", "raw", func(k []byte) (string, bool) {
		return "[log]\nserver=a\ncrypt_key = " + string(k) + "\nrotate=daily\n", ascii(k)
	}},
	{"json", "raw", func(k []byte) (string, bool) {
		return `{"server":"a","secret":"` + string(k) + `","port":8080}` + "\n", ascii(k)
	}},
	{"xml", "raw", func(k []byte) (string, bool) { return "<conf><key>" + string(k) + "</key><x>1</x></conf>\n", ascii(k) }},
	{"word", "raw", func(k []byte) (string, bool) { return "todo: use " + string(k) + " from now on\n", ascii(k) }},
	{"hex", "hex", func(k []byte) (string, bool) { return "k: " + hex.EncodeToString(k) + "\n", true }},
	{"base64", "base64", func(k []byte) (string, bool) {
		return "KEY=" + base64.StdEncoding.EncodeToString(k) + "\n", len(k)%3 != 0
	}},
	{"string in a binary", "raw", func(k []byte) (string, bool) {
		return "\x7fBIN\x00\x01\x02\x03\x00" + string(k) + "\x00\x01\x02\xff\x00", ascii(k)
	}},
	{"wide string in a binary", "from-utf-16le", func(k []byte) (string, bool) {
		return "\x01\x02\x03\x00\x05\x00\x06\x00" + wide(string(k)) + "\x00\x00\x01\x02\xff\x03\x00\x00", ascii(k)
	}},
	{"bytes of a binary", "raw", func(k []byte) (string, bool) {
		return strings.Repeat("\x00\x01\x00\x02\x00\x00\x03\x00", 40) + string(k) + strings.Repeat("\x00\x01\x00\x02\x00\x00\x03\x00", 40), len(k)%8 == 0
	}},
}

func ascii(k []byte) bool {
	for _, c := range k {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return true
}

func wide(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		b.WriteByte(c)
		b.WriteByte(0)
	}
	return b.String()
}

func sealings(rng *rand.Rand) (out []sealing) {
	text := func(n int) []byte {
		const letters = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789"
		b := make([]byte, n)
		for i := range b {
			b[i] = letters[rng.IntN(len(letters))]
		}
		return b
	}
	bytes := func(n int) []byte { b := make([]byte, n); fill(rng, b); return b }
	charsets := []string{"utf-8", "gb18030", "big5", "shift_jis", "utf-16le"}
	encodings := []string{"base64", "hex", "raw"}
	i := 0
	for _, c := range []struct {
		cipher string
		sizes  []int
	}{{"des", []int{8}}, {"3des", []int{16, 24}}, {"aes", []int{16, 24, 32}}, {"blowfish", []int{8, 13, 16}}} {
		for _, size := range c.sizes {
			for _, how := range [][2]string{{"ecb", ""}, {"cbc", "zero"}, {"cbc", "prefix"}} {
				for _, padding := range []string{"pkcs7", "zero"} {
					key := text(size)
					if i%3 == 0 {
						key = bytes(size)
					}
					out = append(out, sealing{c.cipher, how[0], how[1], padding, encodings[i%3], charsets[i%5], key})
					i++
				}
			}
		}
	}
	for _, encoding := range encodings {
		out = append(out, sealing{"rc4", "", "", "none", encoding, "utf-8", text(12)}, sealing{"xor", "", "", "none", encoding, "utf-8", text(11)}, sealing{"xor", "", "", "none", encoding, "gb18030", text(16)})
	}
	return out
}

// Whatever a log is encrypted with, and wherever the key lies, it is found at its place.
func TestVariants(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	for i, s := range sealings(rng) {
		n := 60
		if s.cipher == "xor" { // whose key a few lines do not prove
			n = 300
		}
		lines := rows(rng, n, s.charset, "\t")
		data := s.seal(t, rng, lines)
		var hidden string
		h := hideouts[i%len(hideouts)]
		for j := 0; ; j++ {
			h = hideouts[(i+j)%len(hideouts)]
			if text, ok := h.write(s.key); ok && (h.name != "bytes of a binary" || s.cipher == "des" || s.cipher == "3des" || s.cipher == "aes") {
				hidden = text
				break
			}
		}
		t.Run(s.String()+" "+h.name, func(t *testing.T) {
			conf := input("source-0001", []byte(hidden))
			records, diags, _ := run(t, evidence.OpFindKey, "", nil, input("encrypted-0001", data), conf, input("source-0002", []byte("nothing here but words of no use\n")))
			if len(records) != 1 {
				t.Fatalf("%d finds; %v", len(records), diags)
			}
			r := records[0]
			opens := r["opens"].(object)
			iv := s.iv
			if iv == "zero" {
				iv = strings.Repeat("00", map[string]int{"aes": 16}[s.cipher]+map[string]int{"des": 8, "3des": 8, "blowfish": 8}[s.cipher])
			}
			unit := "line"
			if s.encoding == "raw" {
				unit = "file"
			}
			for name, want := range map[string]string{"cipher": s.cipher, "mode": s.mode, "iv": iv, "encoding": s.encoding, "unit": unit, "charset": s.charset} {
				if opens[name] != want {
					t.Errorf("%s: %v, want %s", name, opens[name], want)
				}
			}
			if p := opens["padding"]; p != s.padding && s.encoding != "raw" {
				t.Errorf("padding: %v, want %s", p, s.padding)
			}
			src := r["source"].(object)
			at, n := int(src["offset"].(float64)), int(src["length"].(float64))
			if src["role"] != "source-0001" || !holds(hidden[at:at+n], r["key_encoding"].(string), s.key) {
				t.Errorf("place: %v, %q as %v", src, hidden[at:at+n], r["key_encoding"])
			}
		})
	}
}

// holds decodes a key as the host does.
func holds(text, encoding string, key []byte) bool {
	switch encoding {
	case "hex":
		b, err := hex.DecodeString(text)
		return err == nil && string(b) == string(key)
	case "base64":
		b, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
		return err == nil && string(b) == string(key)
	case "utf-16le":
		return wide(text) == string(key)
	case "from-utf-16le":
		return text == wide(string(key))
	case "raw":
		return text == string(key)
	}
	return false
}

// Keys shorter than the cipher's, longer ones, and those in UTF-16.
func TestChangedKeys(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 14))
	for _, c := range []struct {
		text, cipher, encoding string
		key                    []byte
		offset, length         float64
	}{
		{"pass=X7sRUjL\n", "des", "zero-8", []byte("X7sRUjL\x00"), 5, 7},
		{"pass=averylongpassword\n", "des", "raw", []byte("averylon"), 5, 8},
		{"pass=0sr_TM#RWFD,a43_\n", "aes", "utf-16le", []byte(wide("0sr_TM#RWFD,a43_")), 5, 16},
		{"pass=tencharsxx\n", "aes", "zero-16", []byte("tencharsxx\x00\x00\x00\x00\x00\x00"), 5, 10},
	} {
		s := sealing{c.cipher, "ecb", "", "pkcs7", "base64", "utf-8", c.key}
		records, diags, _ := run(t, evidence.OpFindKey, "", nil, input("encrypted-0001", s.seal(t, rng, rows(rng, 40, "utf-8", "|"))), input("source-0001", []byte(c.text)))
		if len(records) != 1 {
			t.Errorf("%q: %d finds, %v", c.text, len(records), diags)
			continue
		}
		src := records[0]["source"].(object)
		if records[0]["key_encoding"] != c.encoding || src["offset"] != c.offset || src["length"] != c.length {
			t.Errorf("%q: %v %v", c.text, records[0]["key_encoding"], src)
		}
	}
}

// A key that was handed over opens what no profile knows, and is named by its fingerprint.
func TestGivenKey(t *testing.T) {
	rng := rand.New(rand.NewPCG(15, 16))
	s := sealing{"3des", "cbc", "prefix", "pkcs7", "base64", "utf-8", []byte("0123456789abcdefABCDEFGH")}
	key := sdk.Key{Name: "given", Fingerprint: "key:0011223344556677", Value: s.key}
	records, _, _ := run(t, evidence.OpFindKey, "", []sdk.Key{key}, input("encrypted-0001", s.seal(t, rng, rows(rng, 40, "utf-8", "|"))), input("source-0001", []byte("nothing\n")))
	if len(records) != 1 || records[0]["known_as"] != nil || records[0]["source"].(object)["key"] != key.Fingerprint || records[0]["key_artifact"] != nil {
		t.Error(records)
	}
}

// Two keys, half the lines each: both are found.
func TestTwoKeys(t *testing.T) {
	rng := rand.New(rand.NewPCG(17, 18))
	one := sealing{"des", "ecb", "", "pkcs7", "base64", "utf-8", []byte("firstkey")}
	two := sealing{"aes", "cbc", "zero", "pkcs7", "base64", "utf-8", []byte("the second key !")}
	data := append(one.seal(t, rng, rows(rng, 50, "utf-8", "\t")), two.seal(t, rng, rows(rng, 50, "utf-8", "\t"))...)
	records, _, _ := run(t, evidence.OpFindKey, "", nil, input("encrypted-0001", data), input("source-0001", []byte("old=firstkey\nnew=the second key !\n")))
	if len(records) != 2 {
		t.Fatal(records)
	}
	seen := fmt.Sprint(records[0]["opens"].(object)["cipher"], records[1]["opens"].(object)["cipher"])
	if seen != "desaes" && seen != "aesdes" {
		t.Error(seen)
	}
}
