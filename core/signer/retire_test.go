package signer_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/exhibit-forensics/exhibit/core/signer"
	"github.com/exhibit-forensics/exhibit/core/sshsig"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
)

func TestRevokedSignsNothing(t *testing.T) {
	path, d, s := newDir(t)
	l := newTree(t, bodies(5)...)
	if _, err := l.sign(t, s, origin, 2); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	if err := s.Revoke(t.Context(), at); err != nil {
		t.Fatal(err)
	}
	again, err := d.Load("alice")
	if err != nil {
		t.Fatal(err)
	}
	// The one in memory and the one read afresh; this log, another one, and a file.
	for _, s := range []*signer.Signer{s, again} {
		for _, o := range []string{origin, otherOrigin} {
			if note, err := l.sign(t, s, o, 3); !errors.Is(err, signer.ErrRevoked) || note != nil {
				t.Errorf("%s: %v", o, err)
			}
		}
		if _, err := s.SignSSH(t.Context(), "file", []byte("x")); !errors.Is(err, signer.ErrRevoked) {
			t.Errorf("%v", err)
		}
	}
	if err := again.Revoke(t.Context(), at.Add(time.Hour)); err != nil {
		t.Errorf("once more: %v", err)
	}
	ids, err := d.List()
	if err != nil || len(ids) != 1 || !ids[0].Revoked.Equal(at) {
		t.Errorf("%+v %v", ids, err)
	}
	file := filepath.Join(path, "alice.revoked")
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	// Damaged, it still lets nothing be signed.
	for _, b := range []string{"", "{}\n", "x"} {
		if err := os.WriteFile(file, []byte(b), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := l.sign(t, s, origin, 4); !errors.Is(err, evidence.ErrFormat) {
			t.Errorf("%q: %v", b, err)
		}
		if _, err := d.Load("alice"); err == nil {
			t.Errorf("%q: loaded", b)
		}
	}
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Load("alice"); !errors.Is(err, signer.ErrLax) {
		t.Errorf("%v", err)
	}
}

func TestRetiredFromOneLog(t *testing.T) {
	_, d, s := newDir(t)
	if _, err := d.New(t.Context(), "bert", created, randomness(2)); err != nil {
		t.Fatal(err)
	}
	next, err := d.Load("bert")
	if err != nil {
		t.Fatal(err)
	}
	l := newTree(t, bodies(6)...)
	one, err := l.sign(t, s, origin, 4)
	if err != nil {
		t.Fatal(err)
	}
	two, err := l.sign(t, next, origin, 4)
	if err != nil {
		t.Fatal(err)
	}
	both, err := custody.JoinSignatures(one, two)
	if err != nil {
		t.Fatal(err)
	}
	cp, err := custody.OpenCheckpoint(both, s.VKey(origin), next.VKey(origin))
	if err != nil || len(cp.Signers) != 2 {
		t.Fatalf("%+v %v", cp, err)
	}
	if err := s.Retire(t.Context(), origin, two); err == nil {
		t.Error("retired by a note that it did not sign")
	}
	if err := s.Retire(t.Context(), origin, both); err != nil {
		t.Fatal(err)
	}
	if again, err := l.sign(t, s, origin, 4); err != nil || !bytes.Equal(again, one) {
		t.Errorf("what was signed already: %v", err)
	}
	if _, err := l.sign(t, s, origin, 5); !errors.Is(err, signer.ErrRetired) {
		t.Errorf("%v", err)
	}
	if _, err := l.sign(t, s, otherOrigin, 6); err != nil {
		t.Errorf("another log: %v", err)
	}
	if _, err := l.sign(t, next, origin, 6); err != nil {
		t.Errorf("the successor: %v", err)
	}
}

func TestSignSSH(t *testing.T) {
	_, _, s := newDir(t)
	message := []byte("statement\n")
	sig, err := s.SignSSH(t.Context(), "exhibit-transfer", message)
	if err != nil {
		t.Fatal(err)
	}
	got, err := sshsig.Verify(sig, message, "exhibit-transfer")
	if err != nil {
		t.Fatal(err)
	}
	line, err := s.SSH()
	if err != nil {
		t.Fatal(err)
	}
	allowed, err := sshsig.ParseAllowed([]byte("alice@example " + line))
	if err != nil || len(allowed.Principals(got.Key, "exhibit-transfer", created)) != 1 {
		t.Errorf("%v", err)
	}
}
