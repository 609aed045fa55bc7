package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/urfave/cli/v2"

	"github.com/exhibit-forensics/exhibit/core/intake"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

func (p *program) addCommand() *cli.Command {
	return command(&cli.Command{
		Name: "add", Usage: "receive files and directories as they are, each path as an item", ArgsUsage: "PATH…",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "exhibit", Usage: "exhibit number `NO`; else the next EX-001, EX-002, …"},
			&cli.StringFlag{Name: "source", Usage: "what the item came from: `TEXT`"},
			&cli.StringFlag{Name: "zone", Usage: "time zone in which the source writes times that state none: `±HH:MM` or UTC"},
			&cli.StringFlag{Name: "charset", Usage: "character set in which the source writes text: `NAME`"},
			&cli.StringFlag{Name: "expect", Usage: "the `DIGEST` that the file should have"},
			&cli.StringSliceFlag{Name: "hashes", Usage: "a `FILE` of digests that came with the item; may be repeated"},
			&cli.StringSliceFlag{Name: "exclude", Usage: "leave out paths that match `GLOB`; may be repeated"},
			&cli.BoolFlag{Name: "in-place", Usage: "leave the bytes where they are; they are hashed now and at every read"},
			&cli.BoolFlag{Name: "sha512", Usage: "compute SHA-512 as well"},
			&cli.StringFlag{Name: "note", Usage: "a remark: `TEXT`"},
			assertFlag(),
		},
	}, 1, -1, p.add)
}

func (p *program) add(c *cli.Context) error {
	r, err := request(c)
	if err != nil {
		return err
	}
	paths := c.Args().Slice()
	if len(paths) > 1 && (r.Exhibit != "" || r.Expect != nil) {
		return usagef("exhibit add: --exhibit and --expect are for one path, and %d are given", len(paths))
	}
	for _, path := range paths {
		if _, err := os.Lstat(path); err != nil {
			return withState(fmt.Errorf("%s: %w", visible(path), reasonOf(err)), "Nothing was written.")
		}
	}
	return p.writing(c, func(ctx context.Context, k *store.Case) error {
		state, err := k.State(ctx)
		if err != nil {
			return err
		}
		p.note("case %s in %s", title(state, k), visible(k.Dir()))
		code := exitDone
		for _, path := range paths {
			r.Path = path
			one, err := p.addOne(ctx, k, r)
			if err != nil {
				return err
			}
			code = worst(code, one)
		}
		return ended(code)
	})
}

// request reads the flags that say how to receive.
func request(c *cli.Context) (intake.Request, error) {
	r := intake.Request{
		Exhibit: c.String("exhibit"), Source: c.String("source"), Note: c.String("note"),
		Zone: c.String("zone"), Charset: c.String("charset"), Exclude: c.StringSlice("exclude"), InPlace: c.Bool("in-place"),
	}
	var err error
	if r.Asserted, err = assertions(c.StringSlice("assert")); err != nil {
		return r, err
	}
	for flag, check := range map[string]func() error{
		"exhibit": func() error { return intake.CheckExhibit(r.Exhibit) },
		"zone":    func() error { _, err := intake.Zone(r.Zone); return err },
		"charset": func() error { _, err := intake.Charset(r.Charset); return err },
	} {
		if !c.IsSet(flag) {
			continue
		}
		if err := check(); err != nil {
			return r, usagef("--%s: %s", flag, complaint(err))
		}
	}
	for _, g := range r.Exclude {
		if err := intake.CheckGlob(g); err != nil {
			return r, usagef("--exclude: %s", complaint(err))
		}
	}
	if c.IsSet("expect") {
		sum, err := intake.ParseSum(c.String("expect"))
		if err != nil {
			return r, usagef("--expect: %s", complaint(err))
		}
		r.Expect = &sum
	}
	if c.Bool("sha512") {
		r.Hashes = []string{"sha512"}
	}
	for _, name := range c.StringSlice("hashes") {
		l, err := readList(name)
		if err != nil {
			return r, withState(err, "Nothing was written.")
		}
		r.Lists = append(r.Lists, l)
	}
	return r, nil
}

func readList(name string) (*intake.List, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("hash list %s: %w", visible(name), reasonOf(err))
	}
	defer f.Close() // only read from
	return intake.ReadList(name, f)
}

// reasonOf is an error without the path, which the message names anyway.
func reasonOf(err error) error {
	var at *os.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}

// addOne receives one path and says how it went. The code is that of what was
// found; an error ends the command.
func (p *program) addOne(ctx context.Context, k *store.Case, r intake.Request) (int, error) {
	n := &notices{p: p}
	o := intake.Options{
		Now: p.now, Notice: n.take,
		Begun: func(exhibit string, resumed bool) {
			n.exhibit = exhibit
			if resumed {
				p.note("%s: going on with %s, which was interrupted", exhibit, visible(r.Path))
				return
			}
			p.note("%s: receiving %s", exhibit, visible(r.Path))
		},
	}
	if p.terminal {
		bar := &progress{p: p}
		defer bar.clear()
		n.bar = bar
		o.Progress = func(now intake.Progress) {
			bar.show("%s: %s of %s, %s of %s", n.exhibit, number(now.Files), count(now.TotalFiles, "file"), size(now.Bytes), size(now.TotalBytes))
		}
	}
	rep, err := intake.Add(ctx, k, o, r)
	n.done()
	switch {
	case err == nil:
	case intake.Unfinished(rep, err):
		return 0, withTry(withState(err, fmt.Sprintf("%s is not finished; what is in the log of it is kept.", rep.Exhibit)), "the same command again: it goes on where it stopped")
	default:
		return 0, withState(err, "Nothing of "+visible(r.Path)+" was received.")
	}
	code := judge(rep)
	if p.asJSON {
		return code, writeJSON(p.out, receipt(r, rep, code))
	}
	return code, p.received(r, rep)
}

// judge is the exit code of an intake that came to its end.
func judge(rep intake.Report) int {
	code := exitDone
	n := rep.Counts
	if n.Unreadable > 0 || n.Changed > 0 {
		code = worst(code, exitInputs)
	}
	if n.Absent > 0 {
		code = worst(code, exitMissing)
	}
	if n.Mismatched > 0 {
		code = worst(code, exitAltered)
	}
	return code
}
