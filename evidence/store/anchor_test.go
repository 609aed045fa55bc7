package store_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

func TestAnchors(t *testing.T) {
	ctx := context.Background()
	c := create(t)
	dir := c.Dir()
	if list, err := c.Anchors(store.AnchorStamp, store.AnchorNote); err != nil || len(list) != 0 {
		t.Fatal(list, err)
	}
	stamp, note := []byte("a response"), []byte("a note")
	a, n := store.AnchorOf(12, store.AnchorStamp, stamp), store.AnchorOf(5, store.AnchorNote, note)
	q := store.AnchorOf(12, store.AnchorQueued, []byte("{}\n"))
	for _, add := range []struct {
		a store.Anchor
		b []byte
	}{{a, stamp}, {a, stamp}, {a.Beside(store.AnchorChain), []byte("certificates")}, {n, note}, {q, []byte("{}\n")}} {
		if err := c.AddAnchor(add.a, add.b); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.AddAnchor(a, []byte("another")); !errors.Is(err, evidence.ErrExists) {
		t.Errorf("other bytes under the same name: %v", err)
	}
	if err := c.AddAnchor(store.AnchorOf(1, store.AnchorStamp, nil), make([]byte, 256<<10+1)); !errors.Is(err, evidence.ErrFormat) {
		t.Errorf("too long: %v", err)
	}
	for _, bad := range []store.Anchor{{}, {Size: 1, ID: "../../../etc/x", Sort: store.AnchorStamp}, {Size: 0, ID: a.ID, Sort: store.AnchorStamp}, {Size: 1, ID: a.ID, Sort: "exe"}} {
		if err := c.AddAnchor(bad, []byte("x")); !errors.Is(err, evidence.ErrFormat) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	// What else lies there is none of ours.
	for _, other := range []string{"anchors/x.tsr", "anchors/1-0123456789abcdef.txt", "anchors/01-0123456789abcdef.tsr", "anchors/queue/1-0123456789abcdef.tsr"} {
		if err := os.WriteFile(filepath.Join(dir, other), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/etc/hostname", filepath.Join(dir, "anchors/1-0123456789abcdef.tsr")); err != nil {
		t.Fatal(err)
	}
	list, err := c.Anchors(store.AnchorStamp, store.AnchorNote)
	if diff := cmp.Diff([]store.Anchor{n, a}, list); err != nil || diff != "" {
		t.Error(err, diff)
	}
	if b, err := c.ReadAnchor(a); err != nil || !bytes.Equal(b, stamp) {
		t.Errorf("%q %v", b, err)
	}
	if _, err := c.ReadAnchor(store.Anchor{Size: 1, ID: "0123456789abcdef", Sort: store.AnchorStamp}); !errors.Is(err, evidence.ErrFormat) {
		t.Errorf("a link is followed: %v", err)
	}
	if _, err := c.ReadAnchor(store.AnchorOf(3, store.AnchorNote, nil)); !errors.Is(err, evidence.ErrNotFound) {
		t.Error(err)
	}
	info, err := os.Stat(filepath.Join(dir, a.File()))
	if err != nil || info.Mode().Perm() != 0o444 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	// A backup has them.
	to := filepath.Join(t.TempDir(), "copy")
	if _, err := store.Backup(ctx, dir, to, store.BackupOptions{}); err != nil {
		t.Fatal(err)
	}
	k, err := store.OpenReader(ctx, to)
	if err != nil {
		t.Fatal(err)
	}
	copied, err := k.Anchors(store.AnchorStamp, store.AnchorNote, store.AnchorChain, store.AnchorQueued)
	if err != nil || len(copied) != 4 || !slices.Contains(copied, q) {
		t.Errorf("%v %v", copied, err)
	}
	if err := k.AddAnchor(a, stamp); !errors.Is(err, store.ErrClosed) {
		t.Errorf("added by a reader: %v", err)
	}
	if err := errors.Join(k.RemoveQueued(q), k.Close()); !errors.Is(err, store.ErrClosed) {
		t.Errorf("removed by a reader: %v", err)
	}
	for range 2 {
		if err := c.RemoveQueued(q); err != nil {
			t.Error(err)
		}
	}
	if err := c.RemoveQueued(a); err == nil {
		t.Error("an anchor was removed as if it were a request")
	}
	if list, err := c.Anchors(store.AnchorQueued); err != nil || len(list) != 0 {
		t.Error(list, err)
	}
}
