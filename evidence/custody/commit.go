package custody

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// saltSize is the length of a salt in bytes; it is written as twice as many hexadecimal digits.
const saltSize = 16

// Opening lets anyone check what one commitment of an entry hides. It is kept
// in the case and disclosed field by field.
type Opening struct {
	// Field is the name of the committed field, such as asserted.actor.name.
	Field string
	// Salt is 32 lower-case hexadecimal digits.
	Salt string
	// Value is canonical JSON.
	Value []byte
}

// Commitment returns the SHA-256 of the canonical JSON of [salt, field, value].
// value must be canonical JSON, salt and field UTF-8.
func Commitment(salt, field string, value []byte) evidence.Digest {
	b := make([]byte, 0, len(salt)+len(field)+len(value)+16)
	b = append(b, '[')
	b = evidence.AppendString(b, salt)
	b = append(b, ',')
	b = evidence.AppendString(b, field)
	b = append(b, ',')
	b = append(b, value...)
	b = append(b, ']')
	return sha256.Sum256(b)
}

// CheckOpening reports whether o opens the commitment that e holds for its
// field. It fails with evidence.ErrNotFound where e commits to no such field,
// evidence.ErrFormat or ErrNotCanonical where o is not in the form of an
// opening, evidence.ErrIntegrity where it opens something else.
func CheckOpening(e Entry, o Opening) error {
	want, ok := e.Commit[o.Field]
	if !ok {
		return fmt.Errorf("custody: opening of field %q of entry %d: %w", o.Field, e.Seq, evidence.ErrNotFound)
	}
	if !isHex(o.Salt, 2*saltSize) {
		return fmt.Errorf("custody: opening of field %q of entry %d: %w: salt", o.Field, e.Seq, evidence.ErrFormat)
	}
	if err := evidence.CheckCanonical(o.Value); err != nil {
		return fmt.Errorf("custody: opening of field %q of entry %d: %w", o.Field, e.Seq, err)
	}
	if got := Commitment(o.Salt, o.Field, o.Value); got != want {
		return fmt.Errorf("custody: %w", &evidence.IntegrityError{
			Object: fmt.Sprintf("opening of field %q of entry %d", o.Field, e.Seq), Want: want, Got: got,
		})
	}
	return nil
}

// isHex reports whether s is n lower-case hexadecimal digits.
func isHex(s string, n int) bool {
	if len(s) != n {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// parseHex32 reads 64 lower-case hexadecimal digits.
func parseHex32(s string) (h [32]byte, ok bool) {
	if !isHex(s, 64) {
		return h, false
	}
	_, err := hex.Decode(h[:], []byte(s))
	return h, err == nil
}
