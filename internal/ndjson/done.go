package ndjson

import (
	"bytes"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// doneLine is the value of {"done": …}. What is not stated, pointers and Outcome,
// is taken from what was counted.
type doneLine struct {
	Outcome   string     `json:"outcome"`
	Reason    string     `json:"reason"`
	Units     *unitsLine `json:"units"`
	BytesRead int64      `json:"bytes_read"`
	KeysUsed  []string   `json:"keys_used"`
	// How many of each the script says it wrote.
	Records     *int64 `json:"records"`
	Diagnostics *int64 `json:"diagnostics"`
	Artifacts   *int64 `json:"artifacts"`
}

type unitsLine struct {
	Declared *int64 `json:"declared"`
	Read     int64  `json:"read"`
	Emitted  int64  `json:"emitted"`
	Rejected int64  `json:"rejected"`
	Skipped  int64  `json:"skipped"`
}

// done takes the script's account. true is the shortest: complete, each record and
// each artifact a unit.
func (t *translator) done() error {
	var d doneLine
	switch out := t.enc.out; {
	case bytes.Equal(out, []byte("true")):
	case out[0] != '{':
		return problem("has a done that is neither true nor an object")
	default:
		if err := strict(out, &d); err != nil {
			return err
		}
	}
	for _, s := range []struct {
		said *int64
		got  int64
	}{{d.Records, t.records.count}, {d.Diagnostics, t.diagnostics.count}, {d.Artifacts, t.artifacts.count}} {
		if s.said != nil && *s.said != s.got {
			return problem("counts other records, diagnostics or artifacts than came")
		}
	}
	a := &Account{Reason: d.Reason, BytesRead: d.BytesRead, KeysUsed: d.KeysUsed, Describe: t.describe, Probe: t.probe}
	switch d.Outcome {
	case "":
		a.Outcome = evidence.OutcomeComplete
	case string(evidence.OutcomeComplete), string(evidence.OutcomePartial), string(evidence.OutcomeFailed):
		a.Outcome = evidence.Outcome(d.Outcome)
	default:
		return problem("has an outcome that is none of complete, partial, failed")
	}
	emitted := t.records.count + t.artifacts.count
	a.Units = evidence.Units{Declared: -1, Read: emitted + t.rejects, Emitted: emitted, Rejected: t.rejects}
	if u := d.Units; u != nil {
		a.Units = evidence.Units{Declared: -1, Read: u.Read, Emitted: u.Emitted, Rejected: u.Rejected, Skipped: u.Skipped}
		if u.Declared != nil {
			a.Units.Declared = *u.Declared
		}
	}
	if t.open {
		if a.Outcome == evidence.OutcomeComplete {
			return problem("says complete inside an artifact")
		}
		if err := t.close(false, "the plugin ended before the artifact did"); err != nil {
			return err
		}
	}
	if d.BytesRead < 0 {
		return problem("counts bytes below zero")
	}
	t.account = a
	if t.opt.Done != nil {
		t.opt.Done()
	}
	return nil
}
