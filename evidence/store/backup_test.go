package store_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
	"github.com/exhibit-forensics/exhibit/evidence/verify"
)

func intact(t *testing.T, dir string) *verify.Report {
	t.Helper()
	r, err := verify.Case(context.Background(), dir, verify.Options{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	if r.Verdict != verify.Intact {
		t.Fatalf("%s: %v", r.Verdict, r.Findings)
	}
	for _, f := range r.Findings {
		if !strings.HasPrefix(f.Object, "entry ") { // the helper ends nothing that it begins
			t.Errorf("%s: %s", f.Object, f.What)
		}
	}
	return r
}

// While another process appends as fast as it can, every backup is the case as it was at
// one moment: intact, without remarks, and nothing is missing of what it had before.
func TestBackupBesideWriter(t *testing.T) {
	ctx := context.Background()
	c := create(t)
	dir := c.Dir()
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	h := helper(t, "append", dir)
	for range 3 {
		h.line(t)
	}
	last := int64(0)
	for i := range 4 {
		to := filepath.Join(t.TempDir(), "copy")
		r, err := store.Backup(ctx, dir, to, store.BackupOptions{Secrets: i%2 == 1})
		if err != nil {
			t.Fatal(err)
		}
		v := intact(t, to)
		if v.Log.Entries != r.Entries || r.Entries <= last || r.Objects == 0 {
			t.Errorf("%+v after %d entries, verified %d", r, last, v.Log.Entries)
		}
		last = r.Entries
		_, err = os.Stat(filepath.Join(to, "secrets", "fingerprint.key"))
		if (err == nil) != (i%2 == 1) {
			t.Errorf("backup %d: secrets: %v", i, err)
		}
		for range 3 {
			h.line(t)
		}
	}
	h.kill(t)
	// It goes on as a case of its own.
	to := filepath.Join(t.TempDir(), "copy")
	if _, err := store.Backup(ctx, dir, to, store.BackupOptions{Secrets: true}); err != nil {
		t.Fatal(err)
	}
	k, err := store.Open(ctx, to, options())
	if err != nil {
		t.Fatal(err)
	}
	appendTo(t, k, note("goes on"))
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}
	intact(t, to)
}

func TestBackupHoldsWhatTheCaseNames(t *testing.T) {
	ctx := context.Background()
	c := create(t)
	b := received(t, c, "EX-001", "f", "content")
	d := b.Artifacts[0].SHA256
	appendTo(t, c, b)
	if err := os.WriteFile(filepath.Join(c.Dir(), "index.db"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(t.TempDir(), "copy")
	if _, err := store.Backup(ctx, c.Dir(), to, store.BackupOptions{}); err != nil {
		t.Fatal(err)
	}
	var names []string
	if err := filepath.WalkDir(to, func(path string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			rel, _ := filepath.Rel(to, path)
			names = append(names, rel)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	object := "objects/sha256/" + d.Hex()[:2] + "/" + d.Hex()
	if !slices.Equal(names, []string{"case.db", object}) {
		t.Errorf("%q", names)
	}
	a, err := os.Stat(filepath.Join(to, object))
	if err != nil {
		t.Fatal(err)
	}
	was, err := os.Stat(filepath.Join(c.Dir(), object))
	if err != nil || os.SameFile(a, was) || a.Mode() != was.Mode() {
		t.Error("the object was linked, not copied, or has another mode", err)
	}
	for name, bad := range map[string]struct {
		to  string
		err error
	}{
		"there already": {to, evidence.ErrExists},
		"a file there":  {filepath.Join(to, "case.db"), evidence.ErrExists},
		"in the case":   {filepath.Join(c.Dir(), "copy"), evidence.ErrFormat},
		"nowhere":       {filepath.Join(to, "a", "b"), os.ErrNotExist},
	} {
		if _, err := store.Backup(ctx, c.Dir(), bad.to, store.BackupOptions{}); !errors.Is(err, bad.err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := store.Backup(ctx, t.TempDir(), filepath.Join(t.TempDir(), "x"), store.BackupOptions{}); !errors.Is(err, evidence.ErrNoCase) {
		t.Error(err)
	}
	if err := os.Remove(filepath.Join(c.Dir(), object)); err != nil {
		t.Fatal(err)
	}
	parent := t.TempDir()
	if _, err := store.Backup(ctx, c.Dir(), filepath.Join(parent, "x"), store.BackupOptions{}); !errors.Is(err, evidence.ErrNotFound) || !strings.Contains(err.Error(), d.String()) {
		t.Error(err)
	}
	if left, err := os.ReadDir(parent); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}
