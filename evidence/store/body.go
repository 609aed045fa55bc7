package store

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// The bodies of rows, as docs/formats/case.md has them, are written here by hand
// in the order of canonical JSON: encoding/json followed by canonicalisation
// costs five times as much, and intake writes two rows for each file.

func text(b []byte, name, v string) ([]byte, error) {
	if !utf8.ValidString(v) {
		return nil, fmt.Errorf("%w: %s is not UTF-8", evidence.ErrNotCanonical, name)
	}
	return evidence.AppendString(b, v), nil
}

func integer(b []byte, name string, v int64) ([]byte, error) {
	if v < 0 || v > evidence.MaxSafeInteger {
		return nil, fmt.Errorf("%w: %s is not between 0 and 2^53-1", evidence.ErrNotCanonical, name)
	}
	return strconv.AppendInt(b, v, 10), nil
}

func digest(b []byte, d evidence.Digest) []byte {
	b = append(b, '"')
	if !d.IsZero() {
		b = append(b, d.String()...)
	}
	return append(b, '"')
}

func appendName(b []byte, name string, v evidence.Name) ([]byte, error) {
	b = append(b, '{')
	if v.Raw != nil {
		b = append(b, `"raw":"`...)
		b = base64.StdEncoding.AppendEncode(b, v.Raw)
		b = append(b, `",`...)
	}
	b = append(b, `"text":`...)
	b, err := text(b, name, v.Text)
	return append(b, '}'), err
}

// appendJSON appends v as canonical JSON. What the intake and the host hand over
// mostly is.
func appendJSON(b []byte, name string, v json.RawMessage) ([]byte, error) {
	if evidence.CheckCanonical(v) == nil {
		return append(b, v...), nil
	}
	c, err := evidence.Canonicalize(v)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return append(b, c...), nil
}

// checkArtifact refuses an artifact that no row may say.
func checkArtifact(a evidence.Artifact) error {
	switch {
	case a.SHA256.IsZero():
		return fmt.Errorf("%w: an artifact without a digest", evidence.ErrFormat)
	case a.Origin != evidence.Original && a.Origin != evidence.Derived:
		return fmt.Errorf("%w: origin %q of an artifact", evidence.ErrFormat, a.Origin)
	case (a.Stored.Encoding == evidence.StoredInPlace) != (a.Stored.Path != nil):
		return fmt.Errorf("%w: an artifact in place has a path, no other has", evidence.ErrFormat)
	}
	return nil
}

func artifactBody(a evidence.Artifact) ([]byte, error) {
	if err := checkArtifact(a); err != nil {
		return nil, err
	}
	if e := a.Stored.Encoding; a.Stored.SHA256.IsZero() || e != evidence.StoredRaw && e != evidence.StoredZstd && e != evidence.StoredInPlace {
		return nil, fmt.Errorf("%w: an artifact that is not said to be stored", evidence.ErrFormat)
	}
	b := append(make([]byte, 0, 512), `{"artifact":`...)
	b = digest(b, a.SHA256)
	var err error
	if len(a.Hashes) > 0 {
		b = append(b, `,"hashes":{`...)
		for i, name := range slices.Sorted(maps.Keys(a.Hashes)) {
			if i > 0 {
				b = append(b, ',')
			}
			if b, err = text(b, "the name of a hash", name); err != nil {
				return nil, err
			}
			b = append(b, ':')
			if b, err = text(b, "a hash", a.Hashes[name]); err != nil {
				return nil, err
			}
		}
		b = append(b, '}')
	}
	b = append(b, `,"origin":"`...)
	b = append(b, a.Origin...)
	b = append(b, `","size":`...)
	if b, err = integer(b, "size", a.Size); err != nil {
		return nil, err
	}
	b = append(b, `,"stored":{"encoding":"`...)
	b = append(b, a.Stored.Encoding...)
	b = append(b, '"')
	if a.Stored.Path != nil {
		b = append(b, `,"path":`...)
		if b, err = appendName(b, "stored.path", *a.Stored.Path); err != nil {
			return nil, err
		}
	}
	b = append(b, `,"sha256":`...)
	b = digest(b, a.Stored.SHA256)
	b = append(b, `,"size":`...)
	if b, err = integer(b, "stored.size", a.Stored.Size); err != nil {
		return nil, err
	}
	return append(b, "}}"...), nil
}

func occurrenceBody(o evidence.Occurrence) ([]byte, error) {
	switch {
	case o.Item == "" || o.Path.Text == "":
		return nil, fmt.Errorf("%w: an occurrence without item or path", evidence.ErrFormat)
	case !slices.Contains([]string{"file", "directory", "symlink", "refused"}, o.Type):
		return nil, fmt.Errorf("%w: type %q of an occurrence", evidence.ErrFormat, o.Type)
	case o.Type != "file" && !o.Artifact.IsZero():
		return nil, fmt.Errorf("%w: an occurrence of type %s has no artifact", evidence.ErrFormat, o.Type)
	}
	b := append(make([]byte, 0, 768), `{"artifact":`...)
	b = digest(b, o.Artifact)
	var err error
	if len(o.Flags) > 0 {
		b = append(b, `,"flags":[`...)
		for i, flag := range o.Flags {
			if i > 0 {
				b = append(b, ',')
			}
			if b, err = text(b, "a flag", flag); err != nil {
				return nil, err
			}
		}
		b = append(b, ']')
	}
	if len(o.FS) > 0 {
		b = append(b, `,"fs":`...)
		if b, err = appendJSON(b, "fs", o.FS); err != nil {
			return nil, err
		}
	}
	b = append(b, `,"item":`...)
	if b, err = text(b, "item", o.Item); err != nil {
		return nil, err
	}
	if o.Note != "" {
		b = append(b, `,"note":`...)
		if b, err = text(b, "note", o.Note); err != nil {
			return nil, err
		}
	}
	b = append(b, `,"path":`...)
	if b, err = appendName(b, "path", o.Path); err != nil {
		return nil, err
	}
	b = append(b, `,"type":"`...)
	b = append(b, o.Type...)
	return append(b, `"}`...), nil
}

func derivationBody(d evidence.Derivation) ([]byte, error) {
	if d.Run.IsZero() || d.Parent.IsZero() || d.Child.IsZero() {
		return nil, fmt.Errorf("%w: a derivation without run, parent or child", evidence.ErrFormat)
	}
	b := append(make([]byte, 0, 640), `{"child":`...)
	b = digest(b, d.Child)
	b = append(b, `,"complete":`...)
	b = strconv.AppendBool(b, d.Complete)
	var err error
	if len(d.Meta) > 0 {
		b = append(b, `,"meta":`...)
		if b, err = appendJSON(b, "meta", d.Meta); err != nil {
			return nil, err
		}
	}
	b = append(b, `,"n":`...)
	if b, err = integer(b, "n", d.N); err != nil {
		return nil, err
	}
	if d.Name != nil {
		b = append(b, `,"name":`...)
		if b, err = appendName(b, "name", *d.Name); err != nil {
			return nil, err
		}
	}
	b = append(b, `,"parent":`...)
	b = digest(b, d.Parent)
	if d.Reason != "" {
		b = append(b, `,"reason":`...)
		if b, err = text(b, "reason", d.Reason); err != nil {
			return nil, err
		}
	}
	b = append(b, `,"run":`...)
	b = digest(b, d.Run)
	if len(d.Steps) > 0 {
		b = append(b, `,"steps":`...)
		if b, err = appendJSON(b, "steps", d.Steps); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}

func subjectBody(s evidence.Subject) ([]byte, error) {
	name, err := s.Name()
	if err != nil {
		return nil, err
	}
	b, err := text(append(make([]byte, 0, 128), `{"subject":`...), "a subject", name)
	return append(b, '}'), err
}

// runBody also checks that the run is named as docs/formats/runs.md says.
func runBody(r evidence.Run) ([]byte, error) {
	id, err := evidence.RunKey{Plugin: r.Plugin.SHA256, Operation: r.Operation, Config: r.Config, Keys: r.Keys, Input: r.Input}.ID()
	if err != nil {
		return nil, fmt.Errorf("config of a run: %w", err)
	}
	if id != r.ID {
		return nil, fmt.Errorf("%w: a run named %s is %s by what is in it", evidence.ErrFormat, r.ID, id)
	}
	if r.Outcome != evidence.OutcomeFailed && !r.Units.Consistent() {
		return nil, fmt.Errorf("%w: the units of run %s do not add up", evidence.ErrFormat, r.ID.Short())
	}
	if r.Keys == nil {
		r.Keys = []string{}
	}
	if r.Offered == nil {
		r.Offered = []string{}
	}
	if r.Records != nil && r.Records.Kinds == nil {
		records := *r.Records
		records.Kinds = map[string]int64{}
		r.Records = &records
	}
	if d := r.Diagnostics; d != nil && (d.Codes == nil || d.Severities == nil) {
		diagnostics := *d
		if d.Codes == nil {
			diagnostics.Codes = map[string]int64{}
		}
		if d.Severities == nil {
			diagnostics.Severities = map[string]int64{}
		}
		r.Diagnostics = &diagnostics
	}
	return evidence.Canonical(r)
}
