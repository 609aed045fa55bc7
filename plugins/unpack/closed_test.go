//go:build linux

package main_test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/sdktest"
)

// keys are passwords as the host hands them over.
func keys(passwords ...string) func(*sdktest.Case) {
	return func(c *sdktest.Case) {
		for i, p := range passwords {
			c.Keys = append(c.Keys, sdk.Key{Fingerprint: fmt.Sprintf("key:%016d", i+1), Name: fmt.Sprintf("k%d", i+1), Value: []byte(p)})
		}
	}
}

// message is the text of the first diagnostic with a code.
func message(o sdktest.Output, code string) string {
	for _, d := range o.Diagnostics {
		if _, rest, ok := strings.Cut(d, `"code":"`+code+`"`); ok {
			_, text, _ := strings.Cut(rest, `"message":"`)
			return text
		}
	}
	return ""
}

// archived makes archives of two files with 7z, as args say.
func archived(t testing.TB, ext string, args ...string) ([]byte, map[string]string) {
	t.Helper()
	dir := t.TempDir()
	files := map[string]string{"logs/a.log": string(logLines(5000)), "b.bin": string(random(3000)), "c": ""}
	for name, data := range files {
		write(t, filepath.Join(dir, "in"), name, []byte(data))
	}
	stock(t, filepath.Join(dir, "in"), "7z", append(append([]string{"a", "-bd", "-y"}, args...), "../s"+ext, ".")...)
	return read(t, dir, "s"+ext), files
}

// TestPasswords: archives that 7-Zip and Info-ZIP made, opened with the right password
// among wrong ones, and not without it.
func TestPasswords(t *testing.T) {
	for name, c := range map[string]struct {
		ext, code string
		args      []string
	}{
		"7z":              {".7z", "7z.encrypted", []string{"-psecret"}},
		"7z list too":     {".7z", "7z.encrypted", []string{"-psecret", "-mhe=on"}},
		"7z stored":       {".7z", "7z.encrypted", []string{"-psecret", "-mx=0"}},
		"7z each alone":   {".7z", "7z.encrypted", []string{"-psecret", "-ms=off"}},
		"zip zipcrypto":   {".zip", "zip.encrypted", []string{"-psecret", "-mem=ZipCrypto"}},
		"zip aes-128":     {".zip", "zip.encrypted", []string{"-psecret", "-mem=AES128"}},
		"zip aes-256":     {".zip", "zip.encrypted", []string{"-psecret", "-mem=AES256"}},
		"zip aes, stored": {".zip", "zip.encrypted", []string{"-psecret", "-mem=AES192", "-mx=0"}},
	} {
		t.Run(name, func(t *testing.T) {
			data, files := archived(t, c.ext, c.args...)
			for _, right := range []string{"secret", "secret\n", "secret\r\n"} { // as `echo` hands it over
				o := unpack(t, data, keys("notthis", "neither", right, "other"))
				complete(t, o)
				if d := cmp.Diff(files, contents(o)); d != "" {
					t.Errorf("%q: %s", right, d)
				}
				if len(o.Diagnostics) > 0 || !slices.Equal(o.Result.KeysUsed, []string{"key:0000000000000003"}) {
					t.Errorf("%q: %q, used %v", right, o.Diagnostics, o.Result.KeysUsed)
				}
			}
			for n, wrong := range [][]string{nil, {"notthis", "Secret"}} {
				o := unpack(t, data, keys(wrong...))
				complete(t, o)
				for name, content := range contents(o) {
					if content != "" {
						t.Errorf("%q came out without its password", name)
					}
				}
				text := message(o, c.code)
				if !strings.Contains(text, "exhibit key add NAME --stdin") || (n == 1) != strings.Contains(text, "none of the 2 passwords") || len(o.Result.KeysUsed) > 0 {
					t.Errorf("%q, used %v", o.Diagnostics, o.Result.KeysUsed)
				}
			}
		})
	}
}

// TestTwoPasswords: members of one archive under different ones.
func TestTwoPasswords(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"one", "two", "three"} {
		write(t, dir, name, logLines(3000))
	}
	for name, password := range map[string]string{"one": "first", "two": "second"} {
		stock(t, dir, "zip", "-qP", password, "a.zip", name)
	}
	stock(t, dir, "zip", "-q", "a.zip", "three")
	data := read(t, dir, "a.zip")
	if o := unpack(t, data, keys("second", "first")); len(o.Artifacts) != 3 || len(o.Diagnostics) != 0 || len(o.Result.KeysUsed) != 2 {
		t.Errorf("%q, %q, %v", names(contents(o)), o.Diagnostics, o.Result.KeysUsed)
	}
	if o := unpack(t, data, keys("second")); len(o.Artifacts) != 2 || codes(t, o)["zip.encrypted unresolved"] != 1 {
		t.Errorf("%q, %q", names(contents(o)), o.Diagnostics)
	}
}

// TestDamageOrPassword: what the formats let be told apart is.
func TestDamageOrPassword(t *testing.T) {
	broken := func(data []byte, at int) []byte {
		data = bytes.Clone(data)
		data[at] ^= 0x20
		return data
	}
	aes, files := archived(t, ".zip", "-psecret", "-mem=AES256", "-mx=0")
	at := bytes.Index(aes, []byte("b.bin")) + 200
	o := unpack(t, broken(aes, at), keys("secret"))
	if got := codes(t, o); got["zip.authentication damage"] != 1 || len(o.Artifacts) != len(files) {
		t.Errorf("aes, damaged: %v, %d members", got, len(o.Artifacts))
	}
	whole := 0
	for _, a := range o.Artifacts {
		if a.Complete {
			whole++
		}
	}
	if whole != len(files)-1 {
		t.Errorf("%d members are said to be whole", whole)
	}
	if got := codes(t, unpack(t, broken(aes, at), keys("notthis"))); got["zip.encrypted unresolved"] != len(files) || len(got) != 1 {
		t.Errorf("aes, wrong: %v", got)
	}
	// By the old encryption another member's password is taken for this one's too.
	old, _ := archived(t, ".zip", "-psecret", "-mem=ZipCrypto", "-mx=0")
	at = bytes.LastIndex(old[:bytes.Index(old, []byte("PK\x01\x02"))], []byte("PK\x03\x04")) + 300
	if got := codes(t, unpack(t, broken(old, at), keys("secret"))); got["zip.checksum damage"] != 1 {
		t.Errorf("zipcrypto, damaged: %v", got)
	}
	seven, _ := archived(t, ".7z", "-psecret", "-mhe=on")
	if text := message(unpack(t, broken(seven, len(seven)-9), keys("secret")), "7z.encrypted"); !strings.Contains(text, "looks as damage does") && text != "" {
		t.Errorf("7z: %q", text)
	}
}
