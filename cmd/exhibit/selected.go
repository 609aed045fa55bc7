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

// selectFlags choose records: by a saved selection's name, or by a query.
func selectFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "query", Usage: "only records that fulfil this `QUERY`"},
		&cli.StringFlag{Name: "select", Usage: "only records of a selection: a `NAME` saved with exhibit select, or a query"},
	}
}

// chosen reads those flags; without them it is every record.
func (p *program) chosen(c *cli.Context, m *marks.Marks) (*search.Query, error) {
	if c.IsSet("query") && c.IsSet("select") {
		return nil, usagef("%s: --query and --select exclude each other", c.Command.HelpName)
	}
	flag, text := "--query", c.String("query")
	if c.IsSet("select") {
		flag, text = "--select", c.String("select")
		if s, ok := m.Selection(text); ok {
			text = s.Query
		}
	}
	q, err := search.Parse(text, search.ParseOptions{Zone: p.zone})
	if err != nil {
		return nil, usagef("%s %s: %s", flag, visible(text), complaint(err))
	}
	return q, nil
}

// each calls yield with every record that fulfils q, in the order of the log, and remarks
// on what the search had to leave out.
func (p *program) each(ctx context.Context, k *store.Case, m *marks.Marks, q *search.Query, yield func(search.Hit) error) error {
	s, err := search.Select(ctx, k, q, searchOptions(m), yield)
	if err != nil {
		return err
	}
	if s.Untimed > 0 {
		p.note("%s left out: after: and before: ask for a time, and these state none", count(s.Untimed, "record"))
	}
	return nil
}

func searchOptions(m *marks.Marks) search.Options {
	return search.Options{Boot: bootID(), Tagged: func(tag string) (map[string]bool, error) {
		if !m.Has(tag) {
			return nil, fmt.Errorf("tag %q: %w; exhibit tag list", tag, evidence.ErrNotFound)
		}
		return m.Tagged(tag), nil
	}}
}
