package main

import (
	"context"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/exhibit-forensics/exhibit/core/engine"
	"github.com/exhibit-forensics/exhibit/core/host"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

func (p *program) pluginCommand() *cli.Command {
	return group("plugin", "the programs that read evidence",
		command(&cli.Command{
			Name: "list", Usage: "list the plugins that are installed; none is started",
		}, 0, 0, p.listPlugins),
		command(&cli.Command{
			Name: "update", Usage: "let the case use the present bytes of a plugin from now on", ArgsUsage: "NAME…",
		}, 1, -1, p.updatePlugins),
	)
}

// describedPlugin is a plugin for programs.
func describedPlugin(x *host.Plugin) map[string]any {
	var operations []string
	for _, op := range x.Manifest.Operations {
		operations = append(operations, op.Operation)
	}
	return map[string]any{
		"name": x.Manifest.Name, "version": x.Manifest.Version, "title": x.Manifest.Title, "sha256": x.Digest.String(),
		"operations": operations, "dir": x.Dir,
	}
}

func (p *program) listPlugins(*cli.Context) error {
	plugins, err := engine.LoadPlugins(p.pluginDirs())
	if err != nil {
		return withTry(err, "set $EXHIBIT_PLUGINS to the directory in which plugins are installed")
	}
	var rows [][]string
	for _, x := range plugins {
		m := describedPlugin(x)
		if p.asJSON {
			if err := writeJSON(p.out, m); err != nil {
				return err
			}
			continue
		}
		rows = append(rows, []string{x.Manifest.Name, visible(x.Manifest.Version), strings.Join(m["operations"].([]string), ","), x.Digest.String(), visible(x.Manifest.Title)})
	}
	return table(p.out, rows)
}

func (p *program) updatePlugins(c *cli.Context) error {
	return p.writing(c, func(ctx context.Context, k *store.Case) error {
		return p.withEngine(k, c, func(e *engine.Engine) error {
			for _, name := range c.Args().Slice() {
				if err := e.Update(ctx, name); err != nil {
					return err
				}
				p.note("%s: its present bytes count from now on", visible(name))
			}
			return nil
		})
	})
}
