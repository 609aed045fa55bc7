package install

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/exhibit-forensics/exhibit/core/sshsig"
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
	sig, err := sshsig.Verify(s.Sig, s.Sums, Namespace)
	switch {
	case errors.Is(err, sshsig.ErrSignature):
		return Signed{}, fmt.Errorf("install: %w: %s: it does not match: %s", evidence.ErrRefused, sigFile, err.Error())
	case err != nil: // refused, not malformed: so it is for whoever branches on it
		return Signed{}, fmt.Errorf("install: %w: %s: %s", evidence.ErrRefused, sigFile, err.Error())
	}
	signed := Signed{By: sig.Fingerprint()}
	if signers == nil {
		return signed, nil
	}
	if signed.Name, err = among(signers, sig.Key); err != nil {
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
