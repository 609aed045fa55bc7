package verify

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// maxTime is the last second of the year 9999, since 1970.
const maxTime = 253402300799

// parseWitness reads a witness's verifier key: type 4 of C2SP tlog-cosignature.
func parseWitness(s string) (publicKey, error) {
	bad := func(why string) (publicKey, error) {
		return publicKey{}, fmt.Errorf("%w: not a witness's key: %s", evidence.ErrFormat, why)
	}
	parts := strings.SplitN(s, "+", 3)
	if len(parts) != 3 || parts[0] == "" || strings.Trim(parts[0], printable) != "" {
		return bad("not <name>+<8 digits>+<base64>")
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(parts[2])
	if err != nil || len(raw) != 1+ed25519.PublicKeySize {
		return bad("not an Ed25519 key")
	}
	if raw[0] != 4 {
		return bad("its type is not 4: it is no key for cosignatures")
	}
	k := publicKey{name: parts[0], key: raw[1:]}
	sum := sha256.Sum256(append([]byte(k.name+"\n"), raw...))
	k.hash = binary.BigEndian.Uint32(sum[:])
	if k.id()+"+"+base64.StdEncoding.EncodeToString(raw) != s {
		return bad("it does not agree with its own hash")
	}
	return k, nil
}

// printable are the characters of a witness's name: ASCII but space and plus.
const printable = "!\"#$%&'()*,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~"

// cosignature is a right one by a given witness.
type cosignature struct {
	by publicKey
	// at is when, in seconds since 1970, as the witness states it.
	at int64
}

func (c cosignature) text() string { return time.Unix(c.at, 0).UTC().Format(time.RFC3339) }

// cosigned returns the cosignatures by the witnesses given, in the order of the lines. ok
// is false where one by them is wrong.
func (c *checkpoint) cosigned(witnesses []publicKey) (by []cosignature, ok bool) {
	for _, s := range c.sigs {
		for _, w := range witnesses {
			if w.name != s.name || w.hash != s.hash {
				continue
			}
			if len(s.sig) != 8+ed25519.SignatureSize {
				return nil, false
			}
			at := binary.BigEndian.Uint64(s.sig)
			text := fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s", at, c.text)
			if at > maxTime || !ed25519.Verify(w.key, text, s.sig[8:]) {
				return nil, false
			}
			by = append(by, cosignature{w, int64(at)})
			break
		}
	}
	return by, true
}
