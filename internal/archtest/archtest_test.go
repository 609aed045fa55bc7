// Package archtest holds the module's import policy, as a test.
package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/exhibit-forensics/exhibit/"

// policy is a statement of policy: change it in its own commit, with a reason.
// The package on the left may import only the local packages on the right. A
// package without a line of its own takes that of the longest pattern above it.
var policy = map[string]string{
	"internal/fault":             "",
	"internal/sqlitefile":        "",
	"internal/private":           "evidence",
	"schemas":                    "",
	"evidence":                   "",
	"evidence/custody":           "evidence",
	"evidence/blob":              "evidence",
	"evidence/store":             "evidence evidence/custody evidence/blob schemas",
	"evidence/verify":            "evidence evidence/custody schemas",
	"evidence/verify/agree":      "",
	"evidence/proof":             "evidence evidence/custody",
	"evidence/anchor":            "evidence evidence/custody",
	"evidence/anchor/anchortest": "",
	"core/anchor":                "evidence evidence/anchor evidence/custody evidence/store evidence/verify",
	"core/witness":               "evidence evidence/anchor evidence/custody internal/private",
	"evidence/bundle":            "evidence evidence/custody schemas",
	"core/disclose":              "evidence evidence/bundle evidence/custody evidence/proof evidence/store core/leakcheck core/marks core/prove core/publish core/redact core/search core/view",
	// It must not share what redacts, or both miss the same.
	"core/leakcheck":                   "evidence core/plain",
	"core/publish":                     "evidence core/export core/plain core/redact",
	"core/disclose/disclosetest":       "evidence evidence/blob evidence/custody evidence/store core/disclose core/search core/sshsig",
	"internal/corpus/cmd/bundles":      "core/disclose/disclosetest",
	"internal/wire":                    "",
	".":                                "",
	"internal/conform":                 "evidence",
	"internal/ndjson":                  "evidence",
	"internal/corpus":                  "",
	"internal/corpus/cmd/corpus":       "internal/corpus",
	"plugins/sdk":                      "evidence internal/wire",
	"plugins/sdk/delimited":            "evidence plugins/sdk",
	"plugins/sdk/jsonread":             "evidence plugins/sdk",
	"plugins/sdk/xmlread":              "evidence plugins/sdk",
	"plugins/sdk/sqlite":               "evidence internal/sqlitefile plugins/sdk",
	"plugins/sdk/crypt":                "",
	"plugins/sdk/plist":                "",
	"plugins/sdk/layout":               "evidence plugins/sdk plugins/sdk/delimited",
	"plugins/sdk/sdktest":              "evidence internal/conform internal/wire plugins/sdk",
	"internal/slow":                    "",
	"internal/buildplugin":             "",
	"plugins/*":                        "evidence plugins/sdk plugins/sdk/*",
	"plugins/redact":                   "evidence plugins/sdk plugins/redact/canon plugins/redact/detect",
	"plugins/redact/canon":             "",
	"plugins/redact/detect":            "plugins/redact/canon",
	"plugins/redact/detect/detecttest": "plugins/redact/detect",
	"scripts/score":                    "plugins/redact/detect plugins/redact/detect/detecttest",
	"core/identify":                    "evidence internal/sqlitefile",
	"core/dispatch":                    "evidence core/identify",
	"core/sshsig":                      "evidence",
	"core/signer":                      "evidence evidence/custody core/sshsig internal/private",
	"core/handling":                    "evidence evidence/store evidence/custody core/sshsig",
	"core/prove":                       "evidence evidence/store evidence/blob evidence/custody evidence/proof core/marks",
	"core/host":                        "evidence internal/ndjson internal/wire core/host/sandbox core/host/internal/*",
	"core/host/launch":                 "core/host/sandbox",
	"core/host/sandbox":                "evidence core/host/internal/*",
	"core/host/internal/*":             "evidence internal/wire",
	"core/index":                       "evidence evidence/store core/search/fold",
	"core/search/fold":                 "evidence",
	"scripts/bench/custody":            "evidence evidence/custody evidence/proof evidence/store evidence/verify",
	"scripts/bench/search":             "evidence evidence/store core/search core/search/fold core/view",
	"core/search":                      "evidence evidence/store evidence/blob core/view core/index core/search/fold",
	"core/kit":                         "evidence internal/conform core/host core/identify core/manifest core/plain",
	"core/schema":                      "evidence",
	"core/manifest":                    "evidence schemas core/plain core/schema",
	"core/install":                     "evidence core/host core/host/launch core/kit core/sshsig",
	"core/scaffold":                    "evidence",
	"core/selftest":                    "evidence evidence/blob evidence/custody evidence/proof evidence/store evidence/verify core/host core/host/sandbox core/kit core/plain core/signer core/sshsig",
	"core/keyring":                     "evidence evidence/store evidence/blob",
	"core/layouts":                     "evidence evidence/store schemas core/schema",
	"core/locate":                      "evidence evidence/store",
	"core/intake":                      "evidence evidence/store evidence/blob evidence/custody",
	"core/export":                      "evidence",
	"core/compare":                     "core/export",
	"core/view":                        "evidence evidence/store evidence/blob evidence/custody core/index core/keyring",
	"core/report":                      "evidence evidence/store evidence/custody evidence/verify core/analysis core/engine core/identify core/layouts core/plain core/search core/view",
	"core/timeline":                    "evidence evidence/store core/search",
	"core/plain":                       "",
	"core/marks":                       "evidence evidence/store evidence/custody core/locate",
	"core/redact":                      "evidence evidence/blob evidence/custody evidence/store schemas core/analysis core/marks core/schema core/view plugins/redact/canon",
	"core/vault":                       "evidence",
	"core/handover":                    "evidence evidence/store core/host",
	"core/analysis":                    "evidence evidence/store core/handover core/view",
	"core/engine":                      "evidence evidence/store evidence/blob evidence/custody core/identify core/dispatch core/handover core/host core/index core/keyring core/layouts",
	"core/replay":                      "evidence evidence/store evidence/blob evidence/verify core/handover core/host core/keyring",
	"cmd/exhibit":                      "core/* core/host/launch core/search/fold evidence evidence/* schemas",
}

// sole names the only packages that may import a risky dependency; "" is none.
var sole = map[string]string{
	"github.com/mattn/go-sqlite3": "evidence/store evidence/verify core/index",
	// SQLite without cgo, for evidence; it registers no database/sql driver unless its
	// package driver is imported, which would clash with the one above.
	// core/publish writes a new database with it, of redacted values alone: it has FTS5, which
	// the one above has with a build tag only, and can write to a file without a name.
	"github.com/ncruces/go-sqlite3":        "core/publish plugins/sdk/sqlite",
	"github.com/ncruces/go-sqlite3/vfs":    "core/publish plugins/sdk/sqlite",
	"github.com/ncruces/go-sqlite3/driver": "",
	// The sources of the SDK, for plugins of others; the samples of bundled plugins.
	"github.com/exhibit-forensics/exhibit": "core/scaffold core/selftest",
	"filippo.io/age":                       "cmd/exhibit core/vault",
	"net/http":                             "core/anchor core/witness evidence/anchor/anchortest",
	"plugin":                               "",
	"testing":                              "internal/slow plugins/sdk/sdktest",
}

// pure packages import the standard library only.
var pure = map[string]bool{"evidence": true, "schemas": true}

func policyFor(dir string) (string, bool) {
	if p, ok := policy[dir]; ok {
		return p, true
	}
	if p, ok := policy[path.Dir(dir)+"/*"]; ok {
		return p, true
	}
	return "", false
}

// TestImports reads the sources itself rather than running "go list": the test
// cache tracks files this process opens, and not those a child process opens.
func TestImports(t *testing.T) {
	seen := 0
	eachSource(t, func(name string, f *ast.File) {
		seen++
		from := path.Dir(name)
		allowed, ok := policyFor(from)
		if !ok {
			t.Errorf("%s: no import policy; add it to policy", from)
		}
		for _, spec := range f.Imports {
			imp, _ := strconv.Unquote(spec.Path.Value)
			if only, risky := sole[imp]; risky && !match(only, from) {
				t.Errorf("%s imports %s; only %q may", name, imp, only)
			}
			to, local := strings.CutPrefix(imp, module)
			if local && !match(allowed, to) {
				t.Errorf("%s must not import %s", name, to)
			}
			if pure[from] && strings.Contains(strings.SplitN(imp, "/", 2)[0], ".") {
				t.Errorf("%s imports %s; %s is standard library only", name, imp, from)
			}
		}
	})
	if seen == 0 {
		t.Fatal("no source files seen")
	}
}

// TestPluginsAreChecked: every bundled plugin has a manifest and runs the
// conformance checks.
func TestPluginsAreChecked(t *testing.T) {
	root := os.DirFS("../..")
	dirs, err := fs.Glob(root, "plugins/*/main.go")
	if err != nil || len(dirs) == 0 {
		t.Fatal("no plugins", err)
	}
	for _, main := range dirs {
		dir := path.Dir(main)
		if dir == "plugins/sdk" { // main.go there is the SDK's Main
			continue
		}
		if _, err := fs.Stat(root, dir+"/plugin.json"); err != nil {
			t.Errorf("%s: %v", dir, err)
		}
		tests, _ := fs.Glob(root, dir+"/*_test.go")
		called := false
		for _, name := range tests {
			text, err := fs.ReadFile(root, name)
			if err != nil {
				t.Fatal(err)
			}
			called = called || strings.Contains(string(text), "sdktest.Run(")
		}
		if !called {
			t.Errorf("%s: no test calls sdktest.Run", dir)
		}
	}
}

// forbidden calls outside main programs and tests: time and randomness come in
// from outside, and only main ends the program.
var forbidden = map[string]string{
	"time.Now": "", "os.Exit": "", "context.Background": "", "context.TODO": "", "fmt.Print": "", "fmt.Println": "", "fmt.Printf": "",
}

func TestNoHiddenInputs(t *testing.T) {
	eachSource(t, func(name string, f *ast.File) {
		if f.Name.Name == "main" || strings.HasPrefix(name, "plugins/sdk/sdktest/") {
			return
		}
		ast.Inspect(f, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			pkg, ok := sel.X.(*ast.Ident)
			if !ok || pkg.Obj != nil {
				return true
			}
			call := pkg.Name + "." + sel.Sel.Name
			if allowed, bad := forbidden[call]; bad && !match(allowed+" "+exempt[call], path.Dir(name)) {
				t.Errorf("%s uses %s; it must come in from outside", name, call)
			}
			return true
		})
	})
}

// exempt lists where a forbidden call is the point: the SDK's Main and the
// launcher are the main programs of other processes.
var exempt = map[string]string{
	"os.Exit":            "plugins/sdk core/host/launch",
	"context.Background": "plugins/sdk",
	"time.Now":           "plugins/sdk core/host",
}

func eachSource(t *testing.T, do func(name string, f *ast.File)) {
	t.Helper()
	root := os.DirFS("../..")
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || d.Name() == "bin" || strings.HasPrefix(d.Name(), ".") && name != ".") {
			return fs.SkipDir
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		src, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, src, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		do(name, f)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func match(patterns, name string) bool {
	for _, p := range strings.Fields(patterns) {
		if ok, _ := path.Match(p, name); ok {
			return true
		}
	}
	return false
}
