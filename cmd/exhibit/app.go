package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"
)

// program is the command line with what it needs from outside.
type program struct {
	in       io.Reader
	out, err io.Writer
	env      func(string) string
	now      func() time.Time
	rand     io.Reader
	// terminal: err is a terminal, so that progress may be shown there.
	terminal bool
	// line is the command line, for the log.
	line []string
	// asJSON, zone: flags --json and --tz, once they are known.
	asJSON bool
	zone   *time.Location
}

// run carries out one command line and returns the exit code. It never exits.
func (p *program) run(ctx context.Context, args []string) int {
	p.line, p.zone = args, time.UTC
	// Known before flags are parsed, since parsing may fail.
	p.asJSON = wantsJSON(args)
	app := p.app()
	err := func() error {
		if len(args) > 1 && args[len(args)-1] == completionFlag {
			return app.RunContext(ctx, args)
		}
		line, err := arrange(app, args)
		if err != nil {
			return err
		}
		return app.RunContext(ctx, line)
	}()
	code := exitCode(err)
	if ctx.Err() != nil && err != nil {
		code = exitCancelled
	}
	var quiet *outcome
	if err == nil || errors.As(err, &quiet) {
		if quiet != nil {
			code = quiet.code
		}
		return code
	}
	if rerr := explain(err).report(p.err, p.asJSON, code); rerr != nil && code == exitDone {
		return exitFailure
	}
	return code
}

// outcome ends a command that was carried out and has said what it found, but
// not with exit code 0.
type outcome struct{ code int }

func (o *outcome) Error() string { return fmt.Sprintf("outcome %d", o.code) }

// ended is the error for a code: nil for 0.
func ended(code int) error {
	if code == exitDone {
		return nil
	}
	return &outcome{code}
}

func wantsJSON(args []string) bool {
	for _, a := range args {
		switch a {
		case "--json", "--json=true":
			return true
		case "--":
			return false
		}
	}
	return false
}

const (
	description = "takes in evidence, proves that it has not changed, and reads it in sandboxed processes"
	// completionFlag is what completion scripts end the command line with.
	completionFlag = "--generate-bash-completion"
)

func (p *program) app() *cli.App {
	return &cli.App{
		Name: "exhibit", Usage: description, HideVersion: true, HideHelpCommand: true,
		UsageText: "exhibit [--case DIR] COMMAND …",
		Writer:    p.out, ErrWriter: p.err,
		EnableBashCompletion:      true,
		DisableSliceFlagSeparator: true,
		// Left to itself the library ends the process at some errors.
		ExitErrHandler: func(*cli.Context, error) {},
		OnUsageError:   badUsage,
		Before:         p.settings,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "case", Usage: "the case's `DIR`; else $EXHIBIT_CASE, else the current directory"},
			&cli.BoolFlag{Name: "json", Usage: "write JSON"},
			&cli.StringFlag{Name: "tz", Value: "UTC", Usage: "show times in `ZONE`: UTC, local, +08:00 or Asia/Shanghai"},
			&cli.StringFlag{Name: "examiner", Usage: "`NAME` of the person who acts, stated in every entry; else $EXHIBIT_EXAMINER"},
		},
		Commands: withExamples([]*cli.Command{
			p.initCommand(), p.addCommand(), p.runCommand(), p.statusCommand(),
			p.analyzeCommand(),
			p.searchCommand(), p.recordsCommand(), p.diagnosticsCommand(), p.timelineCommand(), p.showCommand(), p.compareCommand(),
			p.tagCommand(), p.noteCommand(), p.selectCommand(), p.reportCommand(), p.exportCommand(), p.redactCommand(), p.discloseCommand(), p.leakcheckCommand(), p.vaultCommand(),
			p.keyCommand(), p.layoutCommand(), p.profileCommand(),
			p.transferCommand(), p.accessCommand(), p.correctCommand(), p.disposeCommand(),
			p.logCommand(), p.sealCommand(), p.anchorCommand(), p.witnessCommand(), p.identityCommand(), p.proveCommand(), p.verifyCommand(),
			p.caseCommand(), p.reindexCommand(), p.doctorCommand(), p.selftestCommand(), p.pluginCommand(), p.versionCommand(), p.completionCommand(),
		}, "", examplesOf()),
	}
}

// settings reads the flags that every command has.
func (p *program) settings(c *cli.Context) error {
	p.asJSON = c.Bool("json")
	zone, err := displayZone(c.String("tz"))
	p.zone = zone
	return err
}

func displayZone(s string) (*time.Location, error) {
	switch s {
	case "UTC", "":
		return time.UTC, nil
	case "local":
		return time.Local, nil
	}
	if t, err := time.Parse("-07:00", s); err == nil {
		_, seconds := t.Zone()
		return time.FixedZone(s, seconds), nil
	}
	zone, err := time.LoadLocation(s)
	if err != nil {
		return nil, usagef("--tz %s: not UTC, local, an offset such as +08:00, or the name of a zone known here", visible(s))
	}
	return zone, nil
}

func badUsage(_ *cli.Context, err error, _ bool) error {
	return usagef("%s", err.Error())
}

// command completes the description of a command: arguments are counted, and
// what the library would print by itself is returned.
func command(c *cli.Command, least, most int, action func(*cli.Context) error) *cli.Command {
	c.HideHelpCommand = true
	c.OnUsageError = badUsage
	c.CustomHelpTemplate = commandHelp
	c.Action = func(ctx *cli.Context) error {
		n := ctx.Args().Len()
		switch {
		case n < least:
			return usagef("%s: an argument is missing: %s %s", c.HelpName, c.HelpName, c.ArgsUsage)
		case most >= 0 && n > most && most == 0:
			return usagef("%s takes no argument, and was given %q", c.HelpName, ctx.Args().First())
		case most >= 0 && n > most:
			return usagef("%s: too many arguments: %s %s", c.HelpName, c.HelpName, c.ArgsUsage)
		}
		return action(ctx)
	}
	return c
}

// group is a command that only has commands of its own.
func group(name, usage string, commands ...*cli.Command) *cli.Command {
	return &cli.Command{Name: name, Usage: usage, Subcommands: commands, HideHelpCommand: true, OnUsageError: badUsage}
}

const commandHelp = `{{.HelpName}} {{.ArgsUsage}}
   {{.Usage}}
{{if .Description}}
{{.Description}}
{{end}}{{if .VisibleFlags}}
Flags:
{{range .VisibleFlags}}   {{.}}
{{end}}{{end}}
Flags of every command:
   --case DIR        the case; else $EXHIBIT_CASE, else the current directory
   --json            write JSON
   --tz ZONE         show times in this zone
   --examiner NAME   the person who acts; else $EXHIBIT_EXAMINER

Manual: docs/cli.md
`

// isTerminal reports whether f is a terminal.
func isTerminal(f *os.File) bool {
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}

// printf writes data to standard output.
func (p *program) printf(format string, args ...any) error {
	_, err := fmt.Fprintf(p.out, format, args...)
	return err
}

// note writes a remark to standard error. That it cannot be written is no
// reason to stop.
func (p *program) note(format string, args ...any) {
	_, _ = fmt.Fprintf(p.err, strings.TrimSuffix(format, "\n")+"\n", args...)
}
