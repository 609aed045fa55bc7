package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// config is a job's configuration. What an examiner states in a layout goes before
// everything else.
type config struct {
	charset string
	zone    string
	// zoneBasis is layout or item.
	zoneBasis string
	tables    map[string]*tableLayout
}

// layoutJSON is a layout's form for tables, docs/formats/layouts.md.
type layoutJSON struct {
	Plugin  string                  `json:"plugin"`
	Tables  map[string]*tableLayout `json:"tables"`
	Zone    string                  `json:"zone"`
	Charset string                  `json:"charset"`
}

// tableLayout says what the rows of one table become.
type tableLayout struct {
	Kind    string              `json:"kind"`
	Service string              `json:"service"`
	Names   []string            `json:"names"`
	Columns map[string]nameList `json:"columns"`
	Time    *timeLayout         `json:"time"`
}

// timeLayout says how the column of the field time is written.
type timeLayout struct {
	Kind   string `json:"kind"`
	Format string `json:"format"`
	Unit   string `json:"unit"`
	Zone   string `json:"zone"`
}

// nameList is one name or a list of them.
type nameList []string

// UnmarshalJSON reads either form.
func (n *nameList) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		*n = make(nameList, 1)
		return json.Unmarshal(b, &(*n)[0])
	}
	return json.Unmarshal(b, (*[]string)(n))
}

func newConfig(c *sdk.Ctx) (*config, error) {
	var given struct {
		Layout json.RawMessage `json:"layout"`
	}
	if err := c.Decode(&given); err != nil {
		return nil, err
	}
	cfg := &config{charset: c.Charset(), zone: c.Zone(), zoneBasis: "item"}
	if len(given.Layout) == 0 {
		return cfg, nil
	}
	var l layoutJSON
	dec := json.NewDecoder(bytes.NewReader(given.Layout))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&l); err != nil {
		return nil, fmt.Errorf("%w: layout: %w", sdk.ErrMalformed, err)
	}
	if l.Tables == nil {
		return nil, refuse("it describes no tables")
	}
	if l.Zone != "" {
		cfg.zone, cfg.zoneBasis = l.Zone, "layout"
	}
	if l.Charset != "" {
		cfg.charset = l.Charset
	}
	cfg.tables = l.Tables
	for name, t := range l.Tables {
		if t == nil {
			return nil, refuse("table %q states nothing", name)
		}
		if err := t.validate(name); err != nil {
			return nil, err
		}
	}
	return cfg, nil
}

func refuse(format string, args ...any) error {
	return fmt.Errorf("%w: layout: %s", sdk.ErrMalformed, fmt.Sprintf(format, args...))
}

func (t *tableLayout) validate(name string) error {
	fields, ok := fieldsOf[t.Kind]
	switch {
	case !ok:
		return refuse("table %q: kind %q is none of account, contact, row", name, t.Kind)
	case t.Kind != "row" && len(t.Columns) == 0:
		return refuse("table %q: a kind without columns", name)
	case t.Kind != "account" && t.Service != "":
		return refuse("table %q: a %s has no service", name, t.Kind)
	case (t.Time != nil) && len(t.Columns["time"]) == 0:
		return refuse("table %q: the field time and the member time go together", name)
	}
	used := map[string]bool{}
	for f, list := range t.Columns {
		switch {
		case !slices.Contains(fields, f):
			return refuse("table %q: field %q is none of %s", name, f, strings.Join(fields, " "))
		case len(list) == 0 || len(list) > 1 && (!slices.Contains(several, f) || f == fUsername && t.Kind == kindAccount):
			return refuse("table %q: field %q takes one column", name, f)
		}
		for _, c := range list {
			if used[strings.ToLower(c)] || c == "" {
				return refuse("table %q: column %q stands twice", name, c)
			}
			used[strings.ToLower(c)] = true
		}
	}
	return t.Time.validate(name)
}

func (t *timeLayout) validate(name string) error {
	if t == nil {
		return nil
	}
	if t.Kind != "" && !slices.Contains([]string{sdk.Sent, sdk.Received, sdk.Read, sdk.Edited, sdk.Logged, sdk.Created, sdk.Started}, t.Kind) {
		return refuse("table %q: kind of time %q", name, t.Kind)
	}
	if (t.Format != "") && (t.Unit != "") {
		return refuse("table %q: format and unit exclude each other", name)
	}
	if t.Unit != "" && !slices.Contains([]string{"s", "ms", "us", "ns"}, t.Unit) {
		return refuse("table %q: unit %q is none of s, ms, us, ns", name, t.Unit)
	}
	if t.Zone != "" {
		if _, err := sdk.ParseZone(t.Zone, "layout"); err != nil {
			return refuse("table %q: zone %q", name, t.Zone)
		}
	}
	if t.Format != "" {
		utc, _ := sdk.ParseZone("UTC", "assumed")
		if _, err := sdk.ParseTimeFormat(t.Format, utc, sdk.Created, sdk.Declared); err != nil {
			return refuse("table %q: %v", name, err)
		}
	}
	return nil
}

// layoutFor returns what the layout says of a table, by its full name, or else by
// the last part of it; nil for nothing.
func (c *config) layoutFor(name string) *tableLayout {
	for {
		if t := c.tables[name]; t != nil {
			return t
		}
		_, rest, ok := strings.Cut(name, ".")
		if !ok {
			return nil
		}
		name = rest
	}
}
