package install

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// Namespace is that of signatures over a plugin's SHA256SUMS:
// ssh-keygen -Y sign -n exhibit-plugin -f KEY SHA256SUMS.
const Namespace = "exhibit-plugin"

// Signed is what is known of the plugin's signature.
type Signed struct {
	// By is the fingerprint of the key, "" where it is not signed.
	By string
	// Trusted: the key is among the signers that were given; Name is what they call it.
	Trusted bool
	Name    string
}

// Signature checks what came with the plugin against its files, and its signature
// against signers, the text of a file of public keys or of allowed signers
// (ssh-keygen(1)); nil for none. A list that is wrong, a signature that is wrong and,
// with signers, none or one of somebody else are evidence.ErrRefused.
func (s *Staged) Signature(signers []byte) (Signed, error) {
	if s.Sums != nil {
		if err := s.checkSums(); err != nil {
			return Signed{}, fmt.Errorf("install: %w: %w", evidence.ErrRefused, err)
		}
	}
	if s.Sig == nil {
		if signers != nil {
			return Signed{}, fmt.Errorf("install: %w: the plugin is not signed: there is no %s", evidence.ErrRefused, sigFile)
		}
		return Signed{}, nil
	}
	if s.Sums == nil {
		return Signed{}, fmt.Errorf("install: %w: %s is there and %s, which it signs, is not", evidence.ErrRefused, sigFile, sumsFile)
	}
	key, err := verify(s.Sums, s.Sig, Namespace)
	if err != nil {
		return Signed{}, fmt.Errorf("install: %w: %s: %w", evidence.ErrRefused, sigFile, err)
	}
	signed := Signed{By: ssh.FingerprintSHA256(key)}
	if signers == nil {
		return signed, nil
	}
	if signed.Name, err = among(signers, key); err != nil {
		return Signed{}, fmt.Errorf("install: %w", err)
	}
	signed.Trusted = true
	return signed, nil
}

// checkSums compares SHA256SUMS, as sha256sum(1) writes it, with the plugin's files:
// all of them and no other.
func (s *Staged) checkSums() error {
	listed := map[string]string{}
	for i, line := range strings.Split(strings.TrimSuffix(string(s.Sums), "\n"), "\n") {
		digest, name, ok := strings.Cut(line, " ")
		if !ok || len(name) < 2 || len(digest) != 2*sha256.Size {
			return fmt.Errorf("%s: line %d is not as sha256sum writes it", sumsFile, i+1)
		}
		listed[strings.TrimPrefix(name[1:], "./")] = digest
	}
	for name, d := range s.Plugin.Files {
		if strings.HasPrefix(name, "/") { // the interpreter, which is this computer's
			continue
		}
		switch want, ok := listed[name]; {
		case !ok:
			return fmt.Errorf("%s does not list %q", sumsFile, name)
		case !strings.EqualFold(want, d.Hex()):
			return fmt.Errorf("%s has %q with sha256:%s, and the file has %s", sumsFile, name, want, d)
		}
		delete(listed, name)
	}
	for name := range listed {
		if !strings.HasPrefix(name, testdata+"/") {
			return fmt.Errorf("%s lists %q, which is not there", sumsFile, name)
		}
	}
	return nil
}

// sshsig is the blob of OpenSSH's PROTOCOL.sshsig, after its magic.
type sshsig struct {
	Version                                         uint32
	PublicKey, Namespace, Reserved, Hash, Signature string
}

// signedData is what the signature is over, after the magic.
type signedData struct{ Namespace, Reserved, Hash, Digest string }

const sshsigMagic = "SSHSIG"

// verify returns the key that made an armored SSH signature over message.
func verify(message, armored []byte, namespace string) (ssh.PublicKey, error) {
	block, _ := pem.Decode(armored)
	if block == nil || block.Type != "SSH SIGNATURE" {
		return nil, errors.New("not an SSH signature")
	}
	body, ok := bytes.CutPrefix(block.Bytes, []byte(sshsigMagic))
	if !ok {
		return nil, errors.New("not an SSH signature")
	}
	var sig sshsig
	if err := ssh.Unmarshal(body, &sig); err != nil {
		return nil, fmt.Errorf("not an SSH signature: %w", err)
	}
	if sig.Version != 1 || sig.Namespace != namespace {
		return nil, fmt.Errorf("version %d, namespace %q; wanted are 1 and %q", sig.Version, sig.Namespace, namespace)
	}
	var digest []byte
	switch sig.Hash {
	case "sha256":
		d := sha256.Sum256(message)
		digest = d[:]
	case "sha512":
		d := sha512.Sum512(message)
		digest = d[:]
	default:
		return nil, fmt.Errorf("hash %q", sig.Hash)
	}
	key, err := ssh.ParsePublicKey([]byte(sig.PublicKey))
	if err != nil {
		return nil, err
	}
	var inner ssh.Signature
	if err := ssh.Unmarshal([]byte(sig.Signature), &inner); err != nil {
		return nil, err
	}
	if inner.Format == ssh.KeyAlgoRSA { // SHA-1: PROTOCOL.sshsig forbids it
		return nil, fmt.Errorf("algorithm %q", inner.Format)
	}
	data := append([]byte(sshsigMagic), ssh.Marshal(signedData{sig.Namespace, sig.Reserved, sig.Hash, string(digest)})...)
	if err := key.Verify(data, &inner); err != nil {
		return nil, fmt.Errorf("it does not match: %w", err)
	}
	return key, nil
}

// among looks the key up: "KEYTYPE BASE64 [comment]" or "PRINCIPALS [namespaces=…]
// KEYTYPE BASE64 [comment]", a line each. A line with any other option is refused: it
// may say that a key is no longer good.
func among(signers []byte, key ssh.PublicKey) (string, error) {
	for i, line := range bytes.Split(signers, []byte("\n")) {
		text := strings.TrimSpace(string(line))
		if text == "" || text[0] == '#' {
			continue
		}
		name, rest := "", text
		known, _, _, _, err := ssh.ParseAuthorizedKey([]byte(rest))
		if first, _, _ := strings.Cut(text, " "); err != nil || known.Type() != first {
			name, rest, _ = strings.Cut(text, " ")
			var options []string
			if known, _, options, _, err = ssh.ParseAuthorizedKey([]byte(rest)); err != nil {
				return "", fmt.Errorf("%w: signers, line %d: %w", evidence.ErrFormat, i+1, err)
			}
			for _, o := range options {
				list, ok := strings.CutPrefix(o, "namespaces=")
				if !ok {
					return "", fmt.Errorf("%w: signers, line %d: option %q is not understood", evidence.ErrFormat, i+1, o)
				}
				if !slices.Contains(strings.Split(strings.Trim(list, `"`), ","), Namespace) {
					known = nil
				}
			}
		}
		if known != nil && bytes.Equal(known.Marshal(), key.Marshal()) {
			return name, nil
		}
	}
	return "", fmt.Errorf("%w: it is signed by %s, which is not among the signers", evidence.ErrRefused, ssh.FingerprintSHA256(key))
}
