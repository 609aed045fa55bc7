package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/exhibit-forensics/exhibit/core/host"
	"github.com/exhibit-forensics/exhibit/core/manifest"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/schemas"
)

func (p *program) pluginDocsCommand() *cli.Command {
	return command(&cli.Command{
		Name: "docs", Usage: "write a page about plugins: what they take, make and are; none is started", ArgsUsage: "[NAME…]",
		Description: "NAME is that of an installed plugin, or the directory of one (./DIR); without, all that are installed.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "out", Usage: "write into `FILE`, which must not be there yet"},
			&cli.BoolFlag{Name: "schema", Usage: "print the JSON Schema of plugin.json instead"},
		},
	}, 0, -1, p.documentPlugins)
}

func (p *program) documentPlugins(c *cli.Context) error {
	out := c.String("out")
	if err := mustBeNew(out); err != nil {
		return err
	}
	text := string(schemas.Plugin)
	if !c.Bool("schema") {
		plugins, err := p.pluginsNamed(c.Args().Slice())
		if err != nil {
			return err
		}
		if p.asJSON {
			for _, x := range plugins {
				if err := writeJSON(p.out, describedPlugin(x)); err != nil {
					return err
				}
			}
			return nil
		}
		var pages []string
		for _, x := range plugins {
			readme, err := x.ReadFile(readmeFile)
			if err != nil && !errors.Is(err, evidence.ErrNotFound) {
				return err
			}
			pages = append(pages, manifest.Markdown(x.Manifest, x.Digest, x.Files, readme))
		}
		text = strings.Join(pages, "\n")
	}
	if out == "" {
		return p.printf("%s", text)
	}
	return writeNewBytes(out, []byte(text))
}

// readmeFile is a plugin's page for examiners.
const readmeFile = "README.md"

// pluginsNamed are the installed plugins of those names, or those in directories of
// those names; all that are installed where none is named.
func (p *program) pluginsNamed(names []string) ([]*host.Plugin, error) {
	var out []*host.Plugin
	var installed []*host.Plugin
	for i, name := range names {
		if strings.HasPrefix(name, ".") || strings.HasPrefix(name, "/") {
			x, err := p.pluginAt(name)
			if err != nil {
				return nil, err
			}
			out = append(out, x)
			continue
		}
		if installed == nil {
			var err error
			if installed, err = p.loadPlugins(); err != nil {
				return nil, err
			}
		}
		at := slices.IndexFunc(installed, func(x *host.Plugin) bool { return x.Manifest.Name == name })
		if at < 0 {
			return nil, withTry(fmt.Errorf("plugin %q: %w", names[i], evidence.ErrNotFound), "exhibit plugin list; a directory begins with ./ or /")
		}
		out = append(out, installed[at])
	}
	if len(names) > 0 {
		return out, nil
	}
	return p.loadPlugins()
}
