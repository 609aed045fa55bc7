package keyring_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/core/keyring"
)

// Each digest encoding makes what the tool of coreutils makes of the text.
func TestDigestEncodings(t *testing.T) {
	const text = "correct horse 电池"
	tools := map[string]string{"md5": "md5sum", "sha-1": "sha1sum", "sha-256": "sha256sum"}
	n := 0
	for _, encoding := range keyring.Encodings() {
		d, ok := keyring.ParseDigest(encoding)
		if !ok {
			continue
		}
		n++
		got, err := keyring.Decode([]byte(text), encoding)
		if err != nil || len(got) != d.Length {
			t.Fatalf("%s: %d bytes, %v", encoding, len(got), err)
		}
		if _, err := exec.LookPath(tools[d.Name]); err != nil {
			t.Logf("NOT TESTED against %s: %v", tools[d.Name], err)
			continue
		}
		cmd := exec.Command(tools[d.Name])
		cmd.Stdin = strings.NewReader(text)
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		want := strings.Fields(string(out))[0]
		if !d.Digits {
			raw, err := keyring.Decode([]byte(want), keyring.Hex)
			if err != nil {
				t.Fatal(err)
			}
			want = string(raw)
		}
		if string(got) != want[:d.Length] {
			t.Errorf("%s: %x", encoding, got)
		}
	}
	if n != 20 {
		t.Errorf("%d encodings by digest: %q", n, keyring.Encodings())
	}
	for _, odd := range []string{"md5", "md5-", "md5-24", "md5-0", "md5-016", "sha-1-32", "sha-256-64", "digits-8", "sha-512-16", "md5-digits", "-16", "", "md5-digits-digits-8"} {
		if _, ok := keyring.ParseDigest(odd); ok || slices.Contains(keyring.Encodings(), odd) {
			t.Errorf("%q is an encoding", odd)
		}
	}
	if _, err := keyring.Decode(nil, "md5-16"); err == nil {
		t.Error("the digest of nothing is a key")
	}
}
