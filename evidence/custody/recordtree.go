package custody

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
)

// recordOpen and recordMid stand before a record's salt and between salt and
// line in the leaf's data, after the leaf prefix 0x00 of RFC 6962.
const (
	recordOpen = "\x00[\""
	recordMid  = "\",\"record\","
	saltDigits = 2 * saltSize
)

// RecordTree commits to the lines of a record set one by one
// (docs/formats/custody.md, Record sets). It keeps no leaves. It is not safe
// for concurrent use.
type RecordTree struct {
	leaf recordLeaf
	tree frontier
}

// NewRecordTree returns an empty tree whose salts come from seed, the run's seed.
func NewRecordTree(seed [32]byte) *RecordTree {
	return &RecordTree{leaf: newRecordLeaf(seed)}
}

// Add appends the next line, canonical JSON; its newline, if there, is left out.
func (t *RecordTree) Add(line []byte) {
	t.tree.add(t.leaf.hash(t.tree.size, line))
}

// Root returns the root over the n lines added so far.
func (t *RecordTree) Root() (root [32]byte, n int64) { return t.tree.root(), t.tree.size }

// RecordLeaves computes the leaf hashes of a record set's lines one after the other.
type RecordLeaves struct {
	leaf recordLeaf
	n    int64
}

// NewRecordLeaves begins with line 0; seed is the run's.
func NewRecordLeaves(seed [32]byte) *RecordLeaves {
	return &RecordLeaves{leaf: newRecordLeaf(seed)}
}

// Next returns the leaf hash of the next line; its newline, if there, is left out.
func (l *RecordLeaves) Next(line []byte) [32]byte {
	l.n++
	return l.leaf.hash(l.n-1, line)
}

// RecordSalt returns the salt of line i, from 0: what is disclosed with the
// line in order to prove it alone.
func RecordSalt(seed [32]byte, i int64) string {
	l := newRecordLeaf(seed)
	l.salt(i)
	return string(l.head[len(recordOpen) : len(recordOpen)+saltDigits])
}

// RecordLeaf returns the leaf hash of line i, from 0.
func RecordLeaf(seed [32]byte, i int64, line []byte) [32]byte {
	l := newRecordLeaf(seed)
	return l.hash(i, line)
}

// recordLeaf computes leaves with hash states made once; everything it hands
// to a hash lies in itself, so that nothing is allocated for a line.
type recordLeaf struct {
	mac, sha hash.Hash
	number   [8]byte
	sum      [sha256.Size]byte
	head     [len(recordOpen) + saltDigits + len(recordMid)]byte
	tail     [1]byte
}

func newRecordLeaf(seed [32]byte) recordLeaf {
	l := recordLeaf{mac: hmac.New(sha256.New, seed[:]), sha: sha256.New(), tail: [1]byte{']'}}
	copy(l.head[:], recordOpen)
	copy(l.head[len(recordOpen)+saltDigits:], recordMid)
	return l
}

func (l *recordLeaf) salt(i int64) {
	binary.BigEndian.PutUint64(l.number[:], uint64(i))
	l.mac.Reset()
	l.mac.Write(l.number[:])
	l.mac.Sum(l.sum[:0])
	hex.Encode(l.head[len(recordOpen):], l.sum[:saltSize])
}

func (l *recordLeaf) hash(i int64, line []byte) [32]byte {
	if n := len(line); n > 0 && line[n-1] == '\n' {
		line = line[:n-1]
	}
	l.salt(i)
	l.sha.Reset()
	l.sha.Write(l.head[:])
	l.sha.Write(line)
	l.sha.Write(l.tail[:])
	l.sha.Sum(l.sum[:0])
	return l.sum
}
