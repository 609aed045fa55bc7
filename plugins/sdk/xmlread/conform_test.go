package xmlread_test

import (
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/sdktest"
)

func TestConformance(t *testing.T) {
	const text = `<?xml version='1.0' encoding='GBK'?><r><sms address="1" body="a canary 你好"/><sms body="x/><sms address=2><p>text</p></sms><sms`
	gbk, err := simplifiedchinese.GBK.NewEncoder().Bytes([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	sdktest.Run(t, sdk.Plugin{Name: "xml", Version: "1", Parse: elementsOp("sms")}, []sdktest.Case{
		{Name: "gbk", Operation: evidence.OpParse, Data: gbk, Canary: "a canary"},
		{Name: "the root", Operation: evidence.OpParse, Data: []byte(`<sms body="x"><a/></sms>`)},
	})
}
