package main

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/exhibit-forensics/exhibit/core/marks"
	"github.com/exhibit-forensics/exhibit/core/search"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

func (p *program) selectCommand() *cli.Command {
	return group("select", "queries kept under a name, for report, export, timeline and tag",
		command(&cli.Command{
			Name: "save", Usage: "keep a query under a name", ArgsUsage: "NAME QUERY",
			Description: "   The query is kept in its normal form: dates without a zone are taken in --tz now, once and\n" +
				"   for all. A selection of that name is replaced; the log keeps both.\n\n" +
				"   exhibit select save threats 'kind:message march after:2008-08-01' --tz +08:00 --description 'calls to march'",
			Flags: []cli.Flag{&cli.StringFlag{Name: "description", Usage: "what it is for (`TEXT`)"}},
		}, 2, 2, p.saveSelection),
		command(&cli.Command{Name: "list", Usage: "the selections that are saved"}, 0, 0, func(c *cli.Context) error {
			return p.reading(c, p.listSelections)
		}),
		command(&cli.Command{
			Name: "remove", Usage: "end a selection; the log keeps that there was one", ArgsUsage: "NAME",
		}, 1, 1, func(c *cli.Context) error {
			return p.writing(c, func(ctx context.Context, k *store.Case) error {
				seq, err := marks.Remove(ctx, k, c.Args().First())
				if err != nil {
					return withTry(withState(err, "Nothing was written."), "exhibit select list")
				}
				if p.asJSON {
					return writeJSON(p.out, map[string]any{"name": c.Args().First(), "seq": seq})
				}
				return p.printf("removed %s\n", visible(c.Args().First()))
			})
		}),
		command(&cli.Command{
			Name: "show", Usage: "a selection, and how many records are in it now", ArgsUsage: "NAME",
		}, 1, 1, func(c *cli.Context) error {
			return p.reading(c, func(ctx context.Context, k *store.Case) error { return p.showSelection(ctx, k, c.Args().First()) })
		}),
	)
}

func (p *program) saveSelection(c *cli.Context) error {
	name, text := c.Args().Get(0), c.Args().Get(1)
	if err := marks.CheckName(name); err != nil {
		return usagef("exhibit select save %s: %s", visible(name), complaint(err))
	}
	q, err := search.Parse(text, search.ParseOptions{Zone: p.zone})
	if err != nil {
		return usagef("exhibit select save: %s", complaint(err))
	}
	if q.String() == "" {
		return usagef("exhibit select save: the query is empty: that is every record, and needs no name")
	}
	return p.writing(c, func(ctx context.Context, k *store.Case) error {
		seq, err := marks.Save(ctx, k, name, q.String(), c.String("description"))
		if err != nil {
			return withState(err, "Nothing was written.")
		}
		if p.asJSON {
			return writeJSON(p.out, map[string]any{"name": name, "query": q.String(), "seq": seq})
		}
		return p.printf("%s  %s\n", visible(name), visible(q.String()))
	})
}

func (p *program) listSelections(ctx context.Context, k *store.Case) error {
	m, err := marks.Load(ctx, k)
	if err != nil {
		return err
	}
	var rows [][]string
	for _, s := range m.Selections() {
		if p.asJSON {
			if err := writeJSON(p.out, s); err != nil {
				return err
			}
			continue
		}
		rows = append(rows, []string{visible(s.Name), visible(s.Query), visible(s.Description)})
	}
	return table(p.out, rows)
}

func (p *program) showSelection(ctx context.Context, k *store.Case, name string) error {
	m, err := marks.Load(ctx, k)
	if err != nil {
		return err
	}
	s, ok := m.Selection(name)
	if !ok {
		return &problem{what: fmt.Sprintf("there is no selection %q", name), try: "exhibit select list", cause: evidence.ErrNotFound}
	}
	q, err := search.Parse(s.Query, search.ParseOptions{})
	if err != nil {
		return fmt.Errorf("selection %q: %w", name, err)
	}
	var n int64
	if err := p.each(ctx, k, m, q, func(search.Hit) error { n++; return nil }); err != nil {
		return err
	}
	if p.asJSON {
		return writeJSON(p.out, struct {
			marks.Selection
			Records int64 `json:"records"`
		}{s, n})
	}
	text := fmt.Sprintf("%s\n  query    %s\n", visible(s.Name), visible(s.Query))
	if s.Description != "" {
		text += fmt.Sprintf("  for      %s\n", visible(s.Description))
	}
	return p.printf("%s  saved    entry #%d, %s, %s\n  records  %s now\n", text, s.Seq, p.clockText(s.Time), visible(s.By), number(n))
}
