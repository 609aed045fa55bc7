package verify

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math/big"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// SSH signatures under statements of transfer (OpenSSH PROTOCOL.sshsig), by any key that
// ssh-keygen signs with. This package's own reading; a bundle's signature has a narrower form.

// maxArmor bounds an armored signature in bytes.
const maxArmor = 64 << 10

// sshSignature is a signature as it was read, not yet checked.
type sshSignature struct {
	key       []byte // the public key's wire form
	namespace string
	hash      string
	format    string // of the signature
	sig, more []byte // more: what a security key adds
}

// fingerprint is the key's, as ssh-keygen -l prints it.
func (s *sshSignature) fingerprint() string {
	sum := sha256.Sum256(s.key)
	return "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:])
}

// sshFields takes strings off an SSH message (RFC 4251 §5).
type sshFields struct {
	b   []byte
	bad bool
}

func (f *sshFields) next() []byte {
	if f.bad || len(f.b) < 4 {
		f.bad = true
		return nil
	}
	n := binary.BigEndian.Uint32(f.b)
	if uint64(n) > uint64(len(f.b)-4) {
		f.bad = true
		return nil
	}
	s := f.b[4 : 4+n]
	f.b = f.b[4+n:]
	return s
}

// done reports whether all was read, and nothing was missing.
func (f *sshFields) done() bool { return !f.bad && len(f.b) == 0 }

// readSSHSignature reads an armored signature. Line ends and the width of lines are as they
// may be; what the armor holds has one form.
func readSSHSignature(armor string) (*sshSignature, error) {
	bad := func(why string) (*sshSignature, error) {
		return nil, fmt.Errorf("%w: SSH signature: %s", evidence.ErrFormat, why)
	}
	if len(armor) > maxArmor {
		return bad("too long")
	}
	text := strings.TrimSpace(strings.ReplaceAll(armor, "\r\n", "\n")) + "\n"
	body, began := strings.CutPrefix(text, sigBegin)
	body, ended := strings.CutSuffix(body, sigEnd)
	blob, err := base64.StdEncoding.Strict().DecodeString(strings.ReplaceAll(body, "\n", ""))
	if !began || !ended || err != nil {
		return bad("no armor")
	}
	rest, ok := strings.CutPrefix(string(blob), "SSHSIG\x00\x00\x00\x01")
	if !ok {
		return bad("not of version 1")
	}
	f := sshFields{b: []byte(rest)}
	s := &sshSignature{key: f.next(), namespace: string(f.next())}
	reserved := f.next()
	s.hash = string(f.next())
	inner := sshFields{b: f.next()}
	s.format, s.sig = string(inner.next()), inner.next()
	s.more = inner.b
	if !f.done() || inner.bad || len(reserved) > 0 {
		return bad("not as the protocol has it")
	}
	return s, nil
}

// over reports whether the signature is one over message for a namespace. An algorithm that
// OpenSSH would refuse, or that this package does not know, is evidence.ErrFormat.
func (s *sshSignature) over(message []byte, namespace string) (bool, error) {
	var digest []byte
	switch s.hash {
	case "sha512":
		sum := sha512.Sum512(message)
		digest = sum[:]
	case "sha256":
		sum := sha256.Sum256(message)
		digest = sum[:]
	default:
		return false, fmt.Errorf("%w: SSH signature: digest %s", evidence.ErrFormat, shown(s.hash))
	}
	signed := []byte("SSHSIG" + sshString(s.namespace, "", s.hash, string(digest)))
	f := sshFields{b: s.key}
	kind := string(f.next())
	var ok, known bool
	switch kind {
	case "ssh-ed25519":
		key := f.next()
		known = len(key) == ed25519.PublicKeySize && s.format == kind && len(s.more) == 0
		ok = known && ed25519.Verify(key, signed, s.sig)
	case "sk-ssh-ed25519@openssh.com":
		key := f.next()
		signed, enough := s.bySecurityKey(signed, f.next())
		known = len(key) == ed25519.PublicKeySize && s.format == kind && enough
		ok = known && ed25519.Verify(key, signed, s.sig)
	case "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521":
		curve, point := f.next(), f.next()
		known = kind == "ecdsa-sha2-"+string(curve) && s.format == kind && len(s.more) == 0
		ok = known && s.byECDSA(string(curve), point, signed)
	case "sk-ecdsa-sha2-nistp256@openssh.com":
		curve, point := f.next(), f.next()
		signed, enough := s.bySecurityKey(signed, f.next())
		known = string(curve) == "nistp256" && s.format == kind && enough
		ok = known && s.byECDSA(string(curve), point, signed)
	case "ssh-rsa":
		e, n := f.next(), f.next()
		known = (s.format == "rsa-sha2-256" || s.format == "rsa-sha2-512") && len(s.more) == 0
		ok = known && s.byRSA(e, n, signed)
	}
	if !known || !f.done() {
		return false, fmt.Errorf("%w: SSH signature: key %s, signature %s", evidence.ErrFormat, shown(kind), shown(s.format))
	}
	return ok && s.namespace == namespace, nil
}

// bySecurityKey is what a security key signs (PROTOCOL.u2f): the digest of its application, flags
// and counter, the digest of what is signed. enough: the signature states flags and counter.
func (s *sshSignature) bySecurityKey(signed, application []byte) (text []byte, enough bool) {
	if len(s.more) != 5 {
		return nil, false
	}
	a, m := sha256.Sum256(application), sha256.Sum256(signed)
	return append(append(a[:], s.more...), m[:]...), true
}

func (s *sshSignature) byECDSA(curve string, point, signed []byte) bool {
	var c elliptic.Curve
	var digest []byte
	switch curve {
	case "nistp256":
		sum := sha256.Sum256(signed)
		c, digest = elliptic.P256(), sum[:]
	case "nistp384":
		sum := sha512.Sum384(signed)
		c, digest = elliptic.P384(), sum[:]
	case "nistp521":
		sum := sha512.Sum512(signed)
		c, digest = elliptic.P521(), sum[:]
	default:
		return false
	}
	key, err := ecdsa.ParseUncompressedPublicKey(c, point)
	if err != nil {
		return false
	}
	f := sshFields{b: s.sig} // RFC 5656 §3.1.2
	r, t := new(big.Int).SetBytes(f.next()), new(big.Int).SetBytes(f.next())
	return f.done() && ecdsa.Verify(key, digest, r, t)
}

func (s *sshSignature) byRSA(e, n, signed []byte) bool {
	exponent, modulus := new(big.Int).SetBytes(e), new(big.Int).SetBytes(n)
	if !exponent.IsInt64() || exponent.Int64() > 1<<31-1 || modulus.BitLen() < 1024 || modulus.BitLen() > 16384 {
		return false
	}
	key := &rsa.PublicKey{N: modulus, E: int(exponent.Int64())}
	h, sum256 := crypto.SHA256, sha256.Sum256(signed)
	digest := sum256[:]
	if s.format == "rsa-sha2-512" {
		sum := sha512.Sum512(signed)
		h, digest = crypto.SHA512, sum[:]
	}
	// A signature may come without its leading zeros (RFC 8332 §3, RFC 4253).
	sig := s.sig
	if size := key.Size(); len(sig) < size {
		sig = append(make([]byte, size-len(sig)), sig...)
	}
	return rsa.VerifyPKCS1v15(key, h, digest, sig) == nil
}
