package main_test

import (
	"testing"

	"github.com/exhibit-forensics/exhibit/plugins/sdk/sdktest"
	main "github.com/exhibit-forensics/exhibit/plugins/skype"
)

var samples = []string{"testdata/main.db", "testdata/messages.json"}

func TestConformance(t *testing.T) {
	sdktest.Run(t, main.Plugin(), sdktest.Files(t, "Example", samples...))
	sdktest.Manifest(t, main.Plugin(), "plugin.json")
}

func FuzzParse(f *testing.F) { sdktest.Fuzz(f, main.Plugin(), samples...) }
