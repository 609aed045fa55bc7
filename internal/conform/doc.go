// Package conform holds what every plugin must keep to, whatever it reads and
// whatever it is written in, as pure functions over bytes: the rules that the
// black-box kit (core/kit, `exhibit plugin test`) and the in-process one
// (plugins/sdk/sdktest) have in common. docs/plugin-author.md tells authors of them.
package conform

import "github.com/exhibit-forensics/exhibit/evidence"

// Output is what a plugin made of one input, as a host took it.
type Output struct {
	Outcome evidence.Outcome
	Reason  string
	Units   evidence.Units
	// Records and Diagnostics are lines of canonical JSON without their ending.
	Records, Diagnostics [][]byte
	Artifacts            []Artifact
	// KeysUsed are fingerprints.
	KeysUsed []string
}

// Artifact is a derived artifact of an Output.
type Artifact struct {
	// Name is what tells it from the others: its name in the container, as canonical
	// JSON, and "" where it has none.
	Name     string
	Size     int64
	SHA256   evidence.Digest
	Complete bool
	Reason   string
}

// says reports whether o says anything of its input: a record, an artifact, a
// diagnostic, a unit that holds nothing by design, or why it read nothing.
func (o Output) says() bool {
	return len(o.Records)+len(o.Diagnostics)+len(o.Artifacts) > 0 || o.Units.Read > 0 || o.Outcome != evidence.OutcomeComplete
}
