package witness

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
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
	"github.com/exhibit-forensics/exhibit/evidence/anchor"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"github.com/exhibit-forensics/exhibit/internal/private"
)

const (
	keyFile      = "witness.json"
	admittedFile = "admitted"
	logsDir      = "logs"
	conflictsDir = "conflicts"
	lockFile     = "lock"
	tempName     = ".tmp"
	// maxFile bounds what is read of a file, in bytes.
	maxFile = 4 << 20
)

// ErrLax: others than the owner may read or change the witness's directory.
var ErrLax = errors.New("not private to its owner")

// Witness is a witness's key and memory.
type Witness struct {
	Name   string
	Public ed25519.PublicKey
	key    ed25519.PrivateKey
	root   *os.Root
	lock   *os.File
	locks  locks
}

// VKey is the verifier key that others are given.
func (w *Witness) VKey() string { return anchor.VKey(w.Name, w.Public) }

// keyText is witness.json.
type keyText struct {
	Created string `json:"created"`
	Name    string `json:"name"`
	Public  []byte `json:"public"`
	Seed    []byte `json:"seed"`
	V       int    `json:"v"`
}

// Init makes a witness in dir, which does not exist yet or is empty, and returns its
// verifier key. name should be an address without its scheme. The key comes from rand.
func Init(dir, name string, now time.Time, rand io.Reader) (vkey string, err error) {
	if err := anchor.CheckName(name); err != nil {
		return "", err
	}
	if vkey, err = makeWitness(dir, name, now, rand); err != nil {
		return "", fmt.Errorf("witness: new in %q: %w", dir, err)
	}
	return vkey, nil
}

func makeWitness(dir, name string, now time.Time, rand io.Reader) (string, error) {
	seed := make([]byte, ed25519.SeedSize)
	if _, err := io.ReadFull(rand, seed); err != nil {
		return "", fmt.Errorf("random source: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return "", err
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	root, err := openPrivate(dir)
	if err != nil {
		return "", err
	}
	defer root.Close() // only read from by now
	names, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return "", err
	}
	if len(names) > 0 {
		return "", fmt.Errorf("%w: the directory is not empty", evidence.ErrExists)
	}
	for _, sub := range []string{logsDir, conflictsDir} {
		if err := root.Mkdir(sub, 0o700); err != nil {
			return "", err
		}
	}
	if err := replace(root, admittedFile, []byte("# Verifier keys of logs that are cosigned, one a line.\n")); err != nil {
		return "", err
	}
	pub := ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)
	b, err := evidence.Canonical(keyText{now.UTC().Format(time.RFC3339), name, pub, seed, evidence.FormatVersion})
	if err == nil {
		err = replace(root, keyFile, append(b, '\n'))
	}
	if err == nil {
		err = private.SyncPath(filepath.Dir(dir))
	}
	return anchor.VKey(name, pub), err
}

// Open opens a witness to serve. It fails with evidence.ErrNotFound where dir holds none, ErrLax
// where others may read it, evidence.ErrLocked where another process serves it.
func Open(dir string) (*Witness, error) {
	w, err := open(dir)
	if err != nil {
		return nil, fmt.Errorf("witness: %q: %w", dir, err)
	}
	return w, nil
}

func open(dir string) (_ *Witness, err error) {
	root, err := openPrivate(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: no such directory", evidence.ErrNotFound)
	}
	if err != nil {
		return nil, err
	}
	w := &Witness{root: root}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.Close())
		}
	}()
	b, err := readFile(root, keyFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: it has no %s", evidence.ErrNotFound, keyFile)
	}
	if err != nil {
		return nil, err
	}
	if err := w.parseKey(b); err != nil {
		return nil, err
	}
	if w.lock, err = root.OpenFile(lockFile, os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return nil, err
	}
	if err := unix.Flock(int(w.lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, fmt.Errorf("%w: another process serves it", evidence.ErrLocked)
	}
	return w, nil
}

func (w *Witness) parseKey(b []byte) error {
	var f keyText
	if err := json.Unmarshal(b, &f); err != nil || f.V != evidence.FormatVersion || len(f.Seed) != ed25519.SeedSize || anchor.CheckName(f.Name) != nil {
		return fmt.Errorf("%w: %s is damaged", evidence.ErrFormat, keyFile)
	}
	w.Name, w.key = f.Name, ed25519.NewKeyFromSeed(f.Seed)
	w.Public = w.key.Public().(ed25519.PublicKey)
	if again, err := evidence.Canonical(f); err != nil || !bytes.Equal(append(again, '\n'), b) || !bytes.Equal(w.Public, f.Public) {
		return fmt.Errorf("%w: %s is damaged", evidence.ErrFormat, keyFile)
	}
	return nil
}

// Close gives the directory up.
func (w *Witness) Close() error {
	var errs []error
	if w.lock != nil {
		errs = append(errs, w.lock.Close())
	}
	return errors.Join(append(errs, w.root.Close())...)
}

// Admit adds a log's verifier key to those that are cosigned, durably; a witness that serves sees it
// at once. One that is there already is no error. It fails with evidence.ErrFormat.
func Admit(dir, vkey string) error {
	if err := admit(dir, vkey); err != nil {
		return fmt.Errorf("witness: admit: %w", err)
	}
	return nil
}

func admit(dir, vkey string) error {
	origin, _, err := custody.ParseVKey(vkey)
	if err == nil {
		err = custody.CheckOrigin(origin)
	}
	if err != nil {
		return err
	}
	root, err := openPrivate(dir)
	if err != nil {
		return err
	}
	defer root.Close() // what was written is synced
	if _, err := root.Stat(keyFile); err != nil {
		return fmt.Errorf("%w: no witness in %q", evidence.ErrNotFound, dir)
	}
	b, err := readFile(root, admittedFile)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if slices.Contains(strings.Split(string(b), "\n"), vkey) {
		return nil
	}
	if len(b) > 0 && b[len(b)-1] != '\n' {
		b = append(b, '\n')
	}
	return replace(root, admittedFile, append(b, vkey+"\n"...))
}

// admitted returns the verifier keys of a log that are admitted.
func (w *Witness) admitted(origin string) ([]string, error) {
	b, err := readFile(w.root, admittedFile)
	if err != nil {
		return nil, err
	}
	var keys []string
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		name, _, err := custody.ParseVKey(line)
		if err != nil {
			return nil, fmt.Errorf("%s: %q: %w", admittedFile, line, err)
		}
		if name == origin {
			keys = append(keys, line)
		}
	}
	return keys, nil
}
