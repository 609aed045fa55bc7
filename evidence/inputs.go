package evidence

import "slices"

// Roles of inputs that no plugin's manifest may give away.
const (
	// RoleInput is the role of a run's only input.
	RoleInput = "input"
	// RoleMain is the role of the input that a run is about where companions come with it.
	RoleMain = "main"
)

// mainMember is the index of the input that the run is about, -1 where Input is it.
func (r *Run) mainMember() int {
	// An analysis is about all its members together.
	if len(r.Inputs) == 0 || OverRecords(r.Operation) {
		return -1
	}
	return max(0, slices.IndexFunc(r.Inputs, func(m ManifestMember) bool { return m.Role == RoleMain }))
}

// Main is the artifact that the run is about: its input, or of a manifest the
// member with the role "main", else the first.
func (r *Run) Main() Digest {
	if i := r.mainMember(); i >= 0 {
		return r.Inputs[i].Artifact
	}
	return r.Input
}

// Companions are the inputs beside the main one, in the manifest's order.
func (r *Run) Companions() []ManifestMember {
	if i := r.mainMember(); i >= 0 {
		return slices.Delete(slices.Clone(r.Inputs), i, i+1)
	}
	return nil
}

// Reads are the artifacts that the run was handed, each once, the main one first.
func (r *Run) Reads() []Digest {
	out := []Digest{r.Main()}
	seen := map[Digest]bool{out[0]: true}
	for _, m := range r.Inputs {
		if !seen[m.Artifact] {
			seen[m.Artifact] = true
			out = append(out, m.Artifact)
		}
	}
	return out
}

// InputOf is the artifact in which the span of a record counts that states this
// role, "" where it states none.
func (r *Run) InputOf(role string) Digest {
	if r.mainMember() < 0 {
		return r.Main()
	}
	for _, m := range r.Inputs {
		if m.Role == role {
			return m.Artifact
		}
	}
	return r.Main()
}
