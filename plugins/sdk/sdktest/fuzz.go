package sdktest

import (
	"errors"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// fuzzSize is how large an input that a fuzzer makes may be.
const fuzzSize = 1 << 18

// Fuzz runs p over whatever a fuzzer makes of the samples, and of the write-ahead
// logs beside them: no panic, no defect, and units that add up.
func Fuzz(f *testing.F, p sdk.Plugin, samples ...string) {
	f.Helper()
	for _, name := range samples {
		c := Load(f, name)
		var wal []byte
		if len(c.Companions) > 0 {
			wal = c.Companions[0].Data
		}
		f.Add(c.Data, wal)
	}
	f.Fuzz(func(t *testing.T, data, wal []byte) {
		if len(data) > fuzzSize || len(wal) > fuzzSize {
			t.Skip()
		}
		c := Case{Name: "fuzz", Operation: "parse", Data: data}
		if len(wal) > 0 {
			c.Companions = []Companion{{Role: "wal", Data: wal}}
		}
		if err := Do(t, p, c).Result.Err; err != nil && (strings.Contains(err.Error(), "panicked") || errors.Is(err, sdk.ErrSource) || errors.Is(err, sdk.ErrRecord)) {
			t.Fatal(err)
		}
	})
}

// Files loads samples; canary is text of each that no diagnostic may quote.
func Files(t testing.TB, canary string, samples ...string) (corpus []Case) {
	t.Helper()
	for _, name := range samples {
		c := Load(t, name)
		c.Canary = canary
		corpus = append(corpus, c)
	}
	return corpus
}
