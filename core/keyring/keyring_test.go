package keyring_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/exhibit-forensics/exhibit/core/intake"
	"github.com/exhibit-forensics/exhibit/core/keyring"
	"github.com/exhibit-forensics/exhibit/core/locate"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

func newCase(t *testing.T) *store.Case {
	t.Helper()
	o := store.Options{
		Now: time.Now, Rand: rand.Reader, Clock: func() custody.Clock { return custody.Clock{Source: "system"} },
		Monotonic: func() time.Duration { return 1 }, LocalOffset: func() string { return "+00:00" },
		Tool: custody.Tool{Name: "exhibit", Version: "test", SHA256: strings.Repeat("0", 64), Protocol: 1, OS: "linux", Arch: "amd64"},
	}
	c, err := store.Create(t.Context(), filepath.Join(t.TempDir(), "case"), o, store.Init{Lab: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestDecode(t *testing.T) {
	for _, c := range []struct{ text, encoding, want string }{
		{"32bnx23l", "raw", "32bnx23l"},
		{"7138745630677945\n", "hex", "q8tV0gyE"},
		{" 71 38\r\n74", "hex", "q8t"},
		{"cTh0VjBneUU=\n", "base64", "q8tV0gyE"},
		{"cTh0VjBneUU", "base64", "q8tV0gyE"},
	} {
		if got, err := keyring.Decode([]byte(c.text), c.encoding); err != nil || string(got) != c.want {
			t.Errorf("%q as %s: %q, %v", c.text, c.encoding, got, err)
		}
	}
	for _, c := range [][2]string{{"xyz", "hex"}, {"712", "hex"}, {"", "raw"}, {"*", "base64"}, {"a", "rot13"}} {
		if _, err := keyring.Decode([]byte(c[0]), c[1]); !errors.Is(err, evidence.ErrFormat) {
			t.Errorf("%q as %s: %v", c[0], c[1], err)
		}
	}
}

// The fingerprint is checked against openssl's HMAC.
func TestFingerprintIsHMAC(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("SKIPPED: no openssl")
	}
	secret := bytes.Repeat([]byte{7}, 32)
	cmd := exec.Command(openssl, "dgst", "-sha256", "-mac", "HMAC", "-macopt", "hexkey:"+strings.Repeat("07", 32))
	cmd.Stdin = strings.NewReader("32bnx23l")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(out))
	if want := "key:" + fields[len(fields)-1][:16]; keyring.Fingerprint(secret, []byte("32bnx23l")) != want {
		t.Fatalf("want %s", want)
	}
}

func TestGivenAndFoundKeys(t *testing.T) {
	c := newCase(t)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "enc.key"), []byte("7138745630677945\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := intake.Add(t.Context(), c, intake.Options{Now: time.Now}, intake.Request{Path: dir}); err != nil {
		t.Fatal(err)
	}
	at, err := locate.Artifact(t.Context(), c, "enc.key")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := keyring.Add(t.Context(), c, "given", []byte("32bnx23l"), keyring.Raw); err != nil {
		t.Fatal(err)
	}
	if _, err := keyring.AddAt(t.Context(), c, "found", store.Place{Artifact: at, Length: 17}, keyring.Hex); err != nil {
		t.Fatal(err)
	}
	if _, err := keyring.Add(t.Context(), c, "given", []byte("again"), keyring.Raw); !errors.Is(err, evidence.ErrExists) {
		t.Error(err)
	}
	for _, bad := range []string{"", "../x", "a/b", ".hidden", strings.Repeat("a", 65)} {
		if _, err := keyring.Add(t.Context(), c, bad, []byte("k"), keyring.Raw); !errors.Is(err, evidence.ErrFormat) {
			t.Errorf("name %q: %v", bad, err)
		}
	}
	if _, err := keyring.AddAt(t.Context(), c, "outside", store.Place{Artifact: at, Offset: 10, Length: 17}, keyring.Hex); !errors.Is(err, evidence.ErrFormat) {
		t.Error(err)
	}
	keys, err := keyring.Resolve(t.Context(), c)
	if err != nil || len(keys) != 2 || string(keys[0].Value) != "32bnx23l" || string(keys[1].Value) != "q8tV0gyE" {
		t.Fatal(keys, err)
	}
	// The found key is nowhere copied, and neither stands in the log.
	if _, err := os.Stat(filepath.Join(c.Dir(), "secrets", "keys", "found")); !errors.Is(err, os.ErrNotExist) {
		t.Error("a found key was copied")
	}
	for e, err := range c.Entries(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(e.Body, []byte("32bnx23l")) || bytes.Contains(e.Body, []byte("found")) {
			t.Errorf("entry %d shows a key or its name", e.Seq)
		}
	}
	// A key file that was changed is noticed.
	if err := os.WriteFile(filepath.Join(c.Dir(), "secrets", "keys", "given"), []byte("32bnx23m"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := keyring.Resolve(t.Context(), c); !errors.Is(err, evidence.ErrKey) {
		t.Error(err)
	}
}

func TestPublishedIn(t *testing.T) {
	profiles := []json.RawMessage{
		json.RawMessage(`{"name":"a","key":{"value":"6162","encoding":"hex"}}`), json.RawMessage(`{"name":"b"}`),
	}
	keys, err := keyring.PublishedIn([]byte("secret"), profiles)
	if err != nil || len(keys) != 1 || keys[0].Name != "published:a" || string(keys[0].Value) != "ab" {
		t.Fatal(keys, err)
	}
}
