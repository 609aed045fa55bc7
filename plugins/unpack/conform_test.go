//go:build linux

package main_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/sdktest"
	main "github.com/exhibit-forensics/exhibit/plugins/unpack"
)

// samples are small containers of every format, by stock tools.
func samples(t testing.TB) map[string][]byte {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"a.log", "d/b.log", "../canary-name"} {
		write(t, filepath.Join(dir, "in"), name, logLines(700))
	}
	write(t, dir, "a.log", logLines(3000))
	out := map[string][]byte{}
	for ext, args := range map[string][]string{".tar": {"-cf"}, ".tar.gz": {"-czf"}, ".tar.bz2": {"-cjf"}, ".tar.xz": {"-cJf"}, ".tar.zst": {"--zstd", "-cf"}} {
		stock(t, dir, "tar", append(append([]string{"-C", "in"}, args...), filepath.Join(dir, "s"+ext), "a.log", "d")...)
		out[ext] = read(t, dir, "s"+ext)
	}
	for _, tool := range tools[:5] {
		stock(t, dir, tool.name, append(append([]string{"-f"}, tool.args...), "a.log")...)
		out[tool.ext] = read(t, dir, "a.log"+tool.ext)
	}
	stock(t, filepath.Join(dir, "in"), "zip", "-qr", "../s.zip", ".")
	out[".zip"] = read(t, dir, "s.zip")
	return out
}

func TestConforms(t *testing.T) {
	var corpus []sdktest.Case
	for ext, data := range samples(t) {
		corpus = append(corpus, sdktest.Case{Name: ext, Operation: evidence.OpUnpack, Data: data, Canary: "a.log"})
	}
	for _, name := range []string{"sample.7z", "old.rar", "sample.rar", "sample.a", "sample.ab"} {
		corpus = append(corpus, sdktest.Case{Name: name, Operation: evidence.OpUnpack, Data: sampleOf(t, name), Canary: "a.log"})
	}
	sdktest.Run(t, main.Plugin, corpus)
}

// Whatever the bytes: no panic, the formats kept, output within its limit.
func FuzzUnpack(f *testing.F) {
	seeds := samples(f)
	if len(seeds) < 10 {
		f.Fatalf("only %d seeds", len(seeds))
	}
	for _, data := range seeds {
		f.Add(data)
	}
	f.Add(overlapping(f, 2, 100))
	f.Add(header("name", 'S', 3, nil))
	for _, name := range []string{"sample.7z", "secret.7z", "secret.rar", "headers.rar", "old.rar", "volume.rar", "sample.a", "secret.zip", "old.zip", "sample.ab", "secret.ab", "plain.ab"} {
		f.Add(sampleOf(f, name))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		const limit = 4 << 20
		o := sdktest.Do(t, main.Plugin, sdktest.Case{Name: "fuzz", Operation: evidence.OpUnpack, Data: data, Keys: []sdk.Key{{Fingerprint: "key:0000000000000001", Name: "k", Value: []byte("secret")}}, Limits: sdk.Limits{MaxOutputBytes: limit, MaxArtifacts: 1000, MaxDiagnostics: 5000}})
		total := 0
		for _, a := range o.Artifacts {
			total += len(a.Data)
		}
		if total > limit {
			t.Fatalf("%d bytes", total)
		}
	})
}

// Memory does not grow with the content: all that is allocated for 96 MB, freed or
// not, is a few buffers.
func TestMemoryIsFlat(t *testing.T) {
	dir := t.TempDir()
	f, err := os.Create(filepath.Join(dir, "zeros"))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Truncate(96<<20), f.Close()); err != nil {
		t.Fatal(err)
	}
	stock(t, dir, "tar", "-cf", "z.tar", "zeros")
	stock(t, dir, "gzip", "-1k", "z.tar")
	stock(t, dir, "zip", "-1q", "z.zip", "zeros")
	stock(t, dir, "zstd", "-1q", "zeros")
	for name, most := range map[string]uint64{"z.tar.gz": 2 << 20, "z.zip": 2 << 20, "zeros.zst": 12 << 20, "z.tar": 2 << 20} {
		data := read(t, dir, name)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		r, err := sdk.Run(context.Background(), main.Plugin, sdk.Job{
			Operation: evidence.OpUnpack, Inputs: []*sdk.Input{sdk.NewInput(bytes.NewReader(data), int64(len(data)))},
			Records: io.Discard, Diagnostics: io.Discard, Artifacts: io.Discard,
		})
		runtime.ReadMemStats(&after)
		if err != nil || r.Outcome != evidence.OutcomeComplete || r.Artifacts.Bytes < 96<<20 {
			t.Fatalf("%s: %+v, %v", name, r, err)
		}
		if n := after.TotalAlloc - before.TotalAlloc; n > most {
			t.Errorf("%s: %d bytes allocated", name, n)
		}
	}
}
