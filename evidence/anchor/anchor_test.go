package anchor_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	fnote "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/anchor"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
)

const origin = "lab.example/1b4e28ba-2fa1-4d2e-883f-0016d3cca427"

func key(b byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{b}, ed25519.SeedSize))
}

func checkpoint(t *testing.T, size int64) []byte {
	t.Helper()
	n, err := custody.SignCheckpoint(origin, size, sha256.Sum256([]byte{byte(size)}), key(1))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// The key and the signature of C2SP tlog-cosignature's example, which Go's formats library
// and we must read alike.
func TestCosignatureAgainstFormats(t *testing.T) {
	cp := checkpoint(t, 7)
	at := time.Date(2026, 11, 22, 20, 0, 1, 999, time.UTC)
	for _, name := range []string{"w", "witness.example.org/a~b", "oid/1.2.3"} {
		vkey := anchor.VKey(name, key(2).Public().(ed25519.PublicKey))
		line, err := anchor.Cosign(cp, name, key(2), at)
		if err != nil {
			t.Fatal(err)
		}
		joined, when, err := anchor.Cosigned(cp, line, vkey)
		if err != nil || !when.Equal(at.Truncate(time.Second)) || !bytes.Equal(joined, append(bytes.Clone(cp), line...)) {
			t.Fatalf("%s: %v %v", name, when, err)
		}
		if again, err := anchor.TimeOf(line); err != nil || !again.Equal(when) {
			t.Errorf("%s: %v %v", name, again, err)
		}
		v, err := fnote.NewVerifierForCosignatureV1(vkey)
		if err != nil {
			t.Fatalf("%s: formats: %v", name, err)
		}
		n, err := note.Open(joined, note.VerifierList(v))
		if err != nil || len(n.Sigs) != 1 || n.Sigs[0].Name != name {
			t.Errorf("%s: formats: %+v %v", name, n, err)
			continue
		}
		if stamp, err := fnote.CoSigV1Timestamp(n.Sigs[0]); err != nil || !stamp.Equal(when) {
			t.Errorf("%s: formats: time %v %v", name, stamp, err)
		}
	}
}

// What formats signs, we read.
func TestCosignatureByFormats(t *testing.T) {
	skey, vkey, err := note.GenerateKey(bytes.NewReader(bytes.Repeat([]byte{7}, 64)), "w.example/1")
	if err != nil {
		t.Fatal(err)
	}
	s, err := fnote.NewSignerForCosignatureV1(skey)
	if err != nil {
		t.Fatal(err)
	}
	cp := checkpoint(t, 9)
	text, _, _ := bytes.Cut(cp, []byte("\n\n"))
	signed, err := note.Sign(&note.Note{Text: string(text) + "\n"}, s)
	if err != nil {
		t.Fatal(err)
	}
	_, lines, _ := bytes.Cut(signed, []byte("\n\n"))
	raw, err := base64.StdEncoding.DecodeString(vkey[strings.LastIndexByte(vkey, '+')+1:])
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := anchor.Cosigned(cp, lines, anchor.VKey("w.example/1", raw[1:])); err != nil {
		t.Error(err)
	}
}

func TestCosignedRefuses(t *testing.T) {
	cp := checkpoint(t, 7)
	vkey := anchor.VKey("w", key(2).Public().(ed25519.PublicKey))
	line, err := anchor.Cosign(cp, "w", key(2), time.Unix(1000, 0))
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := anchor.Cosign(cp, "x", key(3), time.Unix(1000, 0))
	if err != nil {
		t.Fatal(err)
	}
	if joined, _, err := anchor.Cosigned(cp, append(bytes.Clone(foreign), line...), vkey); err != nil || bytes.Contains(joined, foreign) {
		t.Errorf("another witness's line: %v", err)
	}
	other := checkpoint(t, 8)
	for name, c := range map[string]struct {
		note, lines []byte
		vkey        string
		want        error
	}{
		"over another checkpoint": {other, line, vkey, evidence.ErrIntegrity},
		"only another witness":    {cp, foreign, vkey, evidence.ErrFormat},
		"nothing":                 {cp, nil, vkey, evidence.ErrFormat},
		"no newline":              {cp, line[:len(line)-1], vkey, evidence.ErrFormat},
		"not a note":              {[]byte("x"), line, vkey, evidence.ErrFormat},
		"garbage":                 {cp, []byte("— w !!!\n"), vkey, evidence.ErrFormat},
		"short":                   {cp, []byte("— w " + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{1}, 5)) + "\n"), vkey, evidence.ErrFormat},
		"a log's key":             {cp, line, custody.VKey("w", key(2).Public().(ed25519.PublicKey)), evidence.ErrFormat},
	} {
		if _, _, err := anchor.Cosigned(c.note, c.lines, c.vkey); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, not %v", name, err, c.want)
		}
	}
	for i := range 8 * len(line) {
		b := bytes.Clone(line)
		b[i/8] ^= 1 << (i % 8)
		if _, _, err := anchor.Cosigned(cp, b, vkey); err == nil {
			t.Errorf("bit %d flipped: taken", i)
		}
	}
	for _, bad := range []string{"", "a b", "a+b", "ä", "a\n", strings.Repeat("a", 201)} {
		if err := anchor.CheckName(bad); !errors.Is(err, evidence.ErrFormat) {
			t.Errorf("name %q: %v", bad, err)
		}
	}
	for _, bad := range []string{"", vkey + "=", "w+00000000+" + vkey[strings.LastIndexByte(vkey, '+')+1:], strings.ToUpper(vkey), "x" + vkey} {
		if _, _, err := anchor.ParseVKey(bad); !errors.Is(err, evidence.ErrFormat) {
			t.Errorf("key %q: %v", bad, err)
		}
	}
}

// The example of C2SP tlog-witness, add-checkpoint, with our own origin: its form to the byte.
func TestAddCheckpoint(t *testing.T) {
	cp := checkpoint(t, 20)
	r := anchor.AddCheckpoint{Old: 7, Proof: [][32]byte{sha256.Sum256([]byte("a")), sha256.Sum256([]byte("b"))}, Note: cp}
	body := r.Marshal()
	want := "old 7\nypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs=\nPiPoFgA5WUoziU9lZOGxNIu9egCI1CxKy3PurtWcAJ0=\n\n" + string(cp)
	if string(body) != want {
		t.Errorf("%q", body)
	}
	again, parsed, err := anchor.ParseAddCheckpoint(body)
	if err != nil || parsed.Size != 20 || parsed.Origin != origin {
		t.Fatal(parsed, err)
	}
	if diff := cmp.Diff(r, again); diff != "" {
		t.Error(diff)
	}
	none := anchor.AddCheckpoint{Note: cp}
	if again, _, err := anchor.ParseAddCheckpoint(none.Marshal()); err != nil || again.Old != 0 || len(again.Proof) != 0 {
		t.Errorf("%+v %v", again, err)
	}
	for name, b := range map[string]string{
		"empty": "", "no size": "\n\n" + string(cp), "leading zero": strings.Replace(want, "old 7", "old 07", 1), "negative": strings.Replace(want, "old 7", "old -7", 1),
		"plus": strings.Replace(want, "old 7", "old +7", 1), "hash": strings.Replace(want, "yp", "y", 1), "CRLF": strings.ReplaceAll(want, "\n", "\r\n"),
		"64 hashes": "old 7\n" + strings.Repeat("ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs=\n", 64) + "\n" + string(cp), "cut": want[:len(want)-1],
	} {
		if _, _, err := anchor.ParseAddCheckpoint([]byte(b)); !errors.Is(err, evidence.ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestQueue(t *testing.T) {
	at := time.Date(2026, 11, 22, 20, 0, 1, 0, time.UTC)
	vkey := anchor.VKey("w", key(2).Public().(ed25519.PublicKey))
	for _, q := range []anchor.Queued{
		{Service: anchor.Stamp, Size: 5, URL: "https://tsa.example/", Request: []byte{0x30, 0}, Queued: at},
		{Service: anchor.Stamp, Size: 5, Request: []byte{1}, Queued: at},
		{Service: anchor.Cosignature, Size: 9, URL: "http://w", Request: []byte{}, Key: vkey, Queued: at},
	} {
		b, err := q.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		again, err := anchor.ParseQueued(b)
		if diff := cmp.Diff(q, again); err != nil || diff != "" {
			t.Error(err, diff)
		}
		accepted := 0
		for i := range b {
			c := bytes.Clone(b)
			c[i] ^= 0x80
			if _, err := anchor.ParseQueued(c); err == nil {
				accepted++
			}
		}
		if accepted > 0 || !bytes.HasSuffix(b, []byte("\n")) {
			t.Errorf("%d damaged ones accepted", accepted)
		}
	}
	for name, q := range map[string]anchor.Queued{
		"no service": {Size: 1, Request: []byte{1}}, "no request": {Service: anchor.Stamp, Size: 1}, "no size": {Service: anchor.Stamp, Request: []byte{1}},
		"no key": {Service: anchor.Cosignature, Size: 1}, "key": {Service: anchor.Stamp, Size: 1, Request: []byte{1}, Key: vkey},
	} {
		if _, err := q.Marshal(); !errors.Is(err, evidence.ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The request as openssl reads it.
func TestStampRequest(t *testing.T) {
	cp := checkpoint(t, 7)
	request, err := anchor.StampRequest(cp, bytes.NewReader(bytes.Repeat([]byte{0}, 8)))
	if err != nil {
		t.Fatal(err)
	}
	openssl, lookErr := exec.LookPath("openssl")
	if lookErr != nil {
		t.Skip("NOT TESTED: openssl is not here")
	}
	file := filepath.Join(t.TempDir(), "f.tsq")
	if err := os.WriteFile(file, request, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), openssl, "ts", "-query", "-in", file, "-text").Output()
	sum := sha256.Sum256(cp)
	if imprint, nonce, err := anchor.ReadRequest(request); err != nil || imprint != sum || nonce.Cmp(new(big.Int).Lsh(big.NewInt(1), 56)) != 0 {
		t.Errorf("%x %v %v", imprint, nonce, err)
	}
	text := strings.ReplaceAll(strings.ReplaceAll(string(out), "-", " "), " ", "")
	if err != nil || !strings.Contains(text, "HashAlgorithm:sha256") || !strings.Contains(text, "Nonce:0x0100000000000000") || !strings.Contains(text, "Certificaterequired:yes") || !strings.Contains(text, hex.EncodeToString(sum[:8])) {
		t.Errorf("%v\n%s", err, out)
	}
	if _, err := anchor.StampRequest(cp, bytes.NewReader(nil)); err == nil {
		t.Error("a request without randomness")
	}
	for _, b := range [][]byte{nil, {0x30}, []byte("<html>"), bytes.Repeat([]byte{0x30, 0x80}, 1000)} {
		if _, _, err := anchor.ReadRequest(b); !errors.Is(err, evidence.ErrFormat) {
			t.Errorf("%x: %v", b[:min(len(b), 4)], err)
		}
	}
}
