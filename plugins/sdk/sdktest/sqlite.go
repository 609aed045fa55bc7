package sdktest

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Load reads a file of evidence, with the write-ahead log beside it where there is one.
func Load(t testing.TB, path string) Case {
	t.Helper()
	c := Case{Name: path, Operation: "parse"}
	var err error
	if c.Data, err = os.ReadFile(path); err != nil {
		t.Fatal(err)
	}
	switch wal, err := os.ReadFile(path + "-wal"); {
	case err == nil:
		c.Companions = []Companion{{Role: "wal", Data: wal}}
	case !errors.Is(err, fs.ErrNotExist):
		t.Fatal(err)
	}
	return c
}

// Shared returns the path of what lies in ../shared/data, seen from the module's root;
// the test is skipped where it is not there.
func Shared(t testing.TB, name string) string {
	t.Helper()
	root, err := filepath.Abs(".")
	for ; err == nil && filepath.Dir(root) != root; root = filepath.Dir(root) {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
			break
		}
	}
	path := filepath.Join(root, "..", "shared", "data", filepath.FromSlash(name))
	if _, err := os.Stat(path); err != nil {
		t.Skip("NOT TESTED: there is no ../shared/data/" + name)
	}
	return path
}

// SQL asks SQLite's own program about a database, its log included; the test is
// skipped where there is none.
func SQL(t testing.TB, c Case, query string) (rows []Object) {
	t.Helper()
	program, err := exec.LookPath("sqlite3")
	if err != nil {
		t.Skip("NOT TESTED: sqlite3 (the program) is not installed")
	}
	db := filepath.Join(t.TempDir(), "evidence.db")
	err = os.WriteFile(db, c.Data, 0o600)
	for _, f := range c.Companions {
		err = errors.Join(err, os.WriteFile(db+"-"+f.Role, f.Data, 0o600))
	}
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(program, "-batch", "-json", db, query).Output()
	if err != nil {
		t.Fatal(err)
	}
	if len(out) == 0 {
		return nil
	}
	if err := json.Unmarshal(out, &rows); err != nil {
		t.Fatal(err)
	}
	return rows
}
