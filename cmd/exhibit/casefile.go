package main

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// caseDir is where the case is: --case, $EXHIBIT_CASE, else the current directory.
func (p *program) caseDir(c *cli.Context) string {
	if dir := c.String("case"); dir != "" {
		return dir
	}
	if dir := p.env("EXHIBIT_CASE"); dir != "" {
		return dir
	}
	return "."
}

// reading opens the case for reading and hands it to do.
func (p *program) reading(c *cli.Context, do func(context.Context, *store.Case) error) error {
	dir := p.caseDir(c)
	k, err := store.OpenReader(c.Context, dir)
	if err != nil {
		return openProblem(dir, err)
	}
	return errors.Join(do(c.Context, k), k.Close())
}

// writing opens the case for writing and hands it to do.
func (p *program) writing(c *cli.Context, do func(context.Context, *store.Case) error) error {
	dir := p.caseDir(c)
	k, err := store.Open(c.Context, dir, p.storeOptions(c))
	if err != nil {
		return withState(openProblem(dir, err), "Nothing was written.")
	}
	err = do(c.Context, k)
	if cerr := k.Close(); err == nil {
		err = cerr
	}
	return err
}

// openProblem says why a case could not be opened.
func openProblem(dir string, err error) error {
	abs, aerr := filepath.Abs(dir)
	if aerr != nil {
		abs = dir
	}
	switch {
	case errors.Is(err, evidence.ErrNoCase), errors.Is(err, unix.ENOTDIR):
		return &problem{what: "there is no case in " + visible(abs), try: hint(evidence.ErrNoCase), code: exitNoCase, cause: err}
	case errors.Is(err, evidence.ErrLocked):
		return &problem{what: sentence(errors.Unwrap(err)), cause: err}
	}
	return err
}

// title names the case for a person.
func title(s *store.State, k *store.Case) string {
	if t := textOf(s.Case["asserted.case.title"]); t != "" {
		return visible(t)
	}
	return k.Origin()
}
