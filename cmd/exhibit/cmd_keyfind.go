package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/exhibit-forensics/exhibit/core/engine"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

func (p *program) keyFindCommand() *cli.Command {
	return command(&cli.Command{
		Name: "find", Usage: "keys that run found in the evidence by trial, and what each opens",
		Flags: []cli.Flag{sandboxFlag()},
	}, 0, 0, func(c *cli.Context) error {
		return p.reading(c, func(ctx context.Context, k *store.Case) error {
			return p.withEngine(k, c, func(e *engine.Engine) error {
				finds, err := e.Finds(ctx)
				if err != nil {
					return err
				}
				return p.showFinds(ctx, k, finds)
			})
		})
	})
}

func (p *program) showFinds(ctx context.Context, k *store.Case, finds []engine.Find) error {
	if p.asJSON {
		for _, f := range finds {
			if err := writeJSON(p.out, f); err != nil {
				return err
			}
		}
		return nil
	}
	searches, candidates, err := searchesOf(ctx, k)
	if err != nil {
		return err
	}
	if searches == 0 {
		p.note("no search for keys has been made: exhibit run makes one where something may be encrypted")
		return nil
	}
	var rows [][]string
	for i := range finds {
		f := &finds[i]
		key, at := f.Name, f.At+" "+f.Encoding
		if f.At == "" {
			key, at = f.KnownAs, "at hand already"
		}
		o := &f.Opens
		rows = append(rows, []string{
			key, f.Fingerprint, visible(strings.TrimSpace(at)), strings.Join([]string{o.How(), o.Unit, o.Encoding, o.Padding, o.Charset}, " "),
			fmt.Sprintf("%d of %d", o.Opened, o.Tried), "score " + number(f.Score), "by chance " + f.ExpectedFalse, visible(f.Where),
		})
	}
	if err := table(p.out, rows); err != nil {
		return err
	}
	p.note("%s in %s of at most %s each; of finds by chance fewer than one in a million is expected in the whole case", count(int64(len(finds)), "find"), count(searches, "run"), count(candidates, "trial"))
	return nil
}

// searchesOf counts the searches of a case, and the most units that one of them tried.
func searchesOf(ctx context.Context, k *store.Case) (n, units int64, err error) {
	runs, err := k.CurrentRuns(ctx)
	for _, r := range runs {
		if r.Operation == evidence.OpFindKey {
			n++
			units = max(units, r.Units.Read)
		}
	}
	return n, units, err
}
