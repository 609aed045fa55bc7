package evidence

import "slices"

// Outcome says how a run ended. Only OutcomeComplete is reused.
type Outcome string

// The outcomes of a run.
const (
	// OutcomeComplete: the plugin read its whole input and the host verified counts and digests.
	OutcomeComplete Outcome = "complete"
	// OutcomePartial: a limit was reached or the plugin stopped early; what came before is kept and marked.
	OutcomePartial Outcome = "partial"
	// OutcomeFailed: the plugin crashed, hung, or its account did not agree with what the host counted; nothing is promoted.
	OutcomeFailed Outcome = "failed"
)

// RunKey names a run: a pure function of what is in it. See docs/formats/runs.md.
type RunKey struct {
	// Plugin is the digest of the plugin (docs/formats/plugin.md): program, manifest and every other file of it.
	Plugin Digest
	// Operation is one of decrypt, unpack, parse, analyze, redact.
	Operation string
	// Config is canonical JSON: zone, charset, layout, profiles, limits.
	Config []byte
	// Keys are the fingerprints of the keys the run used, in any order.
	Keys []string
	// Input is the digest of the artifact (or manifest) the run read.
	Input Digest
}

// ID returns the SHA-256 of the canonical JSON of k. It fails with
// ErrNotCanonical where Config is not canonical JSON.
func (k RunKey) ID() (Digest, error) {
	if err := CheckCanonical(k.Config); err != nil {
		return Digest{}, err
	}
	keys := slices.Clone(k.Keys)
	slices.Sort(keys)
	keys = slices.Compact(keys)
	b := []byte(`{"config":`)
	b = append(b, k.Config...)
	b = append(b, `,"input":`...)
	b = AppendString(b, k.Input.String())
	b = append(b, `,"keys":[`...)
	for i, key := range keys {
		if i > 0 {
			b = append(b, ',')
		}
		b = AppendString(b, key)
	}
	b = append(b, `],"operation":`...)
	b = AppendString(b, k.Operation)
	b = append(b, `,"plugin":`...)
	b = AppendString(b, k.Plugin.String())
	b = append(b, '}')
	return Sum(b), nil
}

// Units is a run's account of its input in the input's own units (lines, rows,
// members): Read = Emitted + Rejected + Skipped, always.
type Units struct {
	// Declared is the number the input itself claims to hold, -1 where it claims none.
	Declared int64 `json:"declared"`
	// Read is how many units the plugin met.
	Read int64 `json:"read"`
	// Emitted units became at least one record or artifact.
	Emitted int64 `json:"emitted"`
	// Rejected units became a diagnostic of severity reject.
	Rejected int64 `json:"rejected"`
	// Skipped units hold nothing by design: blank lines, headers, comments.
	Skipped int64 `json:"skipped"`
}

// Consistent reports whether the account adds up.
func (u Units) Consistent() bool {
	return u.Declared >= -1 && u.Read >= 0 && u.Emitted >= 0 && u.Rejected >= 0 && u.Skipped >= 0 &&
		u.Read == u.Emitted+u.Rejected+u.Skipped
}
