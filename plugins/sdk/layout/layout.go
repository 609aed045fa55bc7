// Package layout reads the lines of delimited text by a description that is
// data (docs/formats/layouts.md). Where no byte layout of a log is published, an
// examiner states one; nothing about it is built into a program.
//
//	l, err := layout.Parse(config.Layout)
//	p, err := l.Compile(layout.Options{Zone: c.Zone()})
//	for ln := range in.Lines() {
//		if m := p.Check(ln.Bytes); !m.OK() {
//			c.Reject(ln.Source(), "line."+m.Code, m.Reason())
//			continue
//		}
//		err := out.Put(p.Record(), ln.Source())
//	}
//
// A line agrees with a layout when its fields are as many as stated and every
// typed column (ip, time, direction, duration_s) holds what its type demands or
// nothing. That makes a layout also the test of a decryption: see Parser.Strong.
package layout

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// ErrLayout: a description that cannot be followed.
var ErrLayout = errors.New("layout")

// Layout is a description as written, docs/formats/layouts.md.
type Layout struct {
	// Name, For and Plugin are the host's: which layout it is, for which paths, and
	// what reads them.
	Name   string   `json:"name,omitempty"`
	For    []string `json:"for,omitempty"`
	Plugin string   `json:"plugin,omitempty"`
	// Kind is that of the records: message, sms, call, account, contact, keyword or row.
	Kind string `json:"kind"`
	// Service is written into each record where its kind has a service.
	Service string `json:"service,omitempty"`
	// Delimiter stands between fields: one or more characters.
	Delimiter string `json:"delimiter"`
	// Fields is how many a line has, which Columns names in order.
	Fields  int      `json:"fields"`
	Columns []string `json:"columns"`
	// LastFieldTakesRest: delimiters after the last column's beginning are text of it.
	LastFieldTakesRest bool `json:"last_field_takes_rest,omitempty"`
	// Quote is a character that may enclose a field; doubled inside it stands for itself.
	Quote string `json:"quote,omitempty"`
	// Multiline: a quoted field may hold line breaks, so that a record may be several lines.
	Multiline bool `json:"multiline,omitempty"`
	// Header is how many lines at the top of a file are no records.
	Header int `json:"header,omitempty"`
	// Time describes the column time.
	Time *Time `json:"time,omitempty"`
	// Direction maps the column direction to incoming, outgoing or unknown.
	Direction map[string]string `json:"direction,omitempty"`
	// Charset is the text's, where known.
	Charset string `json:"charset,omitempty"`
	// Unconfirmed: no person has stated it. Every record that it makes says so.
	Unconfirmed bool `json:"unconfirmed,omitempty"`
}

// FlagUnconfirmed is the flag of records that were read by a layout which no person
// has confirmed.
const FlagUnconfirmed = "layout_unconfirmed"

// Time describes how a time is written.
type Time struct {
	// Kind is sent, received, read, edited, logged, created or started.
	Kind string `json:"kind"`
	// Format is as in sdk.TimeFormat, in the manner of strptime(3).
	Format string `json:"format"`
	// Zone is an offset ("+08:00") or UTC; "" where the log states none.
	Zone string `json:"zone,omitempty"`
}

// Parse reads one layout, a JSON object, strictly: unknown members and what
// Compile would refuse are ErrLayout.
func Parse(b []byte) (*Layout, error) {
	var l Layout
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&l); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrLayout, err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, fmt.Errorf("%w: data after the object", ErrLayout)
	}
	if _, err := l.Compile(Options{}); err != nil {
		return nil, err
	}
	return &l, nil
}

var (
	kindsOfTime = []string{"sent", "received", "read", "edited", "logged", "created", "started"}
	directions  = []string{"incoming", "outgoing", "unknown"}
)

// MaxHeader bounds Layout.Header.
const MaxHeader = 1000

// validate reports what is wrong with l by itself, columns aside.
func (l *Layout) validate() error {
	switch {
	case l.Delimiter == "" || strings.ContainsAny(l.Delimiter, "\n"):
		return refuse("the delimiter is one or more characters, none of them a line's end")
	case l.Fields != len(l.Columns) || l.Fields == 0:
		return refuse("%d fields, but %d columns", l.Fields, len(l.Columns))
	case l.Quote != "" && (len(l.Quote) != 1 || l.Quote[0] <= ' ' || l.Quote[0] > '~' || l.Quote == l.Delimiter):
		return refuse("quote %q is not one printable ASCII character, other than the delimiter", l.Quote)
	case l.Quote != "" && l.LastFieldTakesRest:
		return refuse("quote and last_field_takes_rest exclude each other")
	case l.Multiline && l.Quote == "":
		return refuse("multiline needs quote: a line break is text only inside quotes")
	case l.Header < 0 || l.Header > MaxHeader:
		return refuse("header %d is not between 0 and %d lines", l.Header, MaxHeader)
	case (l.Time != nil) != slices.Contains(l.Columns, "time"):
		return refuse("the column time and the member time go together")
	case (l.Direction != nil) != slices.Contains(l.Columns, "direction"):
		return refuse("the column direction and the member direction go together")
	case l.Time != nil && !slices.Contains(kindsOfTime, l.Time.Kind):
		return refuse("kind of time %q is none of %s", l.Time.Kind, strings.Join(kindsOfTime, ", "))
	}
	for value, d := range l.Direction {
		if !slices.Contains(directions, d) || value == "" {
			return refuse("direction %q is none of %s", d, strings.Join(directions, ", "))
		}
	}
	for _, name := range append([]string{l.Service, l.Charset}, l.Columns...) {
		if _, err := evidence.Canonical(name); err != nil {
			return refuse("text that is not UTF-8")
		}
	}
	return nil
}

func refuse(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrLayout, fmt.Sprintf(format, args...))
}
