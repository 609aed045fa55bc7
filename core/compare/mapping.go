// Package compare holds records of a case against what another tool made of the same
// evidence: what both have, what one alone has, and where they differ. Another tool's
// output is read by a mapping, which is data (docs/formats/compare.md); those for
// published formats are in maps/.
package compare

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// ErrMapping: a mapping that cannot be followed, or none that is for a file.
var ErrMapping = errors.New("mapping")

// ErrTooLarge: more than is compared at once.
var ErrTooLarge = errors.New("too large")

// Bounds of each side.
const (
	maxRows  = 3_000_000
	maxBytes = 768 << 20
)

// Mapping says how another tool's rows are compared with records.
type Mapping struct {
	Name string `json:"name"`
	// Title says what it is for, Evidence on what it rests.
	Title    string `json:"title"`
	Evidence string `json:"evidence"`
	// Format is csv, tsv or jsonl.
	Format string `json:"format"`
	// Where are the values that a row of jsonl, or of a table, has; any of a list.
	Where map[string][]string `json:"where,omitempty"`
	// Kinds and Tables (source.table) are of the records that take part; all tables
	// where none is named. Service is that of the records, "" for any.
	Kinds   []string `json:"kinds"`
	Tables  []string `json:"tables,omitempty"`
	Service string   `json:"service,omitempty"`
	Fields  []Field  `json:"fields"`
}

// Field is one thing that both sides say.
type Field struct {
	Name string `json:"name"`
	// Ours are members of a record ("text", "extra.body_xml", "source.rowid"), the first
	// that is there counts; "peer" is the other side of whose log it is.
	Ours []string `json:"ours"`
	// Theirs is the column, or the member of a row.
	Theirs string `json:"theirs"`
	// Is says what it is: text (the default), time, number, duration (H:M:S) or row.
	// A row's number only says which belongs to which, and is not compared.
	Is string `json:"is,omitempty"`
	// Format of a time as in layouts, or Unit: s, ms, us, ns since 1970. Zone where the
	// text states none, UTC by default.
	Format string `json:"format,omitempty"`
	Unit   string `json:"unit,omitempty"`
	Zone   string `json:"zone,omitempty"`
	// Words are their values, and ours for them.
	Words map[string]string `json:"words,omitempty"`
	// Pick takes a part of their value: first_word, angle (between < and >), list
	// (separated by commas, in any order), no_breaks (line ends are left out on both sides).
	Pick string `json:"pick,omitempty"`
}

var (
	formats = []string{"csv", "tsv", "jsonl"}
	sorts   = []string{"", "text", "time", "number", "duration", "row"}
	picks   = []string{"", "first_word", "angle", "list", "no_breaks"}
	units   = map[string]int64{"s": 1e9, "ms": 1e6, "us": 1e3, "ns": 1}
)

// ParseMapping reads a mapping strictly.
func ParseMapping(b []byte) (*Mapping, error) {
	var m Mapping
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&m); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMapping, err)
	}
	if err := m.check(); err != nil {
		return nil, err
	}
	return &m, nil
}

func (m *Mapping) check() error {
	refuse := func(format string, args ...any) error {
		return fmt.Errorf("%w %q: %s", ErrMapping, m.Name, fmt.Sprintf(format, args...))
	}
	switch {
	case m.Name == "" || len(m.Fields) == 0 || len(m.Kinds) == 0:
		return refuse("it needs a name, kinds of records and fields")
	case !slices.Contains(formats, m.Format):
		return refuse("format %q is none of %s", m.Format, strings.Join(formats, ", "))
	}
	compared := 0
	for i := range m.Fields {
		f := &m.Fields[i]
		switch {
		case f.Name == "" || f.Theirs == "" || len(f.Ours) == 0:
			return refuse("a field needs name, ours and theirs")
		case slices.ContainsFunc(m.Fields[:i], func(o Field) bool { return o.Name == f.Name }):
			return refuse("two fields are named %q", f.Name)
		case !slices.Contains(sorts, f.Is) || !slices.Contains(picks, f.Pick):
			return refuse("field %s: is %q, pick %q", f.Name, f.Is, f.Pick)
		case f.Is == "time" && (f.Format == "") == (f.Unit == ""):
			return refuse("field %s: a time has either a format or a unit", f.Name)
		case f.Unit != "" && units[f.Unit] == 0:
			return refuse("field %s: unit %q is none of s, ms, us, ns", f.Name, f.Unit)
		}
		if f.Is == "time" {
			if _, err := f.clock(""); err != nil {
				return refuse("field %s: %v", f.Name, err)
			}
		}
		if f.Is != "row" {
			compared++
		}
	}
	if compared == 0 {
		return refuse("no field is compared")
	}
	return nil
}

//go:embed maps/*.json
var files embed.FS

// Mappings returns those that come with the program, by name.
func Mappings() ([]*Mapping, error) {
	names, err := fs.Glob(files, "maps/*.json")
	if err != nil {
		return nil, fmt.Errorf("compare: %w", err)
	}
	var list []*Mapping
	for _, name := range names {
		b, err := files.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("compare: %w", err)
		}
		m, err := ParseMapping(b)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path.Base(name), err)
		}
		list = append(list, m)
	}
	return list, nil
}

// fits reports whether a row is one that the mapping is for.
func (m *Mapping) fits(get func(string) string) bool {
	for name, values := range m.Where {
		if !slices.Contains(values, get(name)) {
			return false
		}
	}
	return true
}

// missing returns the columns that the mapping needs and a table does not have.
func (m *Mapping) missing(header []string) (list []string) {
	for _, f := range m.Fields {
		if !slices.Contains(header, f.Theirs) && !slices.Contains(list, f.Theirs) {
			list = append(list, f.Theirs)
		}
	}
	for name := range m.Where {
		if !slices.Contains(header, name) {
			list = append(list, name)
		}
	}
	return list
}

// takes reports whether a record takes part.
func (m *Mapping) takes(r *record) bool {
	return slices.Contains(m.Kinds, r.kind) && (len(m.Tables) == 0 || slices.Contains(m.Tables, r.text("source.table"))) && (m.Service == "" || m.Service == r.text("service"))
}

// tooLarge refuses what does not fit into memory.
func tooLarge(what string) error {
	return fmt.Errorf("%w: %s: no more than %d rows or %d MiB are compared at once; compare one exhibit, or a part of the file", ErrTooLarge, what, maxRows, maxBytes>>20)
}
