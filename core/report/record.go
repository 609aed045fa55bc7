package report

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// record is what the report reads of a joined record (docs/formats/records.md).
type record struct {
	ID        string          `json:"id"`
	Exhibit   string          `json:"exhibit"`
	Kind      string          `json:"kind"`
	Time      string          `json:"time"`
	TimeKind  string          `json:"time_kind"`
	TimeRaw   string          `json:"time_raw"`
	TimeBasis timeBasis       `json:"time_basis"`
	Charset   string          `json:"charset"`
	CharBasis string          `json:"charset_basis"`
	Flags     []string        `json:"flags"`
	State     string          `json:"state"`
	Service   string          `json:"service"`
	Account   string          `json:"account"`
	Conv      string          `json:"conversation"`
	From      string          `json:"from"`
	To        []string        `json:"to"`
	Parties   []string        `json:"participants"`
	Text      string          `json:"text"`
	Term      string          `json:"matched_term"`
	Source    recordSource    `json:"source"`
	fields    json.RawMessage // all of it, for what has no column here
}

type timeBasis struct {
	Basis     string `json:"basis"`
	Zone      string `json:"zone"`
	ZoneBasis string `json:"zone_basis"`
}

type recordSource struct {
	Path    string   `json:"path"`
	Offset  *int64   `json:"offset"`
	Length  int64    `json:"length"`
	Line    int64    `json:"line"`
	Table   string   `json:"table"`
	RowID   *int64   `json:"rowid"`
	Pointer string   `json:"pointer"`
	Via     []string `json:"via"`
	Partial bool     `json:"partial"`
	Profile string   `json:"profile"`
	Key     string   `json:"key"`
}

func parse(line []byte) (record, error) {
	r := record{fields: line}
	err := json.Unmarshal(line, &r)
	return r, err
}

// idOf is a joined line's id, without reading the rest as JSON again.
func idOf(line []byte) (string, error) {
	id := ""
	err := evidence.Members(line, func(name, value []byte) error {
		if string(name) == "id" && len(value) > 2 {
			id = string(value[1 : len(value)-1]) // digits, a colon, digits: nothing is escaped
		}
		return nil
	})
	return id, err
}

// at is the record's time; false where it has none.
func (r *record) at() (time.Time, bool) {
	if r.Time == "" {
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339Nano, r.Time)
	return t, err == nil
}

func (r *record) doubtful() bool { return slices.Contains(r.Flags, "time_implausible") }

// parties of a conversation, in a fixed order: who wrote and who received.
func (r *record) parties() []string {
	out := slices.Clone(r.To)
	out = append(out, r.Parties...)
	if r.From != "" {
		out = append(out, r.From)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// conversation names what the record belongs to, or "" where it stands alone.
func (r *record) conversation() string {
	if r.Conv != "" {
		return strings.Join([]string{r.Exhibit, r.Service, r.Conv}, "\x00")
	}
	p := r.parties()
	if len(p) < 2 {
		return ""
	}
	return strings.Join(append([]string{r.Service}, p...), "\x00")
}

// place says where the record stands in the evidence.
func (r *record) place() string {
	s := &r.Source
	out := r.Exhibit + " · " + visible(s.Path)
	if len(s.Via) > 0 {
		out += " (" + strings.Join(s.Via, ", ") + ")"
	}
	switch {
	case s.Table != "" && s.RowID != nil:
		out += fmt.Sprintf(" · table %s, row %d", visible(s.Table), *s.RowID)
	case s.Line > 0:
		out += " · line " + number(s.Line)
	case s.Pointer != "":
		out += " · " + visible(s.Pointer)
	}
	if s.Offset != nil && s.Length > 0 {
		out += " · bytes " + number(*s.Offset) + " to " + number(*s.Offset+s.Length-1)
	}
	if s.Profile != "" {
		out += " · decrypted as “" + visible(s.Profile) + "”"
	}
	if s.Partial {
		out += " · from a file that was cut short"
	}
	return out
}

// own are the fields that a row shows in a place of their own, or not at all.
var own = map[string]bool{
	"id": true, "exhibit": true, "kind": true, "time": true, "time_kind": true, "time_raw": true, "time_basis": true, "charset": true, "charset_basis": true,
	"flags": true, "state": true, "service": true, "conversation": true, "from": true, "to": true, "participants": true, "direction": true,
	"text": true, "source": true, "times": true,
}

// facts are the fields beside those, as people read them.
func (r *record) facts() []Fact {
	var all map[string]json.RawMessage
	if json.Unmarshal(r.fields, &all) != nil {
		return nil // was parsed before
	}
	names := make([]string, 0, len(all))
	for n := range all {
		if !own[n] && !strings.HasSuffix(n, "_raw") {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	var out []Fact
	for _, n := range names {
		if n == "credential" {
			out = append(out, Fact{"credential", "present, not shown"})
			continue
		}
		if v := plainText(all[n]); v != "" && v != "[]" && v != "{}" {
			short, over := cut(visible(v), 400)
			if over {
				short += "…"
			}
			out = append(out, Fact{label(n), short})
		}
	}
	return out
}

// label is a field's name for people.
func label(field string) string {
	switch field {
	case "ip":
		return "IP address"
	case "duration_s":
		return "duration in seconds"
	case "matched_term":
		return "term that triggered logging"
	case "national_id":
		return "national identity number"
	}
	return strings.ReplaceAll(field, "_", " ")
}

// row makes a record readable. marks are the texts searched for, folded alike.
func (m *maker) row(r *record, marks *marker) Row {
	out := Row{ID: r.ID, Source: r.place(), Facts: r.facts(), From: visible(r.From), To: visible(strings.Join(r.To, ", "))}
	if out.From == "" && out.To == "" && len(r.Parties) > 0 {
		out.From = visible(strings.Join(r.Parties, ", ")) + " (who wrote is not stated)"
	}
	if t, ok := r.at(); ok {
		out.When = m.clock.show(t)
		out.Recorded = recorded(r)
	} else {
		out.NoTime = true
		out.When = "no time"
		if r.TimeRaw != "" {
			out.Recorded = "written as “" + visible(r.TimeRaw) + "”, which is no time"
		}
	}
	out.Assumed = r.TimeBasis.ZoneBasis == "assumed" || r.TimeBasis.Basis == "assumed"
	text, over := cut(r.Text, maxText)
	out.Cut = over
	out.Text = marks.split(text)
	for _, f := range r.Flags {
		out.Flags = append(out.Flags, flagText(f))
	}
	if r.State != "" && r.State != "live" && r.State != "unknown" {
		out.Flags = append(out.Flags, r.State)
	}
	if m.o.TagsOf != nil {
		for _, t := range m.o.TagsOf(r.ID) {
			out.Tags = append(out.Tags, visible(t))
		}
	}
	return out
}

// recorded says how the source wrote the time, and in which zone that was read.
func recorded(r *record) string {
	kind := r.TimeKind
	if kind == "" {
		kind = "time"
	}
	s := kind
	if r.TimeRaw != "" {
		s += " “" + visible(r.TimeRaw) + "”"
	}
	if z := r.TimeBasis.Zone; z != "" {
		s += ", zone " + z
		switch r.TimeBasis.ZoneBasis {
		case "assumed":
			s += " ASSUMED"
		case "item":
			s += " as declared for the exhibit"
		case "layout":
			s += " as stated in the layout"
		case "source":
			s += " as the source states"
		}
	}
	return s
}

func flagText(f string) string {
	switch f {
	case "time_implausible":
		return "the time is implausible"
	case "time_unreadable":
		return "the time cannot be read"
	}
	return visible(strings.ReplaceAll(f, "_", " "))
}
