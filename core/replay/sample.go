package replay

import (
	"bytes"
	"crypto/sha256"
	"slices"
	"strings"
)

// sample chooses n of the runs: of each plugin in turn, in the order of the SHA-256
// of the seed and the run's name, so that anyone with the seed and the case chooses
// the same. The choice comes back in the order of the log.
func sample(due []job, n int, seed string) []job {
	type drawn struct {
		at   int
		lot  [sha256.Size]byte
		name string
	}
	byPlugin := map[string][]drawn{}
	for i := range due {
		id := due[i].run.ID
		d := drawn{at: i, lot: sha256.Sum256(append([]byte(seed+"\x00"), id[:]...)), name: due[i].run.Plugin.Name}
		byPlugin[d.name] = append(byPlugin[d.name], d)
	}
	var names []string
	for name, list := range byPlugin {
		names = append(names, name)
		slices.SortFunc(list, func(a, b drawn) int { return bytes.Compare(a.lot[:], b.lot[:]) })
	}
	slices.SortFunc(names, strings.Compare)
	var chosen []int
	for round := 0; len(chosen) < n; round++ {
		for _, name := range names {
			if list := byPlugin[name]; round < len(list) && len(chosen) < n {
				chosen = append(chosen, list[round].at)
			}
		}
	}
	slices.Sort(chosen)
	out := make([]job, 0, n)
	for _, i := range chosen {
		out = append(out, due[i])
	}
	return out
}
