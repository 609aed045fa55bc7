package sdk

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// Ctx is one job as its operation sees it. It is done when the host cancels.
type Ctx struct {
	context.Context
	job *job
}

// settings are the members of config that every plugin may be given.
type settings struct {
	raw           json.RawMessage
	Zone, Charset string
}

func (s *settings) parse(config json.RawMessage) error {
	if len(config) == 0 {
		config = json.RawMessage("{}")
	}
	s.raw = config
	var known struct{ Zone, Charset string }
	if err := json.Unmarshal(config, &known); err != nil {
		return fmt.Errorf("%w: config: %w", ErrMalformed, err)
	}
	s.Zone, s.Charset = known.Zone, known.Charset
	return nil
}

// Config returns the job's configuration, canonical JSON, never nil.
func (c *Ctx) Config() json.RawMessage { return c.job.config.raw }

// Decode reads the configuration into v, as encoding/json does. Members that v
// does not have are ignored: a plugin states its own, others may be there too.
func (c *Ctx) Decode(v any) error {
	if err := json.NewDecoder(bytes.NewReader(c.job.config.raw)).Decode(v); err != nil {
		return fmt.Errorf("%w: config: %w", ErrMalformed, err)
	}
	return nil
}

// Zone returns the zone declared for the item ("+08:00"), "" where none was.
func (c *Ctx) Zone() string { return c.job.config.Zone }

// Charset returns the charset declared for the item, "" where none was.
func (c *Ctx) Charset() string { return c.job.config.Charset }

// Limits returns the job's limits. The SDK keeps all but MaxDepth.
func (c *Ctx) Limits() Limits { return c.job.limits }

// Inputs returns all inputs, in the host's order.
func (c *Ctx) Inputs() []*Input { return c.job.inputs }

// Input returns the input of that role, nil where the job has none: what a manifest
// calls wal comes with a database where there is one.
func (c *Ctx) Input(role string) *Input {
	for _, in := range c.job.inputs {
		if in.Role == role {
			return in
		}
	}
	return nil
}

// Keys returns the keys handed to the job. The values are not to be changed, kept
// or written anywhere.
func (c *Ctx) Keys() []Key { return c.job.keys }

// Use notes that key decided something of the output: it becomes part of the
// run's name.
func (c *Ctx) Use(key Key) {
	for i := range c.job.keys {
		if c.job.keys[i].Fingerprint == key.Fingerprint {
			c.job.used[i] = true
		}
	}
}

// Partial notes that the plugin leaves some of the input unread, and why: the
// run ends partial. The first reason stays.
func (c *Ctx) Partial(reason string) {
	if c.job.partial == "" {
		c.job.partial = validText(reason)
	}
}

// Diagnostic is a problem in the input, or a fact about it (docs/formats/records.md).
type Diagnostic struct {
	// Code is stable and dotted: line.undecryptable.
	Code string
	// Severity is one of evidence.Severity….
	Severity string
	// Message is a sentence and quotes nothing of the evidence.
	Message string
	// Source is where; zero: the input as a whole.
	Source Source
	// Data holds counts, names of profiles; nothing of the evidence. Values as in Common.Extra.
	Data map[string]any
}

// Diagnose writes d. A severity of reject counts the unit at d.Source as
// rejected; where that unit has made a record, or was rejected before, the
// diagnostic is written as a warning, since a unit has one fate. Should writing
// fail or a limit be reached, the next Put, or the end of the run, says so.
func (c *Ctx) Diagnose(d Diagnostic) { c.job.diagnose(&d, false) }

// Reject says that the unit at src became no record.
func (c *Ctx) Reject(src Source, code, message string) {
	c.job.diagnose(&Diagnostic{Code: code, Severity: evidence.SeverityReject, Message: message, Source: src}, false)
}

// Warn says something that a reader of the record at src should know.
func (c *Ctx) Warn(src Source, code, message string) {
	c.job.diagnose(&Diagnostic{Code: code, Severity: evidence.SeverityWarning, Message: message, Source: src}, false)
}

// Info states a fact about the input that an examiner may want to know.
func (c *Ctx) Info(src Source, code, message string) {
	c.job.diagnose(&Diagnostic{Code: code, Severity: evidence.SeverityInfo, Message: message, Source: src}, false)
}

// Damage says that the input is cut short or corrupt at src.
func (c *Ctx) Damage(src Source, code, message string) {
	c.job.diagnose(&Diagnostic{Code: code, Severity: evidence.SeverityDamage, Message: message, Source: src}, false)
}

// Unresolved says that what is at src cannot be opened with the keys, profiles
// and layouts at hand.
func (c *Ctx) Unresolved(src Source, code, message string) {
	c.job.diagnose(&Diagnostic{Code: code, Severity: evidence.SeverityUnresolved, Message: message, Source: src}, false)
}

// diagnose writes d; always is for the SDK's own last words, which no limit stops.
func (j *job) diagnose(d *Diagnostic, always bool) {
	if !always && j.alive() != nil {
		return
	}
	if d.Source == (Source{}) && len(j.inputs) > 0 {
		in := j.main()
		d.Source = in.Source(0, in.Size)
	}
	if err := j.checkSource(&d.Source); err != nil {
		j.stop(err)
		return
	}
	if max := j.limits.MaxDiagnostics; max > 0 && j.diagnostics.count >= max && !always {
		j.stop(fmt.Errorf("%w: %d diagnostics", ErrLimit, max))
		return
	}
	severity := d.Severity
	if severity == evidence.SeverityReject {
		before := j.units.Rejected
		if j.judge(&d.Source, rejected); j.units.Rejected == before {
			severity = evidence.SeverityWarning
		}
	}
	e := &j.enc
	e.b, e.err = j.diagnostics.grown(), nil
	start := e.open()
	e.plain("code", d.Code)
	if len(d.Data) > 0 {
		e.key("data")
		e.mapping(d.Data, 1)
	}
	e.plain("message", d.Message)
	e.plain("severity", severity)
	d.Source.encode(e)
	e.close(start)
	e.b = append(e.b, '\n')
	if e.err == nil && len(e.b)-start > MaxLineBytes {
		e.fail("a diagnostic longer than %d bytes", MaxLineBytes)
	}
	if e.err != nil {
		e.members = e.members[:0]
		j.diagnostics.buf = e.b[:start]
		j.stop(e.err)
		return
	}
	j.diagnostics.count++
	if err := j.diagnostics.commit(e.b); err != nil {
		j.stop(err)
	}
}
