package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
	"github.com/exhibit-forensics/exhibit/evidence/verify"
)

func (p *program) caseCommand() *cli.Command {
	return group("case", "the case as a whole",
		command(&cli.Command{
			Name: "backup", Usage: "copy the case as it is at one moment, and verify the copy",
			Description: "   Also while another command writes to the case. FILE.tar makes one file, anything else a directory;\n" +
				"   a file needs room for both while it is made. What is there is never overwritten.\n" +
				"   Without --with-secrets the copy has no keys that were given, and not the secret by which keys are\n" +
				"   known: it can be read and verified, but run will want the keys. With it the copy opens the evidence.\n\n" +
				"   exhibit case backup --out /media/disk/case-2026-11-22\n" +
				"   exhibit case backup --out /media/disk/case.tar --with-secrets",
			Flags: []cli.Flag{
				&cli.StringFlag{Name: "out", Usage: "the `PLACE` of the copy: a directory, or a file that ends in .tar", Required: false},
				&cli.BoolFlag{Name: "with-secrets", Usage: "copy the keys that were given too"},
			},
		}, 0, 0, p.backup),
	)
}

func (p *program) backup(c *cli.Context) error {
	out := c.String("out")
	if out == "" {
		return usagef("exhibit case backup: --out says where the copy is to be")
	}
	if _, err := os.Lstat(out); err == nil {
		return &problem{what: fmt.Sprintf("%s is there already", visible(out)), state: "Nothing was copied.", try: "another place for --out", code: exitUsage, cause: evidence.ErrExists}
	}
	dir, archive := out, strings.HasSuffix(out, ".tar")
	if archive {
		dir = filepath.Join(filepath.Dir(out), ".exhibit-tar-"+strings.TrimSuffix(filepath.Base(out), ".tar"))
		// What an attempt that was killed left.
		if err := os.RemoveAll(dir); err != nil {
			return withState(err, "Nothing was copied.")
		}
		defer func() { _ = os.RemoveAll(dir) }() // gone already where all went well
	}
	o := store.BackupOptions{Secrets: c.Bool("with-secrets")}
	bar := &progress{p: p}
	if p.terminal {
		defer bar.clear()
		o.Progress = func(done, total int64) { bar.show("copying: %s of %s", size(done), size(total)) }
	}
	done, err := store.Backup(c.Context, p.caseDir(c), dir, o)
	switch {
	case errors.Is(err, evidence.ErrNoCase):
		return openProblem(p.caseDir(c), err)
	case err != nil:
		return withState(err, "Nothing was copied.")
	}
	v, err := verify.Case(c.Context, dir, verify.Options{Now: p.now})
	if err != nil {
		return withState(err, "The copy was made; verifying it failed.")
	}
	bar.clear()
	if archive {
		if err := writeTar(c.Context, dir, out); err != nil {
			return withState(err, "The file was not made.")
		}
		if err := os.RemoveAll(dir); err != nil {
			return withState(err, "The file is complete; the directory it was made from is still there.")
		}
	}
	return p.reportBackup(out, done, v)
}

func (p *program) reportBackup(out string, done store.BackupReport, v *verify.Report) error {
	if p.asJSON {
		return errors.Join(writeJSON(p.out, struct {
			Out string `json:"out"`
			store.BackupReport
			Verdict  string `json:"verdict"`
			Findings int    `json:"findings"`
		}{out, done, v.Verdict.String(), len(v.Findings)}), ended(v.Exit))
	}
	secrets := "without keys: it can be read and verified; to run plugins that need keys, copy secrets/ too"
	if done.Secrets {
		secrets = "WITH the keys that were given: whoever has the copy can open what they open"
	}
	text := fmt.Sprintf("%s\n  %s, %s, %s in %s\n  %s\n", visible(out), count(done.Entries, "entry"), count(done.Checkpoints, "checkpoint"), count(done.Objects, "object"), size(done.Bytes), secrets)
	if done.InPlace > 0 {
		text += fmt.Sprintf("  %s left in place when received: in neither the case nor the copy\n", count(done.InPlace, "artifact"))
	}
	text += fmt.Sprintf("  the copy was verified: %s\n", v.Verdict)
	if v.Exit != exitDone {
		for i, f := range v.Findings {
			if i == 10 {
				break
			}
			text += fmt.Sprintf("    %s: %s: %s\n", f.Verdict, f.Object, f.What)
		}
	}
	return errors.Join(p.printf("%s", text), ended(v.Exit))
}
