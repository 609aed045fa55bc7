package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/core/host/launch"
)

// TestLauncherIsEarly: every process of a plugin begins as this program. What the
// program needs for its own work, and the launcher does not, must not be prepared
// each time (package launch says why it is not).
func TestLauncherIsEarly(t *testing.T) {
	inits := func(args ...string) string {
		cmd := exec.Command(os.Args[0], args...)
		cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1")
		out, _ := cmd.CombinedOutput()
		return string(out)
	}
	whole, launcher := inits("-test.list=^$"), inits(launch.Argv()[1])
	for _, heavy := range []string{"init github.com/santhosh-tekuri/jsonschema", "init github.com/xuri/excelize"} {
		if !strings.Contains(whole, heavy) {
			t.Errorf("the program does not %s any more: look for what is heavy now", heavy)
		}
		if strings.Contains(launcher, heavy) {
			t.Errorf("a launcher does %s", heavy)
		}
	}
}
