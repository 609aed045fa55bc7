package private_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/internal/private"
)

func openDir(t *testing.T) (*os.Root, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "d")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	root, err := private.OpenDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return root, dir
}

func TestOpenDir(t *testing.T) {
	_, dir := openDir(t)
	for mode, want := range map[os.FileMode]error{0o700: nil, 0o500: nil, 0o710: private.ErrLax, 0o704: private.ErrLax, 0o777: private.ErrLax} {
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
		root, err := private.OpenDir(dir)
		if !errors.Is(err, want) {
			t.Errorf("%v: %v, not %v", mode, err, want)
		}
		if err == nil {
			root.Close()
		}
	}
	if _, err := private.OpenDir(dir + "x"); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

// TestWrite: there whole, with what a crash left in its way; a new file replaces nothing.
func TestWrite(t *testing.T) {
	root, dir := openDir(t)
	if err := os.WriteFile(filepath.Join(dir, ".tmp"), []byte("left by a crash"), 0o400); err != nil {
		t.Fatal(err)
	}
	if err := private.WriteNew(root, "a", ".tmp", []byte("one")); err != nil {
		t.Fatal(err)
	}
	if err := private.WriteNew(root, "a", ".tmp", []byte("two")); !errors.Is(err, evidence.ErrExists) {
		t.Errorf("%v", err)
	}
	if b, err := os.ReadFile(filepath.Join(dir, "a")); err != nil || string(b) != "one" {
		t.Errorf("%q, %v", b, err)
	}
	if err := private.Replace(root, "a", "a.tmp", []byte("three")); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(dir, "a"))
	if err != nil || private.Check(info) != nil || info.Size() != 5 {
		t.Errorf("%v, %v", info, err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 {
		t.Errorf("%v is left, %v", left, err)
	}
	if err := errors.Join(private.SyncDir(root, "."), private.SyncPath(dir)); err != nil {
		t.Error(err)
	}
	if private.SyncDir(root, "b") == nil || private.SyncPath(dir+"x") == nil {
		t.Error("what is not there was made durable")
	}
}
