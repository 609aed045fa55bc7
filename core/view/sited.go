package view

import (
	"slices"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// sited says at which of its input's places a run was made: where its companions lie
// beside it and no other run was handed more of what lies there.
type sited struct {
	index *store.PlaceIndex
	// rivals are the runs of a plugin and operation over an artifact of which one at
	// least had companions.
	rivals map[rival][]evidence.Run
}

type rival struct {
	plugin, operation string
	main              evidence.Digest
}

func rivalOf(r *evidence.Run) rival { return rival{r.Plugin.Name, r.Operation, r.Main()} }

func newSited(x *store.PlaceIndex, runs []evidence.Run) *sited {
	s := &sited{index: x, rivals: map[rival][]evidence.Run{}}
	for i := range runs {
		if len(runs[i].Inputs) > 0 {
			s.rivals[rivalOf(&runs[i])] = nil
		}
	}
	for _, r := range evidence.CurrentRuns(runs) {
		if list, ok := s.rivals[rivalOf(&r)]; ok {
			s.rivals[rivalOf(&r)] = append(list, r)
		}
	}
	return s
}

// places are those at which run was made. A run that another took the place of stands
// wherever it fits.
func (s *sited) places(run evidence.Run) ([]store.PlaceOf, error) {
	all, err := s.index.Places(run.Main())
	if err != nil {
		return nil, err
	}
	rivals, ok := s.rivals[rivalOf(&run)]
	if !ok {
		return all, nil
	}
	current := slices.ContainsFunc(rivals, func(r evidence.Run) bool { return r.ID == run.ID })
	var out []store.PlaceOf
	for _, p := range all {
		fits, err := s.fits(run, p)
		for _, r := range rivals {
			if !fits || err != nil || !current {
				break
			}
			if len(r.Inputs) <= len(run.Inputs) {
				continue
			}
			var better bool
			better, err = s.fits(r, p)
			fits = !better
		}
		if err != nil {
			return nil, err
		}
		if fits {
			out = append(out, p)
		}
	}
	return out, nil
}

// fits: all companions of the run lie beside p.
func (s *sited) fits(run evidence.Run, p store.PlaceOf) (bool, error) {
	for _, c := range run.Companions() {
		at, err := s.beside(c, []store.PlaceOf{p})
		if err != nil || len(at) == 0 {
			return false, err
		}
	}
	return true, nil
}

// beside are the places of a run's companion beside each of the places.
func (s *sited) beside(c evidence.ManifestMember, places []store.PlaceOf) ([]store.PlaceOf, error) {
	all, err := s.index.Places(c.Artifact)
	if err != nil {
		return nil, err
	}
	var out []store.PlaceOf
	for _, p := range places {
		at, ok := store.Neighbour(p, all)
		if c.Name != "" {
			at, ok = store.NeighbourAt(p, all, c.Name)
		}
		if ok {
			out = append(out, at)
		}
	}
	return out, nil
}

// roleOf is the role that a source states, "" where it states none.
func roleOf(source []byte) (role string) {
	_ = evidence.Members(source, func(name, value []byte) error {
		if string(name) == "role" && len(value) >= 2 && value[0] == '"' {
			role = evidence.Unescape(value[1 : len(value)-1])
		}
		return nil
	})
	return role
}
