package sdktest

import (
	"os"
	"slices"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// Manifest checks that plugin.json at path says of p what p says of itself, and
// returns it.
func Manifest(t testing.TB, p sdk.Plugin, path string) evidence.PluginManifest {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	m, err := evidence.ParsePluginManifest(text)
	if err != nil {
		t.Fatal(err)
	}
	var operations []string
	for _, op := range m.Operations {
		operations = append(operations, op.Operation)
	}
	its := p.Operations()
	slices.Sort(operations)
	slices.Sort(its)
	if m.Name != p.Name || m.Version != p.Version || !slices.Equal(operations, its) {
		t.Errorf("%s %s %v, but the program is %s %s %v", m.Name, m.Version, operations, p.Name, p.Version, its)
	}
	return m
}
