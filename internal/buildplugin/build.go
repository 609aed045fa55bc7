// Package buildplugin makes plugins for tests as scripts/build.sh makes them.
package buildplugin

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Build makes directory to a plugin: the program built of the package in directory source,
// and the JSON files that lie there.
func Build(source, to string) error {
	if err := Program(source, filepath.Join(to, "plugin")); err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(source, "*.json"))
	if err != nil {
		return err
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(to, filepath.Base(f)), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// Program builds the package in directory source as the file to.
func Program(source, to string) error {
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-o", to, "./"+filepath.ToSlash(source))
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", source, err, out)
	}
	return nil
}
