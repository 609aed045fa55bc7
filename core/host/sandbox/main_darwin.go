package sandbox

import (
	"encoding/json"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// exitFailed is the launcher's exit status where the program was not executed.
const exitFailed = 125

// HostNamespaces: there are none.
func HostNamespaces() map[string]string { return nil }

// Main executes the program as it is where level L0 was asked for: there is no
// sandbox for macOS, and the resource limits that it enforces do not bound memory.
// It has been compiled and never run.
func Main(args []string) int {
	var spec Spec
	if len(args) == 0 || json.Unmarshal([]byte(args[0]), &spec) != nil {
		_, _ = fmt.Fprintln(os.Stderr, "exhibit: the sandbox launcher is started by exhibit itself")
		return exitFailed
	}
	r := Report{Features: []string{}, Level: L0, Missing: []string{"there is no sandbox for macOS"}}
	if spec.Require != L0 {
		r.Refused = fmt.Sprintf("sandbox level %s, but %s is required: %v; plugins run here at level L0 only, where that is asked for by name", r.Level, spec.Require, r.Missing)
	}
	if r.Refused == "" && spec.Dir >= 0 {
		if err := unix.Fchdir(spec.Dir); err != nil {
			r.Refused = "directory: " + err.Error()
		}
	}
	if err := report(spec.Status, r); err != nil || r.Refused != "" {
		return exitFailed
	}
	if spec.Program < 0 {
		return 0
	}
	for fd := spec.Keep + 1; fd < spec.Keep+16; fd++ { // what the host handed over besides
		unix.CloseOnExec(fd)
	}
	err := syscall.Exec(spec.Path, args[1:], os.Environ())
	_ = report(spec.Status, Report{Refused: "execute: " + err.Error()})
	return exitFailed
}
