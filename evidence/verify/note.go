package verify

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// maxNote bounds a signed note in bytes.
const maxNote = 64 << 10

// sigKind says what came of a note's signatures.
type sigKind int

const (
	sigUnknown sigKind = iota // by none of the keys at hand
	sigInvalid                // by a key at hand, and wrong
	sigValid
)

// checkpoint is a signed note over the head of a log (C2SP signed-note,
// tlog-checkpoint), read by this package's own code.
type checkpoint struct {
	text   []byte
	origin string
	size   int64
	root   digest
	sigs   []signature
}

type signature struct {
	name string
	hash uint32
	sig  []byte
}

// publicKey is an Ed25519 verifier key: <name>+<hash>+<base64(0x01 ‖ key)>.
type publicKey struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (k publicKey) id() string { return fmt.Sprintf("%s+%08x", k.name, k.hash) }

// as returns the same key under the name of another log, as which it signs there.
func (k publicKey) as(name string) publicKey {
	return publicKey{name, keyHash(name, k.key), k.key}
}

// keyHash is the first four bytes of SHA-256(name ‖ "\n" ‖ 0x01 ‖ key).
func keyHash(name string, key ed25519.PublicKey) uint32 {
	sum := sha256.Sum256(append([]byte(name+"\n\x01"), key...))
	return binary.BigEndian.Uint32(sum[:])
}

// parseKey reads a verifier key.
func parseKey(s string) (publicKey, error) {
	// Base64 may hold a plus sign, names and hash do not.
	parts := strings.SplitN(s, "+", 3)
	if len(parts) != 3 {
		return publicKey{}, fmt.Errorf("%w: not a verifier key", evidence.ErrFormat)
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(parts[2])
	if err != nil || len(raw) != 1+ed25519.PublicKeySize || raw[0] != 1 {
		return publicKey{}, fmt.Errorf("%w: not an Ed25519 verifier key", evidence.ErrFormat)
	}
	k := publicKey{name: parts[0], key: raw[1:]}
	k.hash = keyHash(k.name, k.key)
	if k.id()+"+"+base64.StdEncoding.EncodeToString(raw) != s {
		return publicKey{}, fmt.Errorf("%w: verifier key does not agree with its own hash", evidence.ErrFormat)
	}
	return k, nil
}

// parseCheckpoint reads a note; only the one form that a signer writes is accepted.
func parseCheckpoint(b []byte) (*checkpoint, error) {
	bad := func(why string) (*checkpoint, error) {
		return nil, fmt.Errorf("%w: signed note: %s", evidence.ErrFormat, why)
	}
	if len(b) > maxNote || !utf8.Valid(b) {
		return bad("too long, or not UTF-8")
	}
	text, sigs, _ := bytes.Cut(b, []byte("\n\n"))
	c := &checkpoint{text: append(slices.Clone(text), '\n')}
	lines := strings.Split(string(text), "\n")
	if len(lines) != 3 {
		return bad("not three lines of text")
	}
	var err error
	c.origin = lines[0]
	if c.size, err = strconv.ParseInt(lines[1], 10, 64); err != nil || c.size < 0 || strconv.FormatInt(c.size, 10) != lines[1] {
		return bad("size")
	}
	root, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(root) != len(c.root) || base64.StdEncoding.EncodeToString(root) != lines[2] {
		return bad("root")
	}
	c.root = digest(root)
	rest := string(sigs)
	for rest != "" {
		line, after, ok := strings.Cut(rest, "\n")
		name, b64, _ := strings.Cut(strings.TrimPrefix(line, "— "), " ")
		raw, err := base64.StdEncoding.Strict().DecodeString(b64)
		if !ok || err != nil || len(raw) < 5 || name == "" || line != "— "+name+" "+base64.StdEncoding.EncodeToString(raw) {
			return bad("signature line")
		}
		sig := signature{name, binary.BigEndian.Uint32(raw), raw[4:]}
		if slices.ContainsFunc(c.sigs, func(s signature) bool { return s.name == sig.name && s.hash == sig.hash }) {
			return bad("two signatures by one key")
		}
		c.sigs = append(c.sigs, sig)
		rest = after
	}
	if len(c.sigs) == 0 {
		return bad("no signatures")
	}
	return c, nil
}

// verify checks the signatures that are by any of keys. It returns which keys
// signed; one wrong signature makes the whole invalid.
func (c *checkpoint) verify(keys []publicKey) (sigKind, []publicKey) {
	var by []publicKey
	for _, s := range c.sigs {
		for _, k := range keys {
			if k.name != s.name || k.hash != s.hash {
				continue
			}
			if !ed25519.Verify(k.key, c.text, s.sig) {
				return sigInvalid, nil
			}
			by = append(by, k)
		}
	}
	if len(by) == 0 {
		return sigUnknown, nil
	}
	return sigValid, by
}

// keyring are the keys that the log itself names.
type keyring struct {
	keys []publicKey
}

// see takes the keys that an entry names.
func (r *keyring) see(e *entry) {
	for _, field := range []string{"signer", "successor"} {
		if !e.plain.has(field) {
			continue
		}
		k, err := parseKey(e.plain.text(field))
		if err == nil && k.name == e.origin && !slices.ContainsFunc(r.keys, func(h publicKey) bool { return h.id() == k.id() }) {
			r.keys = append(r.keys, k)
		}
	}
}
