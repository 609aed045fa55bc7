//go:build !linux

package host

import (
	"fmt"
	"os"
	"runtime"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// sealedCopy fails: memory files that can be sealed are Linux's.
func sealedCopy(*os.File) (*os.File, evidence.Digest, error) {
	return nil, evidence.Digest{}, fmt.Errorf("%w on %s", errNoSeal, runtime.GOOS)
}
