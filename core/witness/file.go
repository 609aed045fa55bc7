package witness

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/internal/private"
)

// openPrivate opens a directory that nobody but this user may look into.
func openPrivate(dir string) (*os.Root, error) {
	root, err := private.OpenDir(dir)
	if errors.Is(err, private.ErrLax) {
		err = fmt.Errorf("%w: %q", ErrLax, dir)
	}
	return root, err
}

func readFile(root *os.Root, name string) ([]byte, error) {
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close() // only read from
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(b) > maxFile {
		err = fmt.Errorf("%w: %s has more than %d bytes", evidence.ErrFormat, name, maxFile)
	}
	return b, err
}

// replace writes a file, whole or not at all, durable when it returns. One request at a time
// for each log: one temporary name for each file.
func replace(root *os.Root, name string, b []byte) error {
	return private.Replace(root, name, name+tempName, b)
}
