package main

import (
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"
)

// arrange brings a command line into the order that urfave/cli understands:
// flags of the program, command, flags of the command, "--", arguments. People
// may give flags anywhere, before "--"; left alone, the library would take a
// flag after an argument for an argument. Everything that is wrong with the
// line is found here, since the library prints such things to standard output.
func arrange(app *cli.App, args []string) ([]string, error) {
	a := arranger{commands: app.Commands, global: app.Flags, line: []string{app.Name}, seen: map[string]bool{}}
	for i := 1; i < len(args); {
		n, err := a.take(args[i:])
		if err != nil {
			return nil, err
		}
		i += n
	}
	return a.done()
}

type arranger struct {
	// commands that may come next, global and own flags.
	commands    []*cli.Command
	global, own []cli.Flag
	line        []string
	help        bool
	seen        map[string]bool

	before, names, flags, rest []string
}

// take reads one thing from the line, and says how many words it was.
func (a *arranger) take(args []string) (int, error) {
	word := args[0]
	switch {
	case word == "--":
		a.rest = append(a.rest, args[1:]...)
		return len(args), nil
	case len(word) > 1 && word[0] == '-':
		return a.flag(args)
	case len(a.commands) == 0:
		a.rest = append(a.rest, word)
		return 1, nil
	case word == "help":
		a.help = true
		return 1, nil
	}
	i := slices.IndexFunc(a.commands, func(c *cli.Command) bool { return c.HasName(word) })
	if i < 0 {
		return 0, a.unknownCommand(word)
	}
	c := a.commands[i]
	a.names, a.line = append(a.names, c.Name), append(a.line, c.Name)
	a.commands, a.own = c.Subcommands, c.Flags
	return 1, nil
}

// flag reads a flag, with its value where it has one.
func (a *arranger) flag(args []string) (int, error) {
	name, value, hasValue := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(args[0], "-"), "-"), "=")
	long := strings.HasPrefix(args[0], "--")
	switch {
	case long && name == "help" || args[0] == "-h":
		a.help = true
		return 1, nil
	case long && name == "version" && len(a.names) == 0:
		return 1, a.version()
	case !long && len(name) > 1:
		return 0, usagef("%s: a flag is written with two dashes: --%s; a path that begins with a dash comes after --", strings.Join(a.line, " "), visible(name))
	}
	f, to := find(a.own, name), &a.flags
	if f == nil {
		f, to = find(a.global, name), &a.before
	}
	if f == nil {
		return 0, a.unknownFlag(args[0])
	}
	canonical := f.Names()[0]
	switch f.(type) {
	case *cli.StringSliceFlag:
	default:
		if a.seen[canonical] {
			return 0, usagef("%s: --%s is given twice", strings.Join(a.line, " "), canonical)
		}
		a.seen[canonical] = true
	}
	if _, isBool := f.(*cli.BoolFlag); isBool {
		if hasValue {
			if _, err := strconv.ParseBool(value); err != nil {
				return 0, usagef("%s: --%s takes no value, or true or false", strings.Join(a.line, " "), canonical)
			}
		} else {
			value = "true"
		}
		*to = append(*to, "--"+canonical+"="+value)
		return 1, nil
	}
	n := 1
	if !hasValue {
		if len(args) < 2 || a.isFlag(args[1]) {
			return 0, usagef("%s: --%s needs a value", strings.Join(a.line, " "), canonical)
		}
		value, n = args[1], 2
	}
	*to = append(*to, "--"+canonical+"="+value)
	return n, nil
}

// isFlag reports whether a word is surely a flag and no value: -05:00 is a value.
func (a *arranger) isFlag(word string) bool {
	name, _, _ := strings.Cut(strings.TrimPrefix(word, "--"), "=")
	return word == "--" || strings.HasPrefix(word, "--") && (find(a.own, name) != nil || find(a.global, name) != nil)
}

func (a *arranger) version() error {
	i := slices.IndexFunc(a.commands, func(c *cli.Command) bool { return c.Name == "version" })
	a.names, a.own, a.commands = []string{"version"}, a.commands[i].Flags, nil
	return nil
}

func (a *arranger) done() ([]string, error) {
	out := append([]string{a.line[0]}, a.before...)
	out = append(out, a.names...)
	switch {
	case a.help:
		return append(out, "--help"), nil
	case len(a.commands) > 0:
		return nil, usagef("%s: which command? %s", strings.Join(a.line, " "), namesOf(a.commands))
	}
	out = append(out, a.flags...)
	if len(a.rest) > 0 {
		out = append(append(out, "--"), a.rest...)
	}
	return out, nil
}

func (a *arranger) unknownCommand(word string) error {
	return usagef("%s: there is no command %q; there are %s", strings.Join(a.line, " "), word, namesOf(a.commands))
}

func (a *arranger) unknownFlag(word string) error {
	name, _, _ := strings.Cut(word, "=")
	var all []string
	for _, f := range append(slices.Clone(a.own), a.global...) {
		all = append(all, "--"+f.Names()[0])
	}
	return usagef("%s: there is no flag %s; there are %s; a path that begins with a dash comes after --", strings.Join(a.line, " "), visible(name), strings.Join(all, ", "))
}

func namesOf(commands []*cli.Command) string {
	names := make([]string, 0, len(commands))
	for _, c := range commands {
		if !c.Hidden {
			names = append(names, c.Name)
		}
	}
	return strings.Join(names, ", ")
}

func find(flags []cli.Flag, name string) cli.Flag {
	for _, f := range flags {
		if slices.Contains(f.Names(), name) {
			return f
		}
	}
	return nil
}
