package verify

import (
	"fmt"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// rootOfInclusion returns the root to which a leaf at index of a tree of size leaves leads by
// path, siblings from the leaf upwards (RFC 9162 §2.1.3.2). A path that is too long or too
// short fails with evidence.ErrFormat.
func rootOfInclusion(index, size int64, leaf digest, path []digest) (digest, error) {
	if index < 0 || index >= size {
		return digest{}, fmt.Errorf("%w: leaf %d of a tree of %d", evidence.ErrFormat, index, size)
	}
	fn, sn, r := index, size-1, leaf
	for _, p := range path {
		if sn == 0 {
			return digest{}, fmt.Errorf("%w: the path is too long", evidence.ErrFormat)
		}
		if fn&1 == 1 || fn == sn {
			r = nodeHash(p, r)
			for fn&1 == 0 && fn != 0 {
				fn, sn = fn>>1, sn>>1
			}
		} else {
			r = nodeHash(r, p)
		}
		fn, sn = fn>>1, sn>>1
	}
	if sn != 0 {
		return digest{}, fmt.Errorf("%w: the path is too short", evidence.ErrFormat)
	}
	return r, nil
}

// continues reports whether the tree of size b with root rootB continues the tree of size a
// with root rootA (RFC 9162 §2.1.4.2). A path of another length than it must have fails
// with evidence.ErrFormat; one of wrong hashes gives false.
func continues(a, b int64, rootA, rootB digest, path []digest) (bool, error) {
	short := fmt.Errorf("%w: the path has not the length that it must have", evidence.ErrFormat)
	switch {
	case a < 1 || b < a:
		return false, fmt.Errorf("%w: %d entries, then %d", evidence.ErrFormat, a, b)
	case a == b && len(path) > 0:
		return false, short
	case a == b:
		return rootA == rootB, nil
	}
	if a&(a-1) == 0 {
		path = append([]digest{rootA}, path...)
	}
	if len(path) == 0 {
		return false, short
	}
	fn, sn := a-1, b-1
	for fn&1 == 1 {
		fn, sn = fn>>1, sn>>1
	}
	fr, sr := path[0], path[0]
	for _, c := range path[1:] {
		if sn == 0 {
			return false, short
		}
		if fn&1 == 1 || fn == sn {
			fr, sr = nodeHash(c, fr), nodeHash(c, sr)
			for fn&1 == 0 && fn != 0 {
				fn, sn = fn>>1, sn>>1
			}
		} else {
			sr = nodeHash(sr, c)
		}
		fn, sn = fn>>1, sn>>1
	}
	if sn != 0 {
		return false, short
	}
	return fr == rootA && sr == rootB, nil
}
