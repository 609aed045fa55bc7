// Package marks keeps what an examiner says about what was read: tags, notes and
// selections. Each is an entry of the log and nothing else; what holds now follows
// from the log, read from its first entry to its last (docs/formats/case.md).
package marks

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// Kinds of entries and their fields (docs/formats/custody.md).
const (
	kindTag       = "tag"
	kindNote      = "note"
	kindSelection = "selection"

	actionAdd    = "add"
	actionRemove = "remove"

	fieldName     = "asserted.name"
	fieldNote     = "asserted.note"
	fieldSubjects = "asserted.subjects"
	fieldQuery    = "asserted.query"
	refCorrects   = "supersedes"
)

// Tag is a name that things are marked with.
type Tag struct {
	Name string `json:"name"`
	// Count is how many things have it now: Records, Artifacts and Exhibits together.
	Count     int `json:"count"`
	Records   int `json:"records"`
	Artifacts int `json:"artifacts"`
	Exhibits  int `json:"exhibits"`
	// Seq and Time are of the entry that changed it last.
	Seq  int64  `json:"seq"`
	Time string `json:"time"`
}

// Note is a remark. It is never changed: another one may say that it corrects it.
type Note struct {
	Seq int64 `json:"seq"`
	// Time is RFC 3339 UTC, By the examiner, else the account that the program ran under.
	Time string `json:"time"`
	By   string `json:"by"`
	Text string `json:"text"`
	// About is "", or as people see it a record id, an artifact's digest or an exhibit number.
	About string `json:"about"`
	// Corrects is the entry of the note that this one corrects, 0 for none;
	// CorrectedBy the latest that corrects this one.
	Corrects    int64 `json:"corrects,omitempty"`
	CorrectedBy int64 `json:"corrected_by,omitempty"`
}

// Selection is a query that is kept under a name; of one name the last entry counts.
type Selection struct {
	Name        string `json:"name"`
	Query       string `json:"query"`
	Description string `json:"description,omitempty"`
	Seq         int64  `json:"seq"`
	Time        string `json:"time"`
	By          string `json:"by"`
}

// Marks is what the log says of tags, notes and selections at one moment.
type Marks struct {
	tags       map[string]*members
	notes      []Note
	byNote     map[int64]int
	selections []Selection
}

// members are the things that have a tag. Records are kept by set, since there may be
// a hundred thousand of them.
type members struct {
	seq     int64
	time    string
	records map[evidence.Digest]map[int64]struct{}
	others  map[evidence.Subject]struct{}
}

func newMembers() *members {
	return &members{records: map[evidence.Digest]map[int64]struct{}{}, others: map[evidence.Subject]struct{}{}}
}

func (m *members) has(s evidence.Subject) bool {
	if s.Line > 0 {
		_, ok := m.records[s.Artifact][s.Line]
		return ok
	}
	_, ok := m.others[s]
	return ok
}

func (m *members) put(s evidence.Subject, on bool) {
	switch set := m.records[s.Artifact]; {
	case s.Line > 0 && on && set == nil:
		m.records[s.Artifact] = map[int64]struct{}{s.Line: {}}
	case s.Line > 0 && on:
		set[s.Line] = struct{}{}
	case s.Line > 0:
		delete(set, s.Line)
	case on:
		m.others[s] = struct{}{}
	default:
		delete(m.others, s)
	}
}

// Load reads the log and folds it. Openings are checked against their commitments: it
// fails with evidence.ErrIntegrity where one does not fit.
func Load(ctx context.Context, c *store.Case) (*Marks, error) {
	m := &Marks{tags: map[string]*members{}, byNote: map[int64]int{}}
	type change struct {
		tag  string
		on   bool
		time string
	}
	changes := map[int64]change{}
	err := Fold(ctx, c, []string{kindTag, kindNote, kindSelection}, func(e custody.Entry, opened Opened) error {
		at := e.End.UTC().Format("2006-01-02T15:04:05.000000Z")
		switch e.Kind {
		case kindTag:
			changes[e.Seq] = change{opened.Text(fieldName), e.Plain["action"] != actionRemove, at}
		case kindNote:
			m.note(e, at, opened)
		case kindSelection:
			m.selection(e, at, opened)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for row, err := range c.Subjects(ctx, -1) {
		if err != nil {
			return nil, err
		}
		ch, ok := changes[row.Seq]
		if !ok {
			continue
		}
		tag := m.tags[ch.tag]
		if tag == nil {
			tag = newMembers()
			m.tags[ch.tag] = tag
		}
		tag.put(row.Subject, ch.on)
		tag.seq, tag.time = row.Seq, ch.time
	}
	return m, nil
}

// Fold calls f with each entry of these kinds, in the order of the log. It fails with
// evidence.ErrIntegrity where an opening does not fit its commitment.
func Fold(ctx context.Context, c *store.Case, kinds []string, f func(custody.Entry, Opened) error) error {
	for le, err := range c.Entries(ctx, 0) {
		if err != nil {
			return err
		}
		if !slices.Contains(kinds, kindOf(le.Body)) {
			continue
		}
		e, err := custody.ParseEntry(le.Body)
		if err != nil {
			return fmt.Errorf("marks: entry %d: %w: %w", le.Seq, evidence.ErrIntegrity, err)
		}
		opened := Opened{}
		for _, o := range le.Openings {
			if err := custody.CheckOpening(e, o); err != nil {
				return fmt.Errorf("marks: entry %d: %w", le.Seq, err)
			}
			opened[o.Field] = o.Value
		}
		if err := f(e, opened); err != nil {
			return err
		}
	}
	return nil
}

// Opened are the values that an entry commits to, canonical JSON by field.
type Opened map[string]json.RawMessage

// Text is a field's text, "" where it has none.
func (o Opened) Text(field string) string {
	var s string
	if json.Unmarshal(o[field], &s) != nil {
		return ""
	}
	return s
}

// By is who acted: as asserted, else as observed.
func (o Opened) By() string { return cmp.Or(o.Text("asserted.actor.name"), o.Text("observed.os.user")) }

// kindOf reads an entry's kind without decoding the rest.
func kindOf(body []byte) string {
	var kind string
	_ = evidence.Members(body, func(name, value []byte) error { // a body that is none has no kind
		if string(name) == "kind" && len(value) > 2 {
			kind = string(value[1 : len(value)-1])
		}
		return nil
	})
	return kind
}

func (m *Marks) note(e custody.Entry, at string, o Opened) {
	n := Note{Seq: e.Seq, Time: at, By: o.By(), Text: o.Text(fieldNote), Corrects: e.Refs[refCorrects]}
	var subjects []string
	if json.Unmarshal(o[fieldSubjects], &subjects) == nil {
		for i, text := range subjects {
			if s, err := evidence.ParseSubject(text); err == nil {
				text = s.Short()
			}
			if i > 0 {
				n.About += ", "
			}
			n.About += text
		}
	}
	if i, ok := m.byNote[n.Corrects]; ok && n.Corrects > 0 {
		m.notes[i].CorrectedBy = n.Seq
	}
	m.byNote[n.Seq] = len(m.notes)
	m.notes = append(m.notes, n)
}

func (m *Marks) selection(e custody.Entry, at string, o Opened) {
	s := Selection{Name: o.Text(fieldName), Query: o.Text(fieldQuery), Description: o.Text(fieldNote), Seq: e.Seq, Time: at, By: o.By()}
	m.selections = slices.DeleteFunc(m.selections, func(old Selection) bool { return old.Name == s.Name })
	if e.Plain["action"] != actionRemove {
		m.selections = append(m.selections, s)
	}
}

// Tags returns the tags that anything has, by name.
func (m *Marks) Tags() []Tag {
	var out []Tag
	for _, name := range slices.Sorted(maps.Keys(m.tags)) {
		tag := m.tags[name]
		t := Tag{Name: name, Seq: tag.seq, Time: tag.time}
		for _, set := range tag.records {
			t.Records += len(set)
		}
		for s := range tag.others {
			if s.Exhibit != "" {
				t.Exhibits++
			} else {
				t.Artifacts++
			}
		}
		if t.Count = t.Records + t.Artifacts + t.Exhibits; t.Count > 0 {
			out = append(out, t)
		}
	}
	return out
}

// Has reports whether anything has a tag.
func (m *Marks) Has(tag string) bool {
	return slices.ContainsFunc(m.Tags(), func(t Tag) bool { return t.Name == tag })
}

// Tagged returns the records that have a tag, by the ids that are printed
// (evidence.RecordID).
func (m *Marks) Tagged(tag string) map[string]bool {
	out := map[string]bool{}
	if t := m.tags[tag]; t != nil {
		for d, set := range t.records {
			for line := range set {
				out[evidence.RecordID(d, line)] = true
			}
		}
	}
	return out
}

// Members returns everything that has a tag, in a fixed order: records by set and line,
// artifacts, exhibits.
func (m *Marks) Members(tag string) []evidence.Subject {
	t := m.tags[tag]
	if t == nil {
		return nil
	}
	var out []evidence.Subject
	for d, set := range t.records {
		for line := range set {
			out = append(out, evidence.Subject{Artifact: d, Line: line})
		}
	}
	for s := range t.others {
		out = append(out, s)
	}
	rank := func(s evidence.Subject) int {
		switch {
		case s.Line > 0:
			return 0
		case s.Exhibit == "":
			return 1
		}
		return 2
	}
	slices.SortFunc(out, func(a, b evidence.Subject) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), slices.Compare(a.Artifact[:], b.Artifact[:]), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Exhibit, b.Exhibit))
	})
	return out
}

// TagsOf returns the tags of a record by its printed id, of an artifact by its digest or
// of an item by its exhibit number, by name.
func (m *Marks) TagsOf(id string) []string {
	var out []string
	prefix, number, isRecord := strings.Cut(strings.TrimPrefix(id, evidence.DigestPrefix), ":")
	line, err := strconv.ParseInt(number, 10, 64)
	isRecord = isRecord && err == nil && len(prefix) >= 16
	artifact, aerr := evidence.ParseDigest(id)
	for _, name := range slices.Sorted(maps.Keys(m.tags)) {
		t, has := m.tags[name], false
		switch {
		case isRecord:
			for d, set := range t.records {
				if _, ok := set[line]; ok && strings.HasPrefix(d.Hex(), prefix) {
					has = true
				}
			}
		case aerr == nil:
			has = t.has(evidence.Subject{Artifact: artifact})
		default:
			has = t.has(evidence.Subject{Exhibit: id})
		}
		if has {
			out = append(out, name)
		}
	}
	return out
}

// Notes returns all notes in the order of the log, corrected ones included.
func (m *Marks) Notes() []Note { return slices.Clone(m.notes) }

// Selections returns those that hold, in the order in which they were saved last.
func (m *Marks) Selections() []Selection { return slices.Clone(m.selections) }

// Selection returns one by its name.
func (m *Marks) Selection(name string) (Selection, bool) {
	i := slices.IndexFunc(m.selections, func(s Selection) bool { return s.Name == name })
	if i < 0 {
		return Selection{}, false
	}
	return m.selections[i], true
}
