package main_test

import (
	"testing"

	main "github.com/exhibit-forensics/exhibit/plugins/apple"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/sdktest"
)

var samples = []string{"testdata/chat.db", "testdata/sms.db", "testdata/CallHistory.storedata"}

func TestConformance(t *testing.T) {
	sdktest.Run(t, main.Plugin(), sdktest.Files(t, "hello", samples...))
	sdktest.Manifest(t, main.Plugin(), "plugin.json")
}

func FuzzParse(f *testing.F) { sdktest.Fuzz(f, main.Plugin(), samples...) }
