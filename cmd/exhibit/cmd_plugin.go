package main

import (
	"context"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/exhibit-forensics/exhibit/core/engine"
	"github.com/exhibit-forensics/exhibit/core/host"
	"github.com/exhibit-forensics/exhibit/evidence"
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
		p.pluginNewCommand(), p.pluginTestCommand(), p.pluginInstallCommand(), p.pluginDocsCommand(), p.pluginWhyCommand(),
	)
}

// describedPlugin is a plugin for programs.
func describedPlugin(x *host.Plugin) map[string]any {
	m := x.Manifest
	var operations []string
	for _, op := range m.Operations {
		operations = append(operations, op.Operation)
	}
	return map[string]any{
		"name": m.Name, "version": m.Version, "title": m.Title, "description": m.Description, "licence": m.Licence, "sha256": x.Digest.String(),
		"operations": operations, "kinds": kindsOf(m), "runtime": m.Runtime, "interpreter": m.Interpreter, "dir": x.Dir, "manifest": m, "files": x.Files,
	}
}

// kindsOf lists the kinds of records that a plugin makes, each once.
func kindsOf(m evidence.PluginManifest) []string {
	kinds := []string{}
	for _, op := range m.Operations {
		kinds = append(kinds, op.Emits...)
	}
	slices.Sort(kinds)
	return slices.Compact(kinds)
}

func (p *program) listPlugins(*cli.Context) error {
	plugins, err := p.loadPlugins()
	if err != nil {
		return err
	}
	rows := [][]string{{"PLUGIN", "VERSION", "DOES", "RUNS BY", "SHA-256", "MAKES", "WHERE", "TITLE"}}
	for _, x := range plugins {
		d := describedPlugin(x)
		if p.asJSON {
			if err := writeJSON(p.out, d); err != nil {
				return err
			}
			continue
		}
		m := x.Manifest
		by := m.Runtime
		if m.Interpreter != "" {
			by = m.Interpreter
		}
		kinds := strings.Join(kindsOf(m), ",")
		if kinds == "" {
			kinds = "artifacts"
		}
		rows = append(rows, []string{m.Name, visible(m.Version), strings.Join(d["operations"].([]string), ","), by, x.Digest.Hex(), visible(kinds), visible(x.Dir), visible(m.Title)})
	}
	if p.asJSON {
		return nil
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
