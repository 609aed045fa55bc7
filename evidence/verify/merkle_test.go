package verify

import (
	"testing"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/tlog"
)

// Both of our checks agree with transparency-dev/merkle on every proof of small trees, and
// on every such proof with a hash too many, too few, changed, or for other numbers.
func TestPathsAgreeWithMerkle(t *testing.T) {
	const most = 34
	var stored []tlog.Hash
	read := tlog.HashReaderFunc(func(idx []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(idx))
		for i, n := range idx {
			out[i] = stored[n]
		}
		return out, nil
	})
	var roots []digest
	var leaves []digest
	for i := range int64(most) {
		data := []byte{byte(i)}
		hashes, err := tlog.StoredHashes(i, data, read)
		if err != nil {
			t.Fatal(err)
		}
		stored = append(stored, hashes...)
		root, err := tlog.TreeHash(i+1, read)
		if err != nil {
			t.Fatal(err)
		}
		roots, leaves = append(roots, digest(root)), append(leaves, leafHash(data))
	}
	variants := func(path []digest) [][]digest {
		out := [][]digest{path, append(append([]digest{}, path...), digest{1})}
		if len(path) > 0 {
			changed := append([]digest{}, path...)
			changed[len(path)/2][3] ^= 1
			out = append(out, path[1:], path[:len(path)-1], changed)
		}
		return out
	}
	cases := 0
	for size := int64(1); size <= most; size++ {
		for n := range size {
			tp, err := tlog.ProveRecord(size, n, read)
			if err != nil {
				t.Fatal(err)
			}
			for _, path := range variants(digests(tp)) {
				for _, asked := range []int64{n, n - 1, n + 1, size} {
					for _, of := range []int64{size, size - 1, size + 1, 2 * size} {
						cases++
						got, err := rootOfInclusion(asked, of, leaves[n], path)
						ours := err == nil && got == roots[size-1]
						theirs := asked >= 0 && of >= 0 && proof.VerifyInclusion(rfc6962.DefaultHasher, uint64(asked), uint64(of), leaves[n][:], slicesOf(path), roots[size-1][:]) == nil
						if ours != theirs {
							t.Fatalf("leaf %d as %d of %d as %d, %d hashes: %v, merkle says %v", n, asked, size, of, len(path), ours, theirs)
						}
					}
				}
			}
		}
		for old := int64(1); old <= size; old++ {
			var tp tlog.TreeProof
			if old < size {
				var err error
				if tp, err = tlog.ProveTree(size, old, read); err != nil {
					t.Fatal(err)
				}
			}
			for _, path := range variants(digests(tp)) {
				for _, asked := range []int64{old, old - 1, old + 1} {
					if asked < 1 {
						continue // merkle takes an empty tree for the beginning of any; a checkpoint of nothing is none here
					}
					cases++
					got, err := continues(asked, size, roots[old-1], roots[size-1], path)
					ours := err == nil && got
					theirs := proof.VerifyConsistency(rfc6962.DefaultHasher, uint64(asked), uint64(size), slicesOf(path), roots[old-1][:], roots[size-1][:]) == nil
					if ours != theirs {
						t.Fatalf("%d as %d to %d, %d hashes: %v, merkle says %v", old, asked, size, len(path), ours, theirs)
					}
				}
			}
		}
	}
	for _, huge := range []int64{1 << 52, 1<<62 - 1, 1<<63 - 1} {
		if _, err := rootOfInclusion(huge-1, huge, digest{}, nil); err == nil {
			t.Errorf("size %d without a path", huge)
		}
		if ok, err := continues(1, huge, digest{}, digest{}, nil); ok || err == nil {
			t.Errorf("size %d without a path", huge)
		}
	}
	t.Log(cases, "cases")
}

func digests(path []tlog.Hash) []digest {
	out := make([]digest, len(path))
	for i, h := range path {
		out[i] = digest(h)
	}
	return out
}

func slicesOf(path []digest) [][]byte {
	out := make([][]byte, len(path))
	for i := range path {
		out[i] = path[i][:]
	}
	return out
}
