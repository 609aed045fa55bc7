package main_test

import (
	"encoding/json"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/sdktest"
	sms "github.com/exhibit-forensics/exhibit/plugins/sms"
)

const chinese = "编号,发送号码,接收号码,短信内容,发送时间,状态\n" +
	"1,1055500001,1055500002,\"金丝雀,\"\"你好\"\"\n第二行\",2008/08/20 21:00:05,DELIVRD\n" +
	"2,1055500003,1055500004,好的,2008/08/20 21:01:00,DELIVRD\n" +
	"3,1055500003,1055500004,\"没有结束,2008/08/20 21:02:00\n" +
	"4,1055500005,1055500006,再见,2008/08/20 21:03:00,EXPIRED\n"

const byLayout = `{"layout":{"kind":"sms","delimiter":"|","fields":4,"columns":["from","to","time","text"],"quote":"'","multiline":true,"header":1,
	"time":{"kind":"sent","format":"%Y-%m-%d %H:%M"}},"zone":"+08:00"}`

func TestConformance(t *testing.T) {
	layoutText := "f|t|w|x\n'105'|'106'|2008-08-20 21:00|'canary|\r\nmore'\r\n107|108|2008-08-20 21:01|plain\n"
	sdktest.Run(t, sms.Plugin(), []sdktest.Case{
		{Name: "gb18030", Operation: evidence.OpParse, Data: encode(t, "gb18030", chinese), Canary: "金丝雀"},
		{Name: "utf-16le", Operation: evidence.OpParse, Data: encode(t, "utf-16le", "\ufeff"+chinese), Config: json.RawMessage(`{"zone":"+08:00"}`)},
		{Name: "a table", Operation: evidence.OpParse, Data: []byte("a,b,c\n1,canary,3\n4,5,6\n7,8,9\n"), Canary: "canary"},
		{Name: "no table", Operation: evidence.OpParse, Data: []byte("a canary is no table\nnor is this, really\n"), Canary: "canary"},
		{Name: "layout", Operation: evidence.OpParse, Data: []byte(layoutText), Config: json.RawMessage(byLayout), Canary: "canary"},
		{Name: "layout, lines", Operation: evidence.OpParse, Data: encode(t, "big5", "105,你好\n106,再見\n"), Config: json.RawMessage(`{"charset":"big5","layout":{"kind":"sms","delimiter":",","fields":2,"columns":["from","text"]}}`)},
	})
}

// The manifest says of the plugin what the program says of itself.
func TestManifest(t *testing.T) { sdktest.Manifest(t, sms.Plugin(), "plugin.json") }

// Whatever the bytes: no panic, the formats kept, and every unit has one fate, in
// the order of the input, none inside another.
func FuzzParse(f *testing.F) {
	for _, charset := range []string{"utf-8", "gb18030", "utf-16le", "utf-16be"} {
		f.Add(encode(f, charset, chinese), byte(0))
	}
	f.Add([]byte("From\tTo\tBody\tDate\n1\t222\t\"a\tb\"\t01/02/2008 3:04 PM\n"), byte(0))
	f.Add([]byte("f|t|w|x\n'105'|'106'|2008-08-20 21:00|'a\r\nb'\r\n"), byte(1))
	f.Add([]byte("Number,Type,Text\r1055,1,\"x\"y\"\r1056,2,\"\"\"\r"), byte(0))
	f.Add([]byte("\xff\xfea\x00,\x00"), byte(2))
	configs := []string{`{}`, byLayout, `{"charset":"gb18030","zone":"+08:00"}`}
	f.Fuzz(func(t *testing.T, data []byte, which byte) {
		records, diagnostics, out := read(t, data, configs[int(which)%len(configs)])
		if out.Result.Outcome != evidence.OutcomeComplete || int64(len(records)) != out.Result.Units.Emitted {
			t.Fatalf("%s: %d records of %+v", out.Result.Outcome, len(records), out.Result.Units)
		}
		if len(data) > 0 && len(records) == 0 && len(diagnostics) == 0 && out.Result.Units.Read != out.Result.Units.Skipped {
			t.Fatal("nothing, and nothing is said about it")
		}
		end := -1.0
		for _, r := range records {
			s := r["source"].(object)
			if s["offset"].(float64) <= end {
				t.Fatal("a record begins in another")
			}
			end = s["offset"].(float64) + s["length"].(float64) - 1
		}
	})
}
