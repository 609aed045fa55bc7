package custody

import (
	"crypto/sha256"
	"fmt"
	"math/bits"

	"github.com/exhibit-forensics/exhibit/evidence"
	"golang.org/x/mod/sumdb/tlog"
)

// ReadHashes returns the stored node hashes of the given numbers
// (tlog.StoredHashIndex), in the same order. It must return as many as asked
// for, or an error.
type ReadHashes = func(idx []int64) ([][32]byte, error)

// Node is one stored hash of the log's tree.
type Node struct {
	// Idx is the node's number, as tlog.StoredHashIndex counts.
	Idx  int64
	Hash [32]byte
}

// LeafHash returns SHA-256(0x00 ‖ body), an entry's leaf (RFC 6962 §2.1).
func LeafHash(body []byte) [32]byte { return tlog.RecordHash(body) }

// EmptyRoot returns the root of a tree without leaves: SHA-256 of nothing.
func EmptyRoot() [32]byte { return sha256.Sum256(nil) }

// NewNodes returns the nodes to store for entry seq with the given body: its
// leaf and every subtree that the leaf completes, in ascending order. read
// gives the nodes of the entries before.
func NewNodes(seq int64, body []byte, read ReadHashes) ([]Node, error) {
	if seq < 0 || seq > evidence.MaxSafeInteger {
		return nil, fmt.Errorf("custody: nodes of entry %d: %w: number", seq, evidence.ErrFormat)
	}
	hashes, err := tlog.StoredHashes(seq, body, hashReader(read))
	if err != nil {
		return nil, fmt.Errorf("custody: nodes of entry %d: %w", seq, err)
	}
	first := tlog.StoredHashIndex(0, seq)
	nodes := make([]Node, len(hashes))
	for i, h := range hashes {
		nodes[i] = Node{Idx: first + int64(i), Hash: h}
	}
	return nodes, nil
}

// Root returns the root of the log's first size entries, from stored nodes.
func Root(size int64, read ReadHashes) ([32]byte, error) {
	if size < 0 || size > evidence.MaxSafeInteger {
		return [32]byte{}, fmt.Errorf("custody: root of %d entries: %w: size", size, evidence.ErrFormat)
	}
	h, err := tlog.TreeHash(size, hashReader(read))
	if err != nil {
		return [32]byte{}, fmt.Errorf("custody: root of %d entries: %w", size, err)
	}
	return h, nil
}

// CheckConsistent proves from stored nodes that the tree of newSize entries
// with root newRoot continues the tree of oldSize entries with root oldRoot
// (RFC 6962 §2.1.2). It fails with evidence.ErrIntegrity where it does not.
func CheckConsistent(oldSize int64, oldRoot [32]byte, newSize int64, newRoot [32]byte, read ReadHashes) error {
	if oldSize < 0 || newSize < oldSize || newSize > evidence.MaxSafeInteger {
		return fmt.Errorf("custody: %d entries after %d: %w: size", newSize, oldSize, evidence.ErrFormat)
	}
	if oldSize == 0 {
		if oldRoot != EmptyRoot() {
			return fmt.Errorf("custody: root of no entries: %w", evidence.ErrIntegrity)
		}
		return nil
	}
	proof, err := tlog.ProveTree(newSize, oldSize, hashReader(read))
	if err != nil {
		return fmt.Errorf("custody: consistency of %d with %d entries: %w", newSize, oldSize, err)
	}
	if err := tlog.CheckTree(proof, newSize, newRoot, oldSize, oldRoot); err != nil {
		return fmt.Errorf("custody: consistency of %d with %d entries: %w", newSize, oldSize, evidence.ErrIntegrity)
	}
	return nil
}

// ProveConsistent returns the hashes that prove that the tree of newSize entries continues
// that of oldSize, which is at least 1 (RFC 6962 §2.1.2), from stored nodes.
func ProveConsistent(oldSize, newSize int64, read ReadHashes) ([][32]byte, error) {
	if oldSize < 1 || newSize < oldSize || newSize > evidence.MaxSafeInteger {
		return nil, fmt.Errorf("custody: %d entries after %d: %w: size", newSize, oldSize, evidence.ErrFormat)
	}
	proof, err := tlog.ProveTree(newSize, oldSize, hashReader(read))
	if err != nil {
		return nil, fmt.Errorf("custody: consistency of %d with %d entries: %w", newSize, oldSize, err)
	}
	out := make([][32]byte, len(proof))
	for i, h := range proof {
		out[i] = h
	}
	return out, nil
}

// VerifyConsistent checks what ProveConsistent returned, by the roots alone. It fails with
// evidence.ErrIntegrity where the proof does not hold.
func VerifyConsistent(proof [][32]byte, oldSize int64, oldRoot [32]byte, newSize int64, newRoot [32]byte) error {
	path := make(tlog.TreeProof, len(proof))
	for i, h := range proof {
		path[i] = h
	}
	if err := tlog.CheckTree(path, newSize, newRoot, oldSize, oldRoot); err != nil {
		return fmt.Errorf("custody: consistency of %d with %d entries: %w", newSize, oldSize, evidence.ErrIntegrity)
	}
	return nil
}

func hashReader(read ReadHashes) tlog.HashReader {
	return tlog.HashReaderFunc(func(idx []int64) ([]tlog.Hash, error) {
		if len(idx) == 0 {
			return nil, nil
		}
		got, err := read(idx)
		if err != nil {
			return nil, err
		}
		if len(got) != len(idx) {
			return nil, fmt.Errorf("%w: %d nodes read where %d were asked for", evidence.ErrIntegrity, len(got), len(idx))
		}
		hashes := make([]tlog.Hash, len(got))
		for i, h := range got {
			hashes[i] = h
		}
		return hashes, nil
	})
}

// frontier is an RFC 6962 tree that only grows: of all nodes it keeps the roots
// of the perfect subtrees, largest first.
type frontier struct {
	size  int64
	stack [64][32]byte
	buf   [1 + 2*sha256.Size]byte
}

func (f *frontier) add(leaf [32]byte) {
	top := bits.OnesCount64(uint64(f.size))
	for n := f.size; n&1 == 1; n >>= 1 {
		top--
		leaf = f.node(&f.stack[top], &leaf)
	}
	f.stack[top] = leaf
	f.size++
}

func (f *frontier) root() [32]byte {
	top := bits.OnesCount64(uint64(f.size))
	if top == 0 {
		return EmptyRoot()
	}
	h := f.stack[top-1]
	for i := top - 2; i >= 0; i-- {
		h = f.node(&f.stack[i], &h)
	}
	return h
}

func (f *frontier) node(left, right *[32]byte) [32]byte {
	f.buf[0] = 1
	copy(f.buf[1:], left[:])
	copy(f.buf[1+sha256.Size:], right[:])
	return sha256.Sum256(f.buf[:])
}
