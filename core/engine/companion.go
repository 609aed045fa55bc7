package engine

import (
	"slices"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// asCompanion are the current runs that were handed d beside their main input.
func (p *planner) asCompanion(d evidence.Digest) (out []evidence.Run) {
	seen := map[evidence.Digest]bool{}
	for _, r := range p.runs[d] {
		main := r.Main()
		if main == d || seen[main] {
			continue
		}
		seen[main] = true
		for _, c := range p.current(main) {
			if slices.Contains(c.Reads(), d) {
				out = append(out, c)
			}
		}
	}
	return out
}

// companionAccount says that d was read as part of a run over another artifact.
// That artifact has the counts: nothing is counted twice.
func companionAccount(run evidence.Run, d evidence.Digest) RunReport {
	rr := RunReport{
		Run: run.ID, Plugin: run.Plugin.Name, Operation: run.Operation, Outcome: run.Outcome, Reason: run.Reason,
		Units: evidence.Units{Declared: -1}, Of: run.Main(), Quarantined: run.Outcome == evidence.OutcomeFailed,
	}
	for _, m := range run.Inputs {
		if m.Artifact == d {
			rr.As = m.Role
		}
	}
	return rr
}
