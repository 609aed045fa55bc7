package delimited_test

import (
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/delimited"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/sdktest"
)

func TestConformance(t *testing.T) {
	op := func(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
		tab, err := delimited.Open(c, in, out, delimited.Options{})
		if err != nil {
			return err
		}
		for row := range tab.Rows() {
			if err := out.Put(&sdk.Row{Common: sdk.Common{Extra: row.Extra()}}, row.Source()); err != nil {
				return err
			}
		}
		return tab.Err()
	}
	const text = "号码,文字\n1,\"金丝雀\n第二行\"\n\n2\n3,\"好的\"\"\n4,再见\n"
	sdktest.Run(t, sdk.Plugin{Name: "csv", Version: "1", Parse: op}, []sdktest.Case{
		{Name: "gbk", Operation: evidence.OpParse, Data: gbk(t, text), Canary: "金丝雀"},
		{Name: "utf-16", Operation: evidence.OpParse, Data: utf16(t, text)},
	})
}
