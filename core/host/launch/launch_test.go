package launch_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/core/host/launch"
)

// TestNothingElse: a process that is started as a launcher never comes to its main
// function, whatever its other arguments are.
func TestNothingElse(t *testing.T) {
	if os.Getenv("EXHIBIT_TEST_MAIN") != "" {
		t.Log("main was reached")
		return
	}
	run := func(argv []string) string {
		cmd := exec.Command(argv[0], append(argv[1:], "-test.run=^TestNothingElse$", "-test.v")...)
		cmd.Args[0] = os.Args[0]
		if argv[0] == "/proc/self/exe" {
			cmd.Path = os.Args[0]
		}
		cmd.Env = append(os.Environ(), "EXHIBIT_TEST_MAIN=1")
		out, _ := cmd.CombinedOutput()
		return string(out)
	}
	if out := run([]string{os.Args[0]}); !strings.Contains(out, "main was reached") {
		t.Fatalf("without the argument: %s", out)
	}
	for _, argv := range [][]string{launch.Argv(), launch.ArgvElsewhere()} {
		if out := run(argv); strings.Contains(out, "main was reached") || !strings.Contains(out, "sandbox") {
			t.Errorf("%v: %q", argv, out)
		}
	}
}
