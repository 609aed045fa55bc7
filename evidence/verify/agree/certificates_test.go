package agree_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence/verify"
)

// badCertificates are none of a time-stamping authority, by what is the matter.
func badCertificates(t *testing.T) map[string][]byte {
	t.Helper()
	key := authorities()["p256"].key
	usage := func(critical bool, uses ...string) func(*x509.Certificate) {
		var value [][]byte
		for _, u := range uses {
			value = append(value, oid(u))
		}
		return func(c *x509.Certificate) {
			c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: critical, Value: tlv(0x30, value...)}}
		}
	}
	const stamping, server = "1.3.6.1.5.5.7.3.8", "1.3.6.1.5.5.7.3.1"
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	small, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good := authorities()["p256"].der
	const from, until, spki = 13, 14, 20 // elements of it
	with := func(n int, b []byte) []byte { return rewritten(good, n, func(byte, []byte) []byte { return b }) }
	value := func(b []byte) []byte { // of the extended key usage
		return newAuthority(key, func(c *x509.Certificate) {
			c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: b}}
		}).der
	}
	const p256, ec = "1.2.840.10045.3.1.7", "1.2.840.10045.2.1"
	bits := func(b []byte) []byte { return tlv(3, []byte{0}, b) }
	point := func(b []byte) []byte { return with(spki, tlv(0x30, algorithm(ec, oid(p256)), bits(b))) }
	curve := elliptic.P256().Params()
	whole, err := key.Public().(*ecdsa.PublicKey).Bytes()
	if err != nil {
		t.Fatal(err)
	}
	x, y := whole[1:33], whole[33:]
	modulus := new(big.Int).SetBit(big.NewInt(1), 2047, 1)
	rsaKey := func(n, e []byte) []byte {
		return with(spki, tlv(0x30, algorithm(rsaPlain, null), bits(tlv(0x30, n, e))))
	}
	integer := func(n *big.Int) []byte { b, _ := asn1.Marshal(n); return b }
	out := map[string][]byte{
		"the usage twice": newAuthority(key, func(c *x509.Certificate) { c.ExtraExtensions = append(c.ExtraExtensions, timeStamping) }).der,
		"another extension twice": newAuthority(key, func(c *x509.Certificate) {
			other := pkix.Extension{Id: asn1.ObjectIdentifier{1, 2, 3}, Value: null}
			c.ExtraExtensions = append(c.ExtraExtensions, other, other)
		}).der,
		"critical, written otherwise":                   bytes.ReplaceAll(good, []byte{1, 1, 0xff}, []byte{1, 1, 1}),
		"another extension critical, written otherwise": bytes.Replace(good, []byte{1, 1, 0xff}, []byte{1, 1, 1}, 1),
		"the usage under another name": newAuthority(key, func(c *x509.Certificate) {
			c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3}, Critical: true, Value: timeStamping.Value}}
		}).der,
		"another element behind it":     append(bytes.Clone(good), null...),
		"usage with something behind":   value(append(tlv(0x30, oid(stamping)), null...)),
		"usage that is no sequence":     value(tlv(0x31, oid(stamping))),
		"usage that is no OID":          value(tlv(0x30, tlv(4, oid(stamping)[2:]))),
		"usage cut short":               value(tlv(0x30, oid(stamping))[:5]),
		"a time with a letter":          with(from, tlv(0x17, []byte("26010100000xZ"))),
		"a time without Z":              with(until, tlv(0x17, []byte("2701010000000"))),
		"a short time of the long sort": with(until, tlv(0x18, []byte("270101000000Z"))),
		"a long time of the short sort": with(until, tlv(0x17, []byte("20270101000000Z"))),
		"a key of another sort":         with(spki, tlv(0x30, algorithm("1.2.3", oid(p256)), bits(whole))),
		"a curve that is none":          with(spki, tlv(0x30, algorithm(ec, oid("1.2.3")), bits(whole))),
		"a point in short form":         point(slices.Concat([]byte{2 + y[31]&1}, x)),
		"a point in mixed form":         point(slices.Concat([]byte{6 + y[31]&1}, x, y)),
		"a point too long":              point(append(slices.Clone(whole), 0)),
		"a point too short":             point(whole[:64]),
		"a point beside the curve":      point(slices.Concat([]byte{4}, x, flipped(y))),
		"a point larger than the field": point(slices.Concat([]byte{4}, largePoint(curve))),
		"an RSA key of 8193 bits":       rsaKey(integer(new(big.Int).SetBit(big.NewInt(1), 8192, 1)), integer(big.NewInt(65537))),
		"an RSA exponent of 3":          rsaKey(integer(modulus), integer(big.NewInt(3))),
		"an RSA modulus that is none":   rsaKey(tlv(4, integer(modulus)[4:]), integer(big.NewInt(65537))),
		"an RSA exponent that is none":  rsaKey(integer(modulus), tlv(4, []byte{1, 0, 1})),
		"an RSA modulus written long":   rsaKey(tlv(2, []byte{0}, integer(modulus)[4:]), integer(big.NewInt(65537))),
		"an RSA key of three numbers":   with(spki, tlv(0x30, algorithm(rsaPlain, null), bits(tlv(0x30, integer(modulus), integer(big.NewInt(65537)), null)))),
		"an RSA key that is a set":      with(spki, tlv(0x30, algorithm(rsaPlain, null), bits(tlv(0x31, integer(modulus), integer(big.NewInt(65537)))))),
		"an RSA key whose name is none": with(spki, tlv(0x30, tlv(0x30, tlv(4, oid(rsaPlain)[2:]), null), bits(tlv(0x30, integer(modulus), integer(big.NewInt(65537)))))),
		"an RSA modulus below zero":     rsaKey(tlv(2, integer(modulus)[5:]), integer(big.NewInt(65537))),

		"no usage":            newAuthority(key, func(c *x509.Certificate) { c.ExtraExtensions = nil }).der,
		"not critical":        newAuthority(key, usage(false, stamping)).der,
		"another usage":       newAuthority(key, usage(true, server)).der,
		"two usages":          newAuthority(key, usage(true, stamping, server)).der,
		"a short RSA key":     newAuthority(short, nil).der,
		"a curve of 224 bits": newAuthority(small, nil).der,
		"something behind it": append(bytes.Clone(good), 0),
		"cut short":           good[:len(good)-1],
		"version 1":           bytes.Replace(good, []byte{0xa0, 3, 2, 1, 2}, []byte{0xa0, 3, 2, 1, 0}, 1),
		"text":                []byte("hello\n"),
		"empty":               {},
		"PEM of nothing":      []byte("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"),
		"PEM that is damaged": []byte("-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n"),
	}
	rsaSPKI, err := x509.MarshalPKIXPublicKey(authorities()["rsa"].key.Public())
	if err != nil {
		t.Fatal(err)
	}
	names, all := eachDER(rsaSPKI)
	for i, name := range names {
		if name != "element 3 of another tag" { // the parameters
			out["RSA key, "+name] = with(spki, all[i])
		}
	}
	out["PEM of no sequence"] = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: rewritten(good, 0, derChanges["of another tag"])})
	names, all = eachDER(good)
	for i, name := range names {
		if !slices.Contains(freeInCertificate, name) {
			out[name] = all[i]
		}
	}
	return out
}

// freeInCertificate are elements that may be anything: what is in the names, the ways of
// signing, and further parts before the extensions.
var freeInCertificate = func() (free []string) {
	for _, n := range []int{6, 8, 9, 10, 11, 16, 17, 18, 19, 36} {
		free = append(free, fmt.Sprintf("element %d of another tag", n))
	}
	for _, n := range []int{1, 5, 7, 8, 9, 15, 16, 17, 35} {
		free = append(free, fmt.Sprintf("element %d with more before its end", n))
	}
	for _, n := range []int{5, 7, 8, 9, 15, 16, 17, 35} {
		free = append(free, fmt.Sprintf("element %d with more in it", n), fmt.Sprintf("element %d with less in it", n))
	}
	return free
}()

// largePoint is x and y of a point of the curve, with the field's order added to x.
func largePoint(c *elliptic.CurveParams) []byte {
	for x := big.NewInt(1); ; x.Add(x, big.NewInt(1)) {
		square := new(big.Int).Exp(x, big.NewInt(3), c.P)
		square.Add(square.Sub(square, new(big.Int).Mul(x, big.NewInt(3))), c.B)
		if y := new(big.Int).ModSqrt(square.Mod(square, c.P), c.P); y != nil {
			return slices.Concat(new(big.Int).Add(x, c.P).FillBytes(make([]byte, 32)), y.FillBytes(make([]byte, 32)))
		}
	}
}

// judged is the table, and what is refused before anything is checked.
func judged(t *testing.T) []tampering {
	t.Helper()
	table, zip := append(theTable(), wideBundles(t)...), zipped(&plan{small: true})
	certs := badCertificates(t)
	for _, name := range slices.Sorted(maps.Keys(certs)) {
		table = append(table, tampering{name: "certificate: " + name, zip: zip, tsa: [][]byte{certs[name]}})
	}
	return table
}

// goOutcome is goSays where a certificate may be refused.
func goOutcome(t *testing.T, c tampering) said {
	t.Helper()
	if c.path != "" {
		return goFile(t, c.path)
	}
	r, err := verify.BundleZip(context.Background(), bytes.NewReader(c.zip), int64(len(c.zip)), verify.BundleOptions{Trust: c.trust, Receipts: c.receipts, TSACerts: c.tsa, Witnesses: c.witnesses})
	if err != nil {
		return said{Verdict: "refused"}
	}
	return saidBy(r)
}

// TestCertificatesRefused: what is not the certificate of a time-stamping authority is
// refused by all three before anything is checked.
func TestCertificatesRefused(t *testing.T) {
	needPython(t)
	certs, good := badCertificates(t), authorities()["p256"].der
	zip := zipped(&plan{small: true})
	type try struct {
		Name string `json:"name"`
		Cert []byte `json:"cert"`
	}
	list := []try{{"good", good}}
	for name, cert := range certs {
		list = append(list, try{name, cert})
	}
	asked, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range list {
		_, err := verify.BundleZip(context.Background(), bytes.NewReader(zip), int64(len(zip)), verify.BundleOptions{TSACerts: [][]byte{c.Cert}})
		if (err == nil) != (c.Name == "good") {
			t.Errorf("Go: %s: %v", c.Name, err)
		}
	}
	name := filepath.Join(t.TempDir(), "list")
	if err := os.WriteFile(name, asked, 0o600); err != nil {
		t.Fatal(err)
	}
	script, err := filepath.Abs("../../bundle/verify.py")
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("python3", "-B", "-c", `
import base64, importlib.util, json, sys
spec = importlib.util.spec_from_file_location("verify", sys.argv[1])
v = importlib.util.module_from_spec(spec)
spec.loader.exec_module(v)
for c in json.load(open(sys.argv[2])):
    try: v.Check(tsa=[base64.b64decode(c["cert"])]); print("taken", c["name"])
    except v.WRONG + (IndexError,): pass
`, script, name).CombinedOutput()
	if err != nil || strings.TrimSpace(string(out)) != "taken good" {
		t.Errorf("Python: %v: %s", err, out)
	}
	b := openBrowser(t, "file://"+page(t))
	var taken []string
	b.eval(`(list => list.filter(c => { try { new Check({ tsa: [Uint8Array.from(atob(c.cert ?? ""), x => x.charCodeAt(0))] }); return true; } catch (e) { if (!(e instanceof Wrong)) throw e; return false; } }).map(c => c.name))(`+string(asked)+`)`, &taken)
	if len(taken) != 1 || taken[0] != "good" {
		t.Errorf("the page takes %q", taken)
	}
}
