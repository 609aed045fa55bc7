package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"

	"github.com/urfave/cli/v2"

	"github.com/exhibit-forensics/exhibit/core/host"
	"github.com/exhibit-forensics/exhibit/core/replay"
	"github.com/exhibit-forensics/exhibit/evidence/store"
	"github.com/exhibit-forensics/exhibit/evidence/verify"
)

func checkReplayFlags(c *cli.Context) error {
	for _, name := range []string{"sample", "seed", "jobs", "sandbox"} {
		if c.IsSet(name) && !c.Bool("replay") {
			return usagef("--%s is for --replay", name)
		}
	}
	switch {
	case c.IsSet("sample") && c.Int("sample") < 1:
		return usagef("--sample %d: at least 1", c.Int("sample"))
	case c.IsSet("seed") && !c.IsSet("sample"):
		return usagef("--seed is for --sample")
	case c.IsSet("seed") && (c.String("seed") == "" || len(c.String("seed")) > 128):
		return usagef("--seed: 1 to 128 characters")
	case c.IsSet("jobs") && c.Int("jobs") < 1:
		return usagef("--jobs %d: at least 1", c.Int("jobs"))
	}
	return nil
}

// replay makes the runs again where that was asked for, and joins what it came to
// into r. It returns nil where it was not asked for, or where the case is not as it
// was recorded: then there is nothing sure to compare with.
func (p *program) replay(c *cli.Context, dir string, r *verify.Report) (*replay.Report, error) {
	if !c.Bool("replay") {
		return nil, nil
	}
	if r.Integrity != verify.Intact {
		r.Join(r.Integrity, nil, nil, []string{verify.NotReplayed + " The case is not as it was recorded, so that there is nothing sure to compare with."}, []string{"No run was made again."})
		return nil, nil
	}
	k, err := store.OpenReader(c.Context, dir)
	if err != nil {
		return nil, openProblem(dir, err)
	}
	out, err := p.replayCase(c.Context, c, k)
	if err = errors.Join(err, k.Close()); err != nil {
		return nil, err
	}
	out.Join(r)
	return out, nil
}

func (p *program) replayCase(ctx context.Context, c *cli.Context, k *store.Case) (_ *replay.Report, err error) {
	plugins, err := p.loadPlugins()
	if err != nil {
		return nil, err
	}
	config, done, err := p.hostConfig(c)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, done()) }()
	h, err := host.New(config)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	o := replay.Options{Plugins: plugins, Host: h, Sample: c.Int("sample"), Seed: c.String("seed"), Jobs: c.Int("jobs")}
	if o.Jobs == 0 {
		o.Jobs = runtime.NumCPU()
	}
	if o.Sample > 0 && o.Seed == "" {
		b := make([]byte, 8)
		if _, err := io.ReadFull(p.rand, b); err != nil {
			return nil, fmt.Errorf("a seed: %w", err)
		}
		o.Seed = hex.EncodeToString(b)
	}
	if p.terminal {
		bar := &progress{p: p}
		defer bar.clear()
		o.Progress = func(done, total int) {
			bar.show("running again: %s of %s", number(int64(done)), count(int64(total), "run"))
		}
	}
	return replay.Case(ctx, k, o)
}

// showVerified writes the report, with what replaying came to.
func (p *program) showVerified(r *verify.Report, again *replay.Report) error {
	if again == nil {
		return p.showReport(r)
	}
	if p.asJSON {
		text, err := json.MarshalIndent(struct {
			*verify.Report
			Replay *replay.Report `json:"replay"`
		}{r, again}, "", "  ")
		if err != nil {
			return err
		}
		return p.printf("%s\n", text)
	}
	w := visibleWriter{p.out}
	if err := r.Text(w); err != nil {
		return err
	}
	return again.Text(w)
}
