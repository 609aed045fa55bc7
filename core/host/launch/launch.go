// Package launch makes a program the launcher of its own plugins: who imports it
// executes itself with Argv, and what begins then is the sandbox and nothing else.
//
// It does so while packages are initialised, which is no place for a program's work,
// because of when that is. Go initialises packages by import path, each as soon as
// what it imports is ready (language specification, Package initialization), and this
// one imports next to nothing: what the rest of a large program prepares, 12 ms of
// JSON Schema alone, is not prepared once more for every process of a plugin.
package launch

import (
	"os"

	"github.com/exhibit-forensics/exhibit/core/host/sandbox"
)

const (
	here      = "sandbox-exec"
	elsewhere = "sandbox-exec-elsewhere"
)

// Argv is host.Config's Launcher for a program that imports this package.
func Argv() []string { return []string{"/proc/self/exe", here} }

// ArgvElsewhere is Argv in surroundings that no plugin may notice (`plugin test`).
func ArgvElsewhere() []string { return []string{"/proc/self/exe", elsewhere} }

func init() {
	if len(os.Args) < 2 {
		return
	}
	switch os.Args[1] {
	case here:
		os.Exit(sandbox.Main(os.Args[2:]))
	case elsewhere:
		for name, value := range surroundings {
			if os.Setenv(name, value) != nil {
				os.Exit(1)
			}
		}
		os.Exit(sandbox.Main(os.Args[2:]))
	}
}

var surroundings = map[string]string{
	"TZ": "Asia/Kathmandu", "LANG": "tr_TR.ISO-8859-9", "LC_ALL": "tr_TR.ISO-8859-9", "HOME": "/nonexistent", "USER": "somebody",
	"GOMAXPROCS": "1", "PYTHONHASHSEED": "4711", "PYTHONUTF8": "0", "COLUMNS": "7", "TERM": "dumb",
}
