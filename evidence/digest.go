package evidence

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// DigestPrefix stands before the hexadecimal digits wherever a digest is printed or stored.
const DigestPrefix = "sha256:"

// Digest is a SHA-256 value (FIPS 180-4). It names artifacts, runs and plugins.
type Digest [sha256.Size]byte

// Sum returns the digest of b.
func Sum(b []byte) Digest { return sha256.Sum256(b) }

// ParseDigest reads 64 hexadecimal digits, with or without DigestPrefix.
func ParseDigest(s string) (Digest, error) {
	var d Digest
	h := strings.TrimPrefix(s, DigestPrefix)
	if len(h) != hex.EncodedLen(len(d)) {
		return Digest{}, fmt.Errorf("%w: %q is not a SHA-256 digest", ErrFormat, s)
	}
	if _, err := hex.Decode(d[:], []byte(h)); err != nil {
		return Digest{}, fmt.Errorf("%w: %q is not a SHA-256 digest", ErrFormat, s)
	}
	return d, nil
}

// Hex returns the 64 lower-case hexadecimal digits.
func (d Digest) Hex() string { return hex.EncodeToString(d[:]) }

// String returns DigestPrefix and the digits.
func (d Digest) String() string { return DigestPrefix + d.Hex() }

// Short returns the first twelve digits, for people; never for comparing.
func (d Digest) Short() string { return d.Hex()[:12] }

// IsZero reports whether d was never set.
func (d Digest) IsZero() bool { return d == Digest{} }

// MarshalText writes the form of String; the zero digest is empty text.
func (d Digest) MarshalText() ([]byte, error) {
	if d.IsZero() {
		return nil, nil
	}
	return []byte(d.String()), nil
}

// UnmarshalText reads what MarshalText wrote.
func (d *Digest) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*d = Digest{}
		return nil
	}
	v, err := ParseDigest(string(b))
	if err != nil {
		return err
	}
	*d = v
	return nil
}
