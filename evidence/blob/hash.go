package blob

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"hash"
	"slices"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// slice is how much each hash takes at a time, so that the second hash of a
// lane finds the bytes in the first-level cache.
const slice = 32 << 10

// zeroSlice feeds holes to the hashes. It is never written to.
var zeroSlice [slice]byte

// algorithm is a hash function by the name it has in evidence.Artifact.Hashes.
type algorithm struct {
	name string
	hash hash.Hash
	cost int // relative time for a byte, for dividing work in two
}

// newAlgorithm knows MD5 (RFC 1321) and SHA-1 (FIPS 180-4), which older lists
// of known files need and nothing here relies on, SHA-256 and SHA-512 (FIPS 180-4).
func newAlgorithm(name string) (algorithm, error) {
	switch name {
	case "sha256":
		return algorithm{name, sha256.New(), 70}, nil
	case "sha1":
		return algorithm{name, sha1.New(), 71}, nil
	case "md5":
		return algorithm{name, md5.New(), 138}, nil
	case "sha512":
		return algorithm{name, sha512.New(), 152}, nil
	}
	return algorithm{}, fmt.Errorf("%w: hash %q is not one of sha256, md5, sha1, sha512", evidence.ErrFormat, name)
}

// sums computes SHA-256 and the further digests asked for.
type sums struct {
	all []algorithm // all[0] is SHA-256
}

func newSums(names []string) (*sums, error) {
	s := &sums{}
	for _, name := range append([]string{"sha256"}, names...) {
		if slices.ContainsFunc(s.all, func(a algorithm) bool { return a.name == name }) {
			continue
		}
		a, err := newAlgorithm(name)
		if err != nil {
			return nil, err
		}
		s.all = append(s.all, a)
	}
	return s, nil
}

func (s *sums) write(p []byte) { writeTo(s.all, p) }

func (s *sums) zeros(n int64) { zerosTo(s.all, n) }

func (s *sums) digest() evidence.Digest { return evidence.Digest(s.all[0].hash.Sum(nil)) }

// others returns the digests beside SHA-256, nil where there are none.
func (s *sums) others() map[string]string {
	if len(s.all) == 1 {
		return nil
	}
	m := make(map[string]string, len(s.all)-1)
	for _, a := range s.all[1:] {
		m[a.name] = hex.EncodeToString(a.hash.Sum(nil))
	}
	return m
}

// lanes divides the hashes in two of about equal cost, longest first:
// {md5} and {sha1, sha256}; {sha512, sha256} and {md5, sha1}.
func (s *sums) lanes() [][]algorithm {
	sorted := slices.Clone(s.all)
	slices.SortStableFunc(sorted, func(a, b algorithm) int { return b.cost - a.cost })
	var lanes [2][]algorithm
	var cost [2]int
	for _, a := range sorted {
		i := 0
		if cost[1] < cost[0] {
			i = 1
		}
		lanes[i] = append(lanes[i], a)
		cost[i] += a.cost
	}
	if len(lanes[1]) == 0 {
		return lanes[:1]
	}
	return lanes[:]
}

func writeTo(hashes []algorithm, p []byte) {
	for len(p) > 0 {
		n := min(len(p), slice)
		for _, a := range hashes {
			a.hash.Write(p[:n])
		}
		p = p[n:]
	}
}

func zerosTo(hashes []algorithm, n int64) {
	for n > 0 {
		k := min(n, slice)
		for _, a := range hashes {
			a.hash.Write(zeroSlice[:k])
		}
		n -= k
	}
}
