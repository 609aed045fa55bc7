package main_test

import (
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
	main "github.com/exhibit-forensics/exhibit/plugins/itunesbackup"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/sdktest"
)

func TestConformance(t *testing.T) {
	sdktest.Run(t, main.Plugin(), []sdktest.Case{backupOf(t, "plain.db")})
	sdktest.Manifest(t, main.Plugin(), "plugin.json")
}

// FuzzUnpack: whatever the list of files and Manifest.plist, no panic, and output within its limit.
func FuzzUnpack(f *testing.F) {
	for _, name := range []string{"plain.db", "secret.db"} {
		c := backupOf(f, name)
		for _, b := range c.Companions {
			if b.Role == "plist" {
				f.Add(c.Data, b.Data)
			}
		}
	}
	f.Fuzz(func(t *testing.T, list, plist []byte) {
		c := backupOf(t, "secret.db", "secret")
		c.Data = list
		for i := range c.Companions {
			if c.Companions[i].Role == "plist" {
				c.Companions[i].Data = plist
			}
		}
		const limit = 1 << 20
		c.Limits = sdk.Limits{MaxOutputBytes: limit, MaxArtifacts: 100, MaxDiagnostics: 1000}
		o := sdktest.Do(t, main.Plugin(), c)
		total := 0
		for _, a := range o.Artifacts {
			total += len(a.Data)
		}
		if total > limit || c.Operation != evidence.OpUnpack {
			t.Fatalf("%d bytes", total)
		}
	})
}
