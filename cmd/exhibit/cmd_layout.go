package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/exhibit-forensics/exhibit/core/layouts"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// maxDescription bounds a file of layouts or profiles, in bytes.
const maxDescription = 16 << 20

func (p *program) layoutCommand() *cli.Command {
	c := p.describing("layout", "descriptions of the columns of delimited text", layouts.Add, func(s *store.State) []named {
		var out []named
		for _, l := range s.Layouts {
			out = append(out, named{l.Name, l.Seq, l.Body})
		}
		return out
	})
	c.Subcommands = append(c.Subcommands, p.proposeCommand())
	return c
}

func (p *program) profileCommand() *cli.Command {
	return p.describing("profile", "descriptions of encryptions", layouts.AddProfiles, func(s *store.State) []named {
		var out []named
		for _, l := range s.Profiles {
			out = append(out, named{l.Name, l.Seq, l.Body})
		}
		return out
	})
}

type named struct {
	Name string          `json:"name"`
	Seq  int64           `json:"seq"`
	Body json.RawMessage `json:"body"`
}

// describing makes the command for one sort of description: add and list.
func (p *program) describing(what, usage string, add func(context.Context, *store.Case, []byte) ([]string, error), list func(*store.State) []named) *cli.Command {
	return group(what, usage,
		command(&cli.Command{
			Name: "add", Usage: "make a " + what + ", or a list of them, known to the case", ArgsUsage: "FILE",
		}, 1, 1, func(c *cli.Context) error {
			text, err := p.readInput(c.Args().First(), maxDescription)
			if err != nil {
				return withState(fmt.Errorf("%s: %w", visible(c.Args().First()), err), "No "+what+" was added.")
			}
			return p.writing(c, func(ctx context.Context, k *store.Case) error {
				names, err := add(ctx, k, text)
				if err != nil {
					return withState(fmt.Errorf("%s: %w", visible(c.Args().First()), err), "No "+what+" was added.")
				}
				if p.asJSON {
					return writeJSON(p.out, map[string]any{"names": names})
				}
				for _, name := range names {
					if err := p.printf("%s\n", visible(name)); err != nil {
						return err
					}
				}
				return nil
			})
		}),
		command(&cli.Command{Name: "list", Usage: "list the " + what + "s known to the case"}, 0, 0, func(c *cli.Context) error {
			return p.reading(c, func(ctx context.Context, k *store.Case) error {
				state, err := k.State(ctx)
				if err != nil {
					return err
				}
				for _, n := range list(state) {
					if p.asJSON {
						err = writeJSON(p.out, n)
					} else {
						err = p.printf("%s  (#%d)\n", visible(n.Name), n.Seq)
					}
					if err != nil {
						return err
					}
				}
				return nil
			})
		}),
	)
}
