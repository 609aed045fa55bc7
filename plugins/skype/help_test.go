package main_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/sdktest"
	main "github.com/exhibit-forensics/exhibit/plugins/skype"
)

type object = map[string]any

// load reads a database, and its log where there is one.
func load(t testing.TB, path string) sdktest.Case {
	t.Helper()
	c := sdktest.Case{Name: path, Operation: evidence.OpParse}
	var err error
	if c.Data, err = os.ReadFile(path); err != nil {
		t.Fatal(err)
	}
	switch wal, err := os.ReadFile(path + "-wal"); {
	case err == nil:
		c.Companions = []sdktest.Companion{{Role: "wal", Data: wal}}
	case !errors.Is(err, fs.ErrNotExist):
		t.Fatal(err)
	}
	return c
}

// read runs the plugin and decodes what it wrote.
func read(t testing.TB, c sdktest.Case) (records, diagnostics []object, out sdktest.Output) {
	t.Helper()
	out = sdktest.Do(t, main.Plugin(), c)
	return objects(t, out.Records), objects(t, out.Diagnostics), out
}

func objects(t testing.TB, lines []string) (list []object) {
	t.Helper()
	for _, l := range lines {
		var o object
		if err := json.Unmarshal([]byte(l), &o); err != nil {
			t.Fatal(err)
		}
		list = append(list, o)
	}
	return list
}

// count counts what has a value under a name.
func count(list []object, name string, value any) (n int) {
	for _, o := range list {
		if o[name] == value {
			n++
		}
	}
	return n
}

// sample returns a database of ../shared; the test is skipped where there is none.
func sample(t testing.TB, name string) sdktest.Case {
	t.Helper()
	path := "../../../shared/data/plaso/" + name
	if _, err := os.Stat(path); err != nil {
		t.Skip("NOT TESTED: there is no ../shared/data/plaso/" + name)
	}
	return load(t, path)
}
