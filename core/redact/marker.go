package redact

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"hash"
	"slices"
	"strings"
)

const (
	// shortToken and longToken are characters of a pseudonym: 40 bits, and 60 where 40 do
	// not tell two values of the case apart.
	shortToken, longToken = 8, 12
	// hashLength is that of a keyed hash: 130 bits.
	hashLength = 26
	// maxDistinct is how many different values are told apart in memory, 8 bytes each and
	// the map's own; beyond them all pseudonyms are long.
	maxDistinct = 4 << 20
	// maxCached bounds the values whose mark is remembered.
	maxCached = 1 << 16
)

// crockford is Douglas Crockford's base 32, without I, L, O and U.
var crockford = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// marker makes what stands for a value: the same for all spellings of one value, different
// in every case. Without the case's key nothing of it can be tried out.
type marker struct {
	secret    []byte
	recipient string
	keys      map[string]hash.Hash
	cache     map[valueKey]string

	// seen are the values met, while long is not yet known.
	seen map[uint64]struct{}
	// long: so many values that all pseudonyms are long; clash are beginnings that two of
	// them share.
	long  bool
	clash map[uint64]struct{}
}

type valueKey struct{ category, canonical string }

func newMarker(secret []byte, recipient string) *marker {
	return &marker{secret: secret, recipient: recipient, keys: map[string]hash.Hash{}, cache: map[valueKey]string{}, seen: map[uint64]struct{}{}}
}

// mac is HMAC-SHA-256 under HKDF-SHA-256(case key, info: what it is for, the category, the
// recipient) (RFC 2104, RFC 5869).
func (m *marker) mac(purpose, category, value string, n byte) []byte {
	h := m.keys[purpose+"\x00"+category]
	if h == nil {
		key, err := hkdf.Key(sha256.New, m.secret, nil, "exhibit redact 1\x00"+purpose+"\x00"+category+"\x00"+m.recipient, sha256.Size)
		if err != nil {
			panic(fmt.Sprintf("redact: hkdf: %v", err)) // only where the output is too long
		}
		h = hmac.New(sha256.New, key)
		m.keys[purpose+"\x00"+category] = h
	}
	h.Reset()
	h.Write([]byte(value))
	h.Write([]byte{0, n})
	return h.Sum(nil)
}

// digits of a value that no detector takes for a number: never three digits together.
func (m *marker) digits(purpose, category, canonical string, length int) (string, uint64) {
	for n := byte(0); ; n++ {
		sum := m.mac(purpose, category, canonical, n)
		s := crockford.EncodeToString(sum)[:length]
		// One in about 15 is passed over for 60 bits: 255 tries never run out.
		if !numeric(s) || n == 255 {
			return s, binary.BigEndian.Uint64(sum)
		}
	}
}

// numeric reports whether three digits stand together.
func numeric(s string) bool {
	run := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			run = 0
		} else if run++; run == 3 {
			return true
		}
	}
	return false
}

// meet takes note of a value that will have a pseudonym.
func (m *marker) meet(category, canonical string) {
	if m.seen == nil {
		return
	}
	key := valueKey{category, canonical}
	if _, ok := m.cache[key]; ok {
		return
	}
	if len(m.cache) >= maxCached {
		clear(m.cache)
	}
	m.cache[key] = ""
	if _, v := m.digits("pseudonym", category, canonical, longToken); len(m.seen) < maxDistinct {
		m.seen[v] = struct{}{}
	}
}

// settle ends meeting values: from now on pseudonyms are what they will be.
func (m *marker) settle() {
	m.long = len(m.seen) >= maxDistinct
	m.clash = map[uint64]struct{}{}
	if !m.long {
		all := make([]uint64, 0, len(m.seen))
		for v := range m.seen {
			all = append(all, v>>24) // 40 bits
		}
		slices.Sort(all)
		for i := 1; i < len(all); i++ {
			if all[i] == all[i-1] {
				m.clash[all[i]] = struct{}{}
			}
		}
	}
	m.seen = nil
	clear(m.cache)
}

// pseudonym is such as PHONE-7F3KQ2M9.
func (m *marker) pseudonym(category, canonical string) string {
	key := valueKey{category, canonical}
	if s := m.cache[key]; s != "" {
		return s
	}
	s, v := m.digits("pseudonym", category, canonical, longToken)
	if _, twice := m.clash[v>>24]; !twice && !m.long {
		s = s[:shortToken]
	}
	s = strings.ToUpper(category) + "-" + s
	if len(m.cache) >= maxCached {
		clear(m.cache)
	}
	m.cache[key] = s
	return s
}

// keyedHash is 130 bits, for programs.
func (m *marker) keyedHash(category, canonical string) string {
	s, _ := m.digits("hash", category, canonical, hashLength)
	return strings.ToLower(category + "_" + s)
}

// shift is by how many days the dates of a subject are moved: 1 to most, either way, always
// the same for a subject.
func (m *marker) shift(subject string, most int) int {
	v := int(binary.BigEndian.Uint64(m.mac("shift", "", subject, 0)) % uint64(2*most))
	if v < most {
		return v - most
	}
	return v - most + 1
}

// commitment shows a case's own people which policy was in force, and nobody else anything:
// a policy may hold terms that its digest would let others try.
func (m *marker) commitment(policy string) string {
	return fmt.Sprintf("%x", m.mac("policy", "", policy, 0))
}
