package store_test

import (
	"context"
	"crypto/ed25519"
	"database/sql"
	"errors"
	"path/filepath"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"github.com/exhibit-forensics/exhibit/evidence/proof"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

func TestMembers(t *testing.T) {
	ctx := context.Background()
	c := create(t)
	b := received(t, c, "EX-1", "a", "content")
	seq := appendTo(t, c, b)
	d := b.Artifacts[0].SHA256
	m, err := c.Member(ctx, "artifacts", seq, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, leaf, err := custody.MemberLeaf(m.Seed, 0, m.Body)
	if err != nil {
		t.Fatal(err)
	}
	if leaves := collect(t, c.Leaves(ctx, "artifacts", seq)); len(leaves) != 1 || leaves[0] != leaf {
		t.Errorf("%x", leaves)
	}
	for _, set := range []string{"artifacts", "occurrences"} {
		if at := collect(t, c.MembersOf(ctx, set, d)); len(at) != 1 || at[0].Seq != seq {
			t.Errorf("%s: %+v", set, at)
		}
	}
	if e, err := c.Entry(ctx, seq); err != nil || e.Seq != seq {
		t.Errorf("%v", err)
	}
	for name, err := range map[string]error{
		"entry":  func() error { _, err := c.Entry(ctx, seq+1); return err }(),
		"member": func() error { _, err := c.Member(ctx, "artifacts", seq, 1); return err }(),
		"set":    func() error { _, err := c.Member(ctx, "runs", seq, 0); return err }(),
		"name":   func() error { _, err := c.Member(ctx, "meta; DROP TABLE meta", seq, 0); return err }(),
	} {
		if !errors.Is(err, evidence.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// BenchmarkProofs is what proofs of entries and of consistency take at a million entries.
func BenchmarkProofs(b *testing.B) {
	const size = 1_000_000
	ctx := context.Background()
	c := create(b)
	dir := c.Dir()
	if err := c.Close(); err != nil {
		b.Fatal(err)
	}
	nodes := make([]tlog.Hash, 0, 2*size)
	read := tlog.HashReaderFunc(func(idx []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(idx))
		for i, n := range idx {
			out[i] = nodes[n]
		}
		return out, nil
	})
	body := func(i int64) []byte { return []byte{byte(i), byte(i >> 8), byte(i >> 16)} }
	for i := range int64(size) {
		h, err := tlog.StoredHashes(i, body(i), read)
		if err != nil {
			b.Fatal(err)
		}
		nodes = append(nodes, h...)
	}
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(dir, "case.db")+"?_journal_mode=WAL&_synchronous=OFF")
	if err != nil {
		b.Fatal(err)
	}
	tx, err := db.Begin()
	if err == nil {
		_, err = tx.Exec("DROP TRIGGER nodes_keep_d; DELETE FROM nodes; INSERT INTO entries (seq, body) VALUES (?, x'00')", size-1)
	}
	if err != nil {
		b.Fatal(err)
	}
	insert, err := tx.Prepare("INSERT INTO nodes (idx, hash) VALUES (?, ?)")
	if err != nil {
		b.Fatal(err)
	}
	for i, h := range nodes {
		if _, err := insert.Exec(i, h[:]); err != nil {
			b.Fatal(err)
		}
	}
	if err := errors.Join(insert.Close(), tx.Commit(), db.Close()); err != nil {
		b.Fatal(err)
	}
	c, err = store.OpenReader(ctx, dir)
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	key := ed25519.NewKeyFromSeed(make([]byte, 32))
	under := func(n int64) proof.Under {
		root, err := tlog.TreeHash(n, read)
		if err != nil {
			b.Fatal(err)
		}
		note, err := custody.SignCheckpoint(c.Origin(), n, root, key)
		if err != nil {
			b.Fatal(err)
		}
		return proof.Under{Note: note, Key: custody.VKey(c.Origin(), key.Public().(ed25519.PublicKey))}
	}
	now, before := under(size), under(size/3)
	b.Run("entry", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			n := int64(i) * 7919 % size
			if err := c.Nodes(ctx, func(_ int64, read custody.ReadHashes) error {
				_, err := proof.TLogProof(now, n, body(n), read)
				return err
			}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("consistency", func(b *testing.B) {
		for b.Loop() {
			if err := c.Nodes(ctx, func(_ int64, read custody.ReadHashes) error {
				_, err := proof.OfConsistency(before, now, read)
				return err
			}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
