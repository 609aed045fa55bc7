package verify

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// maxAnchor bounds a file under anchors/, in bytes.
const maxAnchor = 256 << 10

// tsaCert is the certificate of a time-stamping authority (docs/formats/anchors.md, Judging).
type tsaCert struct {
	der    []byte
	sha256 digest
	// from and until are its validity, YYYYMMDDhhmmss.
	from, until string
	key         crypto.PublicKey
}

// id names the certificate in reports.
func (c *tsaCert) id() string { return "sha256:" + hexOf(c.sha256) }

// subject is who the certificate says it is of, "" where that cannot be read.
func (c *tsaCert) subject() string {
	cert, err := x509.ParseCertificate(c.der)
	if err != nil {
		return ""
	}
	return cert.Subject.String()
}

var (
	pemBlock = regexp.MustCompile(`-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]*)-----END CERTIFICATE-----`)
	utcTime  = regexp.MustCompile(`^[0-9]{12}Z$`)
	longTime = regexp.MustCompile(`^[0-9]{14}Z$`)
)

// certificatesIn returns the certificates of a file: one in DER, or one or more in PEM.
func certificatesIn(file []byte) ([][]byte, error) {
	if len(file) > 0 && file[0] == derSequence {
		return [][]byte{file}, nil
	}
	var out [][]byte
	for _, m := range pemBlock.FindAllSubmatch(file, -1) {
		cert, err := base64.StdEncoding.Strict().DecodeString(strings.Join(strings.Fields(string(m[1])), ""))
		if err != nil {
			return nil, fmt.Errorf("%w: a certificate in PEM whose base64 is damaged", evidence.ErrFormat)
		}
		out = append(out, cert)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%w: no certificate in it", evidence.ErrFormat)
	}
	return out, nil
}

// parseTSACerts reads a file of certificates of time-stamping authorities.
func parseTSACerts(file []byte) ([]*tsaCert, error) {
	ders, err := certificatesIn(file)
	if err != nil {
		return nil, err
	}
	var out []*tsaCert
	for _, b := range ders {
		c, err := parseTSACert(b)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

// parseTSACert reads one certificate; evidence.ErrFormat where it is not that of a
// time-stamping authority as the format has it.
func parseTSACert(b []byte) (*tsaCert, error) {
	bad := func(why string) (*tsaCert, error) {
		return nil, fmt.Errorf("%w: not the certificate of a time-stamping authority: %s", evidence.ErrFormat, why)
	}
	d := newDER(b)
	all := d.into(d.only(derSequence))
	tbs := all.into(all.take(derSequence))
	all.take(derSequence)
	all.take(derBits)
	all.end()
	version := tbs.into(tbs.take(derContext0)).only(derInteger)
	tbs.take(derInteger)
	tbs.take(derSequence)
	tbs.take(derSequence)
	validity := tbs.into(tbs.take(derSequence))
	c := &tsaCert{der: b, sha256: sha256.Sum256(b), from: dateOf(validity.any()), until: dateOf(validity.any())}
	validity.end()
	tbs.take(derSequence)
	key := tbs.any() // keyOf says what it is
	last := tbs.others()
	if last.tag != derContext3 || !bytes.Equal(version.content, []byte{2}) {
		return bad("its structure")
	}
	if !stampsOnly(d, last) {
		return bad("its extended key usage is not time stamping alone, critical")
	}
	if c.from == "" || c.until == "" {
		return bad("its validity")
	}
	if c.key = keyOf(d, key); c.key == nil {
		return bad("its key: RSA of 2048 to 8192 bits, or EC P-256, P-384 or P-521")
	}
	return c, nil
}

// stampsOnly looks for the one extended key usage that there must be.
func stampsOnly(d *der, wrapped element) bool {
	outer := d.into(wrapped)
	list := outer.into(outer.only(derSequence))
	found, seen := false, map[string]bool{}
	for list.ok() && len(list.rest) > 0 {
		ext := list.into(list.take(derSequence))
		oid := string(ext.take(derOID).content)
		critical := false
		if ext.has(derBool) {
			critical = bytes.Equal(ext.take(derBool).content, []byte{0xff})
			if !critical {
				list.fail()
			}
		}
		value := ext.only(derOctets)
		if seen[oid] {
			list.fail()
		}
		seen[oid] = true
		if oid == oidExtendedKeyUse {
			v := newDER(value.content)
			uses := v.into(v.only(derSequence))
			found = string(uses.only(derOID).content) == oidUseTimeStamping && v.ok() && critical
		}
	}
	return found
}

// dateOf returns a time of validity as YYYYMMDDhhmmss, "" where it is none.
func dateOf(e element) string {
	s := string(e.content)
	switch {
	case e.tag == derUTCTime && utcTime.MatchString(s) && s < "50":
		return "20" + s[:12]
	case e.tag == derUTCTime && utcTime.MatchString(s):
		return "19" + s[:12]
	case e.tag == derTime && longTime.MatchString(s):
		return s[:14]
	}
	return ""
}

// keyOf reads a SubjectPublicKeyInfo; nil where it is of no sort that the format has, or
// something before it was not.
func keyOf(d *der, spki element) crypto.PublicKey {
	in := d.into(spki)
	algorithm := in.into(in.take(derSequence))
	algorithm.take(derOID)
	parameters := algorithm.any()
	algorithm.end()
	bits := in.only(derBits).content
	if !in.ok() {
		return nil
	}
	pub, err := x509.ParsePKIXPublicKey(spki.whole) // which knows RSA and EC by their names, and points in their long form only
	if err != nil {
		return nil
	}
	switch key := pub.(type) {
	case *rsa.PublicKey:
		numbers := newDER(bits[1:]) // crypto/x509 lets others follow
		two := numbers.into(numbers.any())
		two.any()
		two.any()
		two.end()
		if n := key.N.BitLen(); numbers.ok() && n >= 2048 && n <= 8192 && key.E == 65537 {
			return key
		}
	case *ecdsa.PublicKey:
		curve := string(parameters.content)
		if curve == oidP256 || curve == oidP384 || curve == oidP521 {
			return key
		}
	}
	return nil
}
