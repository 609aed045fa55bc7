package sdktest

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/internal/conform"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// check says what a host would refuse, or an examiner could not use.
func (o Output) check(c Case) error {
	r := o.Result
	switch {
	case errors.Is(r.Err, sdk.ErrSource), errors.Is(r.Err, sdk.ErrRecord):
		return fmt.Errorf("a defect of the plugin: %w", r.Err)
	case conform.Defect(o.conform()) != "":
		return errors.New(conform.Defect(o.conform()))
	case !r.Units.Consistent():
		return fmt.Errorf("units do not add up: %+v", r.Units)
	case r.BytesRead > c.size():
		return fmt.Errorf("read %d of %d bytes", r.BytesRead, c.size())
	case (r.Reason == "") != (r.Outcome == evidence.OutcomeComplete):
		return fmt.Errorf("outcome %s, reason %q", r.Outcome, r.Reason)
	case int64(len(o.Records)) != r.Records.Count || int64(len(o.Diagnostics)) != r.Diagnostics.Count || int64(len(o.Artifacts)) != r.Artifacts.Count:
		return errors.New("counts differ from what was written")
	}
	for i, line := range o.Records {
		if err := conform.Record([]byte(line), int64(len(c.of(line)))); err != nil {
			return fmt.Errorf("record %d: %w", i+1, err)
		}
	}
	var rejects int64
	for i, line := range o.Diagnostics {
		_, severity, err := conform.Diagnostic([]byte(line), int64(len(c.of(line))))
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
	for _, key := range c.Keys {
		// What the input holds in clear, such as a published key, is no secret of the call.
		if how := conform.Secret(key.Value, o.said()...); how != "" && !bytes.Contains(c.Data, key.Value) {
			return fmt.Errorf("the key %q stands %s in what the plugin says", key.Name, how)
		}
	}
	return o.checkCanary(c.Canary)
}

// conform is o as package conform has it.
func (o Output) conform() conform.Output {
	out := conform.Output{Outcome: o.Result.Outcome, Reason: o.Result.Reason, Units: o.Result.Units, KeysUsed: o.Result.KeysUsed}
	for _, l := range o.Records {
		out.Records = append(out.Records, []byte(l))
	}
	for _, l := range o.Diagnostics {
		out.Diagnostics = append(out.Diagnostics, []byte(l))
	}
	for _, a := range o.Artifacts {
		name := ""
		if a.Name != nil {
			name = a.Name.Bytes()
		}
		out.Artifacts = append(out.Artifacts, conform.Artifact{Name: name, Size: int64(len(a.Data)), SHA256: evidence.Sum(a.Data), Complete: a.Complete, Reason: a.Reason})
	}
	return out
}

// said is all that the plugin says, but for what it decrypts and unpacks.
func (o Output) said() [][]byte {
	c := o.conform()
	return append(append([][]byte{[]byte(c.Reason)}, c.Records...), c.Diagnostics...)
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
