package sdktest

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// UpdateEnv is the environment variable under which Sample writes.
const UpdateEnv = "SDKTEST_UPDATE"

// Sample checks that a sample of testdata/ is still what made it makes, so that
// nobody has to wonder where it is from. With $SDKTEST_UPDATE set it writes the file.
func Sample(t testing.TB, path string, made []byte) {
	t.Helper()
	if os.Getenv(UpdateEnv) != "" {
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, made, 0o644)); err != nil {
			t.Fatal(err)
		}
		return
	}
	have, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		t.Errorf("%s is not there; make it: %s=1 go test -run %s", path, UpdateEnv, t.Name())
	case err != nil:
		t.Error(err)
	case !bytes.Equal(have, made):
		t.Errorf("%s is not what makes it makes; write it anew: %s=1 go test -run %s", path, UpdateEnv, t.Name())
	}
}
