package custody

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
	"golang.org/x/mod/sumdb/note"
)

// ErrUnknownSigner: none of the keys given signed the checkpoint.
var ErrUnknownSigner = errors.New("signed by no known key")

const (
	// algEd25519 is the first byte of an encoded public key (C2SP signed-note).
	algEd25519 = 1
	// maxNote bounds a signed note in bytes: a hundred signatures fit.
	maxNote = 64 << 10
)

// Checkpoint is the head of a log as a signed note states it.
type Checkpoint struct {
	Origin string
	// Size is the number of entries.
	Size int64
	// Root is the root of their tree.
	Root [32]byte
	// Signers are key IDs, <name>+<8 hexadecimal digits>, with which verifier
	// keys begin, in the note's order. From OpenCheckpoint only those whose
	// signature was verified, from ParseCheckpoint all that are named.
	Signers []string
}

// CheckpointBody returns the text that is signed (C2SP tlog-checkpoint, without
// extension lines).
func CheckpointBody(origin string, size int64, root [32]byte) string {
	return origin + "\n" + strconv.FormatInt(size, 10) + "\n" + base64.StdEncoding.EncodeToString(root[:]) + "\n"
}

// SignCheckpoint returns the signed note. It decides nothing: core/signer
// refuses what must not be signed. It fails with evidence.ErrFormat on an origin
// or size that no checkpoint can have.
func SignCheckpoint(origin string, size int64, root [32]byte, key ed25519.PrivateKey) ([]byte, error) {
	if err := CheckOrigin(origin); err != nil {
		return nil, err
	}
	if size < 0 || size > evidence.MaxSafeInteger {
		return nil, fmt.Errorf("custody: checkpoint of %d entries: %w: size", size, evidence.ErrFormat)
	}
	if len(key) != ed25519.PrivateKeySize {
		return nil, fmt.Errorf("custody: checkpoint: %w: not an Ed25519 private key", evidence.ErrFormat)
	}
	msg, err := note.Sign(&note.Note{Text: CheckpointBody(origin, size, root)}, noteSigner{origin, key})
	if err != nil {
		return nil, fmt.Errorf("custody: checkpoint: %w", err)
	}
	return msg, nil
}

// OpenCheckpoint reads a note and verifies its signatures against the verifier
// keys given (as VKey writes them; other names are cosigners). At least one must
// be of the log itself, named by its origin. It fails with ErrUnknownSigner where
// none of that sort signed, evidence.ErrIntegrity where a signature by one of the
// keys is wrong, evidence.ErrFormat where the note or a key is malformed.
func OpenCheckpoint(msg []byte, vkeys ...string) (Checkpoint, error) {
	cp, err := ParseCheckpoint(msg)
	if err != nil {
		return Checkpoint{}, err
	}
	var verifiers []note.Verifier
	for i, vkey := range vkeys {
		// The note package takes a key that is given twice for two keys.
		if slices.Contains(vkeys[:i], vkey) {
			continue
		}
		if _, _, err := ParseVKey(vkey); err != nil {
			return Checkpoint{}, err
		}
		v, err := note.NewVerifier(vkey)
		if err != nil {
			return Checkpoint{}, fmt.Errorf("custody: verifier key: %w: %w", evidence.ErrFormat, err)
		}
		verifiers = append(verifiers, v)
	}
	n, err := note.Open(msg, note.VerifierList(verifiers...))
	var unverified *note.UnverifiedNoteError
	var invalid *note.InvalidSignatureError
	switch {
	case errors.As(err, &unverified):
		return Checkpoint{}, fmt.Errorf("custody: checkpoint of %q: %w", cp.Origin, ErrUnknownSigner)
	case errors.As(err, &invalid):
		return Checkpoint{}, fmt.Errorf("custody: checkpoint of %q: %w: signature of %s", cp.Origin, evidence.ErrIntegrity, keyID(invalid.Name, invalid.Hash))
	case err != nil:
		return Checkpoint{}, fmt.Errorf("custody: checkpoint of %q: %w: %w", cp.Origin, evidence.ErrFormat, err)
	}
	cp.Signers = nil
	own := false
	for _, s := range n.Sigs {
		cp.Signers = append(cp.Signers, keyID(s.Name, s.Hash))
		own = own || s.Name == cp.Origin
	}
	if !own {
		return Checkpoint{}, fmt.Errorf("custody: checkpoint of %q: %w: cosigned only", cp.Origin, ErrUnknownSigner)
	}
	return cp, nil
}

// ParseCheckpoint reads a note without verifying any signature. The note must
// be in the one form that SignCheckpoint and cosigners write, to the byte; it
// fails with evidence.ErrFormat where it is not.
func ParseCheckpoint(msg []byte) (Checkpoint, error) {
	if len(msg) > maxNote {
		return Checkpoint{}, checkpointError("longer than %d bytes", maxNote)
	}
	_, err := note.Open(msg, nil)
	var unverified *note.UnverifiedNoteError
	if !errors.As(err, &unverified) {
		return Checkpoint{}, checkpointError("not a signed note")
	}
	n := unverified.Note
	lines := strings.Split(n.Text, "\n")
	if len(lines) != 4 || lines[3] != "" {
		return Checkpoint{}, checkpointError("not three lines of text")
	}
	cp := Checkpoint{Origin: lines[0]}
	if err := CheckOrigin(cp.Origin); err != nil {
		return Checkpoint{}, err
	}
	cp.Size, err = strconv.ParseInt(lines[1], 10, 64)
	if err != nil || cp.Size < 0 || cp.Size > evidence.MaxSafeInteger {
		return Checkpoint{}, checkpointError("size")
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(root) != len(cp.Root) {
		return Checkpoint{}, checkpointError("root")
	}
	cp.Root = [32]byte(root)
	again := []byte(CheckpointBody(cp.Origin, cp.Size, cp.Root) + "\n")
	for _, s := range n.UnverifiedSigs {
		if _, err := base64.StdEncoding.Strict().DecodeString(s.Base64); err != nil {
			return Checkpoint{}, checkpointError("signature")
		}
		cp.Signers = append(cp.Signers, keyID(s.Name, s.Hash))
		again = fmt.Appendf(again, "— %s %s\n", s.Name, s.Base64)
	}
	if !bytes.Equal(again, msg) {
		return Checkpoint{}, checkpointError("not in its one form")
	}
	return cp, nil
}

func checkpointError(format string, args ...any) error {
	return fmt.Errorf("custody: checkpoint: %w: %s", evidence.ErrFormat, fmt.Sprintf(format, args...))
}

// VKey returns the verifier key (C2SP signed-note) of pub for the log named
// origin: <origin>+<key hash>+<base64(0x01 ‖ pub)>.
func VKey(origin string, pub ed25519.PublicKey) string {
	key := append([]byte{algEd25519}, pub...)
	return keyID(origin, keyHash(origin, pub)) + "+" + base64.StdEncoding.EncodeToString(key)
}

// ParseVKey reads what VKey writes: for which log it is, and the key. It fails
// with evidence.ErrFormat, also where the key hash does not fit name and key.
func ParseVKey(vkey string) (origin string, pub ed25519.PublicKey, err error) {
	if _, err := note.NewVerifier(vkey); err != nil {
		return "", nil, fmt.Errorf("custody: verifier key: %w: %w", evidence.ErrFormat, err)
	}
	origin, rest, _ := strings.Cut(vkey, "+")
	_, b64, _ := strings.Cut(rest, "+")
	key, err := base64.StdEncoding.DecodeString(b64)
	if err != nil || len(key) != 1+ed25519.PublicKeySize {
		return "", nil, fmt.Errorf("custody: verifier key: %w", evidence.ErrFormat)
	}
	// NewVerifier takes upper-case digits and broken lines too; there is one form.
	if pub = key[1:]; VKey(origin, pub) != vkey {
		return "", nil, fmt.Errorf("custody: verifier key: %w: not in its one form", evidence.ErrFormat)
	}
	return origin, pub, nil
}

func keyID(name string, hash uint32) string { return fmt.Sprintf("%s+%08x", name, hash) }

// keyHash is SHA-256(name ‖ "\n" ‖ 0x01 ‖ pub), its first four bytes.
func keyHash(name string, pub ed25519.PublicKey) uint32 {
	b := append([]byte(name), '\n', algEd25519)
	sum := sha256.Sum256(append(b, pub...))
	return binary.BigEndian.Uint32(sum[:])
}

// noteSigner signs in the name of a log.
type noteSigner struct {
	name string
	key  ed25519.PrivateKey
}

func (s noteSigner) Name() string    { return s.name }
func (s noteSigner) KeyHash() uint32 { return keyHash(s.name, s.key.Public().(ed25519.PublicKey)) }
func (s noteSigner) Sign(msg []byte) ([]byte, error) {
	return ed25519.Sign(s.key, msg), nil
}
