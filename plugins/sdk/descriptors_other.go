//go:build !unix

package sdk

import (
	"fmt"
	"runtime"
)

func closeOnExec(int) {}

// receive fails: this system hands over no descriptors, and no host starts a plugin
// on it. By itself a plugin works: its command run FILE.
func (d *descriptors) receive() error {
	return fmt.Errorf("sdk: descriptors cannot be handed over on %s", runtime.GOOS)
}

func limitMemory() {}
