// Package sshsig makes and checks detached SSH signatures, as `ssh-keygen -Y sign`
// and `-Y verify` do (OpenSSH PROTOCOL.sshsig, version 1), and reads files of
// allowed signers (ssh-keygen(1), ALLOWED SIGNERS).
package sshsig

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/pem"
	"errors"
	"fmt"

	"golang.org/x/crypto/ssh"

	"github.com/exhibit-forensics/exhibit/evidence"
)

const (
	magic    = "SSHSIG"
	armor    = "SSH SIGNATURE"
	version  = 1
	maxArmor = 64 << 10
)

// ErrSignature: the signature is not one under this message.
var ErrSignature = errors.New("the signature is wrong")

// blob is the signature as in PROTOCOL.sshsig, after the magic.
type blob struct {
	Version   uint32
	PublicKey []byte
	Namespace string
	Reserved  string
	Hash      string
	Signature []byte
}

// signed is what is signed, after the magic.
type signed struct {
	Namespace string
	Reserved  string
	Hash      string
	Digest    []byte
}

// Signature is a checked signature.
type Signature struct {
	// Key is who signed; a signature states its key itself, so that whose it is must
	// be known from elsewhere.
	Key ssh.PublicKey
	// Namespace is what it was made for.
	Namespace string
}

// Fingerprint is the key's, as ssh-keygen -l prints it: SHA256:….
func (s Signature) Fingerprint() string { return ssh.FingerprintSHA256(s.Key) }

// Sign returns the armored signature of message by an Ed25519 key, byte for byte what
// ssh-keygen makes of it.
func Sign(key ed25519.PrivateKey, namespace string, message []byte) ([]byte, error) {
	if namespace == "" {
		return nil, fmt.Errorf("sshsig: %w: empty namespace", evidence.ErrFormat)
	}
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		return nil, fmt.Errorf("sshsig: %w", err)
	}
	sum := sha512.Sum512(message)
	text := append([]byte(magic), ssh.Marshal(signed{Namespace: namespace, Hash: "sha512", Digest: sum[:]})...)
	// Ed25519 takes nothing from a random source (RFC 8032).
	sig, err := signer.Sign(nil, text)
	if err != nil {
		return nil, fmt.Errorf("sshsig: %w", err)
	}
	b := append([]byte(magic), ssh.Marshal(blob{
		Version: version, PublicKey: signer.PublicKey().Marshal(), Namespace: namespace, Hash: "sha512", Signature: ssh.Marshal(sig),
	})...)
	return armored(b), nil
}

// Verify checks an armored signature of message for a namespace. It fails with
// evidence.ErrFormat where it is no signature that can be read, or by a key or
// algorithm that OpenSSH refuses; with ErrSignature where it is not one of this message
// and namespace.
func Verify(armoredSig, message []byte, namespace string) (Signature, error) {
	s, err := verify(armoredSig, message, namespace)
	if err != nil {
		return Signature{}, fmt.Errorf("sshsig: %w", err)
	}
	return s, nil
}

func verify(armoredSig, message []byte, namespace string) (Signature, error) {
	bad := func(why string) (Signature, error) { return Signature{}, fmt.Errorf("%w: %s", evidence.ErrFormat, why) }
	if len(armoredSig) > maxArmor {
		return bad("longer than a signature")
	}
	block, rest := pem.Decode(bytes.ReplaceAll(armoredSig, []byte("\r\n"), []byte("\n")))
	if block == nil || block.Type != armor || len(block.Headers) > 0 || len(bytes.TrimSpace(rest)) > 0 {
		return bad("not an SSH signature")
	}
	body, ok := bytes.CutPrefix(block.Bytes, []byte(magic))
	if !ok {
		return bad("not an SSH signature")
	}
	var b blob
	if err := ssh.Unmarshal(body, &b); err != nil || b.Version != version || b.Reserved != "" {
		return bad("not an SSH signature of version 1")
	}
	var digest []byte
	switch b.Hash {
	case "sha512":
		sum := sha512.Sum512(message)
		digest = sum[:]
	case "sha256":
		sum := sha256.Sum256(message)
		digest = sum[:]
	default:
		return bad("digest algorithm")
	}
	key, err := ssh.ParsePublicKey(b.PublicKey)
	if err != nil {
		return bad("public key")
	}
	var sig ssh.Signature
	if err := ssh.Unmarshal(b.Signature, &sig); err != nil {
		return bad("signature")
	}
	// PROTOCOL.sshsig: RSA signs with SHA-2 only; certificates are not looked into.
	switch {
	case key.Type() == ssh.KeyAlgoRSA && sig.Format != ssh.KeyAlgoRSASHA256 && sig.Format != ssh.KeyAlgoRSASHA512:
		return bad("RSA signature with SHA-1")
	case !keyTypes(key.Type()):
		return bad("keys of type " + key.Type() + " are not accepted")
	case b.Namespace != namespace:
		return Signature{}, fmt.Errorf("%w: it was made for %q, not for %q", ErrSignature, b.Namespace, namespace)
	}
	text := append([]byte(magic), ssh.Marshal(signed{Namespace: b.Namespace, Hash: b.Hash, Digest: digest})...)
	if err := key.Verify(text, &sig); err != nil {
		return Signature{}, fmt.Errorf("%w: it is not over these bytes", ErrSignature)
	}
	return Signature{Key: key, Namespace: b.Namespace}, nil
}

func keyTypes(t string) bool {
	switch t {
	case ssh.KeyAlgoED25519, ssh.KeyAlgoRSA, ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521, ssh.KeyAlgoSKED25519, ssh.KeyAlgoSKECDSA256:
		return true
	}
	return false
}

// armored writes lines of 70 characters, as OpenSSH does.
func armored(b []byte) []byte {
	text := pem.EncodeToMemory(&pem.Block{Type: armor, Bytes: b})
	lines := bytes.Split(bytes.TrimSuffix(text, []byte("\n")), []byte("\n"))
	body := bytes.Join(lines[1:len(lines)-1], nil)
	out := append(bytes.Clone(lines[0]), '\n')
	for len(body) > 0 {
		n := min(70, len(body))
		out = append(append(out, body[:n]...), '\n')
		body = body[n:]
	}
	return append(append(out, lines[len(lines)-1]...), '\n')
}

// PublicLine is an Ed25519 key as it stands in authorized_keys and in files of allowed
// signers after the principal: type, base64, comment.
func PublicLine(key ed25519.PublicKey, comment string) (string, error) {
	k, err := ssh.NewPublicKey(key)
	if err != nil {
		return "", fmt.Errorf("sshsig: %w", err)
	}
	line := string(bytes.TrimSpace(ssh.MarshalAuthorizedKey(k)))
	if comment != "" {
		line += " " + comment
	}
	return line, nil
}
