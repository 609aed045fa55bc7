package main

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"

	"github.com/urfave/cli/v2"

	"github.com/exhibit-forensics/exhibit/core/handling"
	"github.com/exhibit-forensics/exhibit/core/intake"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

func (p *program) correctCommand() *cli.Command {
	return command(&cli.Command{
		Name: "correct", Usage: "say what holds instead of something that an earlier entry asserts; that entry stays as it is", ArgsUsage: "SEQ",
		Description: "   SEQ is the number of the entry, as exhibit log shows it. A corrected zone, charset or source of an\n" +
			"   exhibit counts from then on: the next exhibit run reads again what depends on it.\n\n" +
			"   exhibit correct 3 --field zone=+09:00 --reason 'the phone was set to Tokyo time'",
		Flags: []cli.Flag{
			&cli.StringSliceFlag{Name: "field", Usage: "`FIELD=VALUE`: an asserted field and what holds instead; may be repeated"},
			&cli.StringFlag{Name: "reason", Usage: "why: `TEXT`"},
		},
	}, 1, 1, func(c *cli.Context) error {
		seq, err := strconv.ParseInt(c.Args().First(), 10, 64)
		if err != nil || seq < 0 {
			return usagef("exhibit correct %s: the number of an entry is needed", visible(c.Args().First()))
		}
		if len(c.StringSlice("field")) == 0 || c.String("reason") == "" {
			return usagef("exhibit correct: --field FIELD=VALUE and --reason TEXT are needed")
		}
		fields, err := correction(c.StringSlice("field"))
		if err != nil {
			return err
		}
		return p.writing(c, func(ctx context.Context, k *store.Case) error {
			state, err := k.State(ctx)
			if err != nil {
				return err
			}
			p.note("case %s in %s", title(state, k), visible(k.Dir()))
			by, err := handling.Correct(ctx, k, seq, fields, c.String("reason"))
			if errors.Is(err, evidence.ErrFormat) {
				return usagef("exhibit correct: %s", complaint(err))
			}
			if err != nil {
				return withState(err, "Nothing was written.")
			}
			if p.asJSON {
				return writeJSON(p.out, map[string]any{"seq": by, "supersedes": seq})
			}
			return p.printf("correct #%d (supersedes #%d)\n", by, seq)
		})
	})
}

// correction reads FIELD=VALUE flags into canonical JSON.
func correction(flags []string) (map[string]json.RawMessage, error) {
	said, err := assertions(flags)
	if err != nil {
		return nil, err
	}
	for name, check := range map[string]func(string) (string, error){"asserted.zone": intake.Zone, "asserted.charset": intake.Charset} {
		raw, ok := said[name].(json.RawMessage)
		if !ok {
			continue
		}
		normal, err := check(textOf(raw))
		if err != nil {
			return nil, usagef("--field %s: %s", name, complaint(err))
		}
		said[name] = normal
	}
	out := map[string]json.RawMessage{}
	for name, v := range said {
		b, err := evidence.Canonical(v)
		if err != nil {
			return nil, usagef("--field %s: %s", name, complaint(err))
		}
		out[name] = b
	}
	return out, nil
}
