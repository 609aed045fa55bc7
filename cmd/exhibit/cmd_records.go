package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/exhibit-forensics/exhibit/core/view"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

func (p *program) recordsCommand() *cli.Command {
	return command(&cli.Command{
		Name: "records", Usage: "what was read, a record a line",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "kind", Usage: "only records of this `KIND`: message, sms, call, account, contact, keyword, row, …"},
			&cli.StringFlag{Name: "exhibit", Usage: "only of the item with this `NO`"},
			&cli.BoolFlag{Name: "superseded", Usage: "also what a later run took the place of"},
		},
	}, 0, 0, func(c *cli.Context) error {
		f := view.Filter{Kind: c.String("kind"), Exhibit: c.String("exhibit"), Superseded: c.Bool("superseded")}
		return p.list(c, f, view.Records, recordText)
	})
}

func (p *program) diagnosticsCommand() *cli.Command {
	return command(&cli.Command{
		Name: "diagnostics", Usage: "problems that plugins met in the input, a problem a line",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "exhibit", Usage: "only of the item with this `NO`"},
			&cli.BoolFlag{Name: "superseded", Usage: "also what a later run took the place of"},
		},
	}, 0, 0, func(c *cli.Context) error {
		f := view.Filter{Exhibit: c.String("exhibit"), Superseded: c.Bool("superseded")}
		return p.list(c, f, view.Diagnostics, diagnosticText)
	})
}

// list writes lines of the case: as they are with --json, else in words.
func (p *program) list(c *cli.Context, f view.Filter, read func(context.Context, *store.Case, view.Filter, func([]byte) error) error, text func(*program, line) string) error {
	return p.reading(c, func(ctx context.Context, k *store.Case) error {
		if f.Exhibit != "" {
			if err := hasItem(ctx, k, f.Exhibit); err != nil {
				return err
			}
		}
		out := bufio.NewWriterSize(p.out, 64<<10)
		err := read(ctx, k, f, func(b []byte) error {
			if p.asJSON {
				if _, err := out.Write(b); err != nil {
					return err
				}
				return out.WriteByte('\n')
			}
			var l line
			if err := json.Unmarshal(b, &l); err != nil {
				return fmt.Errorf("a line of the case: %w: %w", evidence.ErrFormat, err)
			}
			_, err := fmt.Fprintln(out, text(p, l))
			return err
		})
		if ferr := out.Flush(); err == nil {
			err = ferr
		}
		return err
	})
}

func hasItem(ctx context.Context, k *store.Case, exhibit string) error {
	state, err := k.State(ctx)
	if err != nil {
		return err
	}
	var known []string
	for _, it := range state.Items {
		if it.Exhibit == exhibit {
			return nil
		}
		known = append(known, it.Exhibit)
	}
	return &problem{what: fmt.Sprintf("there is no item %q in the case; there are: %s", exhibit, short(strings.Join(known, ", "), 400)), try: "exhibit status", cause: evidence.ErrNotFound}
}

// line is what is shown of a record or a diagnostic.
type line struct {
	ID      string `json:"id"`
	Exhibit string `json:"exhibit"`
	Kind    string `json:"kind"`
	Time    string `json:"time"`
	Source  struct {
		Path   string   `json:"path"`
		Offset *int64   `json:"offset"`
		Via    []string `json:"via"`
	} `json:"source"`

	Code     string `json:"code"`
	Severity string `json:"severity"`
	Message  string `json:"message"`

	fields map[string]json.RawMessage
}

// UnmarshalJSON keeps all members beside those that every line has.
func (l *line) UnmarshalJSON(b []byte) error {
	type plain line
	if err := json.Unmarshal(b, (*plain)(l)); err != nil {
		return err
	}
	return json.Unmarshal(b, &l.fields)
}

func (l line) text(name string) string { return valueText(orEmpty(l.fields[name])) }

func orEmpty(v json.RawMessage) []byte {
	if len(v) == 0 || string(v) == "null" {
		return []byte(`""`)
	}
	return v
}

// place says where in the evidence a line comes from.
func (l line) place() string {
	s := l.Exhibit + ":" + l.Source.Path
	if len(l.Source.Via) > 0 {
		s += " (" + strings.Join(l.Source.Via, ", ") + ")"
	}
	if l.Source.Offset != nil {
		s += fmt.Sprintf(" @%d", *l.Source.Offset)
	}
	return s
}

// maxShownText is how much of a record's text is shown in a list.
const maxShownText = 200

func recordText(p *program, l line) string {
	switch l.Kind {
	case "finding":
		return visible(strings.Join([]string{l.ID, l.Kind, l.text("rule"), l.text("statement")}, "  "))
	case "edge":
		return visible(edgeText(l))
	}
	when := "-"
	if l.Time != "" {
		when = p.clockText(l.Time)
	}
	parts := []string{l.ID, when, l.Kind}
	if from, to := l.text("from"), l.text("to"); from != "" || to != "" {
		parts = append(parts, from+" → "+to)
	}
	for _, name := range []string{"account", "username", "display_name", "names", "usernames", "phones", "emails", "file_name", "duration_s", "status", "term", "effect", "table", "columns", "text"} {
		if v := l.text(name); v != "" && v != "[]" {
			if name == "text" || name == "term" {
				parts = append(parts, short(v, maxShownText))
				continue
			}
			parts = append(parts, name+"="+short(v, maxShownText))
		}
	}
	return visible(strings.Join(append(parts, "["+l.place()+"]"), "  "))
}

// edgeText is one connection: who and whom, by what, how often, about which terms.
func edgeText(l line) string {
	parts := []string{l.ID, l.Kind, l.text("from") + " → " + l.text("to"), l.text("relation"), l.text("cited") + "×"}
	var terms []struct {
		Term string `json:"term"`
		N    int64  `json:"n"`
	}
	if json.Unmarshal(l.fields["terms"], &terms) == nil {
		for _, t := range terms {
			parts = append(parts, fmt.Sprintf("%s %d×", t.Term, t.N))
		}
	}
	return strings.Join(parts, "  ")
}

func diagnosticText(_ *program, l line) string {
	return visible(strings.Join([]string{l.ID, l.Severity, l.Code, l.Message, "[" + l.place() + "]"}, "  "))
}
