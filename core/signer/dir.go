package signer

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/internal/private"
)

const (
	identitySuffix = ".identity"
	lockName       = "lock"
	tempName       = ".tmp"
	signedDir      = "signed"
	// lockPoll is how often a lock that another process holds is tried again.
	lockPoll = 20 * time.Millisecond
)

// Dir is a directory of identities. It is private to its owner; what is not is refused.
// Several processes may use it at once.
type Dir struct{ path string }

// OpenDir returns the directory of identities at path, creating it (mode 0700)
// and its parents where it does not exist. It fails with ErrLax where others
// than the owner may read or write it, or another user owns it.
func OpenDir(path string) (*Dir, error) {
	d := &Dir{path: path}
	if err := makeDir(path); err != nil {
		return nil, fmt.Errorf("signer: identities in %q: %w", path, err)
	}
	root, err := d.open()
	if err != nil {
		return nil, err
	}
	return d, root.Close()
}

// makeDir makes path and its missing parents, each durable in its parent.
func makeDir(path string) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	parent := filepath.Dir(path)
	if parent != path {
		if err := makeDir(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return private.SyncPath(parent)
}

// open opens the directory afresh, so that a swapped path is noticed, and
// checks that it is private.
func (d *Dir) open() (*os.Root, error) {
	root, err := private.OpenDir(d.path)
	if err != nil {
		return nil, fmt.Errorf("signer: identities in %q: %w", d.path, err)
	}
	return root, nil
}

// New makes an identity and its file (mode 0600), durable when New returns.
// The key comes from rand. It fails with evidence.ErrExists where there is one of that name.
func (d *Dir) New(ctx context.Context, name string, created time.Time, rand io.Reader) (Identity, error) {
	if err := CheckName(name); err != nil {
		return Identity{}, err
	}
	seed := make([]byte, ed25519.SeedSize)
	if _, err := io.ReadFull(rand, seed); err != nil {
		return Identity{}, fmt.Errorf("signer: identity %q: random source: %w", name, err)
	}
	key := ed25519.NewKeyFromSeed(seed)
	id := Identity{Name: name, Public: key.Public().(ed25519.PublicKey), Created: created.UTC().Truncate(time.Second)}
	b, err := formatIdentity(id, key)
	if err != nil {
		return Identity{}, fmt.Errorf("signer: identity %q: %w", name, err)
	}
	err = d.locked(ctx, func(root *os.Root) error { return writeNew(root, name+identitySuffix, b) })
	if err != nil {
		return Identity{}, fmt.Errorf("signer: identity %q: %w", name, err)
	}
	return id, nil
}

// List returns the identities in ascending order of their names. One that
// cannot be read fails the whole list: a signing key that is not private, or is
// damaged, is not passed over.
func (d *Dir) List() ([]Identity, error) {
	entries, err := os.ReadDir(d.path)
	if err != nil {
		return nil, fmt.Errorf("signer: identities in %q: %w", d.path, err)
	}
	var ids []Identity
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), identitySuffix)
		if !ok {
			continue
		}
		s, err := d.Load(name)
		if err != nil {
			return nil, err
		}
		ids = append(ids, s.Identity)
	}
	slices.SortFunc(ids, func(a, b Identity) int { return strings.Compare(a.Name, b.Name) })
	return ids, nil
}

// Load reads an identity in order to sign with it. It fails with
// evidence.ErrNotFound, with ErrLax where its file is not private, with
// evidence.ErrFormat or ErrNewer where it cannot be read.
func (d *Dir) Load(name string) (*Signer, error) {
	if err := CheckName(name); err != nil {
		return nil, err
	}
	root, err := d.open()
	if err != nil {
		return nil, err
	}
	defer root.Close()
	b, err := readPrivate(root, name+identitySuffix)
	if err != nil {
		return nil, fmt.Errorf("signer: identity %q: %w", name, err)
	}
	id, key, err := parseIdentity(name, b)
	if err != nil {
		return nil, fmt.Errorf("signer: identity %q: %w", name, err)
	}
	if id.Revoked, err = revokedAt(root, id); err != nil {
		return nil, fmt.Errorf("signer: identity %q: %w", name, err)
	}
	return &Signer{Identity: id, dir: d, key: key}, nil
}

// locked runs f while no other process changes the directory.
func (d *Dir) locked(ctx context.Context, f func(root *os.Root) error) (err error) {
	root, err := d.open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	lock, err := root.OpenFile(lockName, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	for {
		err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return f(root)
		}
		if !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("lock: %w", err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", evidence.ErrLocked, ctx.Err())
		case <-time.After(lockPoll):
		}
	}
}
