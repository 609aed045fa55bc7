package main

import (
	"testing"
)

// buildAnalyzer builds the plugin that analyzes, and returns the directory to look for it in.
func buildAnalyzer(t *testing.T) string {
	t.Helper()
	return built(t, "../../plugins/analyze")
}
