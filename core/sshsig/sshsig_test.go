package sshsig_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/pem"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/exhibit-forensics/exhibit/core/sshsig"
	"github.com/exhibit-forensics/exhibit/evidence"
)

const namespace = "exhibit-transfer"

func keygen(t *testing.T, stdin []byte, args ...string) ([]byte, error) {
	t.Helper()
	program, err := exec.LookPath("ssh-keygen")
	if err != nil {
		t.Skip("NOT TESTED: no ssh-keygen here")
	}
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Stdin = bytes.NewReader(stdin)
	return cmd.CombinedOutput()
}

func write(t *testing.T, name string, b []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func testKey() ed25519.PrivateKey { return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32)) }

func TestOpenSSHAcceptsOurs(t *testing.T) {
	message := []byte("a statement\n")
	sig, err := sshsig.Sign(testKey(), namespace, message)
	if err != nil {
		t.Fatal(err)
	}
	line, err := sshsig.PublicLine(testKey().Public().(ed25519.PublicKey), "lab")
	if err != nil {
		t.Fatal(err)
	}
	allowed := write(t, "allowed", []byte("lab@example "+line+"\n"))
	file := write(t, "sig", sig)
	if out, err := keygen(t, message, "-Y", "verify", "-f", allowed, "-I", "lab@example", "-n", namespace, "-s", file); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	if out, err := keygen(t, append(message, '!'), "-Y", "verify", "-f", allowed, "-I", "lab@example", "-n", namespace, "-s", file); err == nil {
		t.Errorf("ssh-keygen accepted another message: %s", out)
	}
	// The same key in OpenSSH's own hands makes the same bytes.
	block, err := ssh.MarshalPrivateKey(testKey(), "")
	if err != nil {
		t.Fatal(err)
	}
	private, text := write(t, "id", pem.EncodeToMemory(block)), write(t, "text", message)
	if out, err := keygen(t, nil, "-Y", "sign", "-f", private, "-n", namespace, text); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	theirs, err := os.ReadFile(text + ".sig")
	if err != nil || !bytes.Equal(theirs, sig) {
		t.Errorf("%v\n%s\n%s", err, theirs, sig)
	}
}

func TestWeAcceptOpenSSH(t *testing.T) {
	for _, kind := range [][]string{{"-t", "ed25519"}, {"-t", "rsa", "-b", "2048"}, {"-t", "ecdsa", "-b", "256"}, {"-t", "ecdsa", "-b", "521"}} {
		dir := t.TempDir()
		key := filepath.Join(dir, "key")
		if out, err := keygen(t, nil, append(kind, "-q", "-N", "", "-C", "", "-f", key)...); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		message := []byte("what was handed over\n")
		text := filepath.Join(dir, "F")
		if err := os.WriteFile(text, message, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, hash := range []string{"sha512", "sha256"} {
			if out, err := keygen(t, nil, "-Y", "sign", "-O", "hashalg="+hash, "-f", key, "-n", namespace, text); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			sig, err := os.ReadFile(text + ".sig")
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Remove(text + ".sig"); err != nil {
				t.Fatal(err)
			}
			s, err := sshsig.Verify(sig, message, namespace)
			if err != nil {
				t.Errorf("%v %s: %v", kind, hash, err)
				continue
			}
			listed, err := keygen(t, nil, "-l", "-f", key+".pub")
			if err != nil || !strings.Contains(string(listed), s.Fingerprint()) {
				t.Errorf("%s: %s", s.Fingerprint(), listed)
			}
			if _, err := sshsig.Verify(bytes.ReplaceAll(sig, []byte("\n"), []byte("\r\n")), message, namespace); err != nil {
				t.Errorf("CRLF: %v", err)
			}
			if _, err := sshsig.Verify(sig, message[1:], namespace); !errors.Is(err, sshsig.ErrSignature) {
				t.Errorf("another message: %v", err)
			}
			if _, err := sshsig.Verify(sig, message, "file"); !errors.Is(err, sshsig.ErrSignature) {
				t.Errorf("another namespace: %v", err)
			}
		}
	}
}

// No bit of a signature may be turned over without its being seen.
func TestEveryBitCounts(t *testing.T) {
	message := []byte("m")
	sig, err := sshsig.Sign(testKey(), namespace, message)
	if err != nil {
		t.Fatal(err)
	}
	good, err := sshsig.Verify(sig, message, namespace)
	if err != nil {
		t.Fatal(err)
	}
	for i := range sig {
		for bit := range 8 {
			changed := bytes.Clone(sig)
			changed[i] ^= 1 << bit
			s, err := sshsig.Verify(changed, message, namespace)
			if err == nil && s.Fingerprint() != good.Fingerprint() {
				t.Errorf("byte %d bit %d: another key", i, bit)
			}
		}
	}
	for _, bad := range [][]byte{nil, []byte("x"), sig[:len(sig)/2], append(bytes.Clone(sig), sig...), bytes.Repeat(sig, 400)} {
		if _, err := sshsig.Verify(bad, message, namespace); !errors.Is(err, evidence.ErrFormat) {
			t.Errorf("%d bytes: %v", len(bad), err)
		}
	}
}

func TestAllowedSigners(t *testing.T) {
	line, err := sshsig.PublicLine(testKey().Public().(ed25519.PublicKey), "")
	if err != nil {
		t.Fatal(err)
	}
	other, err := sshsig.PublicLine(ed25519.NewKeyFromSeed(make([]byte, 32)).Public().(ed25519.PublicKey), "")
	if err != nil {
		t.Fatal(err)
	}
	sig, err := sshsig.Sign(testKey(), namespace, nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err := sshsig.Verify(sig, nil, namespace)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]string{
		"# nobody\n\n":                 "",
		"a@example " + line:            "a@example",
		`"A. Examiner" ` + line + "\n": "A. Examiner",
		"a@example " + other:           "",
		`a namespaces="exhibit-*" ` + line + "\n" + `b namespaces="file,git" ` + line:    "a",
		`a namespaces="*,!exhibit-transfer" ` + line:                                     "",
		`a valid-before="20261122" ` + line + "\n" + `b valid-after="20261122Z" ` + line: "b",
		`a cert-authority ` + line:                                                       "",
	} {
		a, err := sshsig.ParseAllowed([]byte(text))
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if got := strings.Join(a.Principals(s.Key, namespace, now), " "); got != want {
			t.Errorf("%q: %q, not %q", text, got, want)
		}
	}
	for _, bad := range []string{"alone", "a ssh-ed25519 !!!", "a no-touch-required " + line, `a valid-after="soon" ` + line, `"open ` + line} {
		if _, err := sshsig.ParseAllowed([]byte(bad)); !errors.Is(err, evidence.ErrFormat) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
