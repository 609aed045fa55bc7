package signer_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/exhibit-forensics/exhibit/core/signer"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/google/go-cmp/cmp"
)

func TestIdentityIsReadBack(t *testing.T) {
	dir, d, s := newDir(t)
	want := signer.Identity{Name: "alice", Public: s.Public, Created: time.Date(2026, 11, 22, 10, 11, 12, 0, time.UTC)}
	if diff := cmp.Diff(want, s.Identity); diff != "" {
		t.Error(diff)
	}
	if _, err := d.New(t.Context(), "Bob.2_x-y", created, randomness(2)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "notes.txt"), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	ids, err := d.List()
	if err != nil || len(ids) != 2 || ids[0].Name != "Bob.2_x-y" || !cmp.Equal(ids[1], want) {
		t.Errorf("%+v, %v", ids, err)
	}
	if ids[0].Fingerprint() == ids[1].Fingerprint() || !strings.HasPrefix(want.Fingerprint(), "SHA256:") {
		t.Error("fingerprints")
	}
	if fresh, err := signer.OpenDir(filepath.Join(t.TempDir(), "a", "b", "c")); err != nil {
		t.Error(err)
	} else if ids, err := fresh.List(); err != nil || len(ids) != 0 {
		t.Errorf("%+v, %v", ids, err)
	}
	for _, f := range []string{dir, filepath.Join(dir, "alice.identity"), filepath.Join(dir, "lock")} {
		info, err := os.Stat(f)
		if err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v, %v", f, info.Mode(), err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, ".tmp")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("temporary file left: %v", err)
	}
}

func TestNewKeepsWhatIsThere(t *testing.T) {
	dir, d, s := newDir(t)
	if _, err := d.New(t.Context(), "alice", created, randomness(2)); !errors.Is(err, evidence.ErrExists) {
		t.Errorf("a second alice: %v", err)
	}
	// What a crash left under the temporary name is in nobody's way.
	if err := os.WriteFile(filepath.Join(dir, ".tmp"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := d.New(t.Context(), "bob", created, randomness(2)); err != nil {
		t.Error(err)
	}
	again, err := d.Load("alice")
	if err != nil || !again.Public.Equal(s.Public) {
		t.Errorf("alice has another key: %v", err)
	}
	for _, name := range []string{"", ".", "..", "a/b", "../a", ".a", "-a", "a b", "ä", "a\n", strings.Repeat("a", 65)} {
		if _, err := d.New(t.Context(), name, created, randomness(3)); !errors.Is(err, evidence.ErrFormat) {
			t.Errorf("name %q: %v", name, err)
		}
		if _, err := d.Load(name); !errors.Is(err, evidence.ErrFormat) {
			t.Errorf("load %q: %v", name, err)
		}
	}
	if _, err := d.New(t.Context(), "carol", created, bytes.NewReader(make([]byte, 31))); err == nil {
		t.Error("a key of 31 random bytes")
	}
	if _, err := d.Load("carol"); !errors.Is(err, evidence.ErrNotFound) {
		t.Errorf("carol: %v", err)
	}
}

func TestLaxPermissionsAreRefused(t *testing.T) {
	for _, mode := range []os.FileMode{0o640, 0o604, 0o660, 0o602, 0o644, 0o610} {
		dir, d, _ := newDir(t)
		if err := os.Chmod(filepath.Join(dir, "alice.identity"), mode); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Load("alice"); !errors.Is(err, signer.ErrLax) {
			t.Errorf("file of mode %o: %v", mode, err)
		}
		if _, err := d.List(); !errors.Is(err, signer.ErrLax) {
			t.Errorf("list with a file of mode %o: %v", mode, err)
		}
	}
	for _, mode := range []os.FileMode{0o750, 0o705, 0o701, 0o770, 0o777} {
		dir, d, s := newDir(t)
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Load("alice"); !errors.Is(err, signer.ErrLax) {
			t.Errorf("directory of mode %o: %v", mode, err)
		}
		if _, err := signer.OpenDir(dir); !errors.Is(err, signer.ErrLax) {
			t.Errorf("directory of mode %o: %v", mode, err)
		}
		l := newTree(t, "entry")
		if _, err := l.sign(t, s, origin, 1); !errors.Is(err, signer.ErrLax) {
			t.Errorf("signing in a directory of mode %o: %v", mode, err)
		}
		if _, err := d.New(t.Context(), "bob", created, randomness(2)); !errors.Is(err, signer.ErrLax) {
			t.Errorf("new in a directory of mode %o: %v", mode, err)
		}
	}
}

func TestForeignFilesAreRefused(t *testing.T) {
	dir, d, s := newDir(t)
	if err := os.Symlink("alice.identity", filepath.Join(dir, "link.identity")); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Load("link"); !errors.Is(err, evidence.ErrFormat) {
		t.Errorf("a link to another identity: %v", err)
	}
	outside := filepath.Join(t.TempDir(), "outside.identity")
	if b, err := os.ReadFile(filepath.Join(dir, "alice.identity")); err != nil {
		t.Fatal(err)
	} else if err := os.WriteFile(outside, bytes.Replace(b, []byte("alice"), []byte("outside"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "outside.identity")); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Load("outside"); err == nil {
		t.Error("a link out of the directory was followed")
	}
	if err := os.Mkdir(filepath.Join(dir, "dir.identity"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Load("dir"); !errors.Is(err, evidence.ErrFormat) {
		t.Errorf("a directory: %v", err)
	}
	if os.Geteuid() != 0 {
		return
	}
	if err := os.Chown(filepath.Join(dir, "alice.identity"), 12345, -1); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Load("alice"); !errors.Is(err, signer.ErrLax) {
		t.Errorf("another user's file: %v", err)
	}
	if err := os.Chown(dir, 12345, -1); err != nil {
		t.Fatal(err)
	}
	l := newTree(t, "entry")
	if _, err := l.sign(t, s, origin, 1); !errors.Is(err, signer.ErrLax) {
		t.Errorf("another user's directory: %v", err)
	}
}

func TestDamagedIdentityIsRefused(t *testing.T) {
	dir, d, _ := newDir(t)
	file := filepath.Join(dir, "alice.identity")
	good, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := d.Load("alice")
	if err != nil {
		t.Fatal(err)
	}
	load := func(b []byte) error {
		if err := os.WriteFile(file, b, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := d.Load("alice")
		if err == nil && (s.Name != whole.Name || !s.Public.Equal(whole.Public)) {
			t.Errorf("another identity from %s", b)
		}
		return err
	}
	accepted := 0
	for i := range 8 * len(good) {
		b := bytes.Clone(good)
		b[i/8] ^= 1 << (i % 8)
		err := load(b)
		if err == nil {
			accepted++ // another day or hour of its making, which nothing vouches for
		}
		if err != nil && !errors.Is(err, evidence.ErrFormat) && !errors.Is(err, evidence.ErrNewer) {
			t.Errorf("bit %d: %v", i, err)
		}
		if err != nil && strings.Contains(err.Error(), string(good[len(good)/2:len(good)/2+12])) {
			t.Errorf("bit %d: error quotes the file: %v", i, err)
		}
	}
	if accepted > 8*len("2026-11-22T10:11:12Z") {
		t.Errorf("%d flips accepted", accepted)
	}
	for name, b := range map[string][]byte{
		"empty": nil, "newline": []byte("\n"), "no newline": good[:len(good)-1], "two lines": append(bytes.Clone(good), good...), "not JSON": []byte("x\n"),
		"unknown member": bytes.Replace(good, []byte(`"v":1`), []byte(`"v":1,"x":1`), 1), "other name": bytes.Replace(good, []byte("alice"), []byte("alicf"), 1),
		"spaces": bytes.Replace(good, []byte(`,"v"`), []byte(`, "v"`), 1), "too long": bytes.Repeat([]byte("a"), 10000), "list": []byte("[]\n"),
	} {
		if err := load(b); !errors.Is(err, evidence.ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := load(bytes.Replace(good, []byte(`"v":1`), []byte(`"v":2`), 1)); !errors.Is(err, evidence.ErrNewer) {
		t.Errorf("newer: %v", err)
	}
	if err := load(good); err != nil {
		t.Errorf("unharmed: %v", err)
	}
}
