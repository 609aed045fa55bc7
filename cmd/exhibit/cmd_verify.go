package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/verify"
)

// maxReceipt bounds what is read of a receipt, in bytes.
const maxReceipt = 1 << 20

func (p *program) verifyCommand() *cli.Command {
	return command(&cli.Command{
		Name: "verify", Usage: "the second opinion: whether everything is as the log says", ArgsUsage: "[CASE|BUNDLE|PROOF]",
		Flags: []cli.Flag{
			&cli.StringSliceFlag{Name: "trust", Usage: "a verifier `KEY` that you have from outside the case, or a file that holds one; may be repeated"},
			&cli.StringSliceFlag{Name: "receipt", Usage: "a `FILE` with a receipt that was handed out; may be repeated"},
			&cli.StringSliceFlag{Name: "witness", Usage: "a witness's verifier `KEY` that you have from outside, or a file that holds one; may be repeated"},
			&cli.StringSliceFlag{Name: "tsa-cert", Usage: "a `FILE` with the certificate of a time-stamping authority, from outside; may be repeated"},
			&cli.StringSliceFlag{Name: "tsa-ca", Usage: "of a case: a `FILE` with root certificates that time-stamping authorities lead to (PEM); may be repeated"},
			&cli.StringFlag{Name: "require", Usage: "the `LEVEL` of attestation that every entry must have: none, self-asserted, trusted, anchored", Value: "none"},
			&cli.BoolFlag{Name: "replay", Usage: "then make the runs again and compare what they give with what was recorded"},
			&cli.IntFlag{Name: "sample", Usage: "with --replay: only `N` runs, chosen by chance, of every plugin in turn"},
			&cli.StringFlag{Name: "seed", Usage: "with --sample: choose as the `SEED` of an earlier report did"},
			&cli.IntFlag{Name: "jobs", Usage: "with --replay: make `N` runs at once; else as many as there are processors"},
			sandboxFlag(),
		},
	}, 0, 1, p.verify)
}

func (p *program) verify(c *cli.Context) error {
	if err := checkReplayFlags(c); err != nil {
		return err
	}
	level, err := verify.ParseLevel(c.String("require"))
	if err != nil {
		return usagef("--require %s: none, self-asserted, trusted or anchored", visible(c.String("require")))
	}
	o := verify.Options{Now: p.now, Require: level}
	for _, key := range c.StringSlice("trust") {
		vkey, err := readKey(key)
		if err != nil {
			return err
		}
		o.Trust = append(o.Trust, vkey)
	}
	for _, name := range c.StringSlice("receipt") {
		text, err := readBounded(name, maxReceipt)
		if err != nil {
			return fmt.Errorf("receipt %s: %w", visible(name), err)
		}
		o.Receipts = append(o.Receipts, text)
	}
	if err := readOutside(c, &o); err != nil {
		return err
	}
	dir := c.Args().First()
	if dir == "" {
		dir = p.caseDir(c)
	} else if c.String("case") != "" {
		return usagef("exhibit verify: the case is given twice, by --case and as an argument")
	}
	if verify.IsBundle(dir) {
		return p.verifyBundle(c, dir, o)
	}
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return p.verifyFile(c, dir, o)
	}
	if p.terminal {
		bar := &progress{p: p}
		defer bar.clear()
		o.Progress = func(stage string, done, total int64) {
			if stage == "objects" {
				bar.show("verifying: %s of %s", size(done), size(total))
				return
			}
			bar.show("verifying: %s %s of %s", stage, number(done), number(total))
		}
	}
	r, err := verify.Case(c.Context, dir, o)
	switch {
	case errors.Is(err, evidence.ErrNoCase):
		return openProblem(dir, err)
	case errors.Is(err, evidence.ErrFormat):
		return usagef("%s", complaint(err))
	case err != nil:
		return err
	}
	again, err := p.replay(c, dir, r)
	if err != nil {
		return err
	}
	if err := p.showVerified(r, again); err != nil {
		return err
	}
	return ended(r.Exit)
}

// readOutside takes what stamps and cosignatures are judged by.
func readOutside(c *cli.Context, o *verify.Options) error {
	for _, key := range c.StringSlice("witness") {
		vkey, err := readKeyOf("--witness", key)
		if err != nil {
			return err
		}
		o.Witnesses = append(o.Witnesses, vkey)
	}
	for flag, to := range map[string]*[][]byte{"tsa-cert": &o.TSACerts, "tsa-ca": &o.TSARoots} {
		for _, name := range c.StringSlice(flag) {
			file, err := readBounded(name, maxReceipt)
			if err != nil {
				return fmt.Errorf("--%s %s: %w", flag, visible(name), err)
			}
			*to = append(*to, file)
		}
	}
	return nil
}

// readKey takes a verifier key as it is, or out of a file.
func readKey(s string) (string, error) { return readKeyOf("--trust", s) }

func readKeyOf(flag, s string) (string, error) {
	if strings.Count(s, "+") >= 2 && !strings.HasPrefix(s, "/") && !strings.HasPrefix(s, ".") {
		return s, nil
	}
	text, err := readBounded(s, maxReceipt)
	if err != nil {
		return "", usagef("%s %s: neither a verifier key nor a file that can be read", flag, visible(s))
	}
	return strings.TrimSpace(string(text)), nil
}

// readBounded reads a small file, or says that it is not small.
func readBounded(name string, most int64) ([]byte, error) {
	f, err := os.Open(filepath.Clean(name))
	if err != nil {
		return nil, reasonOf(err)
	}
	defer f.Close() // only read from
	return readAtMost(f, most)
}

// showReport prints what verifying found, of whatever it was.
func (p *program) showReport(r interface {
	JSON() ([]byte, error)
	Text(io.Writer) error
},
) error {
	if !p.asJSON {
		return r.Text(visibleWriter{p.out})
	}
	text, err := r.JSON()
	if err != nil {
		return err
	}
	return p.printf("%s", text)
}
