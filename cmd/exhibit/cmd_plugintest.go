package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/exhibit-forensics/exhibit/core/host/launch"
	"github.com/exhibit-forensics/exhibit/core/kit"
	"github.com/exhibit-forensics/exhibit/evidence"
)

func (p *program) pluginTestCommand() *cli.Command {
	return command(&cli.Command{
		Name: "test", Usage: "hold a plugin to everything that is expected of one", ArgsUsage: "DIR",
		Description: "DIR is the plugin's directory, or the one of its sources, which has it as plugin/. It is started as a case would start it, in the sandbox.",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "accept", Usage: "write down what comes of the samples as right, and show how it differs from before"},
			&cli.StringFlag{Name: "only", Usage: "only this check, or this sample (`NAME`)"},
			&cli.StringFlag{Name: "testdata", Usage: "`DIR` of the samples; else testdata/ in the plugin's directory"},
			&cli.BoolFlag{Name: "thorough", Usage: "cut samples and turn bits over at a thousand places"},
			&cli.BoolFlag{Name: "verbose", Aliases: []string{"v"}, Usage: "say how long each check took, and show all of every fault"},
		},
	}, 1, 1, p.testPlugin)
}

func (p *program) testPlugin(c *cli.Context) (err error) {
	work, done, err := p.socketDir()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	start := p.now()
	r, err := kit.Run(c.Context, kit.Options{
		Dir: c.Args().First(), Testdata: c.String("testdata"), Accept: c.Bool("accept"), Only: c.String("only"), Thorough: c.Bool("thorough"),
		Launcher: launch.Argv(), OtherLauncher: launch.ArgvElsewhere(),
		Work: filepath.Join(work, "kit"), HostVersion: version, Now: p.now,
	})
	switch {
	case errors.Is(err, kit.ErrNotBuilt):
		return withTry(err, "build it; README.md beside it says how. In Go: CGO_ENABLED=0 go build -trimpath -buildvcs=false -o plugin/plugin .")
	case errors.Is(err, evidence.ErrNotFound):
		return withTry(err, "the directory that has plugin.json, or the one above it")
	case err != nil:
		return err
	}
	if p.asJSON {
		err = p.testedJSON(r)
	} else {
		err = p.tested(r, c.Bool("verbose"), p.now().Sub(start))
	}
	if err != nil {
		return err
	}
	code := exitDone
	if r.Failed() > 0 {
		code = exitInputs
	}
	if r.Crashed {
		code = worst(code, exitCrashed)
	}
	if r.Refused {
		code = worst(code, exitRefused)
	}
	return ended(code)
}

func (p *program) testedJSON(r *kit.Report) error {
	for _, c := range r.Checks {
		m := map[string]any{"check": c.Name, "result": c.Result, "found": c.Found, "ms": c.Took.Milliseconds()}
		if len(c.Faults) > 0 {
			m["faults"] = c.Faults
		}
		if err := writeJSON(p.out, m); err != nil {
			return err
		}
	}
	for _, a := range r.Accepted {
		if err := writeJSON(p.out, a); err != nil {
			return err
		}
	}
	return nil
}

// mostDetail is how many lines of a fault are shown unless all are wanted.
const mostDetail = 12

func (p *program) tested(r *kit.Report, all bool, took time.Duration) error {
	var b strings.Builder
	most := mostDetail
	if all {
		most = 1 << 20
	}
	counts := map[kit.Result]int{}
	for _, c := range r.Checks {
		counts[c.Result]++
		fmt.Fprintf(&b, "%s  %-13s %s", c.Result, c.Name, visible(c.Found))
		if all {
			fmt.Fprintf(&b, "  (%d ms)", c.Took.Milliseconds())
		}
		b.WriteByte('\n')
		for _, f := range c.Faults {
			writeFault(&b, f, most)
		}
	}
	for _, a := range r.Accepted {
		word := "written anew"
		if a.New {
			word = "written"
		}
		fmt.Fprintf(&b, "%s: %s\n", visible(a.Path), word)
		for i, f := range a.Changes {
			if i == most {
				fmt.Fprintf(&b, "      and %d differences more\n", len(a.Changes)-i)
				break
			}
			writeFault(&b, f, 1<<20)
		}
	}
	m, level := r.Plugin.Manifest, r.Level
	if level == "" {
		level = "none" // it was not started
	}
	fmt.Fprintf(&b, "%s %s at level %s: %d passed, %d failed, %d skipped, in %.1f s\n", visible(m.Name), visible(m.Version), level, counts[kit.Pass], counts[kit.Fail], counts[kit.Skip], took.Seconds())
	return p.printf("%s", b.String())
}

func writeFault(b *strings.Builder, f kit.Fault, most int) {
	fmt.Fprintf(b, "      %s: %s\n", visible(f.Where), visible(f.What))
	for i, line := range f.Detail {
		if i == most {
			fmt.Fprintf(b, "        and %d lines more\n", len(f.Detail)-i)
			break
		}
		fmt.Fprintf(b, "        %s\n", visible(line))
	}
	if f.Do != "" {
		fmt.Fprintf(b, "      do: %s\n", visible(f.Do))
	}
}
