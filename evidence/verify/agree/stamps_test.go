package agree_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/binary"
	"encoding/pem"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// tlv is an element of DER.
func tlv(tag byte, parts ...[]byte) []byte {
	body := slices.Concat(parts...)
	head := []byte{tag}
	switch n := len(body); {
	case n < 128:
		head = append(head, byte(n))
	case n < 256:
		head = append(head, 0x81, byte(n))
	case n < 1<<16:
		head = append(head, 0x82, byte(n>>8), byte(n))
	default:
		head = append(head, 0x83, byte(n>>16), byte(n>>8), byte(n))
	}
	return append(head, body...)
}

func oid(dotted string) []byte {
	var id asn1.ObjectIdentifier
	for part := range strings.SplitSeq(dotted, ".") {
		n, err := strconv.Atoi(part)
		if err != nil {
			panic(err)
		}
		id = append(id, n)
	}
	b, err := asn1.Marshal(id)
	if err != nil {
		panic(err)
	}
	return b
}

func algorithm(dotted string, more ...[]byte) []byte {
	return tlv(0x30, append([][]byte{oid(dotted)}, more...)...)
}

var null = []byte{5, 0}

const (
	pkcs     = "1.2.840.113549.1."
	dSHA256  = "2.16.840.1.101.3.4.2.1"
	dSHA384  = "2.16.840.1.101.3.4.2.2"
	dSHA512  = "2.16.840.1.101.3.4.2.3"
	rsaPlain = pkcs + "1.1"
)

// authority is a time-stamping authority.
type authority struct {
	der []byte
	key crypto.Signer
}

func (a authority) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.der})
}

var timeStamping = pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: tlv(0x30, oid("1.3.6.1.5.5.7.3.8"))}

// newAuthority makes one; change alters its certificate before it is signed.
func newAuthority(key crypto.Signer, change func(*x509.Certificate)) authority {
	c := &x509.Certificate{
		SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "Authority"},
		NotBefore: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtraExtensions: []pkix.Extension{timeStamping},
	}
	if change != nil {
		change(c)
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		panic(err)
	}
	return authority{der, key}
}

// authorities are made once: keys are random, and nothing hangs on which they are.
var authorities = sync.OnceValue(func() map[string]authority {
	out := map[string]authority{}
	for name, bits := range map[string]int{"rsa": 2048, "other": 2048, "rsa3072": 3072} {
		key, err := rsa.GenerateKey(rand.Reader, bits)
		if err != nil {
			panic(err)
		}
		out[name] = newAuthority(key, nil)
	}
	for name, curve := range map[string]elliptic.Curve{"p256": elliptic.P256(), "p384": elliptic.P384(), "p521": elliptic.P521()} {
		key, err := ecdsa.GenerateKey(curve, rand.Reader)
		if err != nil {
			panic(err)
		}
		out[name] = newAuthority(key, nil)
	}
	out["long"] = newAuthority(out["p256"].key, func(c *x509.Certificate) {
		c.NotBefore, c.NotAfter = time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2060, 1, 1, 0, 0, 0, 0, time.UTC)
	})
	return out
})

// response is a time-stamp response, with places to change it at.
type response struct {
	by            authority
	hash          crypto.Hash
	how           string // OID of the signature's algorithm; the usual one where ""
	status        []byte
	version       []byte
	imprintOf     string
	imprint       []byte
	time          []byte
	info          []byte
	changeInfo    func([]byte) []byte // before it is signed
	contentType   []byte
	digestAttr    []byte
	certAttr      []byte
	attributes    func([][]byte) [][]byte
	signature     func([]byte) []byte
	certificates  []byte
	crls          []byte
	unsigned      []byte
	signers       func([]byte) []byte
	tail          []byte // after what the authority signed, within it
	after         func([]byte) []byte
	digestOID     string
	certDigest    []byte
	contentSort   string
	kind          string // of the content info
	signedVersion []byte
}

func digestName(h crypto.Hash) string {
	return map[crypto.Hash]string{crypto.SHA256: dSHA256, crypto.SHA384: dSHA384, crypto.SHA512: dSHA512}[h]
}

func sumOf(h crypto.Hash, b []byte) []byte {
	w := h.New()
	w.Write(b)
	return w.Sum(nil)
}

func attribute(dotted string, value []byte) []byte {
	return tlv(0x30, oid(dotted), tlv(0x31, value))
}

// certV2 is the value of signing-certificate-v2, certV1 that of signing-certificate.
func certV2(digest []byte, alg string) []byte {
	id := [][]byte{tlv(4, digest)}
	if alg != "" {
		id = append([][]byte{algorithm(alg)}, id...)
	}
	return tlv(0x30, tlv(0x30, tlv(0x30, id...)))
}

func (r response) build(note []byte) []byte {
	if r.hash == 0 {
		r.hash = crypto.SHA256
	}
	or := func(b, other []byte) []byte {
		if b != nil {
			return b
		}
		return other
	}
	sum := sha256.Sum256(note)
	if r.imprintOf == "" {
		r.imprintOf = dSHA256
	}
	info := or(r.info, tlv(0x30, or(r.version, []byte{2, 1, 1}), oid("1.2.3.4.1"),
		tlv(0x30, algorithm(r.imprintOf, null), tlv(4, or(r.imprint, sum[:]))), []byte{2, 1, 9}, tlv(0x18, or(r.time, []byte("20261122100000Z"))), []byte{1, 1, 0xff}, []byte{2, 1, 5}, r.tail))
	if r.changeInfo != nil {
		info = r.changeInfo(info)
	}
	certSum := sha256.Sum256(r.by.der)
	attrs := [][]byte{
		attribute(pkcs+"9.3", or(r.contentType, oid(pkcs+"9.16.1.4"))),
		attribute(pkcs+"9.4", or(r.digestAttr, tlv(4, sumOf(r.hash, info)))),
		or(r.certAttr, attribute(pkcs+"9.16.2.47", certV2(or(r.certDigest, certSum[:]), ""))),
	}
	if r.attributes != nil {
		attrs = r.attributes(attrs)
	}
	signed := tlv(0x31, attrs...)
	how := r.how
	rsaKey, isRSA := r.by.key.(*rsa.PrivateKey)
	if how == "" {
		if isRSA {
			how = rsaPlain
		} else {
			how = map[crypto.Hash]string{crypto.SHA256: "1.2.840.10045.4.3.2", crypto.SHA384: "1.2.840.10045.4.3.3", crypto.SHA512: "1.2.840.10045.4.3.4"}[r.hash]
		}
	}
	var sig []byte
	var err error
	if isRSA {
		sig, err = rsa.SignPKCS1v15(nil, rsaKey, r.hash, sumOf(r.hash, signed))
	} else {
		sig, err = r.by.key.Sign(rand.Reader, sumOf(r.hash, signed), r.hash)
	}
	if err != nil {
		panic(err)
	}
	if r.signature != nil {
		sig = r.signature(sig)
	}
	if r.digestOID == "" {
		r.digestOID = digestName(r.hash)
	}
	implicit := append([]byte{0xa0}, signed[1:]...)
	signer := tlv(0x30, []byte{2, 1, 1}, tlv(0x30, tlv(0x30), []byte{2, 1, 7}), algorithm(r.digestOID), implicit, algorithm(how, null), tlv(4, sig), r.unsigned)
	signers := tlv(0x31, signer)
	if r.signers != nil {
		signers = r.signers(signer)
	}
	if r.contentSort == "" {
		r.contentSort = pkcs + "9.16.1.4"
	}
	if r.kind == "" {
		r.kind = pkcs + "7.2"
	}
	content := tlv(0x30, oid(r.contentSort), tlv(0xa0, tlv(4, info)))
	data := tlv(0x30, or(r.signedVersion, []byte{2, 1, 3}), tlv(0x31, algorithm(r.digestOID)), content, r.certificates, r.crls, signers)
	b := tlv(0x30, or(r.status, tlv(0x30, []byte{2, 1, 0})), tlv(0x30, oid(r.kind), tlv(0xa0, data)))
	if r.after != nil {
		b = r.after(b)
	}
	return b
}

// witnessKey is a witness's verifier key.
func witnessKey(name string, key ed25519.PrivateKey) string {
	raw := append([]byte{4}, key.Public().(ed25519.PublicKey)...)
	return fmt.Sprintf("%s+%x+%s", name, witnessHash(name, raw), base64.StdEncoding.EncodeToString(raw))
}

func witnessHash(name string, raw []byte) []byte {
	sum := sha256.Sum256(append([]byte(name+"\n"), raw...))
	return sum[:4]
}

// cosign is a witness's line under a note.
func cosign(note []byte, name string, key ed25519.PrivateKey, at uint64) string {
	text, _, _ := strings.Cut(string(note), "\n\n")
	sig := ed25519.Sign(key, fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s\n", at, text))
	raw := append([]byte{4}, key.Public().(ed25519.PublicKey)...)
	body := slices.Concat(witnessHash(name, raw), binary.BigEndian.AppendUint64(nil, at), sig)
	return "— " + name + " " + base64.StdEncoding.EncodeToString(body) + "\n"
}

// anchorName is the name that a file has under anchors/.
func anchorName(size int, sort string, b []byte) string {
	return fmt.Sprintf("anchors/%d-%s.%s", size, hexSum(b)[:16], sort)
}

// freeElements are those of a time-stamp response that may be anything (docs/formats/anchors.md).
var freeElements = map[string][]string{
	"all": {
		"element 1 with more in it",                                                                    // status: what follows its number
		"element 8 with more in it", "element 8 with more before its end", "element 8 with less in it", // digests: what is in the set
		"element 9 of another tag", "element 9 with more in it", "element 9 with more before its end", "element 9 with less in it", "element 10 of another tag",
		"element 15 with more in it", "element 16 with more in it", // certificates and lists of revoked ones
		"element 18 with less in it",                                                                                                   // attributes that are not signed may be left out
		"element 20 of another tag", "element 20 with more in it", "element 20 with more before its end", "element 20 with less in it", // who signs, otherwise named
		"element 21 of another tag", "element 21 with more in it", "element 22 of another tag",
		"element 23 with more in it", "element 41 with less in it", "element 43 of another tag", // parameters of digest and signature
		"element 45 with more in it", // attributes that are not signed
	},
	"attributes": {"element 11 with more in it", "element 12 with more in it", "element 13 with more in it"}, // what follows the certificate's digest
	"what was signed": {
		"element 0 with more in it", "element 0 with more before its end", "element 0 with less in it", // what follows the time
		"element 4 with more in it", "element 4 with more before its end", "element 4 with less in it", "element 6 of another tag", // parameters of the digest
		"element 10 of another tag", "element 11 of another tag", "element 12 of another tag", "element 12 with more in it", "element 12 with more before its end", "element 12 with less in it", "element 13 of another tag",
	},
}

func anchorTampers() []tampering {
	var out []tampering
	all := authorities()
	given := all["rsa"]
	row := func(name, codes, level string, p *plan, add func(f files), t tampering) {
		p.tags = add
		t.name, t.codes, t.level, t.zip = "anchor: "+name, codes, level, zipped(p)
		out = append(out, t)
	}
	// stamp is one response over the newest checkpoint, with its authority's certificate given.
	stamp := func(name, codes, level string, r response) {
		if r.by.der == nil {
			r.by = given
		}
		row(name, codes, level, &plan{}, func(f files) {
			b := r.build(f["custody/checkpoints/10.note"])
			f[anchorName(10, "tsr", b)] = b
		}, tampering{tsa: [][]byte{r.by.pem()}})
	}
	bad := func(name string, r response) { stamp("stamp, "+name, "anchor required", "", r) }
	for _, name := range []string{"rsa", "rsa3072", "p256", "p384", "p521", "long"} {
		for _, h := range []crypto.Hash{crypto.SHA256, crypto.SHA384, crypto.SHA512} {
			stamp(fmt.Sprintf("stamp by %s with %s", name, h), "", "anchored", response{by: all[name], hash: h})
		}
	}
	for i, h := range []crypto.Hash{crypto.SHA256, crypto.SHA384, crypto.SHA512} {
		for k := range 3 {
			how := fmt.Sprintf("%s1.1%d", pkcs, 1+k)
			if i == k {
				stamp(fmt.Sprintf("stamp, named way of signing %d", i), "", "anchored", response{hash: h, how: how})
			} else {
				bad(fmt.Sprintf("%s signed as %s", h, how), response{hash: h, how: how})
			}
		}
		bad(fmt.Sprintf("EC with %s named otherwise", h), response{by: all["p256"], hash: h, how: fmt.Sprintf("1.2.840.10045.4.3.%d", 2+(i+1)%3)})
	}
	good := func(name string, r response) { stamp("stamp, "+name, "", "anchored", r) }
	s1, s5 := sha1.Sum(given.der), sha512.Sum512(given.der)
	good("certificate named by SHA-1", response{certAttr: attribute(pkcs+"9.16.2.12", certV2(s1[:], ""))})
	good("certificate named by SHA-512", response{certAttr: attribute(pkcs+"9.16.2.47", certV2(s5[:], dSHA512))})
	good("both names, the older wrong", response{attributes: func(a [][]byte) [][]byte {
		return append(a, attribute(pkcs+"9.16.2.12", certV2(make([]byte, 20), "")))
	}})
	good("granted with changes", response{status: tlv(0x30, []byte{2, 1, 1}, tlv(0x30, tlv(0x0c, []byte("x"))))})
	good("fraction of a second", response{time: []byte("20261122100000.123456789Z")})
	good("at the certificate's first second", response{time: []byte("20260101000000Z")})
	good("at its last second", response{time: []byte("20270101000000Z")})
	good("a part of a second after its last", response{time: []byte("20270101000000.5Z")})
	good("further attributes", response{attributes: func(a [][]byte) [][]byte { return append(a, attribute("1.2.3", []byte{5, 0})) }})
	good("certificates", response{certificates: tlv(0xa0, given.der)})
	good("certificates and lists of revoked ones", response{certificates: tlv(0xa0, given.der), crls: tlv(0xa1)})
	good("lists of revoked ones", response{crls: tlv(0xa1)})
	good("attributes that are not signed", response{unsigned: tlv(0xa1)})
	good("more behind the serial number", response{tail: tlv(0xa0, []byte("name"))})

	bad("tag of several bytes inside", response{tail: []byte{0x3f, 0}})
	bad("half an element inside", response{tail: []byte{0x0c}})
	bad("no length inside", response{tail: append([]byte{0x30, 0x80}, make([]byte, 128)...)})
	bad("length written long inside", response{tail: []byte{0x0c, 0x81, 1, 'x'}})
	bad("length with a zero before it inside", response{tail: append([]byte{0x0c, 0x82, 0, 200}, make([]byte, 200)...)})
	bad("length written long, at the end inside", response{tail: []byte{0x30, 0x80}})
	bad("length that is cut off inside", response{tail: []byte{0x0c, 0x82, 1}})
	bad("length of nine bytes inside", response{tail: append([]byte{0x0c, 0x89, 1, 0, 0, 0, 0, 0, 0, 0, 200}, make([]byte, 200)...)})
	bad("imprint of something else", response{imprint: make([]byte, 32)})
	bad("imprint too short", response{imprint: make([]byte, 31)})
	bad("imprint by SHA-512", response{imprintOf: dSHA512})
	bad("version 2", response{version: []byte{2, 1, 2}})
	bad("version of two bytes", response{version: []byte{2, 2, 0, 1}})
	bad("before the certificate", response{time: []byte("20251231235959Z")})
	bad("after the certificate", response{time: []byte("20270101000001Z")})
	bad("time without Z", response{time: []byte("20261122100000")})
	bad("time with ten digits of a second", response{time: []byte("20261122100000.1234567890Z")})
	bad("time with no digits of a second", response{time: []byte("20261122100000.Z")})
	bad("time of letters", response{time: []byte("2026112210000xZ")})
	bad("time with a line end", response{time: []byte("20261122100000Z\n")})
	bad("not what was signed", response{digestAttr: tlv(4, make([]byte, 32))})
	bad("digest is no octets", response{digestAttr: tlv(3, make([]byte, 33))})
	bad("of another sort", response{contentType: oid(pkcs + "7.1")})
	bad("content of another sort", response{contentSort: pkcs + "7.1"})
	bad("no signed data", response{kind: pkcs + "7.1"})
	bad("no content type", response{attributes: func(a [][]byte) [][]byte { return a[1:] }})
	bad("no digest", response{attributes: func(a [][]byte) [][]byte { return [][]byte{a[0], a[2]} }})
	bad("no certificate named", response{attributes: func(a [][]byte) [][]byte { return a[:2] }})
	bad("an attribute twice", response{attributes: func(a [][]byte) [][]byte { return append(a, a[0]) }})
	bad("an attribute with two values", response{attributes: func(a [][]byte) [][]byte {
		return append(a, tlv(0x30, oid("1.2.3"), tlv(0x31, null, null)))
	}})
	bad("an attribute without a value", response{attributes: func(a [][]byte) [][]byte { return append(a, tlv(0x30, oid("1.2.3"), tlv(0x31))) }})
	bad("certificate named by an unknown digest", response{certAttr: attribute(pkcs+"9.16.2.47", certV2(s5[:], "1.2.3"))})
	bad("certificate's name is empty", response{certAttr: attribute(pkcs+"9.16.2.47", tlv(0x30, tlv(0x30, tlv(0x30))))})
	bad("no certificate's name", response{certAttr: attribute(pkcs+"9.16.2.47", tlv(0x30, tlv(0x30)))})
	bad("refused", response{status: tlv(0x30, []byte{2, 1, 2})})
	bad("status of two bytes", response{status: tlv(0x30, []byte{2, 2, 0, 0})})
	bad("no status", response{status: tlv(0x30)})
	bad("status is text", response{status: tlv(0x30, []byte{12, 1, 0})})
	bad("two signers", response{signers: func(s []byte) []byte { return tlv(0x31, s, s) }})
	bad("no signer", response{signers: func([]byte) []byte { return tlv(0x31) }})
	bad("signers are no set", response{signers: func(s []byte) []byte { return tlv(0x30, s) }})
	bad("lists before certificates", response{certificates: tlv(0xa1), crls: tlv(0xa0)})
	bad("two lists of certificates", response{certificates: slices.Concat(tlv(0xa0), tlv(0xa0))})
	bad("something behind the signer", response{unsigned: tlv(0xa2)})
	bad("two things behind the signer", response{unsigned: slices.Concat(tlv(0xa1), tlv(0xa1))})
	bad("version of the signed data is text", response{signedVersion: []byte{12, 1, 3}})
	bad("unknown digest", response{digestOID: "1.2.3"})
	bad("another digest", response{digestOID: dSHA512})
	bad("RSA signed as EC", response{how: "1.2.840.10045.4.3.2"})
	bad("EC signed as RSA", response{by: all["p256"], how: rsaPlain})
	bad("RSA-PSS", response{how: pkcs + "1.10"})
	bad("signature flipped", response{signature: func(s []byte) []byte { s[40] ^= 1; return s }})
	bad("signature too long", response{signature: func(s []byte) []byte { return append([]byte{0}, s...) }})
	// `openssl dgst -verify` reads no more of a signature than its key makes.
	bad("something behind the signature", response{signature: func(s []byte) []byte { return append(s, 0) }})
	bad("signature cut short", response{signature: func(s []byte) []byte { return s[:len(s)-1] }})
	bad("signature plus the modulus", response{signature: func(s []byte) []byte {
		n := new(big.Int).SetBytes(s)
		return n.Add(n, given.key.(*rsa.PrivateKey).N).Bytes()
	}})
	// A second number that comes to the same, as long as the first.
	for i := range 1000 {
		r := response{by: given, time: fmt.Appendf(nil, "20261122100000.%dZ", 1+i)}
		more, fits := new(big.Int), false
		r.signature = func(s []byte) []byte {
			more.SetBytes(s)
			more.Add(more, given.key.(*rsa.PrivateKey).N)
			fits = more.BitLen() <= 8*len(s)
			return more.Bytes()
		}
		if r.build((&plan{}).build()["custody/checkpoints/10.note"]); fits {
			bad("signature plus the modulus, as long", r)
			break
		}
	}
	bad("no signature", response{signature: func([]byte) []byte { return nil }})
	ec := func(name string, change func(r, s *big.Int) []byte) {
		bad("EC, "+name, response{by: all["p256"], signature: func(sig []byte) []byte {
			var v struct{ R, S *big.Int }
			if _, err := asn1.Unmarshal(sig, &v); err != nil {
				panic(err)
			}
			return change(v.R, v.S)
		}})
	}
	integer := func(n *big.Int) []byte {
		b, err := asn1.Marshal(n)
		if err != nil {
			panic(err)
		}
		return b
	}
	order := elliptic.P256().Params().N
	ec("r is 0", func(_, s *big.Int) []byte { return tlv(0x30, integer(new(big.Int)), integer(s)) })
	ec("s is 0", func(r, _ *big.Int) []byte { return tlv(0x30, integer(r), integer(new(big.Int))) })
	ec("s more than the order", func(r, s *big.Int) []byte { return tlv(0x30, integer(r), integer(new(big.Int).Add(s, order))) })
	ec("r more than the order", func(r, s *big.Int) []byte { return tlv(0x30, integer(new(big.Int).Add(r, order)), integer(s)) })
	ec("s less than 0", func(r, s *big.Int) []byte { return tlv(0x30, integer(r), integer(new(big.Int).Neg(s))) })
	ec("s without the zero before it", func(r, s *big.Int) []byte {
		if other := new(big.Int).Sub(order, s); other.Cmp(s) > 0 {
			s = other // fits as well, and begins with a one
		}
		return tlv(0x30, integer(r), tlv(2, s.Bytes()))
	})
	ec("s is no number", func(r, s *big.Int) []byte { return tlv(0x30, integer(r), append([]byte{4}, integer(s)[1:]...)) })
	good("EC, s from the other side of the order", response{by: all["p256"], signature: func(sig []byte) []byte {
		var v struct{ R, S *big.Int }
		if _, err := asn1.Unmarshal(sig, &v); err != nil {
			panic(err)
		}
		return tlv(0x30, integer(v.R), integer(v.S.Sub(order, v.S)))
	}})
	ec("r and s changed round", func(r, s *big.Int) []byte { return tlv(0x30, integer(s), integer(r)) })
	ec("r written long", func(r, s *big.Int) []byte {
		return tlv(0x30, tlv(2, []byte{0, 0}, r.Bytes()), integer(s))
	})
	ec("a third number", func(r, s *big.Int) []byte { return tlv(0x30, integer(r), integer(s), integer(s)) })
	ec("one number", func(r, _ *big.Int) []byte { return tlv(0x30, integer(r)) })
	ec("something behind", func(r, s *big.Int) []byte { return append(tlv(0x30, integer(r), integer(s)), 0) })
	ec("another element behind", func(r, s *big.Int) []byte { return append(tlv(0x30, integer(r), integer(s)), null...) })
	ec("raw", func(r, s *big.Int) []byte {
		return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	})
	ec("empty", func(_, _ *big.Int) []byte { return nil })
	bad("something behind it", response{after: func(b []byte) []byte { return append(b, 0) }})
	bad("two of them", response{after: func(b []byte) []byte { return append(b, b...) }})
	bad("cut short", response{after: func(b []byte) []byte { return b[:len(b)-1] }})
	bad("empty", response{after: func([]byte) []byte { return nil }})
	bad("a length alone", response{after: func([]byte) []byte { return []byte{0x30, 0x82} }})
	bad("one byte", response{after: func(b []byte) []byte { return b[:1] }})
	bad("text", response{after: func([]byte) []byte { return []byte("hello\n") }})
	bad("length written long", response{after: func(b []byte) []byte { return slices.Concat([]byte{0x30, 0x83, 0}, b[2:]) }})
	bad("length of five bytes", response{after: func(b []byte) []byte { return slices.Concat([]byte{0x30, 0x85, 0, 0, 0}, b[2:]) }})
	bad("no length", response{after: func(b []byte) []byte { return slices.Concat([]byte{0x30, 0x80}, b[4:], []byte{0, 0}) }})
	bad("tag of several bytes", response{after: func(b []byte) []byte { return slices.Concat([]byte{0x3f}, b[1:]) }})
	bad("huge length", response{after: func(b []byte) []byte { return slices.Concat([]byte{0x30, 0x84, 0xff, 0xff, 0xff, 0xff}, b[4:]) }})
	bad("more than 256 KiB", response{certificates: tlv(0xa0, make([]byte, 256<<10))})
	bad("signed data nested in text", response{info: []byte("hello")})
	bad("what was signed has more behind it", response{info: append(tlv(0x30, []byte{2, 1, 1}), 0)})
	bad("what was signed has another element behind it", response{changeInfo: func(b []byte) []byte { return append(b, null...) }})
	bad("another element behind it", response{after: func(b []byte) []byte { return append(b, null...) }})
	bad("what was signed is cut short", response{info: tlv(0x30, []byte{2, 1, 1})})

	// Each element of what was signed, of its attributes, and of all, changed in turn; free
	// are those of which the format says nothing.
	parts := map[string]func(r *response, change func([]byte) []byte){
		"what was signed": func(r *response, change func([]byte) []byte) { r.changeInfo = change },
		"attributes": func(r *response, change func([]byte) []byte) {
			r.attributes = func(a [][]byte) [][]byte { return [][]byte{change(slices.Concat(a...))} }
		},
		"all": func(r *response, change func([]byte) []byte) { r.after = change },
	}
	for _, part := range slices.Sorted(maps.Keys(parts)) {
		full := response{by: given, certificates: tlv(0xa0), crls: tlv(0xa1), unsigned: tlv(0xa1), tail: tlv(0xa0, null)}
		var names []string
		sample := full
		parts[part](&sample, func(b []byte) []byte { names, _ = eachDER(b); return b })
		sample.build(nil)
		for i, name := range names {
			r := full
			parts[part](&r, func(b []byte) []byte { _, all := eachDER(b); return all[i] })
			if slices.Contains(freeElements[part], name) {
				good(part+", "+name, r)
			} else {
				bad(part+", "+name, r)
			}
		}
	}

	note := func(f files, size int) []byte { return f[fmt.Sprintf("custody/checkpoints/%d.note", size)] }
	response10 := func(f files) []byte { return response{by: given}.build(note(f, 10)) }
	put := func(f files, size int, sort string, b []byte) { f[anchorName(size, sort, b)] = b }
	pemGiven := [][]byte{given.pem()}
	row("stamp, certificate in DER", "", "anchored", &plan{}, func(f files) { put(f, 10, "tsr", response10(f)) }, tampering{tsa: [][]byte{given.der}})
	row("stamp, one of several certificates", "", "anchored", &plan{}, func(f files) { put(f, 10, "tsr", response10(f)) }, tampering{tsa: [][]byte{append(all["other"].pem(), given.pem()...), all["p256"].der}})
	row("stamp, nobody's certificate given", "", "", &plan{}, func(f files) { put(f, 10, "tsr", response10(f)) }, tampering{})
	row("stamp by another authority", "required", "", &plan{}, func(f files) { put(f, 10, "tsr", response10(f)) }, tampering{tsa: [][]byte{all["other"].pem()}})
	row("stamp that is wrong, by another authority", "required", "", &plan{}, func(f files) { put(f, 7, "tsr", response10(f)) }, tampering{tsa: [][]byte{all["other"].pem()}})
	row("no stamp", "required", "", &plan{}, func(files) {}, tampering{tsa: pemGiven})
	row("stamp of another checkpoint", "anchor required", "", &plan{}, func(f files) { put(f, 7, "tsr", response10(f)) }, tampering{tsa: pemGiven})
	row("stamp of a checkpoint that is not there", "anchor required", "", &plan{}, func(f files) { put(f, 9, "tsr", response10(f)) }, tampering{tsa: pemGiven})
	row("stamp of a huge size", "anchor required", "", &plan{}, func(f files) { put(f, 9999999999999999, "tsr", response10(f)) }, tampering{tsa: pemGiven})
	row("stamp of the older checkpoint", "", "anchored", &plan{}, func(f files) { put(f, 7, "tsr", response{by: given}.build(note(f, 7))) }, tampering{tsa: pemGiven})
	row("stamp of a checkpoint by nobody known", "checkpoint required", "", &plan{}, func(f files) {
		f["custody/checkpoints/7.note"] = []byte(signed(theOrigin+"\n7\n"+base64.StdEncoding.EncodeToString(make([]byte, 32))+"\n", seedKey("other")))
		put(f, 7, "tsr", response{by: given}.build(note(f, 7)))
	}, tampering{tsa: pemGiven})
	row("stamp of a checkpoint that is too long", "checkpoint anchor required", "", &plan{}, func(f files) {
		f["custody/checkpoints/7.note"] = make([]byte, 65537)
		put(f, 7, "tsr", response{by: given}.build(note(f, 7)))
	}, tampering{tsa: pemGiven})
	row("one stamp right, one wrong", "anchor", "anchored", &plan{}, func(f files) {
		put(f, 10, "tsr", response10(f))
		put(f, 7, "tsr", response{by: given, imprint: make([]byte, 32)}.build(note(f, 7)))
	}, tampering{tsa: pemGiven})
	row("stamp does not stand for a trusted key", "required", "anchored", &plan{}, func(f files) { put(f, 10, "tsr", response10(f)) }, tampering{tsa: pemGiven, trust: []string{vkeyOf(theOrigin, seedKey("other"))}})
	row("stamp and a trusted key", "", "anchored", &plan{}, func(f files) { put(f, 7, "tsr", response{by: given}.build(note(f, 7))) }, tampering{tsa: pemGiven, trust: []string{vkeyOf(theOrigin, seedKey("log"))}})
	row("stamp and chain", "", "anchored", &plan{}, func(f files) {
		b := response10(f)
		put(f, 10, "tsr", b)
		f[strings.TrimSuffix(anchorName(10, "tsr", b), "tsr")+"pem"] = given.pem()
	}, tampering{tsa: pemGiven})
	for _, name := range []string{"anchors/010-0123456789abcdef.tsr", "anchors/0-0123456789abcdef.tsr", "anchors/10-0123456789abcdeF.tsr", "anchors/10-0123456789abcde.tsr", "anchors/10-0123456789abcdef.TSR", "anchors/x/10-0123456789abcdef.tsr", "anchors/10-0123456789abcdef.tsr.x"} {
		row("name "+name, "required", "", &plan{}, func(f files) { f[name] = response10(f) }, tampering{tsa: pemGiven})
	}
	row("name with another ID", "", "anchored", &plan{}, func(f files) { f["anchors/10-0123456789abcdef.tsr"] = response10(f) }, tampering{tsa: pemGiven})
	after := &plan{after: func(f files) {
		for name, b := range f {
			if strings.HasSuffix(name, ".tsr") {
				f[name] = append(slices.Clone(b), 0)
			}
		}
	}}
	row("stamp altered since", "file.altered required", "", after, func(f files) { put(f, 10, "tsr", response10(f)) }, tampering{tsa: pemGiven})

	w, w2 := seedKey("witness"), seedKey("witness 2")
	keys := []string{witnessKey("witness.example/w", w)}
	cosigned := func(name, codes, level string, size int, make func(f files) []byte, witnesses ...string) {
		if witnesses == nil {
			witnesses = keys
		}
		row("cosigned, "+name, codes, level, &plan{}, func(f files) { put(f, size, "note", make(f)) }, tampering{witnesses: witnesses})
	}
	with := func(b []byte, lines ...string) []byte { return append(slices.Clone(b), strings.Join(lines, "")...) }
	const at = 1795341600
	line := func(b []byte) string { return cosign(b, "witness.example/w", w, at) }
	cosigned("right", "", "anchored", 10, func(f files) []byte { return with(note(f, 10), line(note(f, 10))) })
	cosigned("the older checkpoint", "", "anchored", 7, func(f files) []byte { return with(note(f, 7), line(note(f, 7))) })
	cosigned("a checkpoint that is not in the bundle", "", "anchored", 5, func(f files) []byte {
		b := noteOf(theOrigin, 5, linesOf(f), seedKey("log"))
		return with(b, line(b))
	})
	cosigned("without the log's own signature", "", "anchored", 10, func(f files) []byte {
		text, _, _ := strings.Cut(string(note(f, 10)), "\n\n")
		return []byte(text + "\n\n" + line(note(f, 10)))
	})
	cosigned("the log's own signature wrong", "", "anchored", 10, func(f files) []byte {
		b := noteOf(theOrigin, 10, linesOf(f), seedKey("other"))
		return with(b, line(b))
	})
	cosigned("by two witnesses", "", "anchored", 10, func(f files) []byte {
		return with(note(f, 10), line(note(f, 10)), cosign(note(f, 10), "w2", w2, at+1))
	}, keys[0], witnessKey("w2", w2))
	cosigned("by two witnesses, the second wrong", "anchor required", "", 10, func(f files) []byte {
		return with(note(f, 10), line(note(f, 10)), cosign(note(f, 7), "w2", w2, at+1))
	}, keys[0], witnessKey("w2", w2))
	cosigned("by two witnesses, the second wrong and not given", "", "anchored", 10, func(f files) []byte {
		return with(note(f, 10), line(note(f, 10)), cosign(note(f, 7), "w2", w2, at+1))
	})
	cosigned("at the first second", "", "anchored", 10, func(f files) []byte { return with(note(f, 10), cosign(note(f, 10), "witness.example/w", w, 0)) })
	cosigned("in the year 9999", "", "anchored", 10, func(f files) []byte {
		return with(note(f, 10), cosign(note(f, 10), "witness.example/w", w, 253402300799))
	})
	cosigned("in the year 10000", "anchor required", "", 10, func(f files) []byte {
		return with(note(f, 10), cosign(note(f, 10), "witness.example/w", w, 253402300800))
	})
	cosigned("at the end of time", "anchor required", "", 10, func(f files) []byte {
		return with(note(f, 10), cosign(note(f, 10), "witness.example/w", w, 1<<64-1))
	})
	cosigned("by a witness that was not given", "required", "", 10, func(f files) []byte { return with(note(f, 10), cosign(note(f, 10), "w2", w2, at)) })
	cosigned("by another key under the witness's name", "required", "", 10, func(f files) []byte {
		return with(note(f, 10), cosign(note(f, 10), "witness.example/w", w2, at))
	})
	cosigned("another checkpoint's line", "anchor required", "", 10, func(f files) []byte { return with(note(f, 10), line(note(f, 7))) })
	cosigned("under another size", "anchor required", "", 9, func(f files) []byte { return with(note(f, 10), line(note(f, 10))) })
	cosigned("as a plain signature", "anchor required", "", 10, func(f files) []byte {
		text, _, _ := strings.Cut(string(note(f, 10)), "\n\n")
		raw := append([]byte{4}, w.Public().(ed25519.PublicKey)...)
		sig := append(witnessHash("witness.example/w", raw), ed25519.Sign(w, []byte(text+"\n"))...)
		return with(note(f, 10), "— witness.example/w "+base64.StdEncoding.EncodeToString(sig)+"\n")
	})
	cosigned("cut short", "anchor required", "", 10, func(f files) []byte { b := with(note(f, 10), line(note(f, 10))); return b[:len(b)-1] })
	cosigned("a line of a few bytes", "anchor required", "", 10, func(f files) []byte {
		raw := append([]byte{4}, publicOf(w)...)
		return with(note(f, 10), "— witness.example/w "+base64.StdEncoding.EncodeToString(append(witnessHash("witness.example/w", raw), 1, 2, 3))+"\n")
	})
	cosigned("and a line of another name under the witness's hash", "", "anchored", 10, func(f files) []byte {
		raw := append([]byte{4}, publicOf(w)...)
		return with(note(f, 10), line(note(f, 10)), "— w3 "+base64.StdEncoding.EncodeToString(append(witnessHash("witness.example/w", raw), make([]byte, 72)...))+"\n")
	})
	cosigned("nothing under it", "anchor required", "", 10, func(f files) []byte { return []byte(noteText(theOrigin, 10, linesOf(f)) + "\n") })
	cosigned("text alone", "anchor required", "", 10, func(f files) []byte { return []byte(noteText(theOrigin, 10, linesOf(f))) })
	cosigned("empty", "anchor required", "", 10, func(files) []byte { return nil })
	cosigned("more than 64 KiB", "anchor required", "", 10, func(f files) []byte {
		b := with(note(f, 10), line(note(f, 10)))
		for i := 0; len(b) <= 65536; i++ {
			b = fmt.Appendf(b, "— w%d %s\n", i, base64.StdEncoding.EncodeToString(make([]byte, 68)))
		}
		return b
	})
	cosigned("of another log", "anchor required", "", 10, func(f files) []byte {
		b := noteOf("other/"+theOrigin, 10, linesOf(f), seedKey("log"))
		return with(b, line(b))
	})
	cosigned("over more than there is", "anchor.rolled-back required", "", 11, func(f files) []byte {
		b := noteOf(theOrigin, 11, append(linesOf(f), []byte("{}")), seedKey("log"))
		return with(b, line(b))
	})
	cosigned("over a huge size", "anchor required", "", 9999999999999999, func(files) []byte {
		b := []byte(signed(theOrigin+"\n9999999999999999\n"+base64.StdEncoding.EncodeToString(make([]byte, 32))+"\n", seedKey("log")))
		return with(b, line(b))
	})
	cosigned("of another history", "anchor.forked required", "", 10, func(f files) []byte {
		l := linesOf(f)
		l[3] = []byte("{}")
		b := noteOf(theOrigin, 10, l, seedKey("log"))
		return with(b, line(b))
	})
	row("no stamp by its form, nobody's certificate given", "", "", &plan{}, func(f files) { put(f, 10, "tsr", []byte("x")) }, tampering{})
	row("no note by its form, nobody's key given", "", "", &plan{}, func(f files) { put(f, 10, "note", []byte("x")) }, tampering{})
	cosigned("over more than there is, by nobody given", "required", "", 11, func(f files) []byte {
		b := noteOf(theOrigin, 11, append(linesOf(f), []byte("{}")), seedKey("log"))
		return with(b, cosign(b, "w2", w2, at))
	})
	row("cosigned, nobody's key given", "", "", &plan{}, func(f files) { put(f, 10, "note", with(note(f, 10), line(note(f, 7)))) }, tampering{})
	row("not cosigned", "required", "", &plan{}, func(files) {}, tampering{witnesses: keys})
	row("cosigned, and stamped by nobody given", "required", "anchored", &plan{}, func(f files) { put(f, 10, "note", with(note(f, 10), line(note(f, 10)))) }, tampering{witnesses: keys, tsa: pemGiven})
	row("cosigned by who rewrote it all", "anchor.forked required", "", &plan{key: seedKey("other")}, func(f files) {
		b := noteOf(theOrigin, 10, linesOf((&plan{}).build()), seedKey("log"))
		put(f, 10, "note", with(b, line(b)))
	}, tampering{witnesses: keys})
	row("both, and the log damaged", "file.altered required", "none", &plan{after: func(f files) { f["custody/log.jsonl"][5] ^= 1 }}, func(f files) {
		put(f, 10, "tsr", response10(f))
		put(f, 10, "note", with(note(f, 10), line(note(f, 10))))
	}, tampering{witnesses: keys, tsa: pemGiven})
	return out
}
