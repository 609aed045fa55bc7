package sdktest

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// check says what a host would refuse, or an examiner could not use.
func (o Output) check(c Case) error {
	r := o.Result
	switch {
	case errors.Is(r.Err, sdk.ErrSource), errors.Is(r.Err, sdk.ErrRecord):
		return fmt.Errorf("a defect of the plugin: %w", r.Err)
	case slices.ContainsFunc(o.Diagnostics, func(d string) bool { return strings.Contains(d, `"code":"`+sdk.CodePanic+`"`) }):
		return fmt.Errorf("it panicked: %s", r.Reason)
	case !r.Units.Consistent():
		return fmt.Errorf("units do not add up: %+v", r.Units)
	case r.BytesRead > int64(len(c.Data)):
		return fmt.Errorf("read %d of %d bytes", r.BytesRead, len(c.Data))
	case (r.Reason == "") != (r.Outcome == evidence.OutcomeComplete):
		return fmt.Errorf("outcome %s, reason %q", r.Outcome, r.Reason)
	case int64(len(o.Records)) != r.Records.Count || int64(len(o.Diagnostics)) != r.Diagnostics.Count || int64(len(o.Artifacts)) != r.Artifacts.Count:
		return errors.New("counts differ from what was written")
	}
	for i, line := range o.Records {
		if err := checkRecord(line, int64(len(c.Data))); err != nil {
			return fmt.Errorf("record %d: %w", i+1, err)
		}
	}
	var rejects int64
	for i, line := range o.Diagnostics {
		severity, err := checkDiagnostic(line, int64(len(c.Data)))
		if err != nil {
			return fmt.Errorf("diagnostic %d: %w", i+1, err)
		}
		if severity == evidence.SeverityReject {
			rejects++
		}
	}
	if rejects != r.Units.Rejected {
		return fmt.Errorf("%d units rejected, %d diagnostics say so", r.Units.Rejected, rejects)
	}
	return o.checkCanary(c.Canary)
}

func (o Output) checkCanary(canary string) error {
	if canary == "" {
		return nil
	}
	for _, s := range append([]string{o.Result.Reason}, o.Diagnostics...) {
		if strings.Contains(s, canary) {
			return errors.New("a diagnostic or an error quotes the evidence")
		}
	}
	return nil
}

type place struct {
	Offset, Length, RowID *int64
	Table, Pointer        *string
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

func checkRecord(line string, size int64) error {
	var v struct {
		Kind   string
		Source *place
		Time   *string
	}
	if err := checkLine(line, &v); err != nil {
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

func checkDiagnostic(line string, size int64) (severity string, err error) {
	var v struct {
		Code, Severity, Message string
		Source                  *place
	}
	if err := checkLine(line, &v); err != nil {
		return "", err
	}
	known := []string{evidence.SeverityReject, evidence.SeverityDamage, evidence.SeverityUnresolved, evidence.SeverityWarning, evidence.SeverityInfo}
	if v.Code == "" || v.Message == "" || !slices.Contains(known, v.Severity) {
		return "", fmt.Errorf("code %q, severity %q, message %q", v.Code, v.Severity, v.Message)
	}
	return v.Severity, v.Source.check(size)
}

func checkLine(line string, into any) error {
	if len(line) >= sdk.MaxLineBytes {
		return fmt.Errorf("%d bytes long", len(line))
	}
	if err := evidence.CheckCanonical([]byte(line)); err != nil {
		return err
	}
	return json.Unmarshal([]byte(line), into)
}
