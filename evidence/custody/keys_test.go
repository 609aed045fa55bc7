package custody_test

import (
	"crypto/ed25519"
	"errors"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
)

func TestHandovers(t *testing.T) {
	const origin = "lab.example/0b9f0b57-6a3c-4c0e-9b1e-0d6d3f6b2a11"
	key := func(n byte) (ed25519.PrivateKey, string) {
		k := ed25519.NewKeyFromSeed(append(make([]byte, 31), n))
		return k, custody.VKey(origin, k.Public().(ed25519.PublicKey))
	}
	sign := func(k ed25519.PrivateKey, size int64) []byte {
		b, err := custody.SignCheckpoint(origin, size, [32]byte{1}, k)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	join := func(a, b []byte) []byte {
		j, err := custody.JoinSignatures(a, b)
		if err != nil {
			t.Fatal(err)
		}
		return j
	}
	a, va := key(1)
	b, vb := key(2)
	c, vc := key(3)
	entry := func(action, signer, successor string) custody.Entry {
		e := custody.Entry{Seq: 4, Kind: "identity", Plain: map[string]any{"action": action, "signer": signer}}
		if successor != "" {
			e.Plain["successor"] = successor
		}
		return e
	}
	for _, x := range []struct {
		name              string
		e                 custody.Entry
		note              []byte
		announces, signed bool
	}{
		{"rotated", entry("rotate", va, vb), join(sign(a, 5), sign(b, 5)), true, true},
		{"by one key only", entry("rotate", va, vb), sign(a, 5), true, false},
		{"by the new key only", entry("rotate", va, vb), sign(b, 5), true, false},
		{"by another", entry("rotate", va, vb), join(sign(a, 5), sign(c, 5)), true, false},
		{"at another size", entry("rotate", va, vb), join(sign(a, 6), sign(b, 6)), true, false},
		{"to nobody", entry("rotate", va, ""), sign(a, 5), false, false},
		{"to itself", entry("rotate", va, va), sign(a, 5), false, false},
		{"revoked by another", entry("revoke", va, vc), sign(c, 5), true, true},
		{"revoked by both", entry("revoke", va, vc), join(sign(a, 5), sign(c, 5)), true, true},
		{"revoked, and signed by the revoked key only", entry("revoke", va, vc), sign(a, 5), true, false},
		{"revoked by itself", entry("revoke", va, ""), sign(a, 5), true, true},
		{"added", entry("add", va, ""), sign(a, 5), false, false},
	} {
		h, ok := custody.HandoverOf(x.e)
		if ok != x.announces {
			t.Errorf("%s: %v", x.name, ok)
			continue
		}
		if !ok {
			continue
		}
		h.Carry(x.note)
		if h.Signed != x.signed {
			t.Errorf("%s: signed %v", x.name, h.Signed)
		}
		err := custody.MaySign([]custody.Handover{h}, va)
		switch {
		case h.Revoked && !errors.Is(err, custody.ErrRevoked), !h.Revoked && h.Signed && !errors.Is(err, custody.ErrRetired), !h.Revoked && !h.Signed && err != nil:
			t.Errorf("%s: %v", x.name, err)
		}
		if err := custody.MaySign([]custody.Handover{h}, vb); err != nil {
			t.Errorf("%s: the other key: %v", x.name, err)
		}
	}
	for name, pair := range map[string][2][]byte{"two by one key": {sign(a, 5), sign(a, 5)}, "another text": {sign(a, 5), sign(b, 6)}, "no note": {sign(a, 5), nil}} {
		if _, err := custody.JoinSignatures(pair[0], pair[1]); !errors.Is(err, evidence.ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
