package kit_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/exhibit-forensics/exhibit/core/kit"
	"github.com/exhibit-forensics/exhibit/internal/slow"
)

// Every bundled plugin, and every example of the SDKs, passes, as it is installed.
func TestBundled(t *testing.T) {
	slow.Test(t)
	const root = "../.."
	manifests, err := filepath.Glob(root + "/plugins/*/plugin.json")
	if err != nil || len(manifests) < 4 {
		t.Fatal(manifests, err)
	}
	for _, m := range manifests {
		source := filepath.Dir(m)
		t.Run(filepath.Base(source), func(t *testing.T) {
			dir := t.TempDir()
			if _, err := build(filepath.Join(dir, "plugin"), "./"+source); err != nil {
				t.Fatal(err)
			}
			files, err := filepath.Glob(source + "/*.json")
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range files {
				b, err := os.ReadFile(f)
				if err != nil {
					t.Fatal(err)
				}
				write(t, dir, filepath.Base(f), b)
			}
			passes(t, kit.Options{Dir: dir, Testdata: filepath.Join(source, "testdata")})
		})
	}
	examples, err := filepath.Glob(root + "/plugins/sdk/python/examples/*/plugin.json")
	if err != nil || len(examples) == 0 {
		t.Fatal(examples, err)
	}
	for _, m := range examples {
		t.Run(filepath.Base(filepath.Dir(m)), func(t *testing.T) { passes(t, kit.Options{Dir: filepath.Dir(m)}) })
	}
}

func passes(t *testing.T, o kit.Options) {
	t.Helper()
	r := must(t, o)
	for _, c := range r.Checks {
		if c.Result == kit.Fail {
			t.Errorf("%s: %s %+v", c.Name, c.Found, c.Faults)
		}
	}
}
