package main

import (
	"errors"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// defaultLab begins the name of a log where no laboratory is named.
const defaultLab = "exhibit"

func assertFlag() cli.Flag {
	return &cli.StringSliceFlag{Name: "assert", Usage: "state `FIELD=VALUE` in the log; docs/formats/custody.md lists the fields; may be repeated"}
}

func (p *program) initCommand() *cli.Command {
	return command(&cli.Command{
		Name: "init", Usage: "make a case in a new directory", ArgsUsage: "CASE",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "title", Usage: "what the case is called: `TEXT`"},
			&cli.StringFlag{Name: "number", Usage: "the case's number: `TEXT`"},
			&cli.StringFlag{Name: "authority", Usage: "number of the warrant, order or consent: `TEXT`"},
			&cli.StringFlag{Name: "organisation", Usage: "the examiner's organisation: `TEXT`"},
			&cli.StringFlag{Name: "lab", Value: defaultLab, Usage: "first part of the log's name, which is not secret: `NAME`"},
			assertFlag(),
		},
	}, 1, 1, p.initialise)
}

func (p *program) initialise(c *cli.Context) error {
	secret, err := assertions(c.StringSlice("assert"))
	if err != nil {
		return err
	}
	for flag, field := range map[string]string{
		"title": "case.title", "number": "case.number", "authority": "authority.number", "organisation": "actor.organisation",
	} {
		if err := stated(secret, "asserted."+field, c.String(flag)); err != nil {
			return err
		}
	}
	if err := custody.CheckLab(c.String("lab")); err != nil {
		return usagef("--lab %q: letters, digits, '.', '_', '-' only, in parts between slashes, each beginning with a letter or digit", c.String("lab"))
	}
	dir := c.Args().First()
	k, err := store.Create(c.Context, dir, p.storeOptions(c), store.Init{Lab: c.String("lab"), Secret: secret})
	if errors.Is(err, evidence.ErrExists) {
		return &problem{what: sentence(err), state: "Nothing was written.", try: "another directory, which does not exist yet or is empty", cause: err}
	}
	if err != nil {
		return withState(err, "No case was made.")
	}
	abs, origin := k.Dir(), k.Origin()
	if err := k.Close(); err != nil {
		return err
	}
	if p.asJSON {
		return writeJSON(p.out, map[string]any{"case": abs, "origin": origin, "title": c.String("title")})
	}
	if err := p.printf("%s\nlog %s\n", visible(abs), origin); err != nil {
		return err
	}
	p.note("next: exhibit --case %s add PATH", visible(filepath.Clean(dir)))
	return nil
}
