package redact

import (
	"unicode/utf8"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// contextBytes is how much of the text before and after a span a reviewer is shown.
const contextBytes = 120

// Found is a span that awaits a reviewer, with what a decision needs. It holds the
// original: it is for the terminal and files of the case's own people.
type Found struct {
	// Record is its subject as decisions name it, ID as it is printed.
	Record, ID string
	Exhibit    string
	Kind       string
	Field      string
	Start, End int
	Category   string
	Class      string
	Rule       string
	Form       string
	// Text is the span, Before and After what stands around it.
	Text, Before, After string
	// Canonical is the value for a decision that counts everywhere, "" for a part of one.
	Canonical string
	// Operator is what is done with it now and By who decided that, Proposed the operator that
	// an acceptance leads to.
	Operator, By, Proposed string
	// KnownIn is in how many records a structured field states the value.
	KnownIn int64
}

func (w *walker) found(s *span, o *operation, whole, canonical string) Found {
	name, err := w.record.Name()
	if err != nil { // it is a record
		name = ""
	}
	f := Found{
		Record: name, ID: evidence.RecordID(w.record.Artifact, w.record.Line), Exhibit: w.set.exhibit, Kind: w.kind,
		Field: s.field, Start: s.start, End: s.end, Category: s.category, Class: s.class, Rule: s.rule, Form: s.form, KnownIn: s.knownIn,
		Text: whole[s.start:s.end], Before: tail(whole[:s.start]), After: head(whole[s.end:]), Canonical: canonical,
		Operator: o.op, By: o.by, Proposed: OpPseudonym,
	}
	if s.moved {
		f.Start, f.End = s.was[0], s.was[1]
	}
	if o.rule != nil && o.rule.Accept != "" {
		f.Proposed = o.rule.Accept
	}
	if o.by != ByPending {
		f.Proposed = o.op
	}
	if s.part {
		f.Canonical, f.Proposed = "", OpMask
	}
	return f
}

// tail and head cut a text at a character.
func tail(s string) string {
	if len(s) <= contextBytes {
		return s
	}
	for s = s[len(s)-contextBytes:]; s != "" && !utf8.RuneStart(s[0]); s = s[1:] {
	}
	return "…" + s
}

func head(s string) string {
	if len(s) <= contextBytes {
		return s
	}
	n := contextBytes
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}
