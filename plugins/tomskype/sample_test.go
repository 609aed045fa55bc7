package main_test

import (
	"encoding/hex"
	"testing"

	"github.com/exhibit-forensics/exhibit/plugins/sdk/sdktest"
)

// The samples of `exhibit plugin test`.
func TestSamples(t *testing.T) {
	keys := `"keys":[{"name":"published","text":"` + keyOne + `"},{"name":"second","text":"` + keyTwo + `"}]`
	config := `"config":{"layout":` + mustJSON(chat) + `}`
	var log1, log2 []string
	for _, text := range []string{"first text", "second text", "third text", "fourth text", "fifth text", "sixth text"} {
		log1 = append(log1, b64(sealDES(t, keyOne, row(text))), "", row("plain "+text))
		log2 = append(log2, hex.EncodeToString(sealDES(t, keyTwo, gb(t, row("金丝雀 "+text)))))
	}
	sdktest.Sample(t, "testdata/base64.log", lines(log1...))
	sdktest.Sample(t, "testdata/base64.log.job.json", []byte(`{"operation":"parse",`+config+`,`+keys+"}\n"))
	sdktest.Sample(t, "testdata/hex-gb18030.log", lines(log2...))
	sdktest.Sample(t, "testdata/hex-gb18030.log.job.json", []byte(`{"operation":"parse",`+config+`,`+keys+"}\n"))
	sdktest.Sample(t, "testdata/whole.enc", sealDES(t, keyOne, string(log(40))))
	sdktest.Sample(t, "testdata/whole.enc.job.json", []byte(`{"operation":"decrypt",`+config+`,`+keys+"}\n"))
}
