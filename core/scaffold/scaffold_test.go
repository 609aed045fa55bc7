package scaffold_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/exhibit-forensics/exhibit/core/host/launch"
	"github.com/exhibit-forensics/exhibit/core/host/sandbox"
	"github.com/exhibit-forensics/exhibit/core/kit"
	"github.com/exhibit-forensics/exhibit/core/scaffold"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/internal/slow"
)

func make(t *testing.T, language, operation string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "new", "x-plugin")
	if err := scaffold.New(scaffold.Options{Name: "acme/x-plugin", Language: language, Operation: operation, Dir: dir, Version: "test"}); err != nil {
		t.Fatal(err)
	}
	return dir
}

// Untouched, offline, every plugin that is made builds, passes its own tests and
// the whole kit.
func TestGoPluginsPass(t *testing.T) {
	slow.Test(t)
	if testing.Short() {
		t.Skip("short: builds programs")
	}
	for _, operation := range []string{"parse", "unpack", "decrypt"} {
		t.Run(operation, func(t *testing.T) {
			dir := make(t, scaffold.Go, operation)
			goTool(t, dir, "build", "-trimpath", "-buildvcs=false", "-o", "plugin/plugin", ".")
			goTool(t, dir, "vet", "./...")
			goTool(t, dir, "test", "./...")
			pass(t, dir, operation, "imports")
		})
	}
}

func TestPythonPluginsPass(t *testing.T) {
	slow.Test(t)
	if _, err := os.Stat("/usr/bin/python3"); err != nil {
		t.Skip("NOT TESTED: no python3 here")
	}
	for _, operation := range []string{"parse", "unpack", "decrypt"} {
		t.Run(operation, func(t *testing.T) { pass(t, make(t, scaffold.Python, operation), operation, "growth") })
	}
}

// goTool runs it as an author would who has nothing but the module cache.
func goTool(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GOPROXY=off", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go %v: %v\n%s", args, err, out)
	}
}

func pass(t *testing.T, dir, operation, runtimeSkips string) {
	t.Helper()
	r, err := kit.Run(t.Context(), kit.Options{
		Dir: dir, Launcher: launch.Argv(), OtherLauncher: launch.ArgvElsewhere(),
		Work: filepath.Join(t.TempDir(), "work"), RequireLevel: sandbox.L2, HostVersion: "test", Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	// What a plugin of this operation has nothing of.
	skips := map[string]string{"parse": "keys ", "unpack": "keys spans ", "decrypt": "spans "}[operation] + runtimeSkips
	for _, c := range r.Checks {
		if c.Result == kit.Fail || c.Result == kit.Skip && !strings.Contains(skips, c.Name) {
			t.Errorf("%s %s: %s %+v", c.Result, c.Name, c.Found, c.Faults)
		}
	}
	if len(r.Checks) < 15 {
		t.Errorf("only %d checks", len(r.Checks))
	}
}

func TestGoFilesAreFormatted(t *testing.T) {
	for _, operation := range []string{"parse", "unpack", "decrypt"} {
		dir := make(t, scaffold.Go, operation)
		if out, err := exec.Command("gofmt", "-l", dir).CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%s: %v %s", operation, err, out)
		}
		manifest, err := os.ReadFile(filepath.Join(dir, "plugin/plugin.json"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := evidence.ParsePluginManifest(manifest); err != nil {
			t.Error(err)
		}
	}
}

func TestRefuses(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		name, language, operation string
		want                      error
	}{
		{"Bad", "go", "parse", evidence.ErrFormat},
		{"a/b/c", "go", "parse", evidence.ErrFormat},
		{"../x", "go", "parse", evidence.ErrFormat},
		{"x", "rust", "parse", scaffold.ErrUnsupported},
		{"x", "go", "analyze", scaffold.ErrUnsupported},
		{"x", "go", "redact", scaffold.ErrUnsupported},
		{"x", "go", "eat", scaffold.ErrUnsupported},
	} {
		err := scaffold.New(scaffold.Options{Name: c.name, Language: c.language, Operation: c.operation, Dir: filepath.Join(dir, "x")})
		if !errors.Is(err, c.want) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	full := filepath.Join(dir, "full")
	if err := errors.Join(os.Mkdir(full, 0o755), os.WriteFile(filepath.Join(full, "f"), []byte("mine"), 0o644)); err != nil {
		t.Fatal(err)
	}
	err := scaffold.New(scaffold.Options{Name: "x", Language: "go", Operation: "parse", Dir: full})
	if b, _ := os.ReadFile(filepath.Join(full, "f")); !errors.Is(err, evidence.ErrExists) || !bytes.Equal(b, []byte("mine")) {
		t.Errorf("%v %q", err, b)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("left: %v", entries)
	}
}
