package evidence

import "encoding/json"

// FormatVersion is the version of the case format, entries included.
const FormatVersion = 1

// Encodings in which an artifact's bytes may be stored.
const (
	// StoredRaw: the bytes as they are.
	StoredRaw = "raw"
	// StoredZstd: zstd frames followed by a seek table, itself a skippable frame.
	StoredZstd = "zstd"
	// StoredInPlace: not in the case; read at its source, hashed again at every read.
	StoredInPlace = "in-place"
)

// Origins of an artifact.
const (
	Original = "original"
	Derived  = "derived"
)

// Artifact is one immutable byte sequence. It is the body of an artifact row
// (docs/formats/case.md): its canonical JSON is what the log commits to.
type Artifact struct {
	SHA256 Digest `json:"artifact"`
	Size   int64  `json:"size"`
	Origin string `json:"origin"`
	// Hashes holds further digests as lower-case hexadecimal by algorithm: md5, sha1, sha512, blake3.
	Hashes map[string]string `json:"hashes,omitempty"`
	Stored Stored            `json:"stored"`
}

// Stored says how and where an artifact's bytes are kept, and what the kept
// bytes themselves hash to: a compressed object may decode to the same bytes
// although a bit of it flipped.
type Stored struct {
	Encoding string `json:"encoding"`
	SHA256   Digest `json:"sha256"`
	Size     int64  `json:"size"`
	// Path is the absolute path of an in-place artifact, "" otherwise.
	Path *Name `json:"path,omitempty"`
}

// Occurrence is where a received artifact was found. Occurrences of derived
// artifacts are not stored: they follow from Derivation.
type Occurrence struct {
	// Item is the exhibit number.
	Item string `json:"item"`
	Path Name   `json:"path"`
	// Type is file, directory, symlink or refused (a special or unreadable file).
	Type string `json:"type"`
	// Artifact is zero for anything but a file that was read.
	Artifact Digest `json:"artifact"`
	// FS is what the filesystem said, as observed; keys in docs/formats/case.md.
	FS json.RawMessage `json:"fs,omitempty"`
	// Flags: changed_while_read, hash_mismatch, unreadable, sparse, resumed.
	Flags []string `json:"flags,omitempty"`
	// Note says in words why a thing was refused, or what differed.
	Note string `json:"note,omitempty"`
}

// Derivation says that a run made Child out of Parent.
type Derivation struct {
	Run    Digest `json:"run"`
	Parent Digest `json:"parent"`
	Child  Digest `json:"child"`
	// Name is the member's path inside its container, or nil where Child is
	// the same thing under the same path (decompressed, decrypted).
	Name *Name `json:"name,omitempty"`
	// N is the member's position in its container, from 0.
	N int64 `json:"n"`
	// Steps say how to come from parent to child, in order; docs/formats/case.md.
	Steps json.RawMessage `json:"steps,omitempty"`
	// Meta is the container's own metadata about the member: mtime, mode, owner.
	Meta json.RawMessage `json:"meta,omitempty"`
	// Complete is false where the member was cut short or damaged; Reason says how.
	Complete bool   `json:"complete"`
	Reason   string `json:"reason,omitempty"`
}

// Name is a file name or path as found: text where it is UTF-8, else base64 of
// its bytes beside a printable form.
type Name struct {
	Text string `json:"text"`
	// Raw is set where the name is not UTF-8; Text then shows each bad byte as U+FFFD.
	Raw []byte `json:"raw,omitempty"`
}

// PluginRef names the plugin of a run.
type PluginRef struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	SHA256  Digest `json:"sha256"`
}

// Run is one execution of a plugin and what came of it: the body of a run row.
type Run struct {
	ID        Digest          `json:"run"`
	Plugin    PluginRef       `json:"plugin"`
	Operation string          `json:"operation"`
	Config    json.RawMessage `json:"config"`
	Input     Digest          `json:"input"`
	// Inputs are the members of the manifest where Input is one, nil otherwise.
	Inputs []ManifestMember `json:"inputs,omitempty"`
	// Keys are the fingerprints used, Offered all those the plugin was handed.
	Keys    []string `json:"keys"`
	Offered []string `json:"offered"`

	Outcome Outcome `json:"outcome"`
	// Reason says why the outcome is not complete, or what was left unread.
	Reason string `json:"reason,omitempty"`
	Units  Units  `json:"units"`
	// BytesRead of Size bytes of input were read; the rest is unread.
	BytesRead int64 `json:"bytes_read"`
	Size      int64 `json:"size"`
	// Records is nil where the run made no record.
	Records *RecordSetRef `json:"records,omitempty"`
	// RecordTree commits to each line of the record set; nil where Records is. It
	// stands apart, so that one record can be proved without the digest of the set,
	// from which the others could be guessed.
	RecordTree *RecordTree `json:"record_tree,omitempty"`
	// Diagnostics is nil where there were none.
	Diagnostics *DiagnosticSetRef `json:"diagnostics,omitempty"`
	// Artifacts is how many derivations the run made.
	Artifacts int64 `json:"artifacts"`
	// Sandbox, Limits: what was in force; docs/formats/runs.md.
	Sandbox json.RawMessage `json:"sandbox,omitempty"`
	Limits  json.RawMessage `json:"limits,omitempty"`
	// Supersedes are earlier runs over the same input that this one takes the
	// place of: under another layout, an older plugin or fewer keys.
	Supersedes []Digest `json:"supersedes,omitempty"`
	// Attempts is 1, or 2 where the first process died and a fresh one was tried.
	Attempts int `json:"attempts"`
	// Start and End are RFC 3339 UTC.
	Start string `json:"start"`
	End   string `json:"end"`
}

// RecordTree is the head of the Merkle tree over a record set's salted lines
// (docs/formats/custody.md, Record sets).
type RecordTree struct {
	// Root is in hexadecimal.
	Root string `json:"root"`
	// Size is the number of lines.
	Size int64 `json:"size"`
}

// RecordSetRef names a record set.
type RecordSetRef struct {
	Artifact Digest `json:"artifact"`
	Count    int64  `json:"count"`
	// Kinds counts records by kind.
	Kinds map[string]int64 `json:"kinds"`
}

// DiagnosticSetRef names a run's diagnostics, an artifact like a record set.
type DiagnosticSetRef struct {
	Artifact Digest `json:"artifact"`
	Count    int64  `json:"count"`
	// Codes counts diagnostics by code.
	Codes map[string]int64 `json:"codes"`
	// Severities counts diagnostics by severity.
	Severities map[string]int64 `json:"severities"`
}
