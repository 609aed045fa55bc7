package signer

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
	"path"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
)

// Signer signs checkpoints with one identity.
type Signer struct {
	Identity
	dir *Dir
	key ed25519.PrivateKey
}

// Sign returns the signed note for the log named origin at size entries with
// the given root. read gives the log's stored nodes (tlog.StoredHashIndex); from
// them Sign proves that root is theirs and that the tree continues the one
// this identity signed last for that log. What it signs is remembered, durably,
// before it is handed out. It fails, and signs nothing, with ErrSmaller or
// ErrInconsistent, with evidence.ErrIntegrity where nodes and root disagree or its
// memory is damaged, with ErrRevoked and ErrRetired where the identity signs no
// more, with evidence.ErrLocked where ctx ends while another process signs.
func (s *Signer) Sign(ctx context.Context, origin string, size int64, root [32]byte, read custody.ReadHashes) (note []byte, err error) {
	if size < 1 {
		return nil, fmt.Errorf("signer: checkpoint of %q: %w: %d entries", origin, evidence.ErrFormat, size)
	}
	// Signing is deterministic (RFC 8032): made here, it stays here unless all below agrees.
	signed, err := custody.SignCheckpoint(origin, size, root, s.key)
	if err != nil {
		return nil, err
	}
	err = s.dir.locked(ctx, func(dir *os.Root) error {
		if err := s.active(dir, origin, size); err != nil {
			return err
		}
		if err := s.check(dir, origin, size, root, read); err != nil {
			return err
		}
		return s.remember(dir, origin, signed)
	})
	if err != nil {
		return nil, fmt.Errorf("signer: checkpoint of %q at %d entries: %w", origin, size, err)
	}
	return signed, nil
}

// Last returns the note that this identity signed last for the log named
// origin, or evidence.ErrNotFound.
func (s *Signer) Last(origin string) ([]byte, error) {
	dir, err := s.dir.open()
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	note, _, err := s.last(dir, origin)
	if err != nil {
		return nil, fmt.Errorf("signer: last checkpoint of %q: %w", origin, err)
	}
	return note, nil
}

func (s *Signer) check(dir *os.Root, origin string, size int64, root [32]byte, read custody.ReadHashes) error {
	got, err := custody.Root(size, read)
	if err != nil {
		return err
	}
	if got != root {
		return &evidence.IntegrityError{Object: "root of the stored nodes", Want: root, Got: got}
	}
	_, last, err := s.last(dir, origin)
	switch {
	case errors.Is(err, evidence.ErrNotFound):
		return nil
	case err != nil:
		return err
	case size < last.Size:
		return fmt.Errorf("%w: %d entries then", ErrSmaller, last.Size)
	}
	err = custody.CheckConsistent(last.Size, last.Root, size, root, read)
	if errors.Is(err, evidence.ErrIntegrity) {
		return fmt.Errorf("%w: %d entries then", ErrInconsistent, last.Size)
	}
	return err
}

// last reads the memory: a note signed by this identity, so that damage to it shows.
func (s *Signer) last(dir *os.Root, origin string) ([]byte, custody.Checkpoint, error) {
	note, err := readPrivate(dir, s.memory(origin))
	if err != nil {
		return nil, custody.Checkpoint{}, err
	}
	cp, err := custody.OpenCheckpoint(note, s.VKey(origin))
	if err != nil {
		return nil, custody.Checkpoint{}, fmt.Errorf("%w: the record of what was last signed is damaged", evidence.ErrIntegrity)
	}
	return note, cp, nil
}

func (s *Signer) remember(dir *os.Root, origin string, note []byte) error {
	for _, name := range []string{signedDir, path.Join(signedDir, s.Name)} {
		if err := subDir(dir, name); err != nil {
			return err
		}
	}
	return replace(dir, s.memory(origin), note)
}

// memory names the file that holds what was last signed for origin.
func (s *Signer) memory(origin string) string {
	return path.Join(signedDir, s.Name, evidence.Sum([]byte(origin)).Hex()+".note")
}
