package main

import (
	"context"

	"github.com/urfave/cli/v2"

	"github.com/exhibit-forensics/exhibit/core/handling"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

func (p *program) accessCommand() *cli.Command {
	return command(&cli.Command{
		Name: "access", Usage: "write into the log that somebody had access to an exhibit", ArgsUsage: "EXHIBIT",
		Description: "   exhibit access EX-001 --purpose 'photographed for the file' --who 'C. Photographer'",
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "who", Usage: "`NAME` of who had access, where it was not who enters it"},
			&cli.StringFlag{Name: "begin", Usage: "when it began: `TIME`, RFC 3339; where it is entered later"},
			&cli.StringFlag{Name: "end", Usage: "when it ended: `TIME`, RFC 3339"},
		}, saidFlags()...),
	}, 1, 1, func(c *cli.Context) error {
		said, err := p.said(c)
		if err != nil {
			return err
		}
		for flag, field := range map[string]string{"begin": "asserted.occurred.start", "end": "asserted.occurred.end"} {
			if !c.IsSet(flag) {
				continue
			}
			t, err := p.moment(c, flag)
			if err == nil {
				err = stated(said, field, t)
			}
			if err != nil {
				return err
			}
		}
		if err := stated(said, "asserted.on_behalf_of.name", c.String("who")); err != nil {
			return err
		}
		if _, ok := said["asserted.purpose"]; !ok {
			return usagef("exhibit access: --purpose TEXT: why?")
		}
		return p.aboutItem(c, func(ctx context.Context, k *store.Case, it store.Item, _ *store.State) error {
			seq, err := k.Append(ctx, store.Batch{Kind: "access", Refs: map[string]int64{"item": it.Seq}, Secret: said})
			if err != nil {
				return withState(err, "Nothing was written.")
			}
			if p.asJSON {
				return writeJSON(p.out, map[string]any{"seq": seq, "exhibit": it.Exhibit})
			}
			return p.printf("access #%d\n", seq)
		})
	})
}

// saidFlags are flags of commands that enter what a person says about an exhibit.
func saidFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "purpose", Usage: "why: `TEXT`"},
		&cli.StringFlag{Name: "authority", Usage: "`NUMBER` of the order or consent"},
		&cli.StringFlag{Name: "note", Usage: "a remark: `TEXT`"},
		&cli.StringSliceFlag{Name: "assert", Usage: "`FIELD=VALUE`: any other asserted field (docs/formats/custody.md); may be repeated"},
	}
}

// said reads them into fields.
func (p *program) said(c *cli.Context) (map[string]any, error) {
	said, err := assertions(c.StringSlice("assert"))
	if err != nil {
		return nil, err
	}
	for flag, field := range map[string]string{"purpose": "asserted.purpose", "authority": "asserted.authority.number", "note": "asserted.note"} {
		if err := stated(said, field, c.String(flag)); err != nil {
			return nil, err
		}
	}
	return said, nil
}

// aboutItem opens the case for writing and finds the exhibit that the first argument names.
func (p *program) aboutItem(c *cli.Context, do func(context.Context, *store.Case, store.Item, *store.State) error) error {
	return p.writing(c, func(ctx context.Context, k *store.Case) error {
		state, err := k.State(ctx)
		if err != nil {
			return err
		}
		it, err := handling.Item(state, c.Args().First())
		if err != nil {
			return withState(withTry(err, "exhibit status"), "Nothing was written.")
		}
		p.note("case %s in %s, exhibit %s", title(state, k), visible(k.Dir()), visible(it.Exhibit))
		return do(ctx, k, it, state)
	})
}
