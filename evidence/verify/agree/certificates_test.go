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
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence/verify"
)

// TestCertificatesRefused: what is not the certificate of a time-stamping authority is
// refused by all three before anything is checked.
func TestCertificatesRefused(t *testing.T) {
	needPython(t)
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
	certs := map[string][]byte{
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
