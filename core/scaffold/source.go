package scaffold

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"

	"github.com/exhibit-forensics/exhibit"
)

// sdkDir is where the SDK's sources lie beside a plugin's.
const sdkDir = ".sdk"

// sdkModules are the modules that the SDK is built from. A test compares them with
// what the SDK imports.
var sdkModules = []string{
	"github.com/fatih/color", "github.com/golang/protobuf", "github.com/google/go-cmp", "github.com/hashicorp/go-hclog", "github.com/hashicorp/go-plugin",
	"github.com/hashicorp/yamux", "github.com/mattn/go-colorable", "github.com/mattn/go-isatty", "github.com/ncruces/go-sqlite3", "github.com/ncruces/go-sqlite3-wasm/v6",
	"github.com/ncruces/julianday", "github.com/oklog/run", "golang.org/x/net", "golang.org/x/sys", "golang.org/x/text",
	"google.golang.org/genproto/googleapis/rpc", "google.golang.org/grpc", "google.golang.org/protobuf",
}

// requires are the SDK's requirements as lines of go.mod.
func requires() string {
	var b strings.Builder
	for _, r := range required() {
		fmt.Fprintf(&b, "\t%s %s // indirect\n", r.Mod.Path, r.Mod.Version)
	}
	return strings.TrimRight(b.String(), "\n")
}

func required() []*modfile.Require {
	var out []*modfile.Require
	for _, r := range ownModule().Require {
		if slices.Contains(sdkModules, r.Mod.Path) {
			out = append(out, r)
		}
	}
	return out
}

func goVersion() string { return ownModule().Go.Version }

// ownModule is this module's go.mod, which was built into the program.
func ownModule() *modfile.File {
	b, err := exhibit.SDK.ReadFile("go.mod")
	if err != nil {
		panic(err) // it is embedded
	}
	f, err := modfile.Parse("go.mod", b, nil)
	if err != nil {
		panic(err) // this program was built from it
	}
	return f
}

// sums are the lines of go.sum for the SDK's modules.
func sums() ([]byte, error) {
	all, err := exhibit.SDK.ReadFile("go.sum")
	if err != nil {
		return nil, err
	}
	var out []byte
	for line := range strings.Lines(string(all)) {
		module, _, _ := strings.Cut(line, " ")
		if slices.Contains(sdkModules, module) {
			out = append(out, line...)
		}
	}
	return out, nil
}

// writeGo writes the SDK's sources and the sums of what it needs.
func writeGo(dir, version string) error {
	sum, err := sums()
	if err != nil {
		return err
	}
	if err := writeFile(filepath.Join(dir, "go.sum"), sum); err != nil {
		return err
	}
	sdk := filepath.Join(dir, sdkDir)
	if err := writeFile(filepath.Join(sdk, "go.sum"), sum); err != nil {
		return err
	}
	text := fmt.Sprintf("module %s\n\ngo %s\n\nrequire (\n%s\n)\n", ownModule().Module.Mod.Path, goVersion(), requires())
	if err := writeFile(filepath.Join(sdk, "go.mod"), []byte(text)); err != nil {
		return err
	}
	readme := "The SDK of exhibit " + version + ", as sources: written by `exhibit plugin new`, which `../go.mod` uses by its `replace`.\n" +
		"Keep it under version control with the plugin. For a later SDK take that of a plugin that a later exhibit makes.\n"
	if err := writeFile(filepath.Join(sdk, "README.md"), []byte(readme)); err != nil {
		return err
	}
	return copySources(sdk, func(name string) bool {
		return name == "LICENSE" || strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go")
	})
}

// copySources writes the embedded files that keep wants.
func copySources(to string, keep func(name string) bool) error {
	return fs.WalkDir(exhibit.SDK, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && d.Name() == "testdata":
			return fs.SkipDir
		case d.IsDir() || !keep(name):
			return nil
		}
		b, err := exhibit.SDK.ReadFile(name)
		if err != nil {
			return err
		}
		return writeFile(filepath.Join(to, filepath.FromSlash(name)), b)
	})
}

// pythonSDK is the one file that a plugin in Python brings along.
const pythonSDK = "plugins/sdk/python/exhibit_sdk.py"

func writePython(dir string) error {
	b, err := exhibit.SDK.ReadFile(pythonSDK)
	if err != nil {
		return fmt.Errorf("%w: this build of exhibit holds no SDK for Python", ErrUnsupported)
	}
	return writeFile(filepath.Join(dir, "plugin", "exhibit_sdk.py"), b)
}
