package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/verify"
)

// The manual has the same table, row by row.
func TestManualListsExitCodes(t *testing.T) {
	text, err := os.ReadFile("../../docs/cli.md")
	if err != nil {
		t.Fatal(err)
	}
	type row struct {
		Code    int
		Meaning string
	}
	var want, got []row
	for _, e := range exits() {
		want = append(want, row{e.code, e.meaning})
	}
	for _, m := range regexp.MustCompile(`(?m)^\| (\d+) \| (.*) \|$`).FindAllStringSubmatch(string(text), -1) {
		n, err := strconv.Atoi(m[1])
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, row{n, m[2]})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// And documents every command and every flag.
func TestManualListsCommandsAndFlags(t *testing.T) {
	text, err := os.ReadFile("../../docs/cli.md")
	if err != nil {
		t.Fatal(err)
	}
	app := (&program{}).app()
	for _, f := range app.Flags {
		if !strings.Contains(string(text), "`--"+f.Names()[0]) {
			t.Errorf("flag --%s is not in docs/cli.md", f.Names()[0])
		}
	}
	n := 0
	for _, c := range app.Commands {
		all := append(c.Subcommands, c)
		for _, one := range all {
			name := "exhibit " + c.Name
			if one != c {
				name += " " + one.Name
			} else if len(c.Subcommands) > 0 {
				continue
			}
			n++
			if !strings.Contains(string(text), name) {
				t.Errorf("%s is not in docs/cli.md", name)
			}
			for _, f := range one.Flags {
				if !strings.Contains(string(text), "--"+f.Names()[0]) {
					t.Errorf("%s: flag --%s is not in docs/cli.md", name, f.Names()[0])
				}
			}
		}
	}
	if n < 20 {
		t.Errorf("only %d commands", n)
	}
}

func TestExitCode(t *testing.T) {
	for _, c := range []struct {
		err  error
		want int
	}{
		{nil, 0},
		{errors.New("x"), 1},
		{fmt.Errorf("a: %w", evidence.ErrNoCase), 10},
		{fmt.Errorf("a: %w: %w", evidence.ErrNotFound, evidence.ErrLocked), 11},
		{withState(fmt.Errorf("a: %w", evidence.ErrNoSpace), "s"), 13},
		{&evidence.IntegrityError{}, 20},
		{errors.Join(evidence.ErrNoSpace, evidence.ErrIntegrity), 20},
		{errors.Join(evidence.ErrRefused, context.Canceled), 130},
		{usagef("x"), 64},
		{&problem{what: "x", code: 12, cause: evidence.ErrNotFound}, 12},
	} {
		if got := exitCode(c.err); got != c.want {
			t.Errorf("%v: %d, want %d", c.err, got, c.want)
		}
	}
	if worst(3, 20) != 20 || worst(21, 3) != 21 || worst(0, 3) != 3 || worst(20, 22) != 22 {
		t.Error("not the worst")
	}
}

// Verdicts end in codes of the table.
func TestVerdictsAreInTheTable(t *testing.T) {
	for v := verify.Intact; v <= verify.Forked; v++ {
		if worst(v.ExitCode(), exitDone) != v.ExitCode() {
			t.Errorf("%s: %d", v, v.ExitCode())
		}
	}
}
