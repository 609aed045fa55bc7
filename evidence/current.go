package evidence

// CurrentRuns picks, from the rows over one input in the order of the log, those
// that count: of one identity the last row that did not fail, and none whose place another took
// (docs/formats/runs.md).
func CurrentRuns(rows []Run) []Run {
	last := map[Digest]int{}
	for i := range rows {
		if j, ok := last[rows[i].ID]; ok && rows[i].Outcome == OutcomeFailed && rows[j].Outcome != OutcomeFailed {
			continue // a failed repetition takes nothing away
		}
		last[rows[i].ID] = i
	}
	gone := map[Digest]bool{}
	for i := range rows {
		if last[rows[i].ID] != i || rows[i].Outcome == OutcomeFailed {
			continue
		}
		for _, d := range rows[i].Supersedes {
			gone[d] = true
		}
	}
	var out []Run
	for i := range rows {
		if last[rows[i].ID] == i && !gone[rows[i].ID] {
			out = append(out, rows[i])
		}
	}
	return out
}
