//go:build !linux && !darwin

package sandbox

import (
	"fmt"
	"os"
	"runtime"
)

// HostNamespaces: there are none.
func HostNamespaces() map[string]string { return nil }

// Main refuses: the host starts no plugin on this system.
func Main([]string) int {
	_, _ = fmt.Fprintln(os.Stderr, "exhibit: no plugin is run on "+runtime.GOOS)
	return 125
}
