package custody

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"strconv"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// SetRoot commits to the members of a set.
type SetRoot struct {
	// Root is 64 lower-case hexadecimal digits.
	Root string `json:"root"`
	// Size is the number of members.
	Size int64 `json:"size"`
}

// Set commits to the members that one entry is about (docs/formats/custody.md,
// Sets), numbered from 0 as they are added. It keeps no leaves. It is not safe
// for concurrent use.
type Set struct {
	member setMember
	tree   frontier
}

// NewSet returns an empty set whose salts come from seed, drawn for this set alone.
func NewSet(seed [32]byte) *Set { return &Set{member: newSetMember(seed)} }

// Add appends a member. body is a canonical JSON object; it fails with
// evidence.ErrNotCanonical where it is not, and the set is then unchanged.
func (s *Set) Add(body []byte) (leaf [32]byte, err error) {
	data, err := s.member.data(s.tree.size, body)
	if err != nil {
		return [32]byte{}, err
	}
	leaf = sha256.Sum256(data)
	s.tree.add(leaf)
	return leaf, nil
}

// Root returns the commitment to the members added so far.
func (s *Set) Root() SetRoot {
	root := s.tree.root()
	return SetRoot{Root: hex.EncodeToString(root[:]), Size: s.tree.size}
}

// SetSalt returns the salt of one field of member n: what is disclosed with the
// field's value in order to prove it alone.
func SetSalt(seed [32]byte, n int64, field string) string {
	m := newSetMember(seed)
	quoted := evidence.AppendString(nil, field)
	m.salt(n, quoted[1:len(quoted)-1])
	return string(m.digits[:])
}

// MemberLeaf returns the leaf data and leaf hash of member n. body is a
// canonical JSON object; it fails with evidence.ErrNotCanonical where it is not.
func MemberLeaf(seed [32]byte, n int64, body []byte) (leafData []byte, leaf [32]byte, err error) {
	m := newSetMember(seed)
	data, err := m.data(n, body)
	if err != nil {
		return nil, [32]byte{}, err
	}
	return data[1:], sha256.Sum256(data), nil
}

// setMember computes leaf data with hash states and buffers made once.
type setMember struct {
	mac     hash.Hash
	sum     [sha256.Size]byte
	digits  [saltDigits]byte
	scratch []byte
	leaf    []byte
}

func newSetMember(seed [32]byte) setMember {
	return setMember{mac: hmac.New(sha256.New, seed[:])}
}

// data returns 0x00 and the leaf data of member n; the bytes are good until the next call.
func (m *setMember) data(n int64, body []byte) ([]byte, error) {
	b := append(m.leaf[:0], 0, '{')
	first := true
	// Members hands out names as written between quotes: already canonical.
	err := evidence.Members(body, func(name, value []byte) error {
		m.salt(n, name)
		s := append(m.scratch[:0], '[', '"')
		s = append(s, m.digits[:]...)
		s = append(s, '"', ',', '"')
		s = append(s, name...)
		s = append(s, '"', ',')
		s = append(s, value...)
		s = append(s, ']')
		m.scratch = s
		commitment := sha256.Sum256(s)
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(b, '"')
		b = append(b, name...)
		b = append(b, '"', ':', '"')
		b = hex.AppendEncode(b, commitment[:])
		b = append(b, '"')
		return nil
	})
	m.leaf = append(b, '}')
	if err != nil {
		return nil, fmt.Errorf("custody: member %d of a set: %w", n, err)
	}
	return m.leaf, nil
}

// salt leaves the salt of field (as written between quotes) of member n in m.digits.
func (m *setMember) salt(n int64, field []byte) {
	s := append(m.scratch[:0], '[')
	s = strconv.AppendInt(s, n, 10)
	s = append(s, ',', '"')
	s = append(s, field...)
	s = append(s, '"', ']')
	m.scratch = s
	m.mac.Reset()
	m.mac.Write(s)
	m.mac.Sum(m.sum[:0])
	hex.Encode(m.digits[:], m.sum[:saltSize])
}
