package vault_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"github.com/exhibit-forensics/exhibit/core/vault"
	"github.com/exhibit-forensics/exhibit/evidence"
)

var entries = []vault.Entry{
	{Mark: "[PHONE-7F3KQ2M9]", Category: "phone", Value: "138 1234 5678", Canonical: "+8613812345678"},
	{Mark: "[PERSON_NAME-AAA0BBB1]", Category: "person_name", Value: "张三", Canonical: "张三"},
}

func seal(t *testing.T, keys ...string) []byte {
	t.Helper()
	to, err := vault.Recipients(keys)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	n, err := vault.Seal(&b, to, vault.Header{Origin: "lab/1", Policy: "p", Made: "2026-11-22T10:00:00Z"}, func(add func(vault.Entry) error) error {
		for _, e := range entries {
			if err := add(e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil || n != 2 {
		t.Fatal(n, err)
	}
	return b.Bytes()
}

func identity(t *testing.T) *age.X25519Identity {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func read(b []byte, id string) (h vault.Header, out []vault.Entry, err error) {
	ids, err := vault.Identities(strings.NewReader(id))
	if err != nil {
		return h, nil, err
	}
	err = vault.Open(bytes.NewReader(b), ids, func(got vault.Header) error { h = got; return nil }, func(e vault.Entry) error {
		out = append(out, e)
		return nil
	})
	return h, out, err
}

func TestSealedToSeveral(t *testing.T) {
	a, b, c := identity(t), identity(t), identity(t)
	sealed := seal(t, a.Recipient().String(), b.Recipient().String())
	for _, id := range []*age.X25519Identity{a, b} {
		h, got, err := read(sealed, "# a key\n"+id.String()+"\n")
		if err != nil || h.Origin != "lab/1" || fmt.Sprint(got) != fmt.Sprint(entries) {
			t.Fatal(h, got, err)
		}
	}
	if _, _, err := read(sealed, c.String()); !errors.Is(err, evidence.ErrKey) {
		t.Fatal(err)
	}
	for _, secret := range []string{"138", "5678", "张三", "PHONE", "lab/1"} {
		if bytes.Contains(sealed, []byte(secret)) {
			t.Errorf("%q stands in the clear", secret)
		}
	}
}

func TestDamaged(t *testing.T) {
	id := identity(t)
	sealed := seal(t, id.Recipient().String())
	for i := 0; i < len(sealed); i += 7 {
		bad := bytes.Clone(sealed)
		bad[i] ^= 1
		if _, got, err := read(bad, id.String()); err == nil || len(got) == len(entries) && !errors.Is(err, evidence.ErrIntegrity) {
			t.Fatalf("byte %d changed: %v, %v", i, got, err)
		}
	}
	for n := range len(sealed) {
		if _, _, err := read(sealed[:n], id.String()); err == nil {
			t.Fatalf("cut after %d bytes", n)
		}
	}
	var b bytes.Buffer
	w, err := age.Encrypt(&b, id.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(`{"vault":2}` + "\n")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := read(b.Bytes(), id.String()); !errors.Is(err, evidence.ErrNewer) {
		t.Fatal(err)
	}
}

func TestKeysThatAreNone(t *testing.T) {
	for _, key := range []string{"", "age1", "AGE-SECRET-KEY-1", "ssh-ed25519 AAAA", identity(t).String(), identity(t).Recipient().String() + "\n" + identity(t).Recipient().String()} {
		if _, err := vault.Recipients([]string{key}); !errors.Is(err, evidence.ErrFormat) {
			t.Errorf("%q: %v", key, err)
		}
	}
	if _, err := vault.Recipients(nil); !errors.Is(err, evidence.ErrFormat) {
		t.Error(err)
	}
	if _, err := vault.Identities(strings.NewReader("AGE-SECRET-KEY-1SECRET")); !errors.Is(err, evidence.ErrKey) || strings.Contains(err.Error(), "SECRET-KEY-1SECRET") {
		t.Error(err)
	}
}

// TestStockProgram opens our vault with the age program of the system, and what that
// program seals with ours.
func TestStockProgram(t *testing.T) {
	program, err := exec.LookPath("age")
	if err != nil {
		t.Skip("NOT TESTED: no program age here (Debian: apt-get install age)")
	}
	dir, id := t.TempDir(), identity(t)
	key, file := filepath.Join(dir, "key"), filepath.Join(dir, "vault")
	if err := errors.Join(os.WriteFile(key, []byte(id.String()+"\n"), 0o600), os.WriteFile(file, seal(t, id.Recipient().String(), identity(t).Recipient().String()), 0o600)); err != nil {
		t.Fatal(err)
	}
	plain, err := exec.CommandContext(t.Context(), program, "-d", "-i", key, file).Output()
	if err != nil || strings.Count(string(plain), "\n") != 3 || !strings.Contains(string(plain), `"canonical":"+8613812345678"`) {
		t.Fatalf("%v: %s", err, plain)
	}
	cmd := exec.CommandContext(t.Context(), program, "-e", "-r", id.Recipient().String())
	cmd.Stdin = bytes.NewReader(plain)
	sealed, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if _, got, err := read(sealed, id.String()); err != nil || fmt.Sprint(got) != fmt.Sprint(entries) {
		t.Fatal(got, err)
	}
}
