package export

import (
	"bufio"
	"bytes"
	"slices"
	"strconv"
	"time"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// timesketch is JSON Lines for the timeline program of that name: an event for
// each time of a record.
//
// It asks for message, datetime and timestamp_desc (timesketch/lib/utils.py,
// TIMESKETCH_FIELDS). timestamp, microseconds since 1970, is given as well: left
// out, it is computed there through a float. Every datetime has the same form,
// since the reader of tables guesses one from the first row.
type timesketch struct {
	out     *bufio.Writer
	table   *table
	bare    bool
	result  *Result
	at      map[string]int
	fields  []byte
	event   []byte
	message []byte
	stamps  []stamp
}

// stamp is one time of a record.
type stamp struct {
	at   time.Time
	kind string
}

// datetimeLayout always has six digits and a numeric offset.
const datetimeLayout = "2006-01-02T15:04:05.000000-07:00"

func newTimesketch(out *bufio.Writer, o Options, r *Result) *timesketch {
	columns := slices.DeleteFunc(columnsOf(""), func(c column) bool { return c.name == colLocal || c.name == colZone })
	t := &timesketch{out: out, table: newTable(columns, o.Zone, o.ZoneName), bare: o.Credentials, result: r, at: map[string]int{}}
	for i, c := range columns {
		t.at[c.name] = i
	}
	return t
}

func (t *timesketch) record(line []byte) (id, kind []byte, err error) {
	if err := t.table.read(line); err != nil {
		return nil, nil, err
	}
	t.collect()
	if len(t.stamps) == 0 {
		t.result.LeftOut.Untimed++
		return t.table.id(), t.table.kind(), nil
	}
	t.setFields()
	t.setMessage()
	for _, s := range t.stamps {
		t.write(s)
		if _, err := t.out.Write(t.event); err != nil {
			return nil, nil, err
		}
		t.result.Rows++
	}
	return t.table.id(), t.table.kind(), nil
}

func (t *timesketch) close(*Result) error { return nil }

// collect reads all times of the record, each once.
func (t *timesketch) collect() {
	t.stamps = t.stamps[:0]
	if t.table.hasTime {
		t.stamps = append(t.stamps, stamp{t.table.moment, stringOf(t.cell("time_kind"))})
	}
	eachString(t.cell("times"), func(element []byte) {
		var s stamp
		var known bool
		if len(element) == 0 || element[0] != '{' {
			return
		}
		_ = evidence.Members(element, func(name, value []byte) error { // it was checked as part of the record
			switch string(name) {
			case "time":
				s.at, known = parseTime(value)
			case "kind":
				s.kind = stringOf(value)
			}
			return nil
		})
		if known && !slices.ContainsFunc(t.stamps, func(o stamp) bool { return o.kind == s.kind && o.at.Equal(s.at) }) {
			t.stamps = append(t.stamps, s)
		}
	})
}

func (t *timesketch) cell(name string) []byte { return t.table.cells[t.at[name]] }

// setFields writes the members that all events of a record have: its columns, with
// lists as lists and objects as text, so that no field has two types.
func (t *timesketch) setFields() {
	t.fields = t.fields[:0]
	for i, value := range t.table.cells {
		c := t.table.columns[i]
		if len(value) == 0 || bytes.Equal(value, null) || bytes.Equal(value, []byte("[]")) {
			continue
		}
		t.fields = append(append(append(t.fields, `,"`...), c.name...), '"', ':')
		switch {
		case c.name == "credential_value" && !t.bare:
			t.result.Changes.Masked++
			t.fields = evidence.AppendString(t.fields, mask)
		case c.typ == list && value[0] == '[', c.typ == integer && value[0] != '"', value[0] == '"':
			t.fields = append(t.fields, value...)
		default:
			t.fields = evidence.AppendString(t.fields, string(value))
		}
	}
}

// write makes one event.
func (t *timesketch) write(s stamp) {
	b := append(t.event[:0], `{"message":`...)
	b = append(b, t.message...)
	b = append(b, `,"datetime":"`...)
	b = s.at.UTC().AppendFormat(b, datetimeLayout)
	b = append(b, `","timestamp":`...)
	b = strconv.AppendInt(b, s.at.UnixMicro(), 10)
	b = append(b, `,"timestamp_desc":`...)
	what := s.kind
	if what == "" {
		what = "time"
	}
	b = evidence.AppendString(b, stringOf(t.cell("kind"))+" "+what)
	b = append(b, `,"data_type":`...)
	b = evidence.AppendString(b, "exhibit:"+stringOf(t.cell("kind")))
	t.event = append(append(b, t.fields...), '}', '\n')
}

// shownFirst are the fields that say what a record is about, by kind; the text of
// a message follows them.
func shownFirst(kind string) []string {
	switch kind {
	case "account":
		return []string{"username", "display_name", "phones", "emails"}
	case "contact":
		return []string{"names", "phones", "emails", "usernames"}
	case "keyword":
		return []string{"term", "list"}
	case "transfer":
		return []string{"file_name", "status"}
	case "row":
		return []string{"table", "columns"}
	}
	return []string{"text", "status", colOther}
}

// setMessage writes what an event shows in a list: who, to whom, what.
func (t *timesketch) setMessage() {
	kind := stringOf(t.cell("kind"))
	b := append(t.message[:0], kind...)
	show := func(before, name string) {
		if at := len(b); true {
			b = append(b, before...)
			if from := len(b); len(appendCell(b, t.cell(name), t.table.columns[t.at[name]].typ)) > from {
				b = appendCell(b, t.cell(name), t.table.columns[t.at[name]].typ)
			} else {
				b = b[:at]
			}
		}
	}
	show(" from ", "from")
	show(" to ", "to")
	if kind == "call" {
		show(", seconds: ", "duration_s")
	}
	before := ": "
	for _, name := range shownFirst(kind) {
		n := len(b)
		show(before, name)
		if len(b) > n {
			before = ", "
		}
	}
	text := string(b)
	t.message = evidence.AppendString(b[:0], text)
}
