package conform

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
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
	return v.Source.check(size)
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
