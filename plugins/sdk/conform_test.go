//go:build linux

package sdk_test

import (
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/sdktest"
)

// The example is held to what every plugin is held to.
func TestExampleConforms(t *testing.T) {
	sdktest.Run(t, pipeSMS, []sdktest.Case{
		{Name: "export", Operation: evidence.OpParse, Data: []byte("2008-08-01 07:10:19|1|2|on my way\r\nhalf a line\r\n2008-08-01|+1|+2|caf\xe9\r\n"), Canary: "half a line"},
	})
	sdktest.Run(t, sdk.Plugin{Name: "bench", Parse: parseChat}, []sdktest.Case{
		{Name: "chat", Operation: evidence.OpParse, Data: []byte(corpusLine + corpusLine + "half\n"), Canary: "taiwan"},
	})
}
