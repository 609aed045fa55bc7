package main_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/plugins/sdk/sdktest"
)

// The samples of `exhibit plugin test`.
func TestSamples(t *testing.T) {
	rng := rand.New(rand.NewPCG(19, 20))
	s := sealing{"des", "ecb", "", "pkcs7", "base64", "utf-8", []byte("aB3+xY9?")}
	lines := rows(rng, 40, "utf-8", "|")
	sealed := s.seal(t, rng, lines)
	sdktest.Sample(t, "testdata/key-beside.log", append([]byte("key=aB3+xY9?\n"), sealed...))
	sdktest.Sample(t, "testdata/key-beside.log.job.json", []byte(`{"operation":"findkey"}`+"\n"))
	sdktest.Sample(t, "testdata/opened.log", sealed)
	sdktest.Sample(t, "testdata/opened.log.job.json", []byte(`{"operation":"survey","config":{"zone":"+08:00"},"keys":[{"name":"given","text":"aB3+xY9?"}]}`+"\n"))
	sdktest.Sample(t, "testdata/plain.txt", []byte(strings.Join(lines, "\r\n")+"\r\n"))
	sdktest.Sample(t, "testdata/plain.txt.job.json", []byte(`{"operation":"survey"}`+"\n"))
	noise := make([]byte, 4000)
	fill(rng, noise)
	sdktest.Sample(t, "testdata/noise.bin", noise)
	sdktest.Sample(t, "testdata/noise.bin.job.json", []byte(`{"operation":"survey"}`+"\n"))
}
