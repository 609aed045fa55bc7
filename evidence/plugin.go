package evidence

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
)

// Operations a plugin may offer.
const (
	OpDecrypt = "decrypt"
	OpUnpack  = "unpack"
	OpParse   = "parse"
	OpAnalyze = "analyze"
	OpRedact  = "redact"
	// OpSurvey describes an input that nothing else opens, OpFindKey looks for keys of
	// some inputs in all of them. Neither reads a record out of the evidence: an input
	// that only they were handed counts as unread.
	OpSurvey  = "survey"
	OpFindKey = "findkey"
)

// Surveys reports whether an operation only looks at its inputs.
func Surveys(operation string) bool { return operation == OpSurvey || operation == OpFindKey }

// OverRecords reports whether an operation reads the record sets of a case, all together
// and when it is asked to: no evidence is routed to it.
func OverRecords(operation string) bool { return operation == OpAnalyze || operation == OpRedact }

// PluginProtocol is the major version of the wire, docs/formats/wire.md.
const PluginProtocol = 1

// Runtimes of plugins.
const (
	// RuntimeExec: an executable that speaks docs/formats/wire.md.
	RuntimeExec = "exec"
	// RuntimeNDJSON: a program, or a script with its interpreter, that prints JSON
	// lines (docs/formats/ndjson.md).
	RuntimeNDJSON = "ndjson"
)

// InterpreterPython is the one interpreter that plugins may name: CPython 3.9 or later.
const InterpreterPython = "python3"

// PluginManifest is plugin.json (docs/formats/plugin.md). It is read before any
// code of the plugin runs: listing, routing and help never start a plugin.
type PluginManifest struct {
	V             int               `json:"v"`
	Name          string            `json:"name"`
	Version       string            `json:"version"`
	Title         string            `json:"title"`
	Description   string            `json:"description"`
	Licence       string            `json:"licence"`
	Protocol      int               `json:"protocol"`
	Runtime       string            `json:"runtime"`
	Program       string            `json:"program"`
	Deterministic bool              `json:"deterministic"`
	Operations    []PluginOperation `json:"operations"`
	// Profiles names a file of encryption profiles in the plugin's directory, "" for none.
	Profiles string `json:"profiles,omitempty"`
	// Interpreter runs the program of a plugin of runtime RuntimeNDJSON, "" where that
	// runs by itself.
	Interpreter string `json:"interpreter,omitempty"`
	// Keys: it is handed the keys of the case, which it takes for passwords, although it
	// has no profiles.
	Keys bool `json:"keys,omitempty"`
}

// PluginOperation says what one operation takes and makes.
type PluginOperation struct {
	Operation string   `json:"operation"`
	Accepts   []Accept `json:"accepts"`
	// Companions are files beside the input that are handed over with it.
	Companions []Companion `json:"companions,omitempty"`
	// Emits lists record kinds; empty for an operation that makes artifacts only.
	Emits []string `json:"emits,omitempty"`
}

// Accept matches an input if every condition it states holds; an operation takes
// an input that any of its Accepts matches.
type Accept struct {
	MediaTypes []string `json:"media_types,omitempty"`
	Magic      []Magic  `json:"magic,omitempty"`
	// Paths are doublestar globs over an occurrence's path; "!" counts as "/".
	Paths []string `json:"paths,omitempty"`
	// Content is "text", or "binary" for bytes of no known type; "" for any.
	Content string `json:"content,omitempty"`
	// Layout: exactly one of the case's layouts is for the path, and it names this
	// plugin or, to an operation that parses, none; it becomes part of the config.
	Layout bool `json:"layout,omitempty"`
	// LayoutNamed: the same, but the layout must name this plugin. Not with Layout.
	LayoutNamed bool `json:"layout_named,omitempty"`
	// Profile: a profile that states paths is for the path.
	Profile bool `json:"profile,omitempty"`
	// SQLiteTables: it is an SQLite database that has all these tables; ASCII case
	// does not matter.
	SQLiteTables []string `json:"sqlite_tables,omitempty"`
	// XMLRoot: its root element is one of these, "local" or "{namespace}local".
	XMLRoot []string `json:"xml_root,omitempty"`
	// Probe: where all else holds, the plugin is asked.
	Probe bool `json:"probe,omitempty"`
}

// Magic is bytes, in hexadecimal, at an offset from the start.
type Magic struct {
	Offset int64  `json:"offset"`
	Hex    string `json:"hex"`
}

var pluginName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,62}(/[a-z][a-z0-9-]{0,62})?$`)

// ParsePluginManifest reads plugin.json strictly: unknown members are ErrFormat,
// a newer version ErrNewer.
func ParsePluginManifest(b []byte) (PluginManifest, error) {
	var m PluginManifest
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&m); err != nil {
		return PluginManifest{}, fmt.Errorf("%w: plugin.json: %w", ErrFormat, err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return PluginManifest{}, fmt.Errorf("%w: plugin.json: data after the object", ErrFormat)
	}
	switch {
	case m.V != 1 || m.Protocol != PluginProtocol:
		return PluginManifest{}, fmt.Errorf("%w: plugin.json v %d, protocol %d; this program reads v 1, protocol %d", ErrNewer, m.V, m.Protocol, PluginProtocol)
	case !pluginName.MatchString(m.Name):
		return PluginManifest{}, fmt.Errorf("%w: plugin.json: name %q", ErrFormat, m.Name)
	case m.Version == "" || m.Program == "" || m.Runtime != RuntimeExec && m.Runtime != RuntimeNDJSON:
		return PluginManifest{}, fmt.Errorf("%w: plugin.json of %s: version, program and runtime \"exec\" or \"ndjson\" are required", ErrFormat, m.Name)
	case m.Interpreter != "" && (m.Runtime != RuntimeNDJSON || m.Interpreter != InterpreterPython):
		return PluginManifest{}, fmt.Errorf("%w: plugin.json of %s: interpreter %q: only \"python3\", with runtime \"ndjson\"", ErrFormat, m.Name, m.Interpreter)
	case len(m.Operations) == 0:
		return PluginManifest{}, fmt.Errorf("%w: plugin.json of %s: no operations", ErrFormat, m.Name)
	}
	for _, op := range m.Operations {
		if !slices.Contains([]string{OpDecrypt, OpUnpack, OpParse, OpAnalyze, OpRedact, OpSurvey, OpFindKey}, op.Operation) {
			return PluginManifest{}, fmt.Errorf("%w: plugin.json of %s: operation %q", ErrFormat, m.Name, op.Operation)
		}
		if err := checkCompanions(op.Companions); err != nil {
			return PluginManifest{}, fmt.Errorf("%w: plugin.json of %s: %w", ErrFormat, m.Name, err)
		}
		for _, a := range op.Accepts {
			if err := a.check(); err != nil {
				return PluginManifest{}, fmt.Errorf("%w: plugin.json of %s: %w", ErrFormat, m.Name, err)
			}
			if a.Content != "" && a.Content != "text" && a.Content != "binary" {
				return PluginManifest{}, fmt.Errorf("%w: plugin.json of %s: content %q", ErrFormat, m.Name, a.Content)
			}
			if a.Layout && a.LayoutNamed {
				return PluginManifest{}, fmt.Errorf("%w: plugin.json of %s: layout and layout_named exclude each other", ErrFormat, m.Name)
			}
		}
	}
	return m, nil
}
