//go:build !linux && !darwin

package host

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"syscall"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// supported refuses. Evidence and records go by descriptors that are handed over on
// a socket, which this system does not have, and there is no sandbox for it.
func supported() error {
	return fmt.Errorf("%w: plugins cannot be run on %s: it has no way to hand over descriptors, and no sandbox. "+
		"Run it on Linux",
		evidence.ErrRefused, runtime.GOOS)
}

var errUnsupported = errors.New("not on this system")

// executesDescriptors: a program is executed through the descriptor it was hashed by.
const executesDescriptors = false

func newPipe() (r, w int, err error) { return -1, -1, errUnsupported }

func closeFD(int) {}

func socketPair() (ours, theirs int, err error) { return -1, -1, errUnsupported }

func sendRights(int, []byte, []int) error { return errUnsupported }

func reopen(*os.File, int64) (int, error) { return -1, errUnsupported }

func openDir(string) (*os.File, error) { return nil, errUnsupported }

func openSocket(*os.File, string) (*os.File, string, error) { return nil, "", errUnsupported }

func lockDir(string, bool) (*os.File, error) { return nil, errUnsupported }

func suspend(*os.Process) {}

func resume(*os.Process) {}

func ways(int) []way { return []way{{uid: -1}} }

func forbidden(error) bool { return false }

func (w way) attributes() *syscall.SysProcAttr { return nil }

func readUsage(string) (usage, bool) { return usage{}, false }

func descriptorsOf(string) int { return 0 }

func afterLeader(int) {}
