package verify

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	_ "crypto/sha1" // ESSCertID of RFC 2634 knows nothing else
	"crypto/sha256"
	_ "crypto/sha512"
	"fmt"
	"regexp"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// token is a time-stamp response (RFC 3161), read by this package's own code, step by
// step as docs/formats/anchors.md has it.
type token struct {
	hash       crypto.Hash
	algorithm  string // OID of the signature
	signature  []byte
	attributes []byte // whole element
	info       []byte
	infoDigest []byte
	// certHash and certDigest name the certificate.
	certHash   crypto.Hash
	certDigest []byte
	// certificates are enclosed, as they stand.
	certificates []byte
}

// parseToken is steps 1 to 4.
func parseToken(b []byte) (*token, error) {
	t := &token{}
	d := newDER(b)
	response := d.into(d.only(derSequence))
	status := response.first(derSequence, derInteger)
	wrapper := response.into(response.only(derSequence))
	kind := wrapper.take(derOID)
	signed := wrapper.into(wrapper.only(derContext0))
	data := signed.into(signed.only(derSequence))
	if string(kind.content) != oidSignedData || !(bytes.Equal(status.content, []byte{0}) || bytes.Equal(status.content, []byte{1})) {
		return nil, tokenError("it grants no time stamp, or is none")
	}
	data.take(derInteger)
	data.take(derSet)
	content := data.into(data.take(derSequence))
	sort := content.take(derOID)
	octets := content.into(content.only(derContext0))
	t.info = octets.only(derOctets).content
	if data.has(derContext0) {
		t.certificates = data.take(derContext0).content
	}
	if data.has(derContext1) {
		data.take(derContext1)
	}
	signers := data.into(data.only(derSet))
	t.signer(signers.into(signers.only(derSequence)))
	if string(sort.content) != oidTSTInfo || t.hash == 0 {
		return nil, tokenError("its structure")
	}
	if !t.attribute(d) || !d.ok() {
		return nil, tokenError("its signed attributes")
	}
	return t, nil
}

func tokenError(why string) error {
	return fmt.Errorf("%w: time-stamp response: %s", evidence.ErrFormat, why)
}

// signer is step 3.
func (t *token) signer(d *der) {
	d.take(derInteger)
	d.any()
	t.hash = digestOf(d.algorithm())
	t.attributes = d.take(derContext0).whole
	t.algorithm = d.algorithm()
	t.signature = d.take(derOctets).content
	if d.has(derContext1) {
		d.take(derContext1)
	}
	d.end()
}

// algorithm reads an AlgorithmIdentifier and returns its OID.
func (d *der) algorithm() string {
	in := d.into(d.take(derSequence))
	oid := in.take(derOID)
	if len(in.rest) > 0 {
		in.any()
	}
	in.end()
	return string(oid.content)
}

// digestOf is the digest that an OID names, 0 where it is none of those in use.
func digestOf(oid string) crypto.Hash {
	switch oid {
	case oidSHA256:
		return crypto.SHA256
	case oidSHA384:
		return crypto.SHA384
	case oidSHA512:
		return crypto.SHA512
	}
	return 0
}

// attribute is step 4.
func (t *token) attribute(d *der) bool {
	list := d.into(element{content: newDER(t.attributes).any().content})
	values := map[string]element{}
	for list.ok() && len(list.rest) > 0 {
		attr := list.into(list.take(derSequence))
		oid := string(attr.take(derOID).content)
		set := attr.into(attr.only(derSet))
		value := set.any()
		set.end()
		if _, twice := values[oid]; twice {
			return false
		}
		values[oid] = value
	}
	kind, sum := values[oidContentType], values[oidMessageDigest]
	if kind.tag != derOID || string(kind.content) != oidTSTInfo || sum.tag != derOctets {
		return false
	}
	t.infoDigest = sum.content
	cert, v2 := values[oidSigningCertV2]
	if !v2 {
		cert = values[oidSigningCert]
	}
	if cert.tag != derSequence {
		return false
	}
	ids := d.into(cert)
	list = ids.into(ids.take(derSequence))
	ids.others()
	id := list.into(list.take(derSequence))
	list.others()
	t.certHash = crypto.SHA1
	if v2 {
		t.certHash = crypto.SHA256
		if id.has(derSequence) {
			t.certHash = digestOf(string(id.first(derSequence, derOID).content))
		}
	}
	t.certDigest = id.take(derOctets).content
	id.others()
	return t.certHash != 0
}

// by is step 5.
func (t *token) by(c *tsaCert) bool {
	h := t.certHash.New()
	h.Write(c.der)
	return bytes.Equal(h.Sum(nil), t.certDigest)
}

// stamped is what an authority signed.
type stamped struct {
	imprint []byte
	// time is when, as it stands: YYYYMMDDhhmmss, perhaps a fraction, Z.
	time string
	// nonce is that of the request, nil where there is none.
	nonce []byte
}

var stampTime = regexp.MustCompile(`^[0-9]{14}(\.[0-9]{1,9})?Z$`)

// says reads what the authority signed, as far as step 8 goes without a certificate.
func (t *token) says() (stamped, bool) {
	d := newDER(t.info)
	in := d.into(d.only(derSequence))
	version := in.take(derInteger)
	in.take(derOID)
	imprint := in.into(in.take(derSequence))
	algorithm := imprint.first(derSequence, derOID)
	s := stamped{imprint: imprint.only(derOctets).content}
	in.take(derInteger)
	s.time = string(in.take(derTime).content)
	for in.ok() && len(in.rest) > 0 {
		if e := in.any(); e.tag == derInteger {
			s.nonce = e.content
		}
	}
	return s, d.ok() && bytes.Equal(version.content, []byte{1}) && string(algorithm.content) == oidSHA256 && stampTime.MatchString(s.time)
}

// text writes a time for people and reports: RFC 3339.
func (s stamped) text() string {
	t := s.time
	return t[:4] + "-" + t[4:6] + "-" + t[6:8] + "T" + t[8:10] + ":" + t[10:12] + ":" + t[12:]
}

// check is steps 6 to 9 for a token that is by c; why says what is wrong.
func (t *token) check(c *tsaCert, note []byte) (s stamped, why string) {
	h := t.hash.New()
	h.Write(t.info)
	if !bytes.Equal(h.Sum(nil), t.infoDigest) {
		return s, "what was stamped is not what the authority signed"
	}
	if !t.signedBy(c.key) {
		return s, "its signature is wrong"
	}
	s, ok := t.says()
	if !ok {
		return s, "what the authority signed is not a time stamp as the format has it"
	}
	if at := s.time[:14]; at < c.from || at > c.until {
		return s, "it was made while the authority's certificate was not valid"
	}
	if sum := sha256.Sum256(note); !bytes.Equal(sum[:], s.imprint) {
		return s, wrongImprint
	}
	return s, ""
}

const wrongImprint = "it is over something else than this checkpoint"

// signedBy is step 7.
func (t *token) signedBy(key crypto.PublicKey) bool {
	text := bytes.Clone(t.attributes)
	text[0] = derSet
	h := t.hash.New()
	h.Write(text)
	sum := h.Sum(nil)
	switch key := key.(type) {
	case *rsa.PublicKey:
		fits := map[string]crypto.Hash{oidRSA: t.hash, oidRSASHA256: crypto.SHA256, oidRSASHA384: crypto.SHA384, oidRSASHA512: crypto.SHA512}[t.algorithm] == t.hash
		return fits && rsa.VerifyPKCS1v15(key, t.hash, sum, t.signature) == nil
	case *ecdsa.PublicKey:
		fits := map[string]crypto.Hash{oidECSHA256: crypto.SHA256, oidECSHA384: crypto.SHA384, oidECSHA512: crypto.SHA512}[t.algorithm] == t.hash
		return fits && ecdsa.VerifyASN1(key, sum, t.signature)
	}
	return false
}
