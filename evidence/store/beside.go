package store

import (
	"bytes"
	"slices"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// stand is where an artifact lies among others: under a name, in a container or,
// where in is zero, in an item. What was decompressed or decrypted lies where the
// artifact lies that it was made of.
type stand struct {
	in         evidence.Digest
	item, name string
}

// standOf takes the derivations between an artifact and the occurrence r, the
// nearest to the artifact first.
func standOf(r root, way []link) stand {
	for _, l := range way {
		if l.name != nil {
			return stand{in: l.parent, name: l.name.Bytes()}
		}
	}
	return stand{item: r.item, name: r.path.Bytes()}
}

// Beside returns the artifacts that lie beside p, in the same item or container,
// under the same path with suffix after it, in ascending order. There is more than
// one where a container holds several members of one name.
func (x *PlaceIndex) Beside(p PlaceOf, suffix string) []evidence.Digest {
	x.mu.Lock()
	defer x.mu.Unlock()
	at := p.stand
	at.name += suffix
	return x.endingIn(suffix)[at]
}

// endingIn makes the index of what ends in a suffix when it is first asked for: few
// names do.
func (x *PlaceIndex) endingIn(suffix string) map[stand][]evidence.Digest {
	if have, ok := x.beside[suffix]; ok {
		return have
	}
	found := map[stand][]evidence.Digest{}
	add := func(at stand, d evidence.Digest) {
		if !slices.Contains(found[at], d) {
			found[at] = append(found[at], d)
		}
	}
	for d, list := range x.occurrences {
		for _, r := range list {
			if name := r.path.Bytes(); strings.HasSuffix(name, suffix) {
				add(stand{item: r.item, name: name}, d)
			}
		}
	}
	for d, list := range x.derivations {
		for _, l := range list {
			if l.name == nil {
				continue
			}
			if name := l.name.Bytes(); strings.HasSuffix(name, suffix) {
				add(stand{in: l.parent, name: name}, d)
			}
		}
	}
	for _, list := range found { // maps have no order
		slices.SortFunc(list, func(a, b evidence.Digest) int { return bytes.Compare(a[:], b[:]) })
	}
	if x.beside == nil {
		x.beside = map[string]map[stand][]evidence.Digest{}
	}
	x.beside[suffix] = found
	return found
}

// Neighbour returns the first of the places, which are those of one artifact, that
// lies beside p under p's path with something after it.
func Neighbour(p PlaceOf, places []PlaceOf) (PlaceOf, bool) {
	for _, o := range places {
		rest, longer := strings.CutPrefix(o.Path.Bytes(), p.Path.Bytes())
		if longer && rest != "" && !strings.ContainsAny(rest, "/!") && o.Item == p.Item && o.stand.in == p.stand.in {
			return o, true
		}
	}
	return PlaceOf{}, false
}
