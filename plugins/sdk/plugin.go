package sdk

import (
	"bytes"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// Plugin is what a plugin's main hands to Main. Name and Version must equal
// those of plugin.json, and the operations those listed there.
type Plugin struct {
	// Name is as in plugin.json: "tomskype" or "acme/pipe-sms".
	Name string
	// Version is as in plugin.json.
	Version string
	// Parse reads records out of an input.
	Parse Op
	// Decrypt makes artifacts out of one that is encrypted as a whole.
	Decrypt Op
	// Unpack makes an artifact of each member of a container.
	Unpack Op
	// Survey describes an input that no other plugin reads, in records of a namespaced
	// kind; FindKey looks for the keys of some inputs in all of them.
	Survey, FindKey Op
	// Analyze makes findings and edges of record sets (docs/formats/plugin.md, analyze).
	Analyze Op
	// Redact makes redactions of record sets: where in them personal data stand (redact).
	Redact Op
	// Probe judges from a sample whether the plugin reads an input; nil: never asked.
	Probe func(Sample) Match
}

// Op is one operation over one input, in (of several that with the role "main", else
// the first; Ctx.Input and Ctx.Inputs have the others). A nil error means that the whole input was
// read: what could not be read is in diagnostics.
type Op func(c *Ctx, in *Input, out *Out) error

// Sample is the beginning of an input.
type Sample struct {
	// Head is at most the first 64 KiB.
	Head []byte
	// Size is the input's, in bytes.
	Size int64
	// Name is the file's name where it has one. It is evidence: a hint, not a fact.
	Name string
}

// Match is a judgement of a Sample.
type Match struct {
	// Confidence is from 0 (not mine) to 100 (certain).
	Confidence int
	// Reason is a few words for the examiner; nothing of the evidence.
	Reason string
}

// MagicPrefix returns a Probe that is certain of inputs that start with magic.
func MagicPrefix(magic string) func(Sample) Match {
	return func(s Sample) Match {
		if bytes.HasPrefix(s.Head, []byte(magic)) {
			return Match{Confidence: 100, Reason: "starts with the format's magic bytes"}
		}
		return Match{Reason: "does not start with the format's magic bytes"}
	}
}

// op returns the operation of that name, nil where the plugin has none.
func (p Plugin) op(name string) Op {
	switch name {
	case evidence.OpParse:
		return p.Parse
	case evidence.OpDecrypt:
		return p.Decrypt
	case evidence.OpUnpack:
		return p.Unpack
	case evidence.OpSurvey:
		return p.Survey
	case evidence.OpFindKey:
		return p.FindKey
	case evidence.OpAnalyze:
		return p.Analyze
	case evidence.OpRedact:
		return p.Redact
	}
	return nil
}

// Operations lists what the plugin can do, in a fixed order.
func (p Plugin) Operations() []string {
	var names []string
	for _, name := range []string{evidence.OpDecrypt, evidence.OpUnpack, evidence.OpParse, evidence.OpAnalyze, evidence.OpRedact, evidence.OpSurvey, evidence.OpFindKey} {
		if p.op(name) != nil {
			names = append(names, name)
		}
	}
	return names
}
