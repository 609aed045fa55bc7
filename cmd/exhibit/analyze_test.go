package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// buildAnalyzer builds the plugin that analyzes, and returns the directory to look for it in.
func buildAnalyzer(t *testing.T) string {
	t.Helper()
	const source = "../../plugins/analyze"
	dir := t.TempDir()
	to := filepath.Join(dir, "analyze")
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-o", filepath.Join(to, "plugin"), source)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	manifest, err := os.ReadFile(filepath.Join(source, "plugin.json"))
	if err == nil {
		err = os.WriteFile(filepath.Join(to, "plugin.json"), manifest, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}
