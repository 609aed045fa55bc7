package jsonread_test

import (
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/jsonread"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/sdktest"
)

func TestConformance(t *testing.T) {
	put := func(e *jsonread.Element, out *sdk.Out) error {
		return out.Put(&sdk.Row{Common: sdk.Common{Extra: e.Extra()}}, e.Source())
	}
	lines := func(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
		for e := range jsonread.Lines(c, in) {
			if err := put(e, out); err != nil {
				return err
			}
		}
		return in.Err()
	}
	elements := func(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
		for e := range jsonread.Elements(c, in, "/m/*") {
			if err := put(e, out); err != nil {
				return err
			}
		}
		return in.Err()
	}
	sdktest.Run(t, sdk.Plugin{Name: "lines", Version: "1", Parse: lines}, []sdktest.Case{
		{Name: "lines", Operation: evidence.OpParse, Data: []byte("{\"a\":\"canary one\"}\nnot JSON\n{\"a\":[2]}\n{broken\n"), Canary: "canary one"},
	})
	sdktest.Run(t, sdk.Plugin{Name: "elements", Version: "1", Parse: elements}, []sdktest.Case{
		{Name: "elements", Operation: evidence.OpParse, Data: []byte(`{"x":1,"m":[{"a":"canary one"},{"a" 1},{"a":{"b":[1,2]}},{"a":01}]}`), Canary: "canary one"},
	})
}
