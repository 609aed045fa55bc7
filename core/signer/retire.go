package signer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"time"

	"github.com/exhibit-forensics/exhibit/core/sshsig"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
)

const revokedSuffix = ".revoked"

// revocation is what NAME.revoked holds, as canonical JSON and a newline.
type revocation struct {
	Name    string `json:"name"`
	Public  []byte `json:"public"`
	Revoked string `json:"revoked"`
	V       int    `json:"v"`
}

// Revoke ends an identity: from the moment it returns, durably, the identity signs
// nothing, for no log. Its file stays. Once more is no error; the first time counts.
func (s *Signer) Revoke(ctx context.Context, at time.Time) error {
	b, err := evidence.Canonical(revocation{Name: s.Name, Public: s.Public, Revoked: at.UTC().Format(time.RFC3339), V: identityVersion})
	if err == nil {
		err = s.dir.locked(ctx, func(root *os.Root) error { return writeNew(root, s.Name+revokedSuffix, append(b, '\n')) })
	}
	if err != nil && !errors.Is(err, evidence.ErrExists) {
		return fmt.Errorf("signer: revoke identity %q: %w", s.Name, err)
	}
	return nil
}

// revokedAt is when an identity was revoked, zero where it was not. A file that is
// damaged, or of another key, still means that somebody revoked it.
func revokedAt(root *os.Root, id Identity) (time.Time, error) {
	b, err := readPrivate(root, id.Name+revokedSuffix)
	if errors.Is(err, evidence.ErrNotFound) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, err
	}
	var r revocation
	if err := json.Unmarshal(b, &r); err != nil || r.Name != id.Name || string(r.Public) != string(id.Public) {
		return time.Time{}, fmt.Errorf("%w: %s%s: damaged, or of another key", evidence.ErrFormat, id.Name, revokedSuffix)
	}
	at, err := time.Parse(time.RFC3339, r.Revoked)
	if err != nil {
		return time.Time{}, fmt.Errorf("%w: %s%s: time", evidence.ErrFormat, id.Name, revokedSuffix)
	}
	return at, nil
}

// Retire remembers, durably, that this identity handed the log named origin over:
// note is the checkpoint that this identity signed together with its successor. The
// identity signs nothing larger of that log any more; other logs are not concerned.
func (s *Signer) Retire(ctx context.Context, origin string, note []byte) error {
	if _, err := custody.OpenCheckpoint(note, s.VKey(origin)); err != nil {
		return fmt.Errorf("signer: retire from %q: %w", origin, err)
	}
	err := s.dir.locked(ctx, func(dir *os.Root) error {
		for _, name := range []string{signedDir, path.Join(signedDir, s.Name)} {
			if err := subDir(dir, name); err != nil {
				return err
			}
		}
		return replace(dir, s.retirement(origin), note)
	})
	if err != nil {
		return fmt.Errorf("signer: retire from %q: %w", origin, err)
	}
	return nil
}

// active reports, with ErrRevoked or ErrRetired, why this identity must not sign.
func (s *Signer) active(dir *os.Root, origin string, size int64) error {
	at, err := revokedAt(dir, s.Identity)
	if err != nil {
		return err
	}
	if !at.IsZero() {
		return fmt.Errorf("%w at %s", ErrRevoked, at.Format(time.RFC3339))
	}
	note, err := readPrivate(dir, s.retirement(origin))
	if errors.Is(err, evidence.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	cp, err := custody.OpenCheckpoint(note, s.VKey(origin))
	if err != nil {
		return fmt.Errorf("%w: the record of the handing over is damaged", evidence.ErrIntegrity)
	}
	if size > cp.Size {
		return fmt.Errorf("%w at %d entries", ErrRetired, cp.Size)
	}
	return nil
}

// retirement names the file that says for which log the identity retired.
func (s *Signer) retirement(origin string) string {
	return path.Join(signedDir, s.Name, evidence.Sum([]byte(origin)).Hex()+".retired")
}

// SignSSH returns an SSH signature of message (PROTOCOL.sshsig), which ssh-keygen -Y verify
// accepts, for a namespace. It fails with ErrRevoked.
func (s *Signer) SignSSH(ctx context.Context, namespace string, message []byte) ([]byte, error) {
	var sig []byte
	err := s.dir.locked(ctx, func(dir *os.Root) error {
		at, err := revokedAt(dir, s.Identity)
		if err != nil {
			return err
		}
		if !at.IsZero() {
			return fmt.Errorf("%w at %s", ErrRevoked, at.Format(time.RFC3339))
		}
		sig, err = sshsig.Sign(s.key, namespace, message)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("signer: sign as %q: %w", s.Name, err)
	}
	return sig, nil
}

// SSH is the identity's public key as a line of authorized_keys.
func (i Identity) SSH() (string, error) { return sshsig.PublicLine(i.Public, i.Name) }
