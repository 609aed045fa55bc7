package verify

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"io"
	"regexp"
	"strings"
)

// SSHSIG (OpenSSH PROTOCOL.sshsig) in the one form that the format has.
const (
	sigBegin     = "-----BEGIN SSH SIGNATURE-----\n"
	sigEnd       = "-----END SSH SIGNATURE-----\n"
	sigWidth     = 70
	sigNamespace = "exhibit-bundle"
	sigLength    = 184
	keyAt, sigAt = 33, 120 // in the blob
)

var allowedLine = regexp.MustCompile(`^([A-Za-z0-9._/-]+) namespaces="exhibit-bundle" ssh-ed25519 ([A-Za-z0-9+/]{68})$`)

func sshString(parts ...string) string {
	var b []byte
	for _, s := range parts {
		b = append(binary.BigEndian.AppendUint32(b, uint32(len(s))), s...)
	}
	return string(b)
}

// checkSignature is step 3.
func (c *bundleCheck) checkSignature() error {
	if !c.bag.has(tagSig) {
		c.find(codeSignatureMissing, tagSig, "is not there: nobody signed the list of files")
		return nil
	}
	armor, _, err := c.bag.read(tagSig, maxNote)
	if err != nil {
		return err
	}
	key, sig, ok := parseSSHSig(string(armor))
	if !ok {
		c.find(codeSignature, tagSig, "is not a signature as the format has it")
		return nil
	}
	signers, _, err := c.bag.read(allowedFile, maxTagFile)
	if err != nil {
		return err
	}
	if !parseAllowed(string(signers))[key] {
		c.find(codeSignature, tagSig, "is by a key that "+allowedFile+" does not name, or that file is not there, or not written as the format has it")
		return nil
	}
	r, err := c.bag.open(tagManifest)
	if err != nil {
		return err
	}
	defer r.close()
	h := sha512.New()
	if _, err := io.Copy(h, r); err != nil {
		return err
	}
	signed := "SSHSIG" + sshString(sigNamespace, "", "sha512", string(h.Sum(nil)))
	if !ed25519.Verify(ed25519.PublicKey(key), []byte(signed), []byte(sig)) {
		c.find(codeSignature, tagSig, "is wrong: the list of files is not the one that was signed")
		return nil
	}
	c.signed = key
	return nil
}

// parseSSHSig returns key and signature out of an armored SSHSIG.
func parseSSHSig(armor string) (key, sig string, ok bool) {
	body := strings.TrimSuffix(strings.TrimPrefix(armor, sigBegin), sigEnd)
	blob, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(body, "\n", ""))
	if err != nil || len(blob) != sigLength {
		return "", "", false
	}
	key, sig = string(blob[keyAt:keyAt+ed25519.PublicKeySize]), string(blob[sigAt:])
	want := "SSHSIG\x00\x00\x00\x01" + sshString(sshString("ssh-ed25519", key), sigNamespace, "", "sha512", sshString("ssh-ed25519", sig))
	return key, sig, armor == armored([]byte(want))
}

func armored(blob []byte) string {
	var b bytes.Buffer
	b.WriteString(sigBegin)
	text := base64.StdEncoding.EncodeToString(blob)
	for len(text) > 0 {
		n := min(sigWidth, len(text))
		b.WriteString(text[:n] + "\n")
		text = text[n:]
	}
	b.WriteString(sigEnd)
	return b.String()
}

// parseAllowed returns the keys of a file of allowed signers; none where it is not as the format has it.
func parseAllowed(text string) map[string]bool {
	keys := map[string]bool{}
	body, ended := strings.CutSuffix(text, "\n")
	head := sshString("ssh-ed25519")
	for line := range strings.SplitSeq(body, "\n") {
		m := allowedLine.FindStringSubmatch(line)
		if m == nil || !ended {
			return nil
		}
		blob, err := base64.StdEncoding.DecodeString(m[2])
		if err != nil {
			return nil
		}
		key := string(blob[len(head)+4:])
		if string(blob) != head+sshString(key) {
			return nil
		}
		keys[key] = true
	}
	return keys
}
