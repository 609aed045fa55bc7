package main

import (
	"errors"
	"path"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/exhibit-forensics/exhibit/core/scaffold"
	"github.com/exhibit-forensics/exhibit/evidence"
)

func (p *program) pluginNewCommand() *cli.Command {
	return command(&cli.Command{
		Name: "new", Usage: "make a plugin of your own: sources that build and pass the tests as they are", ArgsUsage: "NAME",
		Description: "NAME is that of the plugin, or VENDOR/NAME. The guide for authors is docs/plugin-author.md.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "lang", Usage: "`LANGUAGE` that it is written in: go or python", Value: scaffold.Go},
			&cli.StringFlag{Name: "op", Usage: "`OPERATION` that it does: parse, unpack or decrypt", Value: evidence.OpParse},
			&cli.StringFlag{Name: "dir", Usage: "`DIR` to make; else one of the plugin's name here"},
		},
	}, 1, 1, p.newPlugin)
}

func (p *program) newPlugin(c *cli.Context) error {
	name := c.Args().First()
	o := scaffold.Options{Name: name, Language: c.String("lang"), Operation: c.String("op"), Dir: c.String("dir"), Version: version}
	if o.Dir == "" {
		o.Dir = path.Base(name)
	}
	if err := o.Check(); err != nil {
		return usagef("%s", complaint(err))
	}
	if err := scaffold.New(o); err != nil {
		if errors.Is(err, evidence.ErrExists) {
			err = withTry(err, "another --dir")
		}
		return withState(noSpaceError(err), "Nothing was written.")
	}
	if p.asJSON {
		return writeJSON(p.out, map[string]any{"name": name, "dir": o.Dir, "plugin": filepath.Join(o.Dir, "plugin"), "lang": o.Language, "op": o.Operation})
	}
	p.note("made %s in %s. Next:", visible(name), visible(o.Dir))
	p.note("  cd %s", visible(o.Dir))
	if o.Language == scaffold.Go {
		p.note("  CGO_ENABLED=0 go build -trimpath -buildvcs=false -o plugin/plugin .")
	}
	p.note("  exhibit plugin test .")
	return nil
}
