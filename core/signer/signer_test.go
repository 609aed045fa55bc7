package signer_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/exhibit-forensics/exhibit/core/signer"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"golang.org/x/mod/sumdb/note"
)

const (
	origin      = "lab.example/0b9f0b57-6a3c-4c0e-9b1e-0d6d3f6b2a11"
	otherOrigin = "lab.example/1b9f0b57-6a3c-4c0e-9b1e-0d6d3f6b2a11"
)

var created = time.Date(2026, 11, 22, 18, 11, 12, 999, time.FixedZone("", 8*3600))

func randomness(seed byte) *rand.ChaCha8 { return rand.NewChaCha8([32]byte{seed}) }

// tree is a log in memory.
type tree struct {
	nodes [][32]byte
	size  int64
}

func newTree(t testing.TB, bodies ...string) *tree {
	t.Helper()
	l := &tree{}
	for _, b := range bodies {
		nodes, err := custody.NewNodes(l.size, []byte(b), l.read)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range nodes {
			l.nodes = append(l.nodes, n.Hash)
		}
		l.size++
	}
	return l
}

func (l *tree) read(idx []int64) ([][32]byte, error) {
	out := make([][32]byte, len(idx))
	for i, n := range idx {
		if n >= int64(len(l.nodes)) {
			return nil, fmt.Errorf("node %d: %w", n, evidence.ErrNotFound)
		}
		out[i] = l.nodes[n]
	}
	return out, nil
}

func (l *tree) root(t testing.TB, size int64) [32]byte {
	t.Helper()
	root, err := custody.Root(size, l.read)
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func (l *tree) sign(t testing.TB, s *signer.Signer, origin string, size int64) ([]byte, error) {
	t.Helper()
	return s.Sign(t.Context(), origin, size, l.root(t, size), l.read)
}

func bodies(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("entry %d", i)
	}
	return out
}

// newDir returns a directory with the identity alice.
func newDir(t testing.TB) (string, *signer.Dir, *signer.Signer) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config", "identities")
	d, err := signer.OpenDir(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.New(t.Context(), "alice", created, randomness(1)); err != nil {
		t.Fatal(err)
	}
	s, err := d.Load("alice")
	if err != nil {
		t.Fatal(err)
	}
	return path, d, s
}

func TestSignedNoteOpensForOthers(t *testing.T) {
	_, _, s := newDir(t)
	l := newTree(t, bodies(9)...)
	msg, err := l.sign(t, s, origin, 9)
	if err != nil {
		t.Fatal(err)
	}
	v, err := note.NewVerifier(s.VKey(origin))
	if err != nil {
		t.Fatal(err)
	}
	n, err := note.Open(msg, note.VerifierList(v))
	if err != nil || n.Text != custody.CheckpointBody(origin, 9, l.root(t, 9)) {
		t.Errorf("%+v, %v", n, err)
	}
	last, err := s.Last(origin)
	if err != nil || !bytes.Equal(last, msg) {
		t.Errorf("last: %s, %v", last, err)
	}
	if _, err := s.Last(otherOrigin); !errors.Is(err, evidence.ErrNotFound) {
		t.Errorf("last of another log: %v", err)
	}
}

// A log that grows may be signed at every size, again and again, and after a restart.
func TestSignsWhatContinues(t *testing.T) {
	_, d, s := newDir(t)
	l := newTree(t, bodies(40)...)
	for _, size := range []int64{1, 1, 2, 3, 8, 13, 13, 40} {
		msg, err := l.sign(t, s, origin, size)
		if err != nil {
			t.Fatalf("size %d: %v", size, err)
		}
		if s, err = d.Load("alice"); err != nil {
			t.Fatal(err)
		}
		if again, err := l.sign(t, s, origin, size); err != nil || !bytes.Equal(again, msg) {
			t.Errorf("size %d again: %v", size, err)
		}
	}
}

func TestRefusesToSign(t *testing.T) {
	_, d, s := newDir(t)
	l := newTree(t, bodies(20)...)
	sealed, err := l.sign(t, s, origin, 13)
	if err != nil {
		t.Fatal(err)
	}
	rewritten := bodies(20)
	rewritten[4] += "!"
	forged := newTree(t, rewritten...)
	swapped := bodies(20)
	swapped[2], swapped[3] = swapped[3], swapped[2]
	elsewhere := newTree(t, swapped...)
	refuse := func(name string, want error, msg []byte, err error) {
		t.Helper()
		if !errors.Is(err, want) || msg != nil {
			t.Errorf("%s: %v, want %v; note %q", name, err, want, msg)
		}
		if last, err := s.Last(origin); err != nil || !bytes.Equal(last, sealed) {
			t.Errorf("%s: changed what was last signed: %v", name, err)
		}
	}
	for size := range int64(12) {
		msg, err := l.sign(t, s, origin, size+1)
		refuse("shorter", signer.ErrSmaller, msg, err)
	}
	msg, err := forged.sign(t, s, origin, 13)
	refuse("same size, rewritten", signer.ErrInconsistent, msg, err)
	msg, err = forged.sign(t, s, origin, 20)
	refuse("longer, rewritten", signer.ErrInconsistent, msg, err)
	msg, err = elsewhere.sign(t, s, origin, 20)
	refuse("longer, reordered", signer.ErrInconsistent, msg, err)
	msg, err = forged.sign(t, s, origin, 5)
	refuse("shorter, rewritten", signer.ErrSmaller, msg, err)
	msg, err = s.Sign(t.Context(), origin, 20, forged.root(t, 20), l.read)
	refuse("a root that is not the nodes'", evidence.ErrIntegrity, msg, err)
	msg, err = s.Sign(t.Context(), origin, 21, l.root(t, 20), l.read)
	refuse("more entries than there are", evidence.ErrNotFound, msg, err)
	msg, err = s.Sign(t.Context(), origin, 0, custody.EmptyRoot(), l.read)
	refuse("nothing", evidence.ErrFormat, msg, err)
	msg, err = s.Sign(t.Context(), "lab", 20, l.root(t, 20), l.read)
	refuse("an origin that is none", evidence.ErrFormat, msg, err)
	// Nodes swapped for others where the proof is read: the head itself is right.
	lying := func(idx []int64) ([][32]byte, error) {
		if len(idx) > 2 {
			return forged.read(idx)
		}
		return l.read(idx)
	}
	msg, err = s.Sign(t.Context(), origin, 20, l.root(t, 20), lying)
	refuse("proof from other nodes", signer.ErrInconsistent, msg, err)

	// Another log, and another identity, have memories of their own.
	if _, err := forged.sign(t, s, otherOrigin, 5); err != nil {
		t.Errorf("another log: %v", err)
	}
	if _, err := d.New(t.Context(), "bob", created, randomness(2)); err != nil {
		t.Fatal(err)
	}
	bob, err := d.Load("bob")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := forged.sign(t, bob, origin, 5); err != nil {
		t.Errorf("another identity: %v", err)
	}
}

// memory returns the one file under signed/.
func memory(t *testing.T, dir string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "signed", "*", "*.note"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%v, %v", files, err)
	}
	return files[0]
}

// Whatever is wrong with the memory, nothing is signed over it.
func TestDamagedMemoryIsRefused(t *testing.T) {
	dir, _, s := newDir(t)
	l := newTree(t, bodies(20)...)
	good, err := l.sign(t, s, origin, 13)
	if err != nil {
		t.Fatal(err)
	}
	file := memory(t, dir)
	try := func(name string, content []byte) {
		t.Helper()
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
		msg, err := l.sign(t, s, origin, 20)
		if !errors.Is(err, evidence.ErrIntegrity) || msg != nil {
			t.Errorf("%s: %v; note %q", name, err, msg)
		}
	}
	for i := range good {
		b := bytes.Clone(good)
		b[i] ^= 1
		try(fmt.Sprintf("byte %d", i), b)
	}
	try("empty", nil)
	try("cut short", good[:len(good)/2])
	other, err := custody.SignCheckpoint(origin, 2, l.root(t, 2), ed25519.NewKeyFromSeed(make([]byte, 32)))
	if err != nil {
		t.Fatal(err)
	}
	try("by another key", other)
	if err := os.WriteFile(file, good, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(file, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := l.sign(t, s, origin, 20); !errors.Is(err, signer.ErrLax) {
		t.Errorf("readable by the group: %v", err)
	}
}

// A memory that was copied from another log's is noticed.
func TestMemoryOfAnotherLogIsRefused(t *testing.T) {
	dir, _, s := newDir(t)
	l := newTree(t, bodies(20)...)
	if _, err := l.sign(t, s, origin, 13); err != nil {
		t.Fatal(err)
	}
	file := memory(t, dir)
	if _, err := l.sign(t, s, otherOrigin, 2); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "signed", "alice", "*.note"))
	if err != nil || len(files) != 2 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		if f != file {
			if err := os.Rename(f, file); err != nil {
				t.Fatal(err)
			}
		}
	}
	if msg, err := l.sign(t, s, origin, 2); !errors.Is(err, evidence.ErrIntegrity) || msg != nil {
		t.Errorf("%v; note %q", err, msg)
	}
}

// Of many that sign at once, all sizes, the notes handed out grow: none is
// smaller than one handed out before it was asked for.
func TestConcurrentSigning(t *testing.T) {
	_, d, _ := newDir(t)
	l := newTree(t, bodies(64)...)
	var wg sync.WaitGroup
	var mu sync.Mutex
	signed := 0
	for w := range 4 {
		s, err := d.Load("alice")
		if err != nil {
			t.Fatal(err)
		}
		wg.Go(func() {
			for size := int64(w + 1); size <= 64; size += 9 {
				_, err := l.sign(t, s, origin, size)
				if err != nil && !errors.Is(err, signer.ErrSmaller) {
					t.Error(err)
				}
				mu.Lock()
				if err == nil {
					signed++
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	s, err := d.Load("alice")
	if err != nil {
		t.Fatal(err)
	}
	last, err := s.Last(origin)
	if err != nil {
		t.Fatal(err)
	}
	cp, err := custody.ParseCheckpoint(last)
	if err != nil || cp.Size != 64 || signed == 0 {
		t.Errorf("last %+v of %d, %v", cp, signed, err)
	}
}

func TestSignWaitsForTheLock(t *testing.T) {
	dir, _, s := newDir(t)
	release := lock(t, dir)
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Millisecond)
	defer cancel()
	l := newTree(t, "entry")
	if _, err := s.Sign(ctx, origin, 1, l.root(t, 1), l.read); !errors.Is(err, evidence.ErrLocked) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("held: %v", err)
	}
	time.AfterFunc(50*time.Millisecond, release)
	if _, err := l.sign(t, s, origin, 1); err != nil {
		t.Errorf("released: %v", err)
	}
}
