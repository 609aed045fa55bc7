package main_test

import (
	"testing"

	"github.com/exhibit-forensics/exhibit/plugins/sdk/sdktest"
	main "github.com/exhibit-forensics/exhibit/plugins/vcard"
)

var samples = []string{"testdata/v21.vcf", "testdata/v30.vcf", "testdata/v40.vcf"}

func TestConformance(t *testing.T) {
	sdktest.Run(t, main.Plugin(), sdktest.Files(t, "Example", samples...))
	sdktest.Manifest(t, main.Plugin(), "plugin.json")
}

func FuzzParse(f *testing.F) { sdktest.Fuzz(f, main.Plugin(), samples...) }
