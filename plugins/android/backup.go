package main

import (
	"crypto/sha256"
	"fmt"
	"io"
	"strconv"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/xmlread"
)

// Codes of diagnostics.
const (
	codeDuplicate  = "backup.duplicate"
	codeAttachment = "backup.attachment_unreadable"
	codeCounts     = "backup.count_differs"
	codeEmpty      = "backup.empty"
	codeMany       = "backup.duplicates_not_looked_for"
)

// flagDuplicate is the flag of a record all of whose attributes and parts are those
// of one before it.
const flagDuplicate = "duplicate"

// maxSeen is of how many records it is remembered what they said.
const maxSeen = 2_000_000

// exported is one file of SMS Backup & Restore being read.
type exported struct {
	c    *sdk.Ctx
	in   *sdk.Input
	out  *sdk.Out
	seen map[[16]byte]bool
	many bool // more than are remembered
	mms  int

	duplicates, typeOdd sdk.Tally
}

// backup reads the XML of SMS Backup & Restore: a root smses or calls, whose
// attributes are the columns of Android's providers.
func backup(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
	d, err := xmlread.Open(c, in)
	if err != nil {
		return err
	}
	root := d.Root()
	if root.Name != "smses" && root.Name != "calls" {
		return fmt.Errorf("%w: neither a database of Android nor a file of SMS Backup & Restore", sdk.ErrMalformed)
	}
	x := &exported{
		c: c, in: in, out: out, seen: map[[16]byte]bool{},
		duplicates: sdk.Tally{Code: codeDuplicate, Message: "the record is the same as one before it, letter for letter"},
		typeOdd:    sdk.Tally{Code: codeTypeOdd, Message: "the type is none that Android documents; the direction is not known"},
	}
	defer x.duplicates.Total(c)
	defer x.typeOdd.Total(c)
	stated, ok := root.Int("count")
	if ok {
		out.Declare(stated)
	}
	found := int64(0)
	for e := range d.Elements("sms", "mms", "call") {
		if says(e, "date", "number", "address", "body") == 0 {
			c.Reject(e.Source(), codeEmpty, "the element states no number, no text and no time")
			continue
		}
		found++
		var rec sdk.Record
		switch e.Name {
		case "sms":
			rec = x.sms(e)
		case "mms":
			if rec, err = x.multimedia(e); err != nil {
				return err
			}
		default:
			rec = x.call(e)
		}
		if err := out.Put(rec, e.Source()); err != nil {
			return err
		}
	}
	if err := in.Err(); err != nil {
		return err
	}
	if ok && stated != found {
		c.Diagnose(sdk.Diagnostic{
			Code: codeCounts, Severity: evidence.SeverityWarning, Message: "the file states another number of messages or calls than could be read of it",
			Data: map[string]any{"stated": stated, "found": found},
		})
	}
	return nil
}

// says counts which of these attributes an element has.
func says(e *xmlread.Element, names ...string) (n int) {
	for _, name := range names {
		if !value(e, name).IsNull() {
			n++
		}
	}
	return n
}

// value is an attribute; the app writes null for a column that is NULL.
func value(e *xmlread.Element, name string) sdk.Text {
	if t := e.Attr(name); t.String() != "null" {
		return t
	}
	return sdk.Null()
}

// common is what every record has: the attributes that are no null and have no field.
func (x *exported) common(e *xmlread.Element, except ...string) sdk.Common {
	c := e.Common()
	c.Extra = map[string]any{}
attributes:
	for name, v := range e.Attrs() {
		if v.IsNull() || v.String() == "null" {
			continue
		}
		for _, ex := range except {
			if ex == name {
				continue attributes
			}
		}
		c.Extra[name] = v
	}
	if x.again(e) {
		x.duplicates.Add(x.c, e.Source())
		c.Flags = append(c.Flags, flagDuplicate)
	}
	return c
}

// again reports whether an element like this one was there before: its name, its
// attributes, and those of its children. Names of people, as the app found them in the
// address book when it wrote the file, do not count.
func (x *exported) again(e *xmlread.Element) bool {
	sum := sha256.New()
	said(sum, e)
	var key [16]byte
	copy(key[:], sum.Sum(nil))
	switch {
	case x.seen[key]:
		return true
	case len(x.seen) < maxSeen:
		x.seen[key] = true
	case !x.many:
		x.many = true
		x.c.Warn(sdk.Source{}, codeMany, "duplicates are looked for among the first two million different records only")
	}
	return false
}

func said(sum io.Writer, e *xmlread.Element) {
	fmt.Fprintf(sum, "<%s", e.Name)
	for name, v := range e.Attrs() {
		if name != "contact_name" && name != "readable_date" {
			fmt.Fprintf(sum, " %s=%q", name, v.String())
		}
	}
	for child := range e.Children("") {
		said(sum, child)
	}
	fmt.Fprint(sum, ">")
}

// when reads a time in milliseconds since 1970; 0 is none.
func (x *exported) when(e *xmlread.Element, name, kind string) sdk.Time {
	raw := value(e, name)
	p := sdk.Epoch{Unit: "ms", Epoch: "unix", Kind: kind, Basis: sdk.Declared}
	n, err := strconv.ParseInt(raw.String(), 10, 64)
	switch {
	case raw.IsNull() || err == nil && n == 0:
		return sdk.Time{}
	case err != nil:
		return sdk.Unreadable(kind, raw, sdk.Basis{Basis: p.Basis, Unit: p.Unit, Epoch: p.Epoch})
	}
	return p.Time(n, raw)
}

func (x *exported) times(m *sdk.SMS, e *xmlread.Element, box int64) {
	kind := timeKind(m.Direction, box)
	if m.Time = x.when(e, "date", kind); m.Time.Raw.IsAbsent() {
		m.Time = sdk.NullTime(kind)
	}
	if sent := x.when(e, "date_sent", sdk.Sent); !sent.Raw.IsAbsent() {
		m.Times = []sdk.Time{m.Time, sent}
	}
}

func (x *exported) sms(e *xmlread.Element) *sdk.SMS {
	m := &sdk.SMS{Common: x.common(e, "address", "body", "date", "date_sent"), Service: sdk.Str("sms"), Text: value(e, "body")}
	n, _ := e.Int("type")
	var status string
	if status, m.Direction = box(n); m.Direction == sdk.Unknown {
		x.typeOdd.Add(x.c, e.Source())
	}
	m.Status = sdk.OrNull(status + smsReport(e.Int, m.Direction))
	parties(m, value(e, "address"))
	x.times(m, e, n)
	return m
}

func (x *exported) call(e *xmlread.Element) *sdk.Call {
	n, _ := e.Int("type")
	status, direction := callType(n)
	if direction == sdk.Unknown {
		x.typeOdd.Add(x.c, e.Source())
	}
	call := &sdk.Call{
		Common:  x.common(e, "number", "date", "duration", "contact_name"),
		Service: sdk.Str("telephone"), Direction: direction, Status: sdk.OrNull(status),
		From: sdk.Null(), To: []sdk.Text{}, Duration: sdk.NullNum(), DisplayName: value(e, "contact_name"),
	}
	if d, ok := e.Int("duration"); ok {
		call.Duration = sdk.Num(d)
	}
	number(call, value(e, "number"))
	if call.Time = x.when(e, "date", sdk.Started); call.Time.Raw.IsAbsent() {
		call.Time = sdk.NullTime(sdk.Started)
	}
	return call
}
