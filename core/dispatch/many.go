package dispatch

import (
	"encoding/json"
	"fmt"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// maxPart is how many files of a companion that may be many one run is handed: a process
// takes a few hundred descriptors.
const maxPart = 200

// beside are the files that a companion of the input at hand may be, with their role.
func (c *candidate) beside(companion evidence.Companion) (found []evidence.ManifestMember) {
	switch {
	case companion.Beside != "" && c.place.Around != nil:
		found = c.place.Around(companion.Beside)
	case companion.Beside == "" && c.place.Beside != nil:
		found = c.place.Beside(companion.Suffix)
	}
	for i := range found {
		found[i].Role = companion.Role
	}
	return found
}

// part is what a run is told of its part of the files: the names after After up to Upto,
// "" where it is the first, or the last. Files that are not there belong to it too.
type part struct {
	After string `json:"after,omitempty"`
	Upto  string `json:"upto,omitempty"`
}

// inParts makes of one decision as many as there are parts of the files: those of one name
// stay together.
func inParts(d Decision, set, many []evidence.ManifestMember) ([]Decision, error) {
	var out []Decision
	after := ""
	for first := true; first || len(many) > 0; first = false {
		n := min(maxPart, len(many))
		for n < len(many) && n > 0 && many[n].Name == many[n-1].Name && n < maxPart+maxVariants {
			n++
		}
		one := d
		if members := append(append([]evidence.ManifestMember(nil), set...), many[:n]...); len(members) > 0 {
			one.Inputs = members
		}
		p := part{After: after}
		if n < len(many) {
			p.Upto = many[n-1].Name
		}
		if p != (part{}) {
			config := map[string]json.RawMessage{}
			if err := json.Unmarshal(d.Config, &config); err != nil {
				return nil, fmt.Errorf("dispatch: config: %w", err)
			}
			b, err := evidence.Canonical(p)
			if err == nil {
				config["part"] = b
				one.Config, err = evidence.Canonical(config)
			}
			if err != nil {
				return nil, fmt.Errorf("dispatch: config: %w", err)
			}
		}
		out = append(out, one)
		after, many = p.Upto, many[n:]
	}
	return out, nil
}
