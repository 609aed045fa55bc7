package sdk

import "github.com/exhibit-forensics/exhibit/evidence"

// Located is how many diagnostics of a Tally name their place.
const Located = 100

// Tally writes the first Located diagnostics of a code one by one and counts the
// rest, for what may befall every record of a large input.
type Tally struct {
	Code, Message string
	// Severity is a warning where "". A reject must be said of every unit.
	Severity string
	n        int64
}

// Add counts one, at src.
func (t *Tally) Add(c *Ctx, src Source) {
	if t.n++; t.n <= Located {
		c.Diagnose(Diagnostic{Code: t.Code, Severity: t.severity(), Message: t.Message, Source: src})
	}
}

func (t *Tally) severity() string {
	if t.Severity == "" {
		return evidence.SeverityWarning
	}
	return t.Severity
}

// Total says how many there were, where not each was named.
func (t *Tally) Total(c *Ctx) {
	if t.n > Located {
		c.Diagnose(Diagnostic{Code: t.Code, Severity: t.severity(), Message: t.Message, Data: map[string]any{"records": t.n}})
	}
}
