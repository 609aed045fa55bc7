package signer

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
)

const (
	identityVersion = 1
	identityType    = "ed25519"
	maxName         = 64
	maxFile         = 4 << 10
)

// Identity is the public side of a signing key.
type Identity struct {
	// Name is what its owner calls it: ASCII letters, digits, '.', '_', '-',
	// beginning with a letter or digit, at most 64.
	Name string
	// Public is the Ed25519 public key (RFC 8032).
	Public ed25519.PublicKey
	// Created is when it was made, UTC, to the second.
	Created time.Time
	// Revoked is when it was revoked, zero where it was not.
	Revoked time.Time
}

// VKey returns the identity's verifier key (C2SP signed-note) for the log named origin.
func (i Identity) VKey(origin string) string { return custody.VKey(origin, i.Public) }

// identityFile is what an identity's file holds, as canonical JSON and a newline.
type identityFile struct {
	Created string `json:"created"`
	Name    string `json:"name"`
	Public  []byte `json:"public"`
	Seed    []byte `json:"seed"`
	Type    string `json:"type"`
	V       int    `json:"v"`
}

func formatIdentity(id Identity, key ed25519.PrivateKey) ([]byte, error) {
	b, err := evidence.Canonical(identityFile{
		Created: id.Created.Format(time.RFC3339), Name: id.Name, Public: id.Public,
		Seed: key.Seed(), Type: identityType, V: identityVersion,
	})
	return append(b, '\n'), err
}

// parseIdentity reads an identity's file. Errors quote nothing of it.
func parseIdentity(name string, b []byte) (Identity, ed25519.PrivateKey, error) {
	bad := func(why string) (Identity, ed25519.PrivateKey, error) {
		return Identity{}, nil, fmt.Errorf("%w: %s", evidence.ErrFormat, why)
	}
	n := len(b) - 1
	if n < 0 || b[n] != '\n' || evidence.CheckCanonical(b[:n]) != nil {
		return bad("not one line of canonical JSON")
	}
	var f identityFile
	if err := json.Unmarshal(b[:n], &f); err != nil {
		return bad("not an identity")
	}
	if f.V > identityVersion {
		return Identity{}, nil, fmt.Errorf("%w: identity of format %d", evidence.ErrNewer, f.V)
	}
	created, err := time.Parse(time.RFC3339, f.Created)
	if err != nil || len(f.Seed) != ed25519.SeedSize || f.Type != identityType {
		return bad("not an identity")
	}
	key := ed25519.NewKeyFromSeed(f.Seed)
	id := Identity{Name: f.Name, Public: key.Public().(ed25519.PublicKey), Created: created}
	// Written again it must be the same bytes: no unknown member, no second
	// form, and the public key belongs to the seed.
	again, err := formatIdentity(id, key)
	if err != nil || string(again) != string(b) {
		return bad("damaged, or not in its one form")
	}
	if f.Name != name {
		return bad("the file holds another identity than its name says")
	}
	return id, key, nil
}

// Fingerprint returns SHA-256 of the public key in base64 without padding, after
// "SHA256:": short enough to be read out.
func (i Identity) Fingerprint() string {
	d := evidence.Sum(i.Public)
	return "SHA256:" + base64.RawStdEncoding.EncodeToString(d[:])
}

// CheckName reports, with evidence.ErrFormat, why s cannot name an identity.
func CheckName(s string) error {
	if len(s) > maxName {
		return fmt.Errorf("signer: identity name: %w: longer than %d", evidence.ErrFormat, maxName)
	}
	for i := range len(s) {
		c := s[i]
		alnum := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !alnum && (i == 0 || c != '.' && c != '_' && c != '-') {
			return fmt.Errorf("signer: identity name %q: %w: letters, digits, '.', '_', '-' only, beginning with a letter or digit", s, evidence.ErrFormat)
		}
	}
	if s == "" {
		return fmt.Errorf("signer: identity name: %w: empty", evidence.ErrFormat)
	}
	return nil
}
