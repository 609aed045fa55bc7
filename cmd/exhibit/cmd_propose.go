package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/exhibit-forensics/exhibit/core/engine"
	"github.com/exhibit-forensics/exhibit/core/layouts"
	"github.com/exhibit-forensics/exhibit/core/view"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

func (p *program) proposeCommand() *cli.Command {
	return command(&cli.Command{
		Name: "propose", Usage: "layouts that fit lines which nothing reads yet",
		Description: "   Rests on what `exhibit run` has seen. A proposal is a guess: look at it, correct what it\n" +
			"   asks, and make it known with `exhibit layout add`.\n\n   exhibit layout propose --out layouts.json && exhibit layout add layouts.json && exhibit run",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "out", Usage: "write the layouts into `FILE`, to be corrected and added"},
			&cli.BoolFlag{Name: "use", Usage: "make them known as unconfirmed: every record that they make is marked so, until layout add says otherwise"},
			sandboxFlag(),
		},
	}, 0, 0, p.propose)
}

func (p *program) propose(c *cli.Context) error {
	if err := mustBeNew(c.String("out")); err != nil {
		return err
	}
	do := func(ctx context.Context, k *store.Case) error {
		var list []layouts.Proposal
		if err := p.withEngine(k, c, func(e *engine.Engine) error {
			r, err := e.Complete(ctx)
			if err != nil {
				return err
			}
			list, err = proposals(ctx, k, r, false)
			return err
		}); err != nil {
			return err
		}
		if len(list) == 0 {
			p.note("nothing to propose: no lines that nothing reads are laid out in columns, or exhibit run has not looked at them yet")
			return nil
		}
		if c.Bool("use") {
			return p.useProposals(ctx, k, list)
		}
		if name := c.String("out"); name != "" {
			if err := writeNew(name, func(w io.Writer) error { return writeLayouts(w, list) }); err != nil {
				return err
			}
		}
		return p.showProposals(list, c.String("out"))
	}
	if c.Bool("use") {
		return p.writing(c, do)
	}
	return p.reading(c, do)
}

// proposals gathers what the surveys saw of what is still not read, or is read by a
// guess. untouched: only where nothing but a guess has made a record.
func proposals(ctx context.Context, k *store.Case, r *engine.Report, untouched bool) ([]layouts.Proposal, error) {
	state, err := k.State(ctx)
	if err != nil {
		return nil, err
	}
	var list []layouts.Described
	for _, a := range r.Artifacts {
		d := layouts.Described{Exhibit: a.Exhibit, Path: a.Path.String(), Description: a.Description}
		for _, run := range a.Runs {
			d.Parsed = d.Parsed || run.Operation == evidence.OpParse && run.Records > 0 && a.Guessed == ""
		}
		if untouched && d.Parsed {
			d.Description = nil
		}
		list = append(list, d)
	}
	if list, err = fromTables(ctx, k, list); err != nil {
		return nil, err
	}
	var taken []string
	for _, l := range state.Layouts {
		if !layouts.Unconfirmed(l.Body) { // which is what is proposed
			taken = append(taken, l.Name)
		}
	}
	return layouts.Propose(list, taken)
}

// fromTables adds what plugins propose for tables that they read row by row, because
// nobody had stated what the columns are.
func fromTables(ctx context.Context, k *store.Case, list []layouts.Described) ([]layouts.Described, error) {
	err := view.Diagnostics(ctx, k, view.Filter{}, func(b []byte) error {
		if !bytes.Contains(b, []byte(`"proposal":`)) {
			return nil
		}
		var d struct {
			Exhibit string
			Source  struct{ Path string }
			Data    struct{ Proposal json.RawMessage }
		}
		if err := json.Unmarshal(b, &d); err != nil {
			return fmt.Errorf("a line of the case: %w: %w", evidence.ErrFormat, err)
		}
		if d.Data.Proposal == nil {
			return nil
		}
		for i := range list {
			if list[i].Exhibit == d.Exhibit && list[i].Path == d.Source.Path {
				list[i].Description = json.RawMessage(`{"proposal":` + string(d.Data.Proposal) + `}`)
			}
		}
		return nil
	})
	return list, err
}

func writeLayouts(w io.Writer, list []layouts.Proposal) error {
	var out []map[string]any
	for _, l := range list {
		out = append(out, l.Layout)
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	return enc.Encode(out)
}

// useProposals adds them, marked.
func (p *program) useProposals(ctx context.Context, k *store.Case, list []layouts.Proposal) error {
	names, err := addUnconfirmed(ctx, k, list)
	if err != nil {
		return err
	}
	if p.asJSON {
		return writeJSON(p.out, map[string]any{"names": names, "unconfirmed": true})
	}
	for _, name := range names {
		if err := p.printf("%s  unconfirmed\n", visible(name)); err != nil {
			return err
		}
	}
	p.note("every record that these make is flagged layout_unconfirmed: exhibit run, then exhibit layout add with the same name confirms or corrects")
	return nil
}

// addUnconfirmed adds proposals, marked as such, and returns their names.
func addUnconfirmed(ctx context.Context, k *store.Case, list []layouts.Proposal) ([]string, error) {
	var marked []layouts.Proposal
	for _, l := range list {
		l.Layout = maps.Clone(l.Layout)
		l.Layout["unconfirmed"] = true
		marked = append(marked, l)
	}
	var text bytes.Buffer
	if err := writeLayouts(&text, marked); err != nil {
		return nil, err
	}
	names, err := layouts.Add(ctx, k, text.Bytes())
	if err != nil {
		return nil, withState(err, "No layout was added.")
	}
	return names, nil
}

func (p *program) showProposals(list []layouts.Proposal, out string) error {
	if p.asJSON {
		for _, l := range list {
			if err := writeJSON(p.out, l); err != nil {
				return err
			}
		}
		return nil
	}
	var b strings.Builder
	for i := range list {
		proposalText(&b, &list[i])
	}
	if err := p.printf("%s", b.String()); err != nil {
		return err
	}
	if out != "" {
		p.note("written to %s: correct it, then exhibit layout add %s && exhibit run", visible(out), visible(out))
	} else {
		p.note("to accept: exhibit layout propose --out layouts.json; correct it; exhibit layout add layouts.json && exhibit run")
	}
	return nil
}

// proposalText writes one proposal for a person.
func proposalText(b *strings.Builder, l *layouts.Proposal) {
	text := func(name string) string { s, _ := l.Layout[name].(string); return s }
	fmt.Fprintf(b, "%s: %s, delimiter %q, %d of %d lines agree\n", text("name"), text("kind"), text("delimiter"), l.Agree, l.Lines)
	globs, _ := l.Layout["for"].([]string)
	fmt.Fprintf(b, "  for %s (%s)\n", visible(strings.Join(globs, ", ")), count(int64(len(l.Files)), "file"))
	columns, _ := l.Layout["columns"].([]any)
	rows := [][]string{{}}
	for _, c := range columns {
		rows[0] = append(rows[0], visible(fmt.Sprint(c)))
	}
	for _, r := range l.Rows {
		var row []string
		for _, v := range r {
			row = append(row, shortened(visible(v), 24))
		}
		rows = append(rows, row)
	}
	for i := range rows[0] {
		fmt.Fprintf(b, "  %-16s", rows[0][i])
		for _, r := range rows[1:] {
			if i < len(r) {
				fmt.Fprintf(b, "  %-26s", r[i])
			}
		}
		b.WriteByte('\n')
	}
	if t, ok := l.Layout["time"].(map[string]any); ok {
		fmt.Fprintf(b, "  time in the form %v\n", t["format"])
	}
	for _, a := range l.Ask {
		fmt.Fprintf(b, "  ASK  %s\n", visible(a))
	}
}

// shortened cuts a text after n characters.
func shortened(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}
