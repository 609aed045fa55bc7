package evidence

import (
	"fmt"
	"strconv"
	"strings"
)

// Subject is what a person marks or remarks on, named so that it holds on its own
// (docs/formats/custody.md, Subjects): a record of a record set, an artifact, or an item.
type Subject struct {
	// Artifact is the record set or the artifact, zero for an item.
	Artifact Digest
	// Line is the record's number from 1, 0 where an artifact is meant.
	Line int64
	// Exhibit is the item's number, "" for the others.
	Exhibit string
}

const exhibitPrefix = "exhibit:"

// Name writes a subject as it stands in the log. It fails with ErrFormat where s names
// nothing, or more than one thing.
func (s Subject) Name() (string, error) {
	switch {
	case s.Exhibit != "" && s.Artifact.IsZero() && s.Line == 0:
		return exhibitPrefix + s.Exhibit, nil
	case s.Exhibit != "" || s.Artifact.IsZero() || s.Line < 0 || s.Line > MaxSafeInteger:
		return "", fmt.Errorf("%w: a subject is a record, an artifact or an exhibit", ErrFormat)
	case s.Line > 0:
		return s.Artifact.String() + ":" + strconv.FormatInt(s.Line, 10), nil
	}
	return s.Artifact.String(), nil
}

// Short is s as people see it: a record by its printed id, an artifact by its digest.
func (s Subject) Short() string {
	switch {
	case s.Exhibit != "":
		return s.Exhibit
	case s.Line > 0:
		return RecordID(s.Artifact, s.Line)
	}
	return s.Artifact.String()
}

// ParseSubject reads what Name writes, and nothing else: ErrFormat.
func ParseSubject(text string) (Subject, error) {
	var s Subject
	if number, ok := strings.CutPrefix(text, exhibitPrefix); ok {
		s.Exhibit = number
	} else {
		const digits = len(DigestPrefix) + 64
		d, err := ParseDigest(text[:min(len(text), digits)])
		if err != nil || len(text) < digits {
			return Subject{}, fmt.Errorf("%w: %q names no record, artifact or exhibit", ErrFormat, text)
		}
		s.Artifact = d
		if rest, ok := strings.CutPrefix(text[digits:], ":"); ok {
			s.Line, _ = strconv.ParseInt(rest, 10, 64) // what is no number does not come back the same
		}
	}
	if back, err := s.Name(); err != nil || back != text {
		return Subject{}, fmt.Errorf("%w: %q names no record, artifact or exhibit", ErrFormat, text)
	}
	return s, nil
}
