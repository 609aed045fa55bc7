package verify

import (
	"crypto/x509"
	"fmt"
	"math/big"
	"time"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// Stamp is a time stamp over a checkpoint that was found right.
type Stamp struct {
	// Time is when, as the authority states it, RFC 3339 UTC.
	Time string
	// By is the SHA-256 of the authority's certificate, "sha256:…", Subject whom it names.
	By, Subject string
	// Certificates are those that the response encloses, in DER, the authority's first.
	Certificates [][]byte
}

// CheckStamp checks a time-stamp response over the file of a checkpoint against the
// certificate that it encloses, or one of those in files (PEM or DER). It fails with
// evidence.ErrFormat where the response is none, encloses no certificate that fits, or
// refuses to stamp; with evidence.ErrIntegrity where a signature is wrong or it is
// over something else. That the certificate is an honest authority's it does not say.
func CheckStamp(response, note []byte, files ...[]byte) (Stamp, error) {
	t, err := parseToken(response)
	if err != nil {
		return Stamp{}, fmt.Errorf("verify: %w", err)
	}
	ders := enclosed(t)
	for _, f := range files {
		more, err := certificatesIn(f)
		if err != nil {
			return Stamp{}, fmt.Errorf("verify: certificates: %w", err)
		}
		ders = append(ders, more...)
	}
	for i, b := range ders {
		if !t.by(&tsaCert{der: b}) {
			continue
		}
		c, err := parseTSACert(b)
		if err != nil {
			return Stamp{}, fmt.Errorf("verify: time-stamp response: %w", err)
		}
		s, why := t.check(c, note)
		if why != "" {
			return Stamp{}, fmt.Errorf("verify: time-stamp response: %w: %s", evidence.ErrIntegrity, why)
		}
		chain := append([][]byte{b}, ders[:i]...)
		return Stamp{Time: s.text(), By: c.id(), Subject: c.subject(), Certificates: append(chain, ders[i+1:]...)}, nil
	}
	return Stamp{}, fmt.Errorf("verify: %w: time-stamp response: it does not enclose the authority's certificate, and none that was given is it", evidence.ErrFormat)
}

// ReadStamp returns what a time-stamp response is over, and the nonce of the request that it
// answers, nil where it has none; no signature is judged. It fails with evidence.ErrFormat.
func ReadStamp(response []byte) (imprint [32]byte, nonce *big.Int, err error) {
	t, err := parseToken(response)
	if err != nil {
		return imprint, nil, fmt.Errorf("verify: %w", err)
	}
	s, ok := t.says()
	if !ok || len(s.imprint) != len(imprint) {
		return imprint, nil, fmt.Errorf("verify: %w", tokenError("it is over no SHA-256"))
	}
	if s.nonce != nil {
		nonce = new(big.Int).SetBytes(s.nonce)
	}
	return [32]byte(s.imprint), nonce, nil
}

// enclosed are the certificates in a response, in DER.
func enclosed(t *token) (out [][]byte) {
	d := newDER(t.certificates)
	for d.ok() && len(d.rest) > 0 && len(out) < 64 {
		if e := d.any(); d.ok() && e.tag == derSequence {
			out = append(out, e.whole)
		}
	}
	return out
}

// chained returns those of a response's certificates, and of those beside it, that are the
// authority's and lead to one of the roots at the time of the stamp (RFC 5280).
// Revocation is not looked at.
func chained(t *token, beside [][]byte, roots *x509.CertPool) (*tsaCert, error) {
	s, ok := t.says()
	at, err := time.Parse("20060102150405", s.time[:min(14, len(s.time))])
	if !ok || err != nil {
		return nil, tokenError("its time")
	}
	between := x509.NewCertPool()
	var leaf *x509.Certificate
	for _, b := range append(enclosed(t), beside...) {
		cert, err := x509.ParseCertificate(b)
		if err != nil {
			continue
		}
		between.AddCert(cert)
		if leaf == nil && t.by(&tsaCert{der: b}) {
			leaf = cert
		}
	}
	if leaf == nil {
		return nil, tokenError("the authority's certificate is not there")
	}
	_, err = leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping}})
	if err != nil {
		return nil, fmt.Errorf("its certificate does not lead to a root that you gave: %w", err)
	}
	return parseTSACert(leaf.Raw)
}

// Cosignature is a cosignature over a checkpoint that was found right.
type Cosignature struct {
	// Time is when, as the witness states it, RFC 3339 UTC; By the ID of its key.
	Time, By string
}

// CheckCosigned checks a note with cosignatures against one witness's key. It fails with
// evidence.ErrFormat where the note or the key is malformed or the witness signed nothing,
// with evidence.ErrIntegrity where its signature is wrong.
func CheckCosigned(note []byte, witness string) (Cosignature, error) {
	w, err := parseWitness(witness)
	if err != nil {
		return Cosignature{}, fmt.Errorf("verify: %w", err)
	}
	c, err := parseCheckpoint(note)
	if err != nil {
		return Cosignature{}, fmt.Errorf("verify: cosigned checkpoint: %w", err)
	}
	by, ok := c.cosigned([]publicKey{w})
	switch {
	case !ok:
		return Cosignature{}, fmt.Errorf("verify: cosigned checkpoint: %w: the signature of %s is wrong", evidence.ErrIntegrity, w.id())
	case len(by) == 0:
		return Cosignature{}, fmt.Errorf("verify: cosigned checkpoint: %w: no signature by %s", evidence.ErrFormat, w.id())
	}
	return Cosignature{Time: by[0].text(), By: w.id()}, nil
}
