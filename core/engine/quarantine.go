package engine

import (
	"slices"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// quarantine is what becomes of a plugin and an input that it failed on.
const quarantine = "Not tried again until the plugin's bytes, the configuration or the keys change, or by run --retry"

// Quarantined picks, from all rows of a case in the order of the log, the pairs of a
// plugin and an input that are not tried again: the last run failed (it crashed, hung
// or went over its memory, twice; it broke the protocol; or it said so itself). An
// older version of the plugin that failed on the same counts no more.
func Quarantined(rows []evidence.Run) []evidence.Run {
	type pair struct {
		name, operation, config string
		input                   evidence.Digest
	}
	last := map[pair]int{}
	var out []evidence.Run
	for _, r := range evidence.CurrentRuns(rows) {
		key := pair{r.Plugin.Name, r.Operation, string(r.Config), r.Input}
		if i, ok := last[key]; ok {
			out[i].ID = evidence.Digest{}
		}
		last[key] = len(out)
		out = append(out, r)
	}
	return slices.DeleteFunc(out, func(r evidence.Run) bool { return r.ID.IsZero() || r.Outcome != evidence.OutcomeFailed })
}
