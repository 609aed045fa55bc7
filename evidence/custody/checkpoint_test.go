package custody_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/note"
	"pgregory.net/rapid"
)

func privateKey(seed byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize))
}

func publicKey(seed byte) ed25519.PublicKey { return privateKey(seed).Public().(ed25519.PublicKey) }

var someRoot = sha256.Sum256([]byte("some root"))

func signed(tb rapid.TB, size int64, seed byte) []byte {
	tb.Helper()
	msg, err := custody.SignCheckpoint(origin, size, someRoot, privateKey(seed))
	if err != nil {
		tb.Fatal(err)
	}
	return msg
}

func TestCheckpointIsReadBack(t *testing.T) {
	for _, size := range []int64{0, 1, 1234, evidence.MaxSafeInteger} {
		msg := signed(t, size, 1)
		vkey := custody.VKey(origin, publicKey(1))
		id := vkey[:len(origin)+9]
		want := custody.Checkpoint{Origin: origin, Size: size, Root: someRoot, Signers: []string{id}}
		got, err := custody.OpenCheckpoint(msg, custody.VKey(origin, publicKey(2)), vkey)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("size %d: %v\n%s", size, err, diff)
		}
		got, err = custody.ParseCheckpoint(msg)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("size %d: %v\n%s", size, err, diff)
		}
	}
	for _, size := range []int64{-1, evidence.MaxSafeInteger + 1} {
		if _, err := custody.SignCheckpoint(origin, size, someRoot, privateKey(1)); !errors.Is(err, evidence.ErrFormat) {
			t.Errorf("size %d: %v", size, err)
		}
	}
	if _, err := custody.SignCheckpoint("lab", 1, someRoot, privateKey(1)); !errors.Is(err, evidence.ErrFormat) {
		t.Errorf("origin without a case: %v", err)
	}
	if _, err := custody.SignCheckpoint(origin, 1, someRoot, privateKey(1)[:32]); !errors.Is(err, evidence.ErrFormat) {
		t.Errorf("half a key: %v", err)
	}
}

// golang.org/x/mod's own keys and notes are ours.
func TestCheckpointIsAnOrdinarySignedNote(t *testing.T) {
	want, err := note.NewEd25519VerifierKey(origin, publicKey(1))
	if err != nil {
		t.Fatal(err)
	}
	if got := custody.VKey(origin, publicKey(1)); got != want {
		t.Errorf("verifier key %s, want %s", got, want)
	}
	name, pub, err := custody.ParseVKey(want)
	if err != nil || name != origin || !pub.Equal(publicKey(1)) {
		t.Errorf("%s, %x, %v", name, pub, err)
	}
	skey, vkey, err := note.GenerateKey(randomness(5), origin)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	msg, err := note.Sign(&note.Note{Text: custody.CheckpointBody(origin, 9, someRoot)}, signer)
	if err != nil {
		t.Fatal(err)
	}
	if cp, err := custody.OpenCheckpoint(msg, vkey); err != nil || cp.Size != 9 {
		t.Errorf("%+v, %v", cp, err)
	}
	verifier, err := note.NewVerifier(want)
	if err != nil {
		t.Fatal(err)
	}
	n, err := note.Open(signed(t, 9, 1), note.VerifierList(verifier))
	if err != nil || n.Text != fmt.Sprintf("%s\n9\n%s\n", origin, base64.StdEncoding.EncodeToString(someRoot[:])) {
		t.Errorf("%+v, %v", n, err)
	}
}

// cosigned adds signatures by other names or keys to a note.
func cosigned(t *testing.T, msg []byte, names ...string) ([]byte, []string) {
	t.Helper()
	text, _, ok := strings.Cut(string(msg), "\n\n")
	if !ok {
		t.Fatal("no signatures")
	}
	var vkeys []string
	for i, name := range names {
		skey, vkey, err := note.GenerateKey(randomness(byte(100+i)), name)
		if err != nil {
			t.Fatal(err)
		}
		signer, err := note.NewSigner(skey)
		if err != nil {
			t.Fatal(err)
		}
		sig, err := signer.Sign([]byte(text + "\n"))
		if err != nil {
			t.Fatal(err)
		}
		h := signer.KeyHash()
		sig = append([]byte{byte(h >> 24), byte(h >> 16), byte(h >> 8), byte(h)}, sig...)
		msg = fmt.Appendf(bytes.Clone(msg), "— %s %s\n", name, base64.StdEncoding.EncodeToString(sig))
		vkeys = append(vkeys, vkey)
	}
	return msg, vkeys
}

func TestCosignedCheckpoint(t *testing.T) {
	own := custody.VKey(origin, publicKey(1))
	msg, others := cosigned(t, signed(t, 5, 1), "witness.example", origin)
	cp, err := custody.OpenCheckpoint(msg, own, others[0])
	if want := []string{own[:len(origin)+9], others[0][:len("witness.example")+9]}; err != nil || !cmp.Equal(cp.Signers, want) {
		t.Errorf("signers %v, want %v; %v", cp.Signers, want, err)
	}
	if _, err := custody.OpenCheckpoint(msg, others[0]); !errors.Is(err, custody.ErrUnknownSigner) {
		t.Errorf("known cosigner only: %v", err)
	}
	// After a rotation two keys sign in the log's name: either will do.
	if _, err := custody.OpenCheckpoint(msg, others[1]); err != nil {
		t.Errorf("the log's other key: %v", err)
	}
}

func TestOpenCheckpointRefuses(t *testing.T) {
	msg := signed(t, 5, 1)
	own := custody.VKey(origin, publicKey(1))
	otherCase := strings.Replace(origin, "0b9f", "1b9f", 1)
	reject := func(name string, want error, msg []byte, vkeys ...string) {
		t.Helper()
		cp, err := custody.OpenCheckpoint(msg, vkeys...)
		if !errors.Is(err, want) || !cmp.Equal(cp, custody.Checkpoint{}) {
			t.Errorf("%s: %+v, %v, want %v", name, cp, err, want)
		}
	}
	reject("no key", custody.ErrUnknownSigner, msg)
	reject("another key", custody.ErrUnknownSigner, msg, custody.VKey(origin, publicKey(2)))
	reject("the same key for another log", custody.ErrUnknownSigner, msg, custody.VKey(otherCase, publicKey(1)))
	// A note of another case, signed by the same person's key in this log's name.
	otherText := &note.Note{Text: custody.CheckpointBody(otherCase, 5, someRoot)}
	confused, err := note.Sign(otherText, inName{origin, privateKey(1)})
	if err != nil {
		t.Fatal(err)
	}
	reject("another log's statement in this log's name", custody.ErrUnknownSigner, confused, own)
	forged, err := note.Sign(&note.Note{Text: custody.CheckpointBody(origin, 5, someRoot)}, inName{origin, privateKey(2)})
	if err != nil {
		t.Fatal(err)
	}
	reject("another key's signature", custody.ErrUnknownSigner, forged, own)
	sig := func(msg []byte) (string, []byte) {
		i := bytes.LastIndexByte(msg[:len(msg)-1], ' ')
		b, err := base64.StdEncoding.DecodeString(string(msg[i+1 : len(msg)-1]))
		if err != nil {
			t.Fatal(err)
		}
		return string(msg[:i+1]), b
	}
	head, good := sig(msg)
	_, bad := sig(forged)
	mixed := head + base64.StdEncoding.EncodeToString(append(bytes.Clone(good[:4]), bad[4:]...)) + "\n"
	reject("another key's signature under this key's hash", evidence.ErrIntegrity, []byte(mixed), own)
	reject("key that is none", evidence.ErrFormat, msg, "x")
	if _, err := custody.OpenCheckpoint(msg, own, own); err != nil {
		t.Errorf("the same key twice: %v", err)
	}

	text := func(s string) []byte {
		m, err := note.Sign(&note.Note{Text: s}, inName{origin, privateKey(1)})
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	b64 := base64.StdEncoding.EncodeToString(someRoot[:])
	for name, s := range map[string]string{
		"extension line":    origin + "\n5\n" + b64 + "\nTimestamp: 1\n",
		"no root":           origin + "\n5\n",
		"leading zero":      origin + "\n05\n" + b64 + "\n",
		"sign":              origin + "\n+5\n" + b64 + "\n",
		"negative":          origin + "\n-5\n" + b64 + "\n",
		"huge":              origin + "\n9007199254740992\n" + b64 + "\n",
		"hexadecimal size":  origin + "\n0x5\n" + b64 + "\n",
		"short root":        origin + "\n5\n" + base64.StdEncoding.EncodeToString(someRoot[:31]) + "\n",
		"long root":         origin + "\n5\n" + base64.StdEncoding.EncodeToString(append(someRoot[:], 0)) + "\n",
		"loose root":        origin + "\n5\n" + b64[:42] + string(b64[42]+1) + "=\n",
		"root without pad":  origin + "\n5\n" + strings.TrimRight(b64, "=") + "\n",
		"origin with space": origin + " x\n5\n" + b64 + "\n",
		"no origin":         "\n5\n" + b64 + "\n",
		"nothing":           "\n",
	} {
		reject(name, evidence.ErrFormat, text(s), own)
	}
	for name, b := range map[string][]byte{
		"empty":             nil,
		"unsigned":          []byte(custody.CheckpointBody(origin, 5, someRoot)),
		"no signature line": []byte(custody.CheckpointBody(origin, 5, someRoot) + "\n"),
		"CRLF":              bytes.ReplaceAll(msg, []byte("\n"), []byte("\r\n")),
		"no last newline":   msg[:len(msg)-1],
		"signature twice":   append(bytes.Clone(msg), msg[bytes.Index(msg, []byte("— ")):]...),
		"loose signature":   append(bytes.Clone(msg[:len(msg)-3]), msg[len(msg)-3]+1, '=', '\n'),
		"other dash":        bytes.Replace(msg, []byte("—"), []byte("–"), 1),
		"trailing text":     append(bytes.Clone(msg), "x\n"...),
		"too long":          append(bytes.Clone(msg), bytes.Repeat([]byte("— a AAAAAAAA\n"), 10000)...),
	} {
		reject(name, evidence.ErrFormat, b, own)
	}
}

// inName signs in any name with the hash that belongs to name and key.
type inName struct {
	name string
	key  ed25519.PrivateKey
}

func (s inName) Name() string { return s.name }
func (s inName) KeyHash() uint32 {
	sum := sha256.Sum256(append([]byte(s.name+"\n\x01"), s.key.Public().(ed25519.PublicKey)...))
	return uint32(sum[0])<<24 | uint32(sum[1])<<16 | uint32(sum[2])<<8 | uint32(sum[3])
}
func (s inName) Sign(msg []byte) ([]byte, error) { return ed25519.Sign(s.key, msg), nil }

func TestParseVKeyRefuses(t *testing.T) {
	vkey := custody.VKey(origin, publicKey(1))
	i := len(origin)
	for name, v := range map[string]string{
		"empty": "", "another log's": strings.Replace(vkey, "0b9f", "1b9f", 1), "upper case": vkey[:i] + strings.ToUpper(vkey[i:i+9]) + vkey[i+9:],
		"another key": vkey[:i+9] + custody.VKey(origin, publicKey(2))[i+9:], "newline": vkey + "\n", "newline inside": vkey[:i+20] + "\n" + vkey[i+20:],
		"short key": custody.VKey(origin, publicKey(1)[:31]), "no key": custody.VKey(origin, nil),
	} {
		if v == vkey {
			t.Fatalf("%s changes nothing", name)
		}
		if _, _, err := custody.ParseVKey(v); !errors.Is(err, evidence.ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
