package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/exhibit-forensics/exhibit/core/index"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

func (p *program) reindexCommand() *cli.Command {
	return command(&cli.Command{
		Name: "reindex", Usage: "index what search would have to read through",
		Description: "   run indexes what it reads. This is for a case whose index.db was lost, or left unfinished.\n" +
			"   Nothing rests on index.db: it may be deleted at any time.",
		Flags: []cli.Flag{&cli.BoolFlag{Name: "all", Usage: "throw the index away and build it from nothing"}},
	}, 0, 0, func(c *cli.Context) error {
		return p.writing(c, func(ctx context.Context, k *store.Case) error { return p.reindex(ctx, k, c.Bool("all")) })
	})
}

func (p *program) reindex(ctx context.Context, k *store.Case, all bool) (err error) {
	path := filepath.Join(k.Dir(), "index.db")
	if all {
		for _, suffix := range []string{"", "-wal", "-shm"} {
			if err := os.Remove(path + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	x, err := index.Open(ctx, path, bootID())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, x.Close()) }()
	var progressed func(int64)
	if p.terminal {
		bar := &progress{p: p}
		defer bar.clear()
		progressed = func(records int64) { bar.show("indexed %s", count(records, "record")) }
	}
	built, err := x.Fill(ctx, k, progressed)
	if err != nil {
		return withTry(err, "exhibit reindex")
	}
	if p.asJSON {
		return writeJSON(p.out, map[string]any{"built": built})
	}
	if built == 0 {
		return p.printf("nothing to do: every record set is indexed\n")
	}
	return p.printf("%s indexed\n", count(built, "record set"))
}
