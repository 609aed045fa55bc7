package keyring

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// Digest is an encoding whose key is the digest of the bytes that are written down, as much of
// it as the key is long.
type Digest struct {
	// Name is md5, sha-1 or sha-256.
	Name string
	// Digits: the key is the digest's digits, in small letters, and not its bytes.
	Digits bool
	// Length of the key.
	Length int
}

// digestSizes are in bytes.
var digestSizes = map[string]int{"md5": md5.Size, "sha-1": sha1.Size, "sha-256": sha256.Size}

// digestLengths are those of keys.
var digestLengths = []int{8, 16, 24, 32}

// ParseDigest reads an encoding such as md5-16, or sha-256-digits-32; ok is false where it is
// none.
func ParseDigest(encoding string) (d Digest, ok bool) {
	rest, length, found := cutLast(encoding)
	if !found {
		return d, false
	}
	n, err := strconv.Atoi(length)
	if err != nil {
		return d, false
	}
	d.Name, d.Digits = strings.CutSuffix(rest, "-digits")
	d.Length = n
	size, known := digestSizes[d.Name]
	if d.Digits {
		size *= 2
	}
	for _, l := range digestLengths {
		ok = ok || l == n
	}
	return d, ok && known && n <= size && strconv.Itoa(n) == length
}

func cutLast(s string) (before, after string, found bool) {
	i := strings.LastIndexByte(s, '-')
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}

// digestEncodings lists them.
func digestEncodings() (out []string) {
	for _, name := range []string{"md5", "sha-1", "sha-256"} {
		for _, form := range []string{"", "-digits"} {
			for _, n := range digestLengths {
				e := fmt.Sprintf("%s%s-%d", name, form, n)
				if _, ok := ParseDigest(e); ok {
					out = append(out, e)
				}
			}
		}
	}
	return out
}

// of is the key that text makes.
func (d Digest) of(text []byte) []byte {
	var sum []byte
	switch d.Name {
	case "md5":
		s := md5.Sum(text)
		sum = s[:]
	case "sha-1":
		s := sha1.Sum(text)
		sum = s[:]
	default:
		s := sha256.Sum256(text)
		sum = s[:]
	}
	if d.Digits {
		sum = []byte(hex.EncodeToString(sum))
	}
	return sum[:d.Length]
}
