package host

import (
	"encoding/json"
	"io"
	"log/slog"
	"os"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// Job is one run: one operation of one plugin over one input.
type Job struct {
	Plugin *Plugin
	// Operation is one that the plugin's manifest offers.
	Operation string
	// Config is canonical JSON, handed over as it is (docs/formats/runs.md).
	Config []byte
	// Keys are handed over in the call; never by environment or argument.
	Keys []Key
	// Inputs are handed over as read-only descriptors: one, or a manifest's members.
	Inputs []Input
	// Limits replace the host's where they are not zero.
	Limits Limits
}

// Key is a decryption key. It prints and logs as "[withheld]".
type Key struct {
	// Fingerprint is what records, diagnostics and Result.KeysUsed call it.
	Fingerprint string
	// Name is what the examiner calls it.
	Name  string
	Value []byte
}

// String hides the key.
func (Key) String() string { return "[withheld]" }

// GoString hides the key.
func (Key) GoString() string { return "[withheld]" }

// LogValue hides the key.
func (Key) LogValue() slog.Value { return slog.StringValue("[withheld]") }

// Input is one artifact handed to a plugin.
type Input struct {
	// Role is "input", or what a manifest calls the member.
	Role string
	// Name is the manifest's name, "" otherwise.
	Name string
	// File is a regular file, open for reading. The plugin gets an open file
	// description of its own; File stays the caller's, who closes it after Run.
	File   *os.File
	Size   int64
	SHA256 evidence.Digest
}

// Sink takes what one attempt of a job writes. Calls are sequential within a
// stream (records, diagnostics, artifacts); the three streams run in parallel. No
// call comes after Run has returned. The slices are valid during the call only.
// An error from a Sink is the host's own failure: it ends the run and Run returns it.
type Sink interface {
	// Records takes whole lines, each ended by '\n', checked: canonical, of a kind,
	// span inside the input. infos has one element a line.
	Records(lines []byte, infos []RecordInfo) error
	// Diagnostics is Records for diagnostics.
	Diagnostics(lines []byte, infos []DiagnosticInfo) error
	// Artifact begins a derived artifact.
	Artifact(b Begin) (ArtifactWriter, error)
	// Abort drops everything: the attempt failed. It is the last call.
	Abort()
}

// Summer is a Sink that hashes the lines of Records as it keeps them. The host
// then compares that digest with the plugin's, instead of hashing them once more.
type Summer interface {
	// RecordsSum is the SHA-256 of all lines that Records was given so far.
	RecordsSum() evidence.Digest
}

// RecordInfo says what one line of records holds.
type RecordInfo struct {
	// Offset and Length place the line in lines, its '\n' included.
	Offset, Length int
	Kind           string
	// Time is RFC 3339 UTC, "" for null.
	Time string
	// Span is source.offset and source.length where the record states them.
	Span    evidence.Span
	HasSpan bool
	// Members are those of the record, by their places in the line.
	Members []evidence.Member

	members int // how many, before they are in their place
}

// DiagnosticInfo says what one line of diagnostics holds.
type DiagnosticInfo struct {
	// Offset and Length place the line in lines, its '\n' included.
	Offset, Length int
	Code, Severity string
}

// Begin describes a derived artifact before its bytes.
type Begin struct {
	// Name is the member's name in its container, nil where it has none.
	Name *evidence.Name
	// Steps and Meta are canonical JSON, nil where the plugin stated none.
	Steps, Meta json.RawMessage
	// Text is set where compression pays.
	Text bool
}

// ArtifactWriter takes the bytes of one derived artifact, then exactly one of End
// and Abort.
type ArtifactWriter interface {
	io.Writer
	// End finishes it; reason says why it is not complete, "" otherwise.
	End(complete bool, reason string) error
	// Abort drops it.
	Abort()
}

// Result is the account of a run.
type Result struct {
	Outcome evidence.Outcome
	// Reason says why the outcome is not complete. It may quote the plugin: printable
	// UTF-8, at most 1 KiB.
	Reason string
	// Units is the plugin's account, consistent and checked against the diagnostics
	// that arrived; {Declared: -1} and zeros where there was no Done.
	Units evidence.Units
	// BytesRead is what the plugin says it read and accounted for, at most the inputs' size.
	BytesRead int64
	// KeysUsed are fingerprints among those offered, ascending.
	KeysUsed []string
	// Records, Diagnostics, Artifacts: what the host counted of what the sink got.
	// After a failed run they say how far the last attempt came; the sink was aborted.
	Records, Diagnostics, Artifacts StreamResult
	// Sandbox is canonical JSON {features, level}: what the launcher reported to be in force.
	Sandbox json.RawMessage
	// Limits is canonical JSON: the limits that were in force.
	Limits json.RawMessage
	// Attempts is 1, or 2 where the first crashed or hung.
	Attempts int
	// Exit says how the process ended where it did, "" where it lives on in the pool.
	Exit string
	// Stderr is at most 64 KiB of what the plugin wrote to stderr during the last
	// attempt. It may quote evidence: never print it raw, never log it.
	Stderr []byte
	// Refused: the plugin was not run, because its bytes or its description of itself
	// are not those of its manifest, or no sufficient sandbox was to be had.
	Refused bool
}

// StreamResult counts one stream.
type StreamResult struct {
	// Count is lines, or artifacts with an end.
	Count int64
	// Bytes and SHA256 cover the stream as it arrived.
	Bytes  int64
	SHA256 evidence.Digest
}
