package report

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"io"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

//go:embed page.html
var pageText string

//go:embed analysed.html
var analysedText string

//go:embed style.css
var style string

// maker gathers a page.
type maker struct {
	c     *store.Case
	o     Options
	clock clock
	state *store.State
	log   []logged
	page  Page
	// kept from gathering what was found, for the limits
	assumed map[string]int64 // zone or charset bases that were assumed, by sentence
	untimed int64
	seals   []store.Checkpoint
}

// logged is an entry with its opened fields.
type logged struct {
	custody.Entry
	open map[string][]byte
}

// Write writes the report of c as one HTML file. Its memory does not depend on
// how many records there are.
func Write(ctx context.Context, w io.Writer, c *store.Case, o Options) error {
	m := &maker{c: c, o: o, clock: clock{o.Zone}, assumed: map[string]int64{}}
	// Without the log there is nothing to tell of.
	if err := m.head(ctx); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	for _, step := range []func(context.Context) error{m.received, m.done, m.found, m.analysed, m.selections, m.unread} {
		err := step(ctx)
		if errors.Is(err, evidence.ErrIntegrity) && m.o.Verdict != nil {
			// What is altered must not keep the rest from being told.
			m.page.Broken = append(m.page.Broken, visible(err.Error()))
			continue
		}
		if err != nil {
			return fmt.Errorf("report: %w", err)
		}
	}
	m.verdict()
	m.limits()
	m.words()
	m.short()
	t, err := template.New("page").Funcs(template.FuncMap{"number": number, "count": count, "dict2": func(n int64, note int) Counted { return Counted{N: n, Note: note} }}).Parse(pageText + analysedText)
	if err != nil {
		return fmt.Errorf("report: template: %w", err)
	}
	if err := t.Execute(w, &m.page); err != nil {
		return fmt.Errorf("report: write: %w", err)
	}
	return nil
}

// head reads the log and what is stated about the case.
func (m *maker) head(ctx context.Context) error {
	var err error
	if m.state, err = m.c.State(ctx); err != nil {
		return err
	}
	for le, err := range m.c.Entries(ctx, 0) {
		if err != nil {
			return err
		}
		e, err := custody.ParseEntry(le.Body)
		if err != nil {
			return fmt.Errorf("entry %d: %w", le.Seq, err)
		}
		l := logged{Entry: e, open: map[string][]byte{}}
		for _, o := range le.Openings {
			l.open[o.Field] = o.Value
		}
		m.log = append(m.log, l)
	}
	for cp, err := range m.c.Checkpoints(ctx) {
		if err != nil {
			return err
		}
		m.seals = append(m.seals, cp)
	}
	p := &m.page
	stated := func(name string) string { return visible(plainText(m.state.Case["asserted."+name])) }
	p.Title, p.Number, p.Description = stated("case.title"), stated("case.number"), stated("case.description")
	if p.Title == "" {
		p.Title = "Case " + m.c.ID()
	}
	p.Examiner, p.At, p.Zone = visible(m.o.Examiner), m.clock.show(m.o.At), m.clock.name()
	p.Origin, p.Version, p.Program = m.c.Origin(), m.o.Version, m.o.Program
	p.Style = template.CSS(style) //nolint:gosec // our own file, embedded
	return nil
}

// note adds a number's note and returns its number.
func (m *maker) note(what, command, place string) int {
	for _, n := range m.page.Notes {
		if n.What == what && n.Command == command {
			return n.N
		}
	}
	n := Note{N: len(m.page.Notes) + 1, What: what, Command: command, Place: place}
	m.page.Notes = append(m.page.Notes, n)
	return n.N
}

// who is the person an entry names, else the account it was made under.
func (l *logged) who() string {
	name := l.text("asserted.actor.name")
	if org := l.text("asserted.actor.organisation"); name != "" && org != "" {
		return name + " (" + org + ")"
	}
	if name != "" {
		return name
	}
	if user := l.text("observed.os.user"); user != "" {
		return "account “" + user + "”"
	}
	return ""
}

// text is an opened field as text, safe to show.
func (l *logged) text(name string) string { return visible(plainText(l.open[name])) }

// plain is a plain field that is a word.
func (l *logged) plain(name string) string {
	s, _ := l.Plain[name].(string)
	return s
}

// counts is the plain field of that name.
func (l *logged) counts() map[string]int64 {
	out := map[string]int64{}
	c, _ := l.Plain["counts"].(map[string]any)
	for k, v := range c {
		if n, ok := v.(int64); ok {
			out[k] = n
		}
	}
	return out
}

func join(parts ...string) string {
	var out []string
	for _, p := range parts {
		if p != "" {
			out = append(out, p)
		}
	}
	return strings.Join(out, ", ")
}
