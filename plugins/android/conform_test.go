package main_test

import (
	"testing"

	main "github.com/exhibit-forensics/exhibit/plugins/android"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/sdktest"
)

var samples = []string{"testdata/mmssms.db", "testdata/mmssms-57.db", "testdata/calllog.db", "testdata/contacts2.db", "testdata/sms-backup.xml", "testdata/calls-backup.xml"}

func TestConformance(t *testing.T) {
	sdktest.Run(t, main.Plugin(), sdktest.Files(t, "Example", samples...))
	sdktest.Manifest(t, main.Plugin(), "plugin.json")
}

func FuzzParse(f *testing.F) { sdktest.Fuzz(f, main.Plugin(), samples...) }
