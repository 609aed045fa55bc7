package verify

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"strconv"

	"github.com/exhibit-forensics/exhibit/evidence"
)

type digest = [sha256.Size]byte

// leafHash and nodeHash are those of RFC 6962 §2.1.
func leafHash(data []byte) digest {
	return sha256.Sum256(append([]byte{0}, data...))
}

func nodeHash(left, right digest) digest {
	var b [1 + 2*sha256.Size]byte
	b[0] = 1
	copy(b[1:], left[:])
	copy(b[1+sha256.Size:], right[:])
	return sha256.Sum256(b[:])
}

// tree is an RFC 6962 tree over the leaves added so far, kept as the roots of
// its full subtrees, largest first: their sizes are the binary digits of size.
type tree struct {
	size  int64
	peaks []digest
}

// add appends a leaf and calls node, unless nil, with every inner node that the
// leaf completes, lowest first.
func (t *tree) add(leaf digest, node func(digest)) {
	h := leaf
	for n := t.size; n&1 == 1; n >>= 1 {
		last := len(t.peaks) - 1
		h = nodeHash(t.peaks[last], h)
		t.peaks = t.peaks[:last]
		if node != nil {
			node(h)
		}
	}
	t.peaks = append(t.peaks, h)
	t.size++
}

// root returns the tree's root; of no leaves, the hash of nothing.
func (t *tree) root() digest {
	if t.size == 0 {
		return sha256.Sum256(nil)
	}
	return t.over(t.peaks[:len(t.peaks)-1], t.peaks[len(t.peaks)-1])
}

// rootWith returns the root as it would be with one more leaf.
func (t *tree) rootWith(leaf digest) digest { return t.over(t.peaks, leaf) }

func (t *tree) over(peaks []digest, h digest) digest {
	for i := len(peaks) - 1; i >= 0; i-- {
		h = nodeHash(peaks[i], h)
	}
	return h
}

// sibling returns the node that a leaf added now would be hashed with, if it
// completes one.
func (t *tree) sibling() (digest, bool) {
	if t.size&1 == 0 {
		return digest{}, false
	}
	return t.peaks[len(t.peaks)-1], true
}

// commitment is SHA-256 of canonical [salt, field, value]; value is canonical JSON.
func commitment(salt, field string, value []byte) digest {
	b := evidence.AppendString([]byte{'['}, salt)
	b = evidence.AppendString(append(b, ','), field)
	b = append(append(append(b, ','), value...), ']')
	return sha256.Sum256(b)
}

// memberHasher makes the leaves of one set (docs/formats/custody.md, Sets).
type memberHasher struct{ mac hash.Hash }

func newMemberHasher(seed []byte) memberHasher {
	return memberHasher{hmac.New(sha256.New, seed)}
}

func (m memberHasher) salt(n int64, field string) string {
	b := strconv.AppendInt([]byte{'['}, n, 10)
	b = append(evidence.AppendString(append(b, ','), field), ']')
	m.mac.Reset()
	m.mac.Write(b)
	return hex.EncodeToString(m.mac.Sum(nil)[:16])
}

// leaf returns the leaf hash of member n with the given body. It fails where
// body is not a canonical JSON object.
func (m memberHasher) leaf(n int64, body []byte) (digest, error) {
	data := []byte{'{'}
	err := evidence.Members(body, func(name, value []byte) error {
		field := evidence.Unescape(name)
		c := commitment(m.salt(n, field), field, value)
		if len(data) > 1 {
			data = append(data, ',')
		}
		data = evidence.AppendString(data, field)
		data = append(hex.AppendEncode(append(data, ':', '"'), c[:]), '"')
		return nil
	})
	if err != nil {
		return digest{}, err
	}
	return leafHash(append(data, '}')), nil
}

// lineHasher makes the leaves of a record set (docs/formats/custody.md, Record sets).
type lineHasher struct {
	mac hash.Hash
	buf []byte
}

func newLineHasher(seed []byte) *lineHasher {
	return &lineHasher{mac: hmac.New(sha256.New, seed)}
}

func (l *lineHasher) leaf(i int64, line []byte) digest {
	b := binary.BigEndian.AppendUint64(l.buf[:0], uint64(i))
	l.mac.Reset()
	l.mac.Write(b)
	b = l.mac.Sum(b[:0])
	var salt [16]byte
	copy(salt[:], b)
	b = append(b[:0], 0, '[', '"')
	b = append(hex.AppendEncode(b, salt[:]), `","record",`...)
	b = append(append(b, line...), ']')
	l.buf = b
	return sha256.Sum256(b)
}
