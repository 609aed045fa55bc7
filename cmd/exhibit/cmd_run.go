package main

import (
	"context"
	"errors"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/exhibit-forensics/exhibit/core/engine"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

func (p *program) runCommand() *cli.Command {
	return command(&cli.Command{
		Name: "run", Usage: "run plugins over everything that is due, until nothing new appears",
		Description: "   Unpacks, decrypts and reads; looks for keys where something is encrypted; reads logs whose\n" +
			"   columns nobody has stated by a guess, and marks each such record; then analyzes what was\n" +
			"   read (docs/analysis.md). Each of these is recorded, and done once: where nothing has\n" +
			"   changed, nothing is run.",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "plan", Usage: "only say what would be run next, and why"},
			&cli.StringFlag{Name: "only", Usage: "run this `PLUGIN` only"},
			&cli.StringFlag{Name: "fail-on", Value: "partial", Usage: "exit with 3 where inputs failed in this sense: partial, rejects or never (`SENSE`)"},
			&cli.BoolFlag{Name: "retry", Usage: "run again what failed or was cut short before"},
			&cli.BoolFlag{Name: "no-key-find", Usage: "do not look for keys in the evidence"},
			&cli.BoolFlag{Name: "no-guess", Usage: "do not read logs by layouts that nobody has stated or confirmed"},
			&cli.BoolFlag{Name: "no-analyze", Usage: "do not analyze what was read"},
			&cli.BoolFlag{Name: "all-keys", Usage: "look for the keys of all files that may be encrypted in all others: hours, where there are thousands"},
			&cli.IntFlag{Name: "jobs", Usage: "run `N` plugins at once; else as many as there are processors"},
			sandboxFlag(),
		},
	}, 0, 0, p.runPlugins)
}

func (p *program) runPlugins(c *cli.Context) error {
	failOn := c.String("fail-on")
	if !slices.Contains([]string{"partial", "rejects", "never"}, failOn) {
		return usagef("--fail-on %s: partial, rejects or never", visible(failOn))
	}
	if c.Int("jobs") < 0 || c.IsSet("jobs") && c.Int("jobs") == 0 {
		return usagef("--jobs %d: at least 1", c.Int("jobs"))
	}
	if c.Bool("plan") {
		return p.reading(c, func(ctx context.Context, k *store.Case) error {
			return p.withEngine(k, c, func(e *engine.Engine) error {
				plan, err := e.Plan(ctx)
				if err != nil {
					return err
				}
				if p.asJSON {
					return writeJSON(p.out, plan)
				}
				return plan.Text(visibleWriter{p.out})
			})
		})
	}
	return p.writing(c, func(ctx context.Context, k *store.Case) error {
		state, err := k.State(ctx)
		if err != nil {
			return err
		}
		p.note("case %s in %s", title(state, k), visible(k.Dir()))
		return p.withEngine(k, c, func(e *engine.Engine) error {
			r, err := runWhole(ctx, k, e, wholeOptions{noGuess: c.Bool("no-guess") || c.String("only") != "", noAnalyze: c.Bool("no-analyze") || c.String("only") != ""})
			if err != nil {
				return withTry(withState(err, "What was finished before is kept."), "exhibit run")
			}
			if p.asJSON {
				err = writeJSON(p.out, r)
			} else {
				err = r.text(ctx, k, visibleWriter{p.out})
			}
			if err != nil {
				return err
			}
			code := exitDone
			if r.Failed(failOn) {
				code = worst(code, exitInputs)
			}
			if r.Crashed > 0 && failOn != "never" {
				code = worst(code, exitCrashed)
			}
			if a := r.Analysis; a != nil && a.Outcome != evidence.OutcomeComplete && failOn != "never" {
				code = worst(code, p.unfinished(a))
			}
			return ended(code)
		})
	})
}

// withEngine makes an engine over the case, and everything it needs, for do.
func (p *program) withEngine(k *store.Case, c *cli.Context, do func(*engine.Engine) error) (err error) {
	config, done, err := p.hostConfig(c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	o := engine.Options{
		PluginDirs: p.pluginDirs(), Host: config,
		Jobs: c.Int("jobs"), Only: c.String("only"), Retry: c.Bool("retry"), NoKeyFind: c.Bool("no-key-find"), AllKeys: c.Bool("all-keys"),
		Boot: bootID(), Now: p.now, Rand: p.rand,
	}
	if p.terminal {
		bar := &progress{p: p}
		defer bar.clear()
		o.Progress = func(now engine.Progress) {
			bar.show("wave %d: %s of %s, %s, %s read", now.Wave, number(int64(now.Done)), count(int64(now.Planned), "run"), count(now.Records, "record"), size(now.Bytes))
		}
	}
	e, err := engine.New(k, o)
	if err != nil {
		return withTry(err, noPlugins(err))
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	return do(e)
}
