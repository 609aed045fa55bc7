package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/exhibit-forensics/exhibit/core/engine"
	"github.com/exhibit-forensics/exhibit/core/host"
	"github.com/exhibit-forensics/exhibit/core/locate"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

func (p *program) pluginWhyCommand() *cli.Command {
	return command(&cli.Command{
		Name: "why", Usage: "say which plugins take a file, which do not, and why", ArgsUsage: "PLACE|DIGEST|FILE",
		Description: "   Of an artifact of the case, by place, exhibit number or digest; or of any file, without a case.\n   A plugin's Probe is asked, in the sandbox, where its other conditions hold.",
		Flags:       []cli.Flag{sandboxFlag()},
	}, 1, 1, p.why)
}

// why explains an artifact of the case, or, where the argument is none or is written
// as a path from here (./x, ../x, /x), a file.
func (p *program) why(c *cli.Context) error {
	word := c.Args().First()
	isPath := filepath.IsAbs(word) || word == "." || strings.HasPrefix(word, "./") || strings.HasPrefix(word, "../")
	if isPath {
		return p.whyFile(c, word)
	}
	inCase := errors.New("no case")
	err := p.reading(c, func(ctx context.Context, k *store.Case) error {
		d, err := locate.Artifact(ctx, k, word)
		if inCase = err; err != nil {
			return err
		}
		return p.withEngine(k, c, func(e *engine.Engine) error {
			x, err := e.Why(ctx, d)
			if err != nil {
				return err
			}
			return p.explain(x)
		})
	})
	if inCase == nil || !errors.Is(err, evidence.ErrNoCase) && !errors.Is(err, evidence.ErrNotFound) {
		return err
	}
	if _, serr := os.Stat(word); serr != nil {
		if errors.Is(err, evidence.ErrNoCase) {
			return &problem{what: fmt.Sprintf("%s: there is no such file, and no case here that could have it", visible(word)), try: "exhibit plugin why ./FILE, or give the case with --case DIR", code: exitFailure, cause: err}
		}
		return err
	}
	return p.whyFile(c, word)
}

// whyFile explains a file that need not be in any case.
func (p *program) whyFile(c *cli.Context, path string) (err error) {
	plugins, err := p.loadPlugins()
	if err != nil {
		return err
	}
	config, done, err := p.hostConfig(c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	var h *host.Host
	defer func() {
		if h != nil {
			err = errors.Join(err, h.Close())
		}
	}()
	x, err := engine.WhyFile(c.Context, plugins, func() (*host.Host, error) {
		if h == nil {
			var herr error
			if h, herr = host.New(config); herr != nil {
				return nil, herr
			}
		}
		return h, nil
	}, path)
	if err != nil {
		return err
	}
	return p.explain(x)
}

func (p *program) explain(x *engine.Explanation) error {
	if p.asJSON {
		return writeJSON(p.out, x)
	}
	return x.Text(visibleWriter{p.out})
}
