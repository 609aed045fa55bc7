package main_test

import (
	"testing"

	"github.com/exhibit-forensics/exhibit/plugins/sdk/sdktest"
	main "github.com/exhibit-forensics/exhibit/plugins/userdb"
)

var samples = []string{
	"testdata/rfc2849.ldif", "testdata/users.passwd", "testdata/users.shadow", "testdata/users.htpasswd", "testdata/users.htdigest", "testdata/master.passwd",
}

func TestConformance(t *testing.T) {
	sdktest.Run(t, main.Plugin(), sdktest.Files(t, "nevertried", samples...))
	sdktest.Manifest(t, main.Plugin(), "plugin.json")
}

func FuzzParse(f *testing.F) { sdktest.Fuzz(f, main.Plugin(), samples...) }
