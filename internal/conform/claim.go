package conform

import (
	"fmt"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// Codes by which the SDKs say that a plugin stopped at a defect of
// its own.
const (
	CodePanic     = "plugin.panic"     // in Go
	CodeException = "plugin.exception" // in Python
)

// Defect says which defect of the plugin's own o shows, "" where none.
func Defect(o Output) string {
	for _, line := range o.Diagnostics {
		if code, _, err := Diagnostic(line, evidence.MaxSafeInteger); err == nil && (code == CodePanic || code == CodeException) {
			return "it stopped at a defect of its own: " + o.Reason
		}
	}
	return ""
}

// Silence is the first false claim: "I have read all of this" where nothing was
// read. It says what is wrong where size bytes were given and o, complete, holds
// nothing at all about them.
func Silence(o Output, size int64) string {
	if size == 0 || o.says() {
		return ""
	}
	return fmt.Sprintf("%d bytes that it cannot read, yet the outcome is complete and nothing is said of them: a reader would take the input for empty", size)
}

// Mistaken is the second: records or artifacts of an input that is not the
// plugin's format, without a word of doubt. A diagnostic, or an outcome that is not
// complete, is such a word.
func Mistaken(o Output) string {
	if o.Outcome != evidence.OutcomeComplete || len(o.Diagnostics) > 0 || len(o.Records)+len(o.Artifacts) == 0 {
		return ""
	}
	return fmt.Sprintf("it is not the plugin's format, yet %d records and %d artifacts come of it, the outcome is complete and no diagnostic says a word", len(o.Records), len(o.Artifacts))
}

// Shortened is the third: a container that was cut short, of which a member comes
// out as complete with other bytes than it has, without a word.
func Shortened(whole, cut Output) string {
	if cut.Outcome != evidence.OutcomeComplete || len(cut.Diagnostics) > 0 {
		return ""
	}
	known := map[string]evidence.Digest{}
	for _, a := range whole.Artifacts {
		known[a.Name] = a.SHA256
	}
	for _, a := range cut.Artifacts {
		if d, ok := known[a.Name]; ok && d != a.SHA256 && a.Complete {
			return fmt.Sprintf("the input was cut short, and artifact %s comes out with other bytes, yet it and the outcome are complete and no diagnostic says a word", a.Name)
		}
	}
	return ""
}

// Opened is the fourth: what a plugin makes with wrong keys, or none, of an input
// that the right ones open. Nothing may look as if it had been opened: decrypt writes
// nothing, no key is said to have been used, and what stays closed is said, by an
// outcome that is not complete or by diagnostics of severity unresolved or reject.
func Opened(o Output, operation string) string {
	said := o.Outcome != evidence.OutcomeComplete
	for _, line := range o.Diagnostics {
		_, severity, err := Diagnostic(line, evidence.MaxSafeInteger)
		said = said || err == nil && (severity == evidence.SeverityUnresolved || severity == evidence.SeverityReject)
	}
	switch {
	case operation == evidence.OpDecrypt && len(o.Records)+len(o.Artifacts) > 0:
		return fmt.Sprintf("%d records and %d artifacts come out", len(o.Records), len(o.Artifacts))
	case len(o.KeysUsed) > 0:
		return "it says that it used a key"
	case !said:
		return "the outcome is complete and no diagnostic says that something stays closed"
	}
	return ""
}
