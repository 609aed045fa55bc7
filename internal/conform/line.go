package conform

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// maxLine is the longest line, its ending included (docs/formats/wire.md).
const maxLine = 1 << 20

// Record says why a line is no record over an input of size bytes, as
// docs/formats/records.md has them.
func Record(line []byte, size int64) error {
	var v struct {
		Kind   string
		Source *place
		Time   *string
	}
	if err := decode(line, &v); err != nil {
		return err
	}
	if v.Kind == "" {
		return errors.New("no kind")
	}
	if v.Time != nil {
		if _, err := time.Parse(time.RFC3339, *v.Time); err != nil || !strings.HasSuffix(*v.Time, "Z") {
			return fmt.Errorf("time %q is not RFC 3339 UTC", *v.Time)
		}
	}
	if v.Kind == "redaction" {
		if err := redaction(line); err != nil {
			return err
		}
	}
	return v.Source.check(size)
}

// redaction says why a line is no record of that kind: it must say where, what and how sure,
// and nothing else, which might be the very thing.
func redaction(line []byte) error {
	var v struct {
		Record, Field, Category, Class, Rule, Form, Certainty, Kind string
		Validator, Time                                             *string
		Start, End                                                  int64
		Part                                                        *struct{ Group, N, Of int64 }
		Source                                                      json.RawMessage
		Known                                                       int64 `json:"known_in"`
	}
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&v); err != nil {
		return fmt.Errorf("redaction: %w", err)
	}
	set, n, _ := strings.Cut(v.Record, ":")
	number, err := strconv.ParseInt(n, 10, 64)
	switch {
	case len(set) != 16 || err != nil || number < 1:
		return fmt.Errorf("redaction: record %q is no id of a record", v.Record)
	case !strings.HasPrefix(v.Field, "/"):
		return fmt.Errorf("redaction: field %q is no JSON pointer", v.Field)
	case v.Start < 0 || v.End <= v.Start || v.End > maxLine:
		return fmt.Errorf("redaction: bytes %d to %d", v.Start, v.End)
	case v.Category == "" || v.Rule == "" || v.Form == "" || !slices.Contains([]string{"proven", "strong", "weak", "review"}, v.Class) || !slices.Contains([]string{"stated", "tested", "matched"}, v.Certainty):
		return fmt.Errorf("redaction: category %q, class %q, rule %q, form %q, certainty %q", v.Category, v.Class, v.Rule, v.Form, v.Certainty)
	case v.Part != nil && (v.Part.Group < 1 || v.Part.N < 1 || v.Part.N > v.Part.Of), v.Known < 0:
		return fmt.Errorf("redaction: part %+v, known in %d", v.Part, v.Known)
	}
	return nil
}

// Diagnostic says why a line is no diagnostic, and returns its code and severity.
func Diagnostic(line []byte, size int64) (code, severity string, err error) {
	var v struct {
		Code, Severity, Message string
		Source                  *place
	}
	if err := decode(line, &v); err != nil {
		return "", "", err
	}
	known := []string{evidence.SeverityReject, evidence.SeverityDamage, evidence.SeverityUnresolved, evidence.SeverityWarning, evidence.SeverityInfo}
	if v.Code == "" || v.Message == "" || !slices.Contains(known, v.Severity) {
		return "", "", fmt.Errorf("code %q, severity %q, message %q", v.Code, v.Severity, v.Message)
	}
	return v.Code, v.Severity, v.Source.check(size)
}

func decode(line []byte, into any) error {
	if len(line) >= maxLine {
		return fmt.Errorf("%d bytes long", len(line))
	}
	if err := evidence.CheckCanonical(line); err != nil {
		return err
	}
	return json.Unmarshal(line, into)
}

type place struct {
	Offset, Length, RowID *int64
	Table, Pointer, Role  *string
}

func (p *place) check(size int64) error {
	switch {
	case p == nil:
		return errors.New("no source")
	case (p.Offset == nil) != (p.Length == nil):
		return errors.New("offset without length")
	case p.Offset == nil && p.Table == nil && p.Pointer == nil:
		return errors.New("the source names no place")
	case p.Offset != nil && !(evidence.Span{Offset: *p.Offset, Length: *p.Length}).Within(size):
		return fmt.Errorf("span %d+%d leaves the input of %d bytes", *p.Offset, *p.Length, size)
	}
	return nil
}
