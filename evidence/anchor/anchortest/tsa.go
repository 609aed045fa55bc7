// Package anchortest is a time-stamping authority for tests: a root, a sub authority and
// a leaf with the critical extended key usage of RFC 3161 §2.3, and an HTTP handler.
package anchortest

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"io"
	"math/big"
	"net/http"
	"time"

	"github.com/digitorus/timestamp"
)

// Options say what sort of authority it is; what is zero is as it should be.
type Options struct {
	// Name is its common name, "Test TSA" where empty.
	Name string
	// RSA: keys of RSA, else of P-256.
	RSA bool
	// From and Until bound the leaf's validity; ten years round 2026 where zero.
	From, Until time.Time
	// Usage is the leaf's extended key usage, NotCritical that it is not critical.
	Usage       asn1.ObjectIdentifier
	NotCritical bool
	// Bare: the leaf's certificate is not enclosed.
	Bare bool
	// Answer changes what is about to be signed.
	Answer func(*timestamp.Timestamp)
}

// TSA is a time-stamping authority.
type TSA struct {
	Root, Sub, Leaf *x509.Certificate
	// Now is its clock.
	Now func() time.Time
	o   Options
	key crypto.Signer
}

// TimeStamping is the extended key usage of time-stamping authorities.
func TimeStamping() asn1.ObjectIdentifier { return asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 8} }

// New makes an authority whose clock is now.
func New(now func() time.Time, o Options) (*TSA, error) {
	if o.Name == "" {
		o.Name = "Test TSA"
	}
	if o.From.IsZero() {
		o.From = time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	if o.Until.IsZero() {
		o.Until = time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	if o.Usage == nil {
		o.Usage = TimeStamping()
	}
	t := &TSA{Now: now, o: o}
	rootKey, err := t.newKey()
	if err != nil {
		return nil, err
	}
	if t.Root, err = issue(authority("Test Root"), nil, rootKey, rootKey); err != nil {
		return nil, err
	}
	subKey, err := t.newKey()
	if err != nil {
		return nil, err
	}
	if t.Sub, err = issue(authority("Test Sub"), t.Root, subKey, rootKey); err != nil {
		return nil, err
	}
	if t.key, err = t.newKey(); err != nil {
		return nil, err
	}
	usage, err := asn1.Marshal([]asn1.ObjectIdentifier{o.Usage})
	if err != nil {
		return nil, err
	}
	leaf := &x509.Certificate{
		Subject: pkix.Name{CommonName: o.Name}, NotBefore: o.From, NotAfter: o.Until, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: !o.NotCritical, Value: usage}},
	}
	t.Leaf, err = issue(leaf, t.Sub, t.key, subKey)
	return t, err
}

func authority(name string) *x509.Certificate {
	return &x509.Certificate{
		Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		NotBefore: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2049, 1, 1, 0, 0, 0, 0, time.UTC),
	}
}

func issue(template, parent *x509.Certificate, key, by crypto.Signer) (*x509.Certificate, error) {
	if parent == nil {
		parent = template
	}
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		return nil, err
	}
	template.SerialNumber = serial
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), by)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

func (t *TSA) newKey() (crypto.Signer, error) {
	if t.o.RSA {
		return rsa.GenerateKey(rand.Reader, 2048)
	}
	return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
}

// Response answers a request (RFC 3161 §2.4).
func (t *TSA) Response(request []byte) ([]byte, error) {
	q, err := timestamp.ParseRequest(request)
	if err != nil {
		return nil, err
	}
	r := &timestamp.Timestamp{
		HashAlgorithm: q.HashAlgorithm, HashedMessage: q.HashedMessage, Nonce: q.Nonce, Policy: asn1.ObjectIdentifier{1, 2, 3, 4},
		Time: t.Now().UTC().Truncate(time.Second), Accuracy: time.Second, AddTSACertificate: !t.o.Bare, Certificates: []*x509.Certificate{t.Sub},
	}
	if t.o.Answer != nil {
		t.o.Answer(r)
	}
	return r.CreateResponseWithOpts(t.Leaf, t.key, crypto.SHA256)
}

// ServeHTTP answers requests over HTTP (RFC 3161 §3.4).
func (t *TSA) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	request, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<16))
	if err == nil && r.Header.Get("Content-Type") != "application/timestamp-query" {
		err = http.ErrNotSupported
	}
	var response []byte
	if err == nil {
		response, err = t.Response(request)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/timestamp-reply")
	_, _ = io.Copy(w, bytes.NewReader(response)) // whoever asked is gone
}

// PEM writes certificates.
func PEM(certs ...*x509.Certificate) []byte {
	var b []byte
	for _, c := range certs {
		b = append(b, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	return b
}
