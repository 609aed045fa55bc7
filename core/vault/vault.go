// Package vault is the file that says which original each mark of a redaction stands for,
// sealed with age (age-encryption.org/v1) to those who may open it. What is in it is never
// on a disk in the clear. docs/formats/policy.md, Vault, is the format.
package vault

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"filippo.io/age"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// Version is that of the format.
const Version = 1

// maxLine bounds a line of the content in bytes.
const maxLine = 4 << 20

// maxIdentities bounds a file of identities.
const maxIdentities = 1 << 20

// Header is the first line of a vault's content.
type Header struct {
	Vault int `json:"vault"`
	// Origin is the log of the case it is of.
	Origin string `json:"origin"`
	// Policy and PolicySHA256 are what was redacted by, Recipient for whom, Made when
	// (RFC 3339 UTC).
	Policy       string          `json:"policy"`
	PolicySHA256 evidence.Digest `json:"policy_sha256"`
	Recipient    string          `json:"recipient,omitempty"`
	Made         string          `json:"made"`
}

// Entry says what a mark stands for. Value is as it is written in one place at least,
// Canonical the spelling that all of them share.
type Entry struct {
	Mark      string `json:"mark"`
	Category  string `json:"category"`
	Value     string `json:"value"`
	Canonical string `json:"canonical"`
}

// Recipients reads public keys, age1…, each of which will be able to open the vault. It
// fails with evidence.ErrFormat where one is none, or there is none.
func Recipients(keys []string) ([]age.Recipient, error) {
	var out []age.Recipient
	for _, key := range keys {
		list, err := age.ParseRecipients(strings.NewReader(key))
		if err != nil || len(list) != 1 || strings.ContainsAny(key, "\r\n") {
			return nil, fmt.Errorf("vault: recipient %.80q: %w: a public key of age is meant, age1…", key, evidence.ErrFormat)
		}
		out = append(out, list...)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("vault: %w: nobody could open a vault without a recipient", evidence.ErrFormat)
	}
	return out, nil
}

// Seal writes a vault to w: the header and what each adds. Only ciphertext goes to w.
func Seal(w io.Writer, to []age.Recipient, h Header, each func(add func(Entry) error) error) (entries int64, err error) {
	enc, err := age.Encrypt(w, to...)
	if err != nil {
		return 0, fmt.Errorf("vault: %w", err)
	}
	h.Vault = Version
	line := func(v any) error {
		b, err := evidence.Canonical(v)
		if err != nil {
			return err
		}
		_, err = enc.Write(append(b, '\n'))
		return err
	}
	if err = line(h); err == nil {
		err = each(func(e Entry) error {
			entries++
			return line(e)
		})
	}
	if err == nil {
		err = enc.Close() // else it stays without its last chunk, and nobody can take it for whole
	}
	if err != nil {
		return entries, fmt.Errorf("vault: %w", err)
	}
	return entries, nil
}

// Identities reads secret keys, AGE-SECRET-KEY-1…, one a line. It fails with
// evidence.ErrKey where there are none.
func Identities(r io.Reader) ([]age.Identity, error) {
	list, err := age.ParseIdentities(io.LimitReader(r, maxIdentities))
	if err != nil { // the error may quote the line
		return nil, fmt.Errorf("vault: %w: the file holds no secret key of age (AGE-SECRET-KEY-1…)", evidence.ErrKey)
	}
	return list, nil
}

// Open reads a vault and calls f with each entry, in order, after header. It fails with
// evidence.ErrKey where no identity opens it, ErrFormat where it is no vault, ErrNewer where
// a later program wrote it, and ErrIntegrity where it was changed or cut short: then what
// came before is genuine and not all.
func Open(r io.Reader, with []age.Identity, header func(Header) error, f func(Entry) error) error {
	plain, err := age.Decrypt(r, with...)
	if err != nil {
		if no := (*age.NoIdentityMatchError)(nil); errors.As(err, &no) {
			return fmt.Errorf("vault: %w: none of the identities opens it", evidence.ErrKey)
		}
		return fmt.Errorf("vault: %w: %w", evidence.ErrFormat, err)
	}
	lines := bufio.NewScanner(plain)
	lines.Buffer(make([]byte, 0, 64<<10), maxLine)
	first := true
	for lines.Scan() {
		if first {
			first = false
			var h Header
			if err := json.Unmarshal(lines.Bytes(), &h); err != nil || h.Vault < 1 {
				return fmt.Errorf("vault: %w: it holds something else", evidence.ErrFormat)
			}
			if h.Vault > Version {
				return fmt.Errorf("vault: %w: version %d", evidence.ErrNewer, h.Vault)
			}
			if err := header(h); err != nil {
				return err
			}
			continue
		}
		var e Entry
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return fmt.Errorf("vault: %w: an entry that is none", evidence.ErrFormat)
		}
		if err := f(e); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("vault: %w: %w", evidence.ErrIntegrity, err)
	}
	if first {
		return fmt.Errorf("vault: %w: it is empty", evidence.ErrFormat)
	}
	return nil
}
