package marks

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// MaxSubjects is how many things one entry tags; more become several entries. It bounds
// the memory that writing takes, about 300 bytes for each.
const MaxSubjects = 100_000

const (
	maxName = 200
	maxNote = 64 << 10
)

// CheckName reports with evidence.ErrFormat why name is none for a tag or selection: it
// is one line of text without space at its ends, of at most 200 bytes.
func CheckName(name string) error {
	switch {
	case name == "" || strings.TrimSpace(name) != name:
		return fmt.Errorf("%w: a name is not empty and neither begins nor ends with a space", evidence.ErrFormat)
	case len(name) > maxName:
		return fmt.Errorf("%w: a name has at most %d bytes", evidence.ErrFormat, maxName)
	case !utf8.ValidString(name) || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }):
		return fmt.Errorf("%w: a name is text of one line", evidence.ErrFormat)
	}
	return nil
}

// Tagging adds a tag to things, or removes it from them. Things that have it already, or
// have it not, are passed over: the log says what was changed.
type Tagging struct {
	c      *store.Case
	m      *members
	name   string
	on     bool
	batch  []evidence.Subject
	counts map[string]int64
	// Changed things so far, Unchanged those passed over; Seqs are the entries written.
	Changed, Unchanged int64
	Seqs               []int64
}

// NewTagging begins. Nothing is written before MaxSubjects things have come, or Close.
func NewTagging(ctx context.Context, c *store.Case, name string, on bool) (*Tagging, error) {
	if err := CheckName(name); err != nil {
		return nil, fmt.Errorf("marks: tag %q: %w", name, err)
	}
	m, err := Load(ctx, c)
	if err != nil {
		return nil, err
	}
	t := &Tagging{c: c, name: name, on: on, m: m.tags[name], counts: map[string]int64{}}
	if t.m == nil {
		t.m = newMembers()
	}
	return t, nil
}

// Add takes one thing.
func (t *Tagging) Add(ctx context.Context, s evidence.Subject) error {
	if t.m.has(s) == t.on {
		t.Unchanged++
		return nil
	}
	t.m.put(s, t.on)
	t.batch = append(t.batch, s)
	switch {
	case s.Line > 0:
		t.counts["records"]++
	case s.Exhibit != "":
		t.counts["exhibits"]++
	default:
		t.counts["artifacts"]++
	}
	if len(t.batch) < MaxSubjects {
		return nil
	}
	return t.flush(ctx)
}

// Close writes what is left. What earlier entries say stays, whatever it returns.
func (t *Tagging) Close(ctx context.Context) error {
	if len(t.batch) == 0 {
		return nil
	}
	return t.flush(ctx)
}

func (t *Tagging) flush(ctx context.Context) error {
	action := actionRemove
	if t.on {
		action = actionAdd
	}
	seq, err := t.c.Append(ctx, store.Batch{
		Kind: kindTag, Plain: map[string]any{"action": action, "counts": t.counts},
		Secret: map[string]any{fieldName: t.name}, Subjects: t.batch,
	})
	if err != nil {
		return err
	}
	t.Seqs = append(t.Seqs, seq)
	t.Changed += int64(len(t.batch))
	t.batch, t.counts = t.batch[:0], map[string]int64{}
	return nil
}

// AddNote writes a remark about something, or about the case where about is zero. corrects
// is the entry of a note that it corrects, 0 for none. It returns the entry.
func AddNote(ctx context.Context, c *store.Case, text string, about evidence.Subject, corrects int64) (int64, error) {
	switch {
	case strings.TrimSpace(text) == "":
		return 0, fmt.Errorf("marks: %w: a note says something", evidence.ErrFormat)
	case len(text) > maxNote:
		return 0, fmt.Errorf("marks: %w: a note has at most %d bytes; a longer text is better received as an exhibit", evidence.ErrFormat, maxNote)
	case !utf8.ValidString(text):
		return 0, fmt.Errorf("marks: %w: a note is text in UTF-8", evidence.ErrFormat)
	}
	b := store.Batch{Kind: kindNote, Secret: map[string]any{fieldNote: text}}
	if about != (evidence.Subject{}) {
		name, err := about.Name()
		if err != nil {
			return 0, err
		}
		b.Secret[fieldSubjects] = []string{name}
	}
	if corrects != 0 {
		m, err := Load(ctx, c)
		if err != nil {
			return 0, err
		}
		if _, ok := m.byNote[corrects]; !ok {
			return 0, fmt.Errorf("marks: entry %d: %w: it is no note", corrects, evidence.ErrNotFound)
		}
		b.Refs = map[string]int64{refCorrects: corrects}
	}
	return c.Append(ctx, b)
}

// Save keeps a query, which the caller has parsed, under a name. A selection of that name
// is replaced from here on; the log keeps both.
func Save(ctx context.Context, c *store.Case, name, query, description string) (int64, error) {
	if err := errors.Join(CheckName(name), checkText(query), checkText(description)); err != nil {
		return 0, fmt.Errorf("marks: selection %q: %w", name, err)
	}
	if query == "" {
		return 0, fmt.Errorf("marks: selection %q: %w: the query is empty", name, evidence.ErrFormat)
	}
	b := store.Batch{
		Kind: kindSelection, Plain: map[string]any{"action": actionAdd},
		Secret: map[string]any{fieldName: name, fieldQuery: query},
	}
	if description != "" {
		b.Secret[fieldNote] = description
	}
	return c.Append(ctx, b)
}

func checkText(s string) error {
	if !utf8.ValidString(s) || len(s) > maxNote {
		return fmt.Errorf("%w: text in UTF-8 of at most %d bytes is meant", evidence.ErrFormat, maxNote)
	}
	return nil
}

// Remove ends a selection. It fails with evidence.ErrNotFound where there is none.
func Remove(ctx context.Context, c *store.Case, name string) (int64, error) {
	m, err := Load(ctx, c)
	if err != nil {
		return 0, err
	}
	if _, ok := m.Selection(name); !ok {
		return 0, fmt.Errorf("marks: selection %q: %w", name, evidence.ErrNotFound)
	}
	return c.Append(ctx, store.Batch{Kind: kindSelection, Plain: map[string]any{"action": actionRemove}, Secret: map[string]any{fieldName: name}})
}
