package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/blob"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

func objectFile(c *store.Case, d evidence.Digest) string {
	return filepath.Join(c.Dir(), "objects", "sha256", d.Hex()[:2], d.Hex())
}

func isThere(c *store.Case, d evidence.Digest) bool {
	_, err := os.Stat(objectFile(c, d))
	return err == nil
}

func destruction(digests ...evidence.Digest) store.Batch {
	b := store.Batch{Kind: "dispose", Plain: map[string]any{"phase": "destroyed"}}
	for _, d := range digests {
		b.Subjects = append(b.Subjects, evidence.Subject{Artifact: d})
	}
	return b
}

func gone(t *testing.T, c *store.Case) map[evidence.Digest]int64 {
	t.Helper()
	m, err := c.Disposed(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestDestroy(t *testing.T) {
	ctx := context.Background()
	c := create(t)
	a, b := received(t, c, "EX-1", "a", "content a"), received(t, c, "EX-1", "b", "content b")
	da, db := a.Artifacts[0].SHA256, b.Artifacts[0].SHA256
	appendTo(t, c, a)
	appendTo(t, c, b)
	index := filepath.Join(c.Dir(), "index.db")
	if err := os.WriteFile(index, []byte("text of records"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := openReader(t, c.Dir())
	if len(gone(t, r)) != 0 {
		t.Error("something is gone already")
	}
	seq, removed, err := c.Destroy(ctx, destruction(da))
	if err != nil || removed != 1 || isThere(c, da) || !isThere(c, db) {
		t.Fatalf("%d %d %v", seq, removed, err)
	}
	if _, err := os.Stat(index); !os.IsNotExist(err) {
		t.Error("index.db, which holds the text, is still there")
	}
	for _, c := range []*store.Case{c, r} {
		if m := gone(t, c); len(m) != 1 || m[da] != seq {
			t.Errorf("%v", m)
		}
		row, err := c.Artifact(ctx, da)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Blobs().Reader(ctx, row); !errors.Is(err, evidence.ErrDisposed) || errors.Is(err, evidence.ErrNotFound) {
			t.Errorf("%v", err)
		}
		work := collect(t, c.Work(ctx))
		if len(work) != 1 || work[0].SHA256 != db {
			t.Errorf("what is gone is offered to plugins: %v", work)
		}
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	// A copy has what there is.
	to := filepath.Join(t.TempDir(), "copy")
	if rep, err := store.Backup(ctx, c.Dir(), to, store.BackupOptions{}); err != nil || rep.Objects != 1 {
		t.Errorf("%+v %v", rep, err)
	}
	// What was removed without an entry is not called disposed of.
	if err := os.Remove(objectFile(c, db)); err != nil {
		t.Fatal(err)
	}
	row, err := c.Artifact(ctx, db)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Blobs().Reader(ctx, row); !errors.Is(err, evidence.ErrNotFound) {
		t.Errorf("%v", err)
	}
}

// Received again, the bytes are there again, and stay.
func TestDestroyedAndReceivedAgain(t *testing.T) {
	ctx := context.Background()
	c := create(t)
	first := received(t, c, "EX-1", "a", "content")
	d := first.Artifacts[0].SHA256
	appendTo(t, c, first)
	for range 2 {
		if _, _, err := c.Destroy(ctx, destruction(d)); err != nil || isThere(c, d) {
			t.Fatal(err)
		}
		c = reopen(t, c)
		appendTo(t, c, received(t, c, "EX-2", "a", "content"))
		if !isThere(c, d) || len(gone(t, c)) != 0 {
			t.Fatal("it is not there again")
		}
		c = reopen(t, c)
		if !isThere(c, d) {
			t.Fatal("opening the case removed what was received again")
		}
		row, err := c.Artifact(ctx, d)
		if err != nil {
			t.Fatal(err)
		}
		obj, err := c.Blobs().Reader(ctx, row)
		if err != nil {
			t.Fatal(err)
		}
		obj.Close()
	}
}

// helperDestroy receives two things and destroys one.
func helperDestroy(ctx context.Context, c *store.Case) error {
	var digests []evidence.Digest
	for i := range 2 {
		b, err := helperBatch(c, i)
		if err == nil {
			_, err = c.Append(ctx, b)
		}
		if err != nil {
			return suspectThen(c, err)
		}
		digests = append(digests, b.Artifacts[0].SHA256)
	}
	if err := os.WriteFile(filepath.Join(c.Dir(), "index.db"), []byte("text"), 0o600); err != nil {
		return err
	}
	fmt.Println("destroying")
	seq, removed, err := c.Destroy(ctx, destruction(digests[0]))
	if err != nil {
		return suspectThen(c, err)
	}
	fmt.Println("destroyed", seq, removed)
	return c.Close()
}

// Killed at any system call that makes something durable or takes something away: without
// the entry nothing is gone, with it all of it is after the next opening, and what was
// acknowledged had happened.
func TestDestroyKilledAtEachCall(t *testing.T) {
	ctx := context.Background()
	for _, calls := range []string{syncs, names, writes} {
		t.Run(calls, func(t *testing.T) {
			inject(t, "destroy", calls, "signal=KILL", func(dir string, lines []string, _ bool) {
				before := openReader(t, dir)
				said := gone(t, before)
				removed := 0
				for row, err := range before.Artifacts(ctx) {
					if err != nil {
						t.Fatal(err)
					}
					if _, ok := said[row.SHA256]; !ok && !isThere(before, row.SHA256) {
						t.Fatal("an object is gone without an entry")
					}
					if !isThere(before, row.SHA256) {
						removed++
					}
				}
				if err := before.Close(); err != nil {
					t.Fatal(err)
				}
				if slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, "destroyed ") }) && (len(said) != 1 || removed != 1) {
					t.Fatalf("acknowledged, but %d entries and %d objects gone", len(said), removed)
				}
				c := open(t, dir)
				defer c.Close()
				for d := range gone(t, c) {
					if isThere(c, d) {
						t.Fatal("opening did not complete it")
					}
					if _, err := os.Stat(filepath.Join(dir, "index.db")); !os.IsNotExist(err) {
						t.Fatal("the index is still there")
					}
				}
				checkCommitments(t, c)
			})
		})
	}
}

// Killed between the entry and the removal, the next writer goes on; a reader changes nothing.
func TestDestroyInterrupted(t *testing.T) {
	c := create(t)
	a := received(t, c, "EX-1", "a", "content a")
	d := a.Artifacts[0].SHA256
	appendTo(t, c, a)
	index := filepath.Join(c.Dir(), "index.db-wal")
	if err := os.WriteFile(index, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	appendTo(t, c, destruction(d)) // the entry alone
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	r := openReader(t, c.Dir())
	if len(gone(t, r)) != 1 || !isThere(r, d) {
		t.Error("a reader removed it")
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	c = open(t, c.Dir())
	if isThere(c, d) {
		t.Error("it is still there")
	}
	if _, err := os.Stat(index); !os.IsNotExist(err) {
		t.Error("the index is still there")
	}
}

func TestDestroyRefuses(t *testing.T) {
	ctx := context.Background()
	c := create(t)
	a := received(t, c, "EX-1", "a", "content")
	d := a.Artifacts[0].SHA256
	appendTo(t, c, a)
	size, _, err := c.Head(ctx)
	if err != nil {
		t.Fatal(err)
	}
	returned, staged := destruction(d), destruction(d)
	returned.Plain["phase"] = "returned"
	staged.Staged = []*blob.Staged{{}}
	item := destruction()
	item.Subjects = []evidence.Subject{{Exhibit: "EX-1"}}
	line := destruction()
	line.Subjects = []evidence.Subject{{Artifact: d, Line: 1}}
	for name, b := range map[string]store.Batch{"returned": returned, "with objects": staged, "an item": item, "a line": line, "unknown": destruction(evidence.Sum([]byte("x")))} {
		if _, _, err := c.Destroy(ctx, b); !errors.Is(err, evidence.ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if after, _, err := c.Head(ctx); err != nil || after != size || !isThere(c, d) {
		t.Errorf("something was written: %d entries, %v", after, err)
	}
	// Subjects of other kinds of entries destroy nothing.
	appendTo(t, c, store.Batch{Kind: "tag", Plain: map[string]any{"action": "add"}, Secret: map[string]any{"asserted.name": "x"}, Subjects: []evidence.Subject{{Artifact: d}}})
	c = reopen(t, c)
	if !isThere(c, d) || len(gone(t, c)) != 0 {
		t.Error("a tag destroyed it")
	}
}
