package store

import (
	"bytes"
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// Named is an artifact that lies somewhere below a directory, by its path from there on.
type Named struct {
	Name     string
	Artifact evidence.Digest
}

// dir is what stands before the last slash of the name, and that slash.
func (s stand) dir() string { return s.name[:strings.LastIndexByte(s.name, '/')+1] }

// Around returns the artifacts that lie in p's directory, of the same item or container,
// or below it at a path that pattern fits (path.Match), in the order of their paths. It
// goes through every place that there is: it is for inputs of which a case has few.
func (x *PlaceIndex) Around(p PlaceOf, pattern string) []Named {
	x.mu.Lock()
	defer x.mu.Unlock()
	var out []Named
	add := func(at stand, d evidence.Digest) {
		name, below := strings.CutPrefix(at.name, p.stand.dir())
		if !below || at.in != p.stand.in || at.item != p.stand.item {
			return
		}
		if ok, err := path.Match(pattern, name); err == nil && ok {
			out = append(out, Named{name, d})
		}
	}
	for d, list := range x.occurrences {
		for _, r := range list {
			add(stand{item: r.item, name: r.path.Bytes()}, d)
		}
	}
	for d, list := range x.derivations {
		for _, l := range list {
			if l.name != nil {
				add(stand{in: l.parent, name: l.name.Bytes()}, d)
			}
		}
	}
	slices.SortFunc(out, func(a, b Named) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), bytes.Compare(a.Artifact[:], b.Artifact[:]))
	})
	return slices.Compact(out)
}

// NeighbourAt returns the first of the places, which are those of one artifact, that lies
// at the path name from p's directory on.
func NeighbourAt(p PlaceOf, places []PlaceOf, name string) (PlaceOf, bool) {
	for _, o := range places {
		if o.Item == p.Item && o.stand.in == p.stand.in && o.stand.item == p.stand.item && o.stand.name == p.stand.dir()+name {
			return o, true
		}
	}
	return PlaceOf{}, false
}
