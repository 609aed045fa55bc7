package verify

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"hash"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// slice is how much each hash takes at a time: it stays in the nearest cache.
const slice = 32 << 10

// fingerprint computes SHA-256 and further digests of what is written to it.
type fingerprint struct {
	n    int64
	sha  hash.Hash
	more map[string]hash.Hash
	// fast are all but MD5, which takes as long as SHA-1 and SHA-256 together.
	fast []hash.Hash
}

func newFingerprint(further map[string]string) *fingerprint {
	s := &fingerprint{sha: sha256.New(), more: map[string]hash.Hash{}}
	s.fast = append(s.fast, s.sha)
	for name := range further {
		switch name {
		case "md5":
			s.more[name] = md5.New()
			continue
		case "sha1":
			s.more[name] = sha1.New()
		case "sha512":
			s.more[name] = sha512.New()
		default:
			continue
		}
		s.fast = append(s.fast, s.more[name])
	}
	return s
}

func (s *fingerprint) Write(b []byte) (int, error) {
	for _, write := range s.parallel() {
		write(b)
	}
	s.n += int64(len(b))
	return len(b), nil
}

// parallel returns functions that may run at the same time.
func (s *fingerprint) parallel() []func([]byte) {
	fast := func(b []byte) {
		for len(b) > 0 {
			n := min(len(b), slice)
			for _, h := range s.fast {
				h.Write(b[:n])
			}
			b = b[n:]
		}
	}
	if m := s.more["md5"]; m != nil {
		return []func([]byte){func(b []byte) { m.Write(b) }, fast}
	}
	return []func([]byte){fast}
}

func (s *fingerprint) digest() evidence.Digest { return evidence.Digest(s.sha.Sum(nil)) }
