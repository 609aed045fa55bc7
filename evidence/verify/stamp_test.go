package verify_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/anchor"
	"github.com/exhibit-forensics/exhibit/evidence/anchor/anchortest"
	"github.com/exhibit-forensics/exhibit/evidence/verify"
	"github.com/exhibit-forensics/exhibit/internal/slow"
)

var stampTime = time.Date(2026, 11, 22, 20, 0, 0, 0, time.UTC)

func stampOf(t *testing.T, note []byte, o anchortest.Options) (*anchortest.TSA, []byte) {
	t.Helper()
	tsa, err := anchortest.New(func() time.Time { return stampTime }, o)
	if err != nil {
		t.Fatal(err)
	}
	request, err := anchor.StampRequest(note, bytes.NewReader([]byte("12345678")))
	if err != nil {
		t.Fatal(err)
	}
	response, err := tsa.Response(request)
	if err != nil {
		t.Fatal(err)
	}
	return tsa, response
}

// No bit of a response can change and it says something else: what is still taken differs only where
// nothing is signed and nothing is read.
func TestStampFlips(t *testing.T) {
	note := []byte("a checkpoint's file")
	for name, o := range map[string]anchortest.Options{"EC": {}, "RSA": {RSA: true}} {
		tsa, response := stampOf(t, note, o)
		cert := anchortest.PEM(tsa.Leaf)
		want, err := verify.CheckStamp(response, note, cert)
		if err != nil || want.Time != "2026-11-22T20:00:00Z" || want.Subject != "CN=Test TSA" {
			t.Fatalf("%s: %+v %v", name, want, err)
		}
		imprint, nonce, err := verify.ReadStamp(response)
		if err != nil || evidence.Digest(imprint) != evidence.Sum(note) || nonce.Cmp(new(big.Int).SetBytes([]byte("12345678"))) != 0 {
			t.Fatalf("%s: %x %v %v", name, imprint, nonce, err)
		}
		// What is neither signed nor read: enclosed certificates, who issued the signer's, versions and
		// parameters of algorithms. The signature itself, at the end, is read.
		enclosed := bytes.Index(response, tsa.Leaf.Raw)
		last := enclosed + len(tsa.Leaf.Raw) + len(tsa.Sub.Raw)
		loose := 0
		step := 7 // coprime to 8: every bit of a byte has its turn
		if slow.Asked() {
			step = 1
		}
		for i := 0; i < 8*len(response); i += step {
			b := bytes.Clone(response)
			b[i/8] ^= 1 << (i % 8)
			s, err := verify.CheckStamp(b, note, cert)
			switch at := i / 8; {
			case err != nil:
				if !errors.Is(err, evidence.ErrFormat) && !errors.Is(err, evidence.ErrIntegrity) {
					t.Errorf("%s, bit %d: %v", name, i, err)
				}
			case s.Time != want.Time || s.By != want.By:
				t.Errorf("%s, bit %d: %+v", name, i, s)
			case at < enclosed || at >= last:
				loose++
			}
		}
		if enclosed < 0 || loose == 0 || step*loose > 8*60 {
			t.Errorf("%s: %d of %d flips outside the certificates are taken", name, loose, 8*len(response))
		}
		refused := bytes.Replace(response, []byte{0x30, 3, 2, 1, 0}, []byte{0x30, 3, 2, 1, 2}, 1)
		if _, err := verify.CheckStamp(refused, note, cert); !errors.Is(err, evidence.ErrFormat) {
			t.Errorf("%s: a refusal: %v", name, err)
		}
		for n := range response {
			if _, err := verify.CheckStamp(response[:n], note, cert); err == nil {
				t.Errorf("%s: cut to %d bytes: taken", name, n)
			}
		}
		if _, err := verify.CheckStamp(append(bytes.Clone(response), 0), note, cert); err == nil {
			t.Errorf("%s: with a byte more: taken", name)
		}
	}
}

// Which certificate counts, and what is none.
func TestStampCertificates(t *testing.T) {
	note := []byte("a checkpoint's file")
	tsa, response := stampOf(t, note, anchortest.Options{Bare: true})
	other, foreign := stampOf(t, note, anchortest.Options{})
	pem := anchortest.PEM(tsa.Leaf)
	for name, c := range map[string]struct {
		response []byte
		files    [][]byte
		want     error
	}{
		"none":                    {response, nil, evidence.ErrFormat},
		"the authority's":         {response, [][]byte{pem}, nil},
		"in DER":                  {response, [][]byte{tsa.Leaf.Raw}, nil},
		"among others":            {response, [][]byte{anchortest.PEM(other.Leaf, tsa.Sub, tsa.Leaf)}, nil},
		"CRLF":                    {response, [][]byte{bytes.ReplaceAll(pem, []byte("\n"), []byte("\r\n"))}, nil},
		"with text round it":      {response, [][]byte{append([]byte("subject=TSA\n"), append(pem, "bye\n"...)...)}, nil},
		"another's":               {response, [][]byte{anchortest.PEM(other.Leaf)}, evidence.ErrFormat},
		"its issuer's":            {response, [][]byte{anchortest.PEM(tsa.Sub)}, evidence.ErrFormat},
		"no certificate":          {response, [][]byte{[]byte("nothing")}, evidence.ErrFormat},
		"damaged base64":          {response, [][]byte{bytes.Replace(pem, []byte("MII"), []byte("MI="), 1)}, evidence.ErrFormat},
		"another's, own enclosed": {foreign, [][]byte{pem}, nil},
	} {
		s, err := verify.CheckStamp(c.response, note, c.files...)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil && len(s.Certificates) == 0 {
			t.Errorf("%s: no certificates", name)
		}
	}
	if _, err := verify.CheckStamp(response, []byte("another file"), pem); !errors.Is(err, evidence.ErrIntegrity) {
		t.Errorf("over another file: %v", err)
	}
}

// Keys, validity and usage of a certificate that is given from outside.
func TestTSACertificate(t *testing.T) {
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	ec := func(c elliptic.Curve) crypto.Signer {
		k, err := ecdsa.GenerateKey(c, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	usage := func(ids ...asn1.ObjectIdentifier) []byte {
		b, err := asn1.Marshal(ids)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	stamping, signing := anchortest.TimeStamping(), asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 3}
	own := []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: usage(stamping)}}
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	dir := onlyCase(t)
	for name, c := range map[string]struct {
		key   crypto.Signer
		ext   []pkix.Extension
		until int
		ok    bool
	}{
		"P-256":          {ec(elliptic.P256()), own, 2031, true},
		"P-384":          {ec(elliptic.P384()), own, 2031, true},
		"P-521":          {ec(elliptic.P521()), own, 2031, true},
		"after 2050":     {ec(elliptic.P256()), own, 2099, true},
		"P-224":          {ec(elliptic.P224()), own, 2031, false},
		"RSA 1024":       {small, own, 2031, false},
		"Ed25519":        {edwards, own, 2031, false},
		"no usage":       {ec(elliptic.P256()), nil, 2031, false},
		"two usages":     {ec(elliptic.P256()), []pkix.Extension{{Id: own[0].Id, Critical: true, Value: usage(stamping, signing)}}, 2031, false},
		"another usage":  {ec(elliptic.P256()), []pkix.Extension{{Id: own[0].Id, Critical: true, Value: usage(signing)}}, 2031, false},
		"not critical":   {ec(elliptic.P256()), []pkix.Extension{{Id: own[0].Id, Value: usage(stamping)}}, 2031, false},
		"usage trailing": {ec(elliptic.P256()), []pkix.Extension{{Id: own[0].Id, Critical: true, Value: append(usage(stamping), 0)}}, 2031, false},
	} {
		template := &x509.Certificate{
			SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: name}, NotBefore: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC),
			NotAfter: time.Date(c.until, 1, 1, 0, 0, 0, 0, time.UTC), ExtraExtensions: c.ext,
		}
		der, err := x509.CreateCertificate(rand.Reader, template, template, c.key.Public(), c.key)
		if err != nil {
			t.Fatal(err)
		}
		_, err = verify.Case(t.Context(), dir, verify.Options{Now: time.Now, TSACerts: [][]byte{der}})
		if (err == nil) != c.ok || err != nil && !errors.Is(err, evidence.ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, bad := range [][]byte{nil, {0x30}, {0x30, 0x80, 0, 0}, bytes.Repeat([]byte{0x30, 0x82, 0xff, 0xff}, 100)} {
		if _, err := verify.Case(t.Context(), dir, verify.Options{Now: time.Now, TSACerts: [][]byte{bad}}); !errors.Is(err, evidence.ErrFormat) {
			t.Errorf("%x: %v", bad[:min(4, len(bad))], err)
		}
		if _, err := verify.Case(t.Context(), dir, verify.Options{Now: time.Now, TSARoots: [][]byte{bad}}); !errors.Is(err, evidence.ErrFormat) {
			t.Errorf("root %x: %v", bad[:min(4, len(bad))], err)
		}
	}
}

// onlyCase is a case directory with which nothing can be done but open it.
func onlyCase(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "case.db"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// What openssl's authority stamps: both ways of naming the certificate, chains, digests.
func TestStampByOpenSSL(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("NOT TESTED: openssl is not here")
	}
	dir := t.TempDir()
	run := func(args ...string) string {
		cmd := exec.CommandContext(t.Context(), openssl, args...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("openssl %s: %v\n%s", strings.Join(args, " "), err, out)
		}
		return string(out)
	}
	config := `[req]
distinguished_name=dn
[dn]
[ca]
basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign
[leaf]
basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=critical,timeStamping
`
	for _, chain := range []string{"yes", "no"} {
		for _, hash := range []string{"sha1", "sha256", "sha512"} {
			config += "[tsa_" + chain + "_" + hash + "]\nserial=serial\ncrypto_device=builtin\ndefault_policy=1.2.3.4\ndigests=sha256\nsigner_digest=sha384\naccuracy=secs:1,millisecs:500\nordering=yes\ntsa_name=yes\nclock_precision_digits=3\ness_cert_id_chain=" + chain + "\ness_cert_id_alg=" + hash + "\n"
		}
	}
	note := []byte("a checkpoint's file\n")
	request, err := anchor.StampRequest(note, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{"c.cnf": []byte(config), "serial": []byte("01\n"), "note": note, "f.tsq": request} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "root.key", "-out", "root.pem", "-days", "30", "-subj", "/CN=Root", "-config", "c.cnf", "-extensions", "ca")
	run("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384", "-nodes", "-keyout", "leaf.key", "-out", "leaf.csr", "-subj", "/CN=OpenSSL TSA", "-config", "c.cnf")
	run("x509", "-req", "-in", "leaf.csr", "-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial", "-out", "leaf.pem", "-days", "30", "-extfile", "c.cnf", "-extensions", "leaf")
	leaf, err := os.ReadFile(filepath.Join(dir, "leaf.pem"))
	if err != nil {
		t.Fatal(err)
	}
	for _, chain := range []string{"yes", "no"} {
		for _, hash := range []string{"sha1", "sha256", "sha512"} {
			run("ts", "-reply", "-config", "c.cnf", "-section", "tsa_"+chain+"_"+hash, "-queryfile", "f.tsq", "-signer", "leaf.pem", "-inkey", "leaf.key", "-chain", "root.pem", "-out", "f.tsr")
			if out := run("ts", "-verify", "-in", "f.tsr", "-data", "note", "-CAfile", "root.pem"); !strings.Contains(out, "OK") {
				t.Fatal(out)
			}
			response, err := os.ReadFile(filepath.Join(dir, "f.tsr"))
			if err != nil {
				t.Fatal(err)
			}
			s, err := verify.CheckStamp(response, note)
			if err != nil || s.Subject != "CN=OpenSSL TSA" || len(s.Certificates) != 2 {
				t.Errorf("%s %s: %+v %v", chain, hash, s, err)
			}
			if _, err := verify.CheckStamp(response, note, leaf); err != nil {
				t.Errorf("%s %s: %v", chain, hash, err)
			}
			if _, err := verify.CheckStamp(response, append(note, 'x')); !errors.Is(err, evidence.ErrIntegrity) {
				t.Errorf("%s %s: over another file: %v", chain, hash, err)
			}
		}
	}
}

func TestCheckCosigned(t *testing.T) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	note := []byte("lab.example/1b4e28ba-2fa1-4d2e-883f-0016d3cca427\n7\n" + base64.StdEncoding.EncodeToString(make([]byte, 32)) + "\n\n— x " + base64.StdEncoding.EncodeToString(make([]byte, 68)) + "\n")
	line, err := anchor.Cosign(note, "w", key, stampTime)
	if err != nil {
		t.Fatal(err)
	}
	vkey := anchor.VKey("w", key.Public().(ed25519.PublicKey))
	cosigned := append(bytes.Clone(note), line...)
	c, err := verify.CheckCosigned(cosigned, vkey)
	if err != nil || c.Time != "2026-11-22T20:00:00Z" || !strings.HasPrefix(vkey, c.By) {
		t.Errorf("%+v %v", c, err)
	}
	for name, c := range map[string]struct {
		note []byte
		vkey string
		want error
	}{
		"not cosigned":       {note, vkey, evidence.ErrFormat},
		"not a note":         {line, vkey, evidence.ErrFormat},
		"another checkpoint": {bytes.Replace(cosigned, []byte("\n7\n"), []byte("\n8\n"), 1), vkey, evidence.ErrIntegrity},
		"another key":        {cosigned, anchor.VKey("v", key.Public().(ed25519.PublicKey)), evidence.ErrFormat},
		"no key":             {cosigned, "w", evidence.ErrFormat},
		"twice":              {append(bytes.Clone(cosigned), line...), vkey, evidence.ErrFormat},
	} {
		if _, err := verify.CheckCosigned(c.note, c.vkey); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
