package main_test

import (
	"encoding/json"
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"

	"github.com/exhibit-forensics/exhibit/plugins/sdk/sdktest"
	sms "github.com/exhibit-forensics/exhibit/plugins/sms"
)

// charsets are those a test writes in, by the name a record states.
var charsets = map[string]encoding.Encoding{
	"utf-8":     encoding.Nop,
	"gb18030":   simplifiedchinese.GB18030,
	"big5":      traditionalchinese.Big5,
	"shift_jis": japanese.ShiftJIS,
	"utf-16le":  unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM),
	"utf-16be":  unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM),
}

func encode(t testing.TB, charset, text string) []byte {
	t.Helper()
	b, err := charsets[charset].NewEncoder().Bytes([]byte(text))
	if err != nil {
		t.Fatal(charset, err)
	}
	return b
}

type object = sdktest.Object

// read runs the plugin and decodes what it wrote.
func read(t testing.TB, data []byte, config string) (records, diagnostics []object, out sdktest.Output) {
	t.Helper()
	out = sdktest.Do(t, sms.Plugin(), sdktest.Case{Name: "case", Operation: "parse", Data: data, Config: json.RawMessage(config)})
	if out.Result.Err != nil {
		t.Fatal(out.Result.Err)
	}
	return sdktest.Objects(t, out.Records), sdktest.Objects(t, out.Diagnostics), out
}

// codes lists severity and code of diagnostics, in order.
func codes(diagnostics []object) string {
	var list []string
	for _, d := range diagnostics {
		if d["code"] != "table.mapped" {
			list = append(list, d["severity"].(string)+" "+d["code"].(string))
		}
	}
	return strings.Join(list, ", ")
}

// span returns the bytes that a record says it was read from.
func span(data []byte, o object) string {
	s := o["source"].(object)
	at, n := int(s["offset"].(float64)), int(s["length"].(float64))
	return string(data[at : at+n])
}

// column collects one field of all records.
func column(records []object, name string) (list []any) {
	for _, r := range records {
		list = append(list, r[name])
	}
	return list
}
