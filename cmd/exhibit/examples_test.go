package main

import (
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

// Every command's help has an example, of that command.
func TestEveryCommandHasAnExample(t *testing.T) {
	seen := map[string]bool{}
	var look func(commands []*cli.Command, words string)
	look = func(commands []*cli.Command, words string) {
		for _, c := range commands {
			name := strings.TrimSpace(words + " " + c.Name)
			seen[name] = true
			if len(c.Subcommands) > 0 {
				look(c.Subcommands, name)
				continue
			}
			if !strings.Contains(c.Description, "exhibit "+name) {
				t.Errorf("%s: no example in its help", name)
			}
		}
	}
	look((&program{}).app().Commands, "")
	for name := range examplesOf() {
		if !seen[name] {
			t.Errorf("an example of %q, which is no command", name)
		}
	}
}
