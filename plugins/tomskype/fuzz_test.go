package main_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/plugins/sdk/sdktest"
	tomskype "github.com/exhibit-forensics/exhibit/plugins/tomskype"
)

// Whatever stands in the lines, the plugin neither panics nor breaks a format, and
// every line has one fate; sdktest.Do checks the formats and the account.
func FuzzParse(f *testing.F) {
	one := b64(sealDES(f, keyOne, row("one")))
	for _, seed := range [][]byte{
		lines(one, one), lines(one[:17]), lines(row("plain"), "--MARK--"), []byte("4FAB7DB77581"), []byte("f+c+nd4jhyIB3T0t1Pddhg==\r\n"),
		{0xFF, 0xFE, '\n', 0x81, 0x30},
		lines(strings.Repeat("ab", 40)),
	} {
		f.Add(seed, true)
		f.Add(seed, false)
	}
	config := json.RawMessage(mustJSON(map[string]any{"layout": chat}))
	keys := append(published(f), key("second", []byte(keyTwo)))
	f.Fuzz(func(t *testing.T, data []byte, layout bool) {
		c := sdktest.Case{Name: "fuzz", Operation: "parse", Data: data, Keys: keys}
		if layout {
			c.Config = config
		}
		out := sdktest.Do(t, tomskype.Plugin(), c)
		if out.Result.Outcome != "complete" || int64(len(out.Records)) != out.Result.Units.Emitted {
			t.Fatalf("%s: %d records of %+v", out.Result.Outcome, len(out.Records), out.Result.Units)
		}
	})
}

// What decrypts to other text than was encrypted is never taken for a line of it.
func FuzzLine(f *testing.F) {
	f.Add("hello", uint16(0), byte(0))
	f.Add("你好, and more of it", uint16(9), byte(0x80))
	f.Add("", uint16(3), byte(1))
	config := json.RawMessage(mustJSON(map[string]any{"layout": chat}))
	keys := published(f)
	f.Fuzz(func(t *testing.T, text string, at uint16, flip byte) {
		sealed := sealDES(t, keyOne, row(text))
		sealed[int(at)%16] ^= flip // in the address
		out := sdktest.Do(t, tomskype.Plugin(), sdktest.Case{Name: "fuzz", Operation: "parse", Data: lines(b64(sealed)), Config: config, Keys: keys})
		if flip != 0 && len(out.Records) != 0 {
			t.Fatal("a line with a spoilt address became a record")
		}
	})
}
