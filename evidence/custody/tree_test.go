package custody_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"
)

// The tree of the certificate-transparency reference implementation: leaves and
// the root after each.
var reference = []struct{ leaf, root string }{
	{"", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"},
	{"00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"},
	{"10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"},
	{"2021", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"},
	{"3031", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"},
	{"40414243", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"},
	{"5051525354555657", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"},
	{"606162636465666768696a6b6c6d6e6f", "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"},
}

func TestTreeGivesTheReferenceRoots(t *testing.T) {
	l := &log{tb: t}
	if got := custody.EmptyRoot(); hex.EncodeToString(got[:]) != "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" || got != l.root(0) {
		t.Errorf("root of nothing: %x", got)
	}
	for i, r := range reference {
		leaf, err := hex.DecodeString(r.leaf)
		if err != nil {
			t.Fatal(err)
		}
		l.add(leaf)
		if got := l.root(int64(i + 1)); hex.EncodeToString(got[:]) != r.root {
			t.Errorf("root of %d leaves: %x, want %s", i+1, got, r.root)
		}
	}
	for i, r := range reference {
		if got := l.root(int64(i + 1)); hex.EncodeToString(got[:]) != r.root {
			t.Errorf("root of the first %d of %d leaves: %x, want %s", i+1, len(reference), got, r.root)
		}
	}
}

// hashers compute roots from leaf hashes in two other implementations.
func merkleRoot(tb rapid.TB, leaves [][32]byte) [32]byte {
	tb.Helper()
	f := compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}
	r := f.NewEmptyRange(0)
	for _, leaf := range leaves {
		if err := r.Append(leaf[:], nil); err != nil {
			tb.Fatal(err)
		}
	}
	root, err := r.GetRootHash(nil)
	if err != nil {
		tb.Fatal(err)
	}
	if len(leaves) == 0 {
		root = rfc6962.DefaultHasher.EmptyRoot()
	}
	return [32]byte(root)
}

// transparency-dev/merkle agrees on every root and accepts every inclusion
// and consistency proof made from our stored nodes, for all sizes up to 70.
func TestProofsFromStoredNodesConvinceOthers(t *testing.T) {
	const sizes = 70
	l := &log{tb: t}
	var leaves [][32]byte
	reader := tlog.HashReaderFunc(func(idx []int64) ([]tlog.Hash, error) {
		var out []tlog.Hash
		for _, i := range idx {
			out = append(out, l.nodes[i])
		}
		return out, nil
	})
	for n := int64(1); n <= sizes; n++ {
		body := fmt.Appendf(nil, "entry %d", n-1)
		l.add(body)
		leaf := custody.LeafHash(body)
		if hex.EncodeToString(leaf[:]) != hex.EncodeToString(rfc6962.DefaultHasher.HashLeaf(body)) {
			t.Fatalf("leaf %d: %x", n-1, leaf)
		}
		leaves = append(leaves, leaf)
		if got, want := l.root(n), merkleRoot(t, leaves); got != want {
			t.Fatalf("root of %d: %x, want %x", n, got, want)
		}
	}
	hasher := rfc6962.DefaultHasher
	for n := int64(1); n <= sizes; n++ {
		root := l.root(n)
		for i := range n {
			p, err := tlog.ProveRecord(n, i, reader)
			if err != nil {
				t.Fatal(err)
			}
			if err := proof.VerifyInclusion(hasher, uint64(i), uint64(n), leaves[i][:], raw(p), root[:]); err != nil {
				t.Errorf("entry %d in %d: %v", i, n, err)
			}
		}
		for m := int64(1); m <= n; m++ {
			old := l.root(m)
			p, err := tlog.ProveTree(n, m, reader)
			if err != nil {
				t.Fatal(err)
			}
			if err := proof.VerifyConsistency(hasher, uint64(m), uint64(n), raw(p), old[:], root[:]); err != nil {
				t.Errorf("%d continues %d: %v", n, m, err)
			}
			if err := custody.CheckConsistent(m, old, n, root, l.read); err != nil {
				t.Errorf("%d continues %d: %v", n, m, err)
			}
			other := old
			other[31] ^= 1
			if err := custody.CheckConsistent(m, other, n, root, l.read); !errors.Is(err, evidence.ErrIntegrity) {
				t.Errorf("%d continues another %d: %v", n, m, err)
			}
		}
	}
	if err := custody.CheckConsistent(0, custody.EmptyRoot(), sizes, l.root(sizes), l.read); err != nil {
		t.Errorf("%d continues nothing: %v", sizes, err)
	}
	if err := custody.CheckConsistent(0, l.root(1), sizes, l.root(sizes), l.read); !errors.Is(err, evidence.ErrIntegrity) {
		t.Errorf("%d continues a root of no entries that is none: %v", sizes, err)
	}
	if err := custody.CheckConsistent(5, l.root(5), 4, l.root(4), l.read); !errors.Is(err, evidence.ErrFormat) {
		t.Errorf("4 continue 5: %v", err)
	}
}

func raw(hashes []tlog.Hash) [][]byte {
	out := [][]byte{}
	for _, h := range hashes {
		out = append(out, append([]byte(nil), h[:]...))
	}
	return out
}

// Rewriting any earlier entry is seen from any earlier root.
func TestRewrittenLogIsInconsistent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.Int64Range(1, 40).Draw(t, "size")
		old := rapid.Int64Range(1, size).Draw(t, "old")
		changed := rapid.Int64Range(0, old-1).Draw(t, "changed")
		honest, forged := &log{tb: t}, &log{tb: t}
		for i := range size {
			body := fmt.Appendf(nil, "entry %d", i)
			honest.add(body)
			if i == changed {
				body = append(body, '!')
			}
			forged.add(body)
		}
		err := custody.CheckConsistent(old, honest.root(old), size, forged.root(size), forged.read)
		if !errors.Is(err, evidence.ErrIntegrity) {
			t.Fatalf("entry %d of %d rewritten after a checkpoint at %d: %v", changed, size, old, err)
		}
	})
}

func TestTreeHandsOnReadErrors(t *testing.T) {
	broken := errors.New("broken")
	fails := func([]int64) ([][32]byte, error) { return nil, broken }
	short := func(idx []int64) ([][32]byte, error) { return make([][32]byte, len(idx)-1), nil }
	for name, f := range map[string]func(custody.ReadHashes) error{
		"nodes": func(r custody.ReadHashes) error { _, err := custody.NewNodes(1, nil, r); return err },
		"root":  func(r custody.ReadHashes) error { _, err := custody.Root(3, r); return err },
		"consistency": func(r custody.ReadHashes) error {
			return custody.CheckConsistent(2, [32]byte{1}, 3, [32]byte{2}, r)
		},
	} {
		if err := f(fails); !errors.Is(err, broken) {
			t.Errorf("%s: %v", name, err)
		}
		if err := f(short); !errors.Is(err, evidence.ErrIntegrity) {
			t.Errorf("%s with nodes missing: %v", name, err)
		}
	}
	if _, err := custody.NewNodes(-1, nil, fails); !errors.Is(err, evidence.ErrFormat) {
		t.Errorf("nodes of entry -1: %v", err)
	}
	if _, err := custody.Root(-1, fails); !errors.Is(err, evidence.ErrFormat) {
		t.Errorf("root of -1 entries: %v", err)
	}
}
