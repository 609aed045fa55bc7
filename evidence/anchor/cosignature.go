package anchor

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"github.com/exhibit-forensics/exhibit/evidence"
)

const (
	// algCosignature is the type of a verifier key for cosignatures (C2SP tlog-cosignature).
	algCosignature = 4
	// maxTime is the last second that RFC 3339 can write, since 1970.
	maxTime = 253402300799
)

// CheckName reports whether a witness can be called name: printable ASCII without space
// and plus, as a URL without its scheme is. It fails with evidence.ErrFormat.
func CheckName(name string) error {
	for i := range len(name) {
		if c := name[i]; c <= ' ' || c > '~' || c == '+' {
			return fmt.Errorf("anchor: witness %q: %w: printable ASCII without space and plus", name, evidence.ErrFormat)
		}
	}
	if name == "" || len(name) > 200 {
		return fmt.Errorf("anchor: witness %q: %w: 1 to 200 bytes", name, evidence.ErrFormat)
	}
	return nil
}

// VKey writes a witness's verifier key: <name>+<key hash>+<base64(0x04 ‖ public key)>.
func VKey(name string, pub ed25519.PublicKey) string {
	raw := append([]byte{algCosignature}, pub...)
	return fmt.Sprintf("%s+%08x+%s", name, keyHash(name, pub), base64.StdEncoding.EncodeToString(raw))
}

// ParseVKey reads what VKey writes; evidence.ErrFormat otherwise.
func ParseVKey(vkey string) (name string, pub ed25519.PublicKey, err error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) == 3 && CheckName(parts[0]) == nil {
		raw, err := base64.StdEncoding.Strict().DecodeString(parts[2])
		if err == nil && len(raw) == 1+ed25519.PublicKeySize && VKey(parts[0], raw[1:]) == vkey {
			return parts[0], raw[1:], nil
		}
	}
	return "", nil, fmt.Errorf("anchor: %w: not a witness's key: <name>+<8 digits>+<base64>, of type 4 (C2SP tlog-cosignature)", evidence.ErrFormat)
}

func keyHash(name string, pub ed25519.PublicKey) uint32 {
	b := append([]byte(name), '\n', algCosignature)
	sum := sha256.Sum256(append(b, pub...))
	return binary.BigEndian.Uint32(sum[:])
}

// message is what a cosigner signs.
func message(at int64, text []byte) []byte {
	return append(fmt.Appendf(nil, "cosignature/v1\ntime %d\n", at), text...)
}

// Cosign returns the line with which a witness cosigns the checkpoint in note, at a time.
// It decides nothing. It fails with evidence.ErrFormat where note is none.
func Cosign(note []byte, name string, key ed25519.PrivateKey, at time.Time) ([]byte, error) {
	text, _, ok := bytes.Cut(note, []byte("\n\n"))
	seconds := at.Unix()
	if !ok || seconds < 0 || seconds > maxTime {
		return nil, fmt.Errorf("anchor: cosign: %w: no note, or no time", evidence.ErrFormat)
	}
	sig := binary.BigEndian.AppendUint32(nil, keyHash(name, key.Public().(ed25519.PublicKey)))
	sig = binary.BigEndian.AppendUint64(sig, uint64(seconds))
	sig = append(sig, ed25519.Sign(key, message(seconds, append(bytes.Clone(text), '\n')))...)
	return fmt.Appendf(nil, "— %s %s\n", name, base64.StdEncoding.EncodeToString(sig)), nil
}

// Cosigned joins a checkpoint and the lines that a witness answered: of these, the ones by
// its key. at is when it signed. It fails with evidence.ErrFormat where there is none, with
// evidence.ErrIntegrity where one is wrong.
func Cosigned(note, lines []byte, vkey string) (joined []byte, at time.Time, err error) {
	name, pub, err := ParseVKey(vkey)
	if err != nil {
		return nil, time.Time{}, err
	}
	text, _, ok := bytes.Cut(note, []byte("\n\n"))
	if !ok {
		return nil, time.Time{}, fmt.Errorf("anchor: cosignature: %w: no note", evidence.ErrFormat)
	}
	text = append(bytes.Clone(text), '\n')
	for line := range strings.Lines(string(lines)) {
		who, b64, ok := strings.Cut(strings.TrimPrefix(line, "— "), " ")
		raw, err := base64.StdEncoding.Strict().DecodeString(strings.TrimSuffix(b64, "\n"))
		if !ok || !strings.HasPrefix(line, "— ") || !strings.HasSuffix(line, "\n") || err != nil || len(raw) < 5 {
			return nil, time.Time{}, fmt.Errorf("anchor: cosignature: %w: not a signature line", evidence.ErrFormat)
		}
		if who != name || binary.BigEndian.Uint32(raw) != keyHash(name, pub) || joined != nil {
			continue // other keys' lines are nothing to us
		}
		if len(raw) != 4+8+ed25519.SignatureSize {
			return nil, time.Time{}, fmt.Errorf("anchor: cosignature: %w: its length", evidence.ErrFormat)
		}
		seconds := binary.BigEndian.Uint64(raw[4:])
		if seconds > maxTime || !ed25519.Verify(pub, message(int64(seconds), text), raw[12:]) {
			return nil, time.Time{}, fmt.Errorf("anchor: cosignature by %s: %w", name, evidence.ErrIntegrity)
		}
		at = time.Unix(int64(seconds), 0).UTC()
		joined = append(bytes.Clone(note), line...)
	}
	if joined == nil {
		return nil, time.Time{}, fmt.Errorf("anchor: cosignature: %w: none by %s", evidence.ErrFormat, name)
	}
	return joined, at, nil
}

// TimeOf returns when the first of a cosigner's lines says that it was made. It judges no
// signature.
func TimeOf(lines []byte) (time.Time, error) {
	line, _, _ := bytes.Cut(lines, []byte("\n"))
	_, b64, _ := bytes.Cut(bytes.TrimPrefix(line, []byte("— ")), []byte(" "))
	raw, err := base64.StdEncoding.Strict().DecodeString(string(b64))
	if err != nil || len(raw) != 4+8+ed25519.SignatureSize || binary.BigEndian.Uint64(raw[4:]) > maxTime {
		return time.Time{}, fmt.Errorf("anchor: cosignature: %w: not a cosigner's line", evidence.ErrFormat)
	}
	return time.Unix(int64(binary.BigEndian.Uint64(raw[4:])), 0).UTC(), nil
}
