package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/exhibit-forensics/exhibit/core/marks"
	"github.com/exhibit-forensics/exhibit/core/search"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

const tagWhat = "   A record is named by its id, an artifact by its digest, the beginning of one or its place, an\n" +
	"   exhibit by its number. - reads such names from standard input, one a line; JSON lines of\n" +
	"   `exhibit records --json` and `exhibit search --json` will do too.\n\n"

func (p *program) tagCommand() *cli.Command {
	return group("tag", "mark records, artifacts and exhibits with a name",
		command(&cli.Command{
			Name: "add", Usage: "mark things with a name", ArgsUsage: "NAME (ID… | --query QUERY | --select NAME | -)",
			Description: tagWhat +
				"   exhibit tag add relevant 0123456789abcdef:17 EX-001:conf/enc.key\n" +
				"   exhibit tag add threats --query 'kind:message march'\n" +
				"   exhibit search --json strike | exhibit tag add strikes -",
			Flags: selectFlags(),
		}, 1, -1, func(c *cli.Context) error { return p.tag(c, true) }),
		command(&cli.Command{
			Name: "remove", Usage: "take a name off things", ArgsUsage: "NAME (ID… | --query QUERY | --select NAME | --all | -)",
			Description: tagWhat + "   exhibit tag remove relevant 0123456789abcdef:17\n   exhibit tag remove relevant --all",
			Flags:       append(selectFlags(), &cli.BoolFlag{Name: "all", Usage: "off everything that has it"}),
		}, 1, -1, func(c *cli.Context) error { return p.tag(c, false) }),
		command(&cli.Command{
			Name: "list", Usage: "the names in use, or what has one of them", ArgsUsage: "[NAME]",
			Description: "   exhibit tag list\n   exhibit tag list relevant",
		}, 0, 1, func(c *cli.Context) error {
			return p.reading(c, func(ctx context.Context, k *store.Case) error {
				if c.Args().Len() == 1 {
					return p.listTagged(ctx, k, c.Args().First())
				}
				return p.listTags(ctx, k)
			})
		}),
	)
}

// tag adds a tag or removes it. Everything that is named is looked up before anything is
// written: one wrong id, and nothing was done.
func (p *program) tag(c *cli.Context, on bool) error {
	name, ids := c.Args().First(), c.Args().Tail()
	ways := 0
	for _, way := range []bool{len(ids) > 0, c.IsSet("query"), c.IsSet("select"), c.Bool("all")} {
		if way {
			ways++
		}
	}
	if ways != 1 {
		return usagef("%s: say which things: by ids, by - for standard input, by --query or by --select", c.Command.HelpName)
	}
	if err := marks.CheckName(name); err != nil {
		return usagef("%s %s: %s", c.Command.HelpName, visible(name), complaint(err))
	}
	return p.writing(c, func(ctx context.Context, k *store.Case) error {
		m, err := marks.Load(ctx, k)
		if err != nil {
			return err
		}
		if !on && !m.Has(name) {
			return withTry(withState(fmt.Errorf("tag %q: %w: nothing has it", name, evidence.ErrNotFound), "Nothing was written."), "exhibit tag list")
		}
		subjects, err := p.subjects(ctx, c, k, m, ids)
		if err != nil {
			return withState(err, "Nothing was written.")
		}
		t, err := marks.NewTagging(ctx, k, name, on)
		if err != nil {
			return err
		}
		for _, s := range subjects {
			if err := t.Add(ctx, s); err != nil {
				return withState(err, fmt.Sprintf("%s before it were written.", count(t.Changed, "thing")))
			}
		}
		if err := t.Close(ctx); err != nil {
			return withState(err, fmt.Sprintf("%s before it were written.", count(t.Changed, "thing")))
		}
		return p.reportTagging(name, on, t)
	})
}

// subjects are the things that a command line names. Those by id are few or come by
// standard input; those of a query take 56 bytes each, whatever the records hold.
func (p *program) subjects(ctx context.Context, c *cli.Context, k *store.Case, m *marks.Marks, ids []string) ([]evidence.Subject, error) {
	if c.Bool("all") {
		return m.Members(c.Args().First()), nil
	}
	r, err := marks.NewResolver(ctx, k)
	if err != nil {
		return nil, err
	}
	var out []evidence.Subject
	add := func(id string) error {
		s, err := r.Resolve(ctx, id)
		if err == nil {
			out = append(out, s)
		}
		return err
	}
	if len(ids) == 1 && ids[0] == "-" {
		return out, p.eachID(add)
	}
	for _, id := range ids {
		if err := add(id); err != nil {
			return nil, err
		}
	}
	if len(ids) > 0 {
		return out, nil
	}
	q, err := p.chosen(c, m)
	if err != nil {
		return nil, err
	}
	if err := p.each(ctx, k, m, q, func(h search.Hit) error { return add(h.ID) }); err != nil {
		return nil, err
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("the query %s: %w: no record fulfils it", q, evidence.ErrNotFound)
	}
	return out, nil
}

// eachID reads names from standard input, one a line; of a line of JSON its member id.
func (p *program) eachID(add func(string) error) error {
	lines := bufio.NewScanner(p.in)
	lines.Buffer(make([]byte, 64<<10), 2*evidence.MaxLine)
	n, found := 0, 0
	for lines.Scan() {
		n++
		id := strings.TrimSpace(lines.Text())
		if strings.HasPrefix(id, "{") {
			id = jsonID([]byte(id))
		} else if id == "" {
			continue
		}
		if err := add(id); err != nil {
			return fmt.Errorf("line %d of standard input: %w", n, err)
		}
		found++
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("standard input after line %d: %w: %w", n, evidence.ErrFormat, err)
	}
	if found == 0 {
		return &problem{what: "standard input names nothing", cause: errors.Join(errUsage, evidence.ErrFormat)}
	}
	return nil
}

func (p *program) reportTagging(name string, on bool, t *marks.Tagging) error {
	if p.asJSON {
		seqs := t.Seqs
		if seqs == nil {
			seqs = []int64{}
		}
		return writeJSON(p.out, map[string]any{"name": name, "changed": t.Changed, "unchanged": t.Unchanged, "entries": seqs})
	}
	did, already := "now has", "had it already"
	if !on {
		did, already = "no longer has", "did not have it"
	}
	text := fmt.Sprintf("%s %s the tag %s", count(t.Changed, "thing"), did, visible(name))
	if t.Changed != 1 {
		text = strings.Replace(strings.Replace(text, "now has", "now have", 1), "longer has", "longer have", 1)
	}
	if t.Unchanged > 0 {
		text += fmt.Sprintf("; %s %s", number(t.Unchanged), already)
	}
	if len(t.Seqs) == 0 {
		text += "; nothing was written"
	}
	return p.printf("%s\n", text)
}

// stale counts the records with a tag that are not current any more: a later run took the
// place of the one that made them, and its records have other ids.
func stale(ctx context.Context, k *store.Case, subjects []evidence.Subject) (int, error) {
	runs, err := k.CurrentRuns(ctx)
	if err != nil {
		return 0, err
	}
	current := map[evidence.Digest]bool{}
	for _, r := range runs {
		if r.Records != nil {
			current[r.Records.Artifact] = true
		}
	}
	n := 0
	for _, s := range subjects {
		if s.Line > 0 && !current[s.Artifact] {
			n++
		}
	}
	return n, nil
}

func (p *program) listTags(ctx context.Context, k *store.Case) error {
	m, err := marks.Load(ctx, k)
	if err != nil {
		return err
	}
	var rows [][]string
	for _, t := range m.Tags() {
		old, err := stale(ctx, k, m.Members(t.Name))
		if err != nil {
			return err
		}
		if p.asJSON {
			if err := writeJSON(p.out, struct {
				marks.Tag
				NotCurrent int `json:"not_current"`
			}{t, old}); err != nil {
				return err
			}
			continue
		}
		var parts []string
		for _, part := range []struct {
			n    int
			what string
		}{{t.Records, "record"}, {t.Artifacts, "artifact"}, {t.Exhibits, "exhibit"}} {
			if part.n > 0 {
				parts = append(parts, count(int64(part.n), part.what))
			}
		}
		row := []string{visible(t.Name), strings.Join(parts, ", "), fmt.Sprintf("entry #%d, %s", t.Seq, p.clockText(t.Time))}
		if old > 0 {
			row = append(row, fmt.Sprintf("%s not current any more: run with other keys, layouts or plugins since", number(int64(old))))
		}
		rows = append(rows, row)
	}
	return table(p.out, rows)
}

func (p *program) listTagged(ctx context.Context, k *store.Case, name string) error {
	m, err := marks.Load(ctx, k)
	if err != nil {
		return err
	}
	if !m.Has(name) {
		return &problem{what: fmt.Sprintf("nothing has the tag %q", name), try: "exhibit tag list", cause: evidence.ErrNotFound}
	}
	for _, s := range m.Members(name) {
		if !p.asJSON {
			if err := p.printf("%s\n", visible(s.Short())); err != nil {
				return err
			}
			continue
		}
		full, err := s.Name()
		if err != nil {
			return err
		}
		if err := writeJSON(p.out, map[string]string{"id": s.Short(), "subject": full}); err != nil {
			return err
		}
	}
	return nil
}
