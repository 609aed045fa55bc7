package main_test

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"math/rand/v2"
	"os/exec"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// search looks for the key of data beside a settings file, and wants one find.
func search(t *testing.T, data []byte, conf string) object {
	t.Helper()
	records, diags, _ := run(t, evidence.OpFindKey, "", nil, input("encrypted-0001", data), input("source-0001", []byte(conf)))
	if len(records) != 1 {
		t.Fatalf("%d finds: %v %v", len(records), records, diags)
	}
	return records[0]
}

// Keys that are digests of what is written down.
func TestDigestKeys(t *testing.T) {
	rng := rand.New(rand.NewPCG(41, 42))
	const pass = "Tr0ub4dor&3"
	m, s1, s2 := md5.Sum([]byte(pass)), sha1.Sum([]byte(pass)), sha256.Sum256([]byte(pass))
	digits := hex.EncodeToString(m[:])
	for _, c := range []struct {
		cipher, encoding string
		key              []byte
	}{
		{"aes", "md5-16", m[:]},
		{"des", "md5-8", m[:8]},
		{"3des", "md5-16", m[:]},
		{"aes", "md5-digits-32", []byte(digits)},
		{"aes", "md5-digits-16", []byte(digits[:16])},
		{"aes", "sha-1-16", s1[:16]},
		{"aes", "sha-256-32", s2[:]},
		{"3des", "sha-256-24", s2[:24]},
		{"aes", "sha-256-digits-32", []byte(hex.EncodeToString(s2[:])[:32])},
	} {
		s := sealing{c.cipher, "cbc", "zero", "pkcs7", "base64", "utf-8", c.key}
		r := search(t, s.seal(t, rng, rows(rng, 40, "utf-8", "|")), "[log]\nlevel=2\npassword = "+pass+"\n")
		src := r["source"].(object)
		if r["key_encoding"] != c.encoding || src["offset"] != 25.0 || src["length"] != float64(len(pass)) || r["opens"].(object)["cipher"] != c.cipher {
			t.Errorf("%s: %v %v", c.encoding, r["key_encoding"], src)
		}
	}
}

// Vectors that no message states: the key, one beside the key, and none that is there.
func TestVectors(t *testing.T) {
	rng := rand.New(rand.NewPCG(43, 44))
	for _, charset := range []string{"utf-8", "gb18030", "utf-16le"} {
		for _, cipher := range []struct {
			name, key string
		}{{"des", "k3y-of-8"}, {"aes", "sixteen byte key"}, {"aes", "thirty-two bytes are a key here!"}, {"blowfish", "some key"}} {
			for _, iv := range []string{"key", "fixed"} {
				if iv == "fixed" && cipher.name == "aes" {
					continue // its block is longer than that vector
				}
				s := sealing{cipher.name, "cbc", iv, "pkcs7", "hex", charset, []byte(cipher.key)}
				data := s.seal(t, rng, rows(rng, 120, charset, "|"))
				for _, conf := range []struct{ text, want string }{
					{"key=" + cipher.key + "\n", map[string]string{"key": "key", "fixed": "prefix"}[iv]},
					{"iv=fixed iv\nkey=" + cipher.key + "\n", map[string]string{"key": "key", "fixed": hex.EncodeToString([]byte("fixed iv"))}[iv]},
				} {
					r := search(t, data, conf.text)
					if got := r["opens"].(object)["iv"]; got != conf.want {
						t.Errorf("%v: %v, want %s", s, got, conf.want)
					}
				}
			}
		}
	}
	// Where the messages do begin with theirs, none is made up.
	s := sealing{"aes", "cbc", "prefix", "pkcs7", "base64", "utf-8", []byte("sixteen byte key")}
	if got := search(t, s.seal(t, rng, rows(rng, 60, "utf-8", "|")), "key=sixteen byte key\nother=0123456789abcdef\n")["opens"].(object)["iv"]; got != "prefix" {
		t.Error(got)
	}
}

// What openssl encrypts with the digest of a passphrase and a vector beside it: found, opened
// and described.
func TestAgainstOpenSSL(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("NOT TESTED: no openssl here")
	}
	rng := rand.New(rand.NewPCG(45, 46))
	digest := exec.Command("openssl", "dgst", "-sha256", "-r")
	digest.Stdin = bytes.NewReader([]byte("open sesame"))
	out, err := digest.Output()
	if err != nil {
		t.Fatal(err)
	}
	key := string(out[:64])
	var data bytes.Buffer
	for _, l := range rows(rng, 30, "utf-8", "\t") {
		enc := exec.Command("openssl", "enc", "-aes-256-cbc", "-K", key, "-iv", hex.EncodeToString([]byte("a fixed vector!!")))
		enc.Stdin = bytes.NewReader([]byte(l))
		b, err := enc.Output()
		if err != nil {
			t.Fatal(err)
		}
		data.WriteString(base64.StdEncoding.EncodeToString(b) + "\n")
	}
	r := search(t, data.Bytes(), "passphrase: open sesame\nvector: a fixed vector!!\n")
	opens := r["opens"].(object)
	if r["key_encoding"] != "sha-256-32" || opens["iv"] != hex.EncodeToString([]byte("a fixed vector!!")) || opens["padding"] != "pkcs7" {
		t.Errorf("%v %v", r["key_encoding"], opens)
	}
	value, err := hex.DecodeString(key)
	if err != nil {
		t.Fatal(err)
	}
	profile := `{"profiles":[{"cipher":"aes","iv":"` + opens["iv"].(string) + `","mode":"cbc"}]}`
	described, _, _ := run(t, evidence.OpSurvey, profile, []sdk.Key{{Name: "found-1", Fingerprint: "key:0011223344556677", Value: value}}, input("", data.Bytes()))
	if len(described) != 1 || described[0]["opened_by"].([]any)[0].(object)["iv"] != opens["iv"] || described[0]["proposal"] == nil {
		t.Error(described)
	}
}
