package main_test

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/sdktest"
	main "github.com/exhibit-forensics/exhibit/plugins/vcard"
)

func samples() []string {
	return []string{"testdata/v21.vcf", "testdata/v30.vcf", "testdata/v40.vcf"}
}

func TestConformance(t *testing.T) {
	var corpus []sdktest.Case
	for _, name := range samples() {
		c := load(t, name)
		c.Canary = "Example"
		corpus = append(corpus, c)
	}
	sdktest.Run(t, main.Plugin(), corpus)
}

// The manifest says of the plugin what the program says of itself.
func TestManifest(t *testing.T) {
	text, err := os.ReadFile("plugin.json")
	if err != nil {
		t.Fatal(err)
	}
	m, err := evidence.ParsePluginManifest(text)
	if err != nil {
		t.Fatal(err)
	}
	p := main.Plugin()
	if m.Name != p.Name || m.Version != p.Version || len(m.Operations) != 1 || !slices.Equal(p.Operations(), []string{m.Operations[0].Operation}) {
		t.Errorf("%+v", m)
	}
}

// Whatever the bytes: no panic, no defect, and units that add up.
func FuzzParse(f *testing.F) {
	for _, name := range samples() {
		f.Add(load(f, name).Data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		out := sdktest.Do(t, main.Plugin(), sdktest.Case{Name: "fuzz", Operation: evidence.OpParse, Data: data})
		if err := out.Result.Err; err != nil && (strings.Contains(err.Error(), "panicked") || errors.Is(err, sdk.ErrSource) || errors.Is(err, sdk.ErrRecord)) {
			t.Fatal(err)
		}
	})
}
