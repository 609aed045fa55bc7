package main_test

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/internal/corpus"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/sdktest"
	tomskype "github.com/exhibit-forensics/exhibit/plugins/tomskype"
	"github.com/google/go-cmp/cmp"
)

// TestTruth compares every record and reject with what the maker of an open
// directory wrote down: the project's own generator, which shares no code with
// the plugin, and a sample that another implementation encrypted.
func TestTruth(t *testing.T) {
	t.Run("generated", func(t *testing.T) {
		for _, seed := range []uint64{1, 7, 2008} {
			dir := t.TempDir()
			if err := corpus.Write(dir, corpus.Options{Seed: seed}); err != nil {
				t.Fatal(err)
			}
			compare(t, filepath.Join(dir, "server"), filepath.Join(dir, "truth"), 2000)
		}
	})
	t.Run("sample", func(t *testing.T) {
		dir := "../../../shared/data/tom-open-directory"
		if _, err := os.Stat(dir); err != nil {
			t.Skip("SKIPPED: the sample is not at ../shared/data/tom-open-directory")
		}
		compare(t, filepath.Join(dir, "a3.skype.example"), filepath.Join(dir, "truth"), 12_000)
	})
}

// compare reads every file that has a truth for this plugin. least guards against
// a truth that was not found.
func compare(t *testing.T, server, truth string, least int) {
	t.Helper()
	keys := append(published(t), key("second", secondKey(t, server)))
	layouts := layouts(t, truth)
	compared := 0
	for name, want := range byFile(t, truth) {
		var layout map[string]any
		switch {
		case strings.Contains(name, "contentfilter/"):
			layout = layouts["contentfilter"]
		case strings.HasPrefix(name, "call/"):
			layout = layouts["callinfo"]
		case !strings.Contains(name, "keyfile"):
			continue
		}
		data, cut := content(t, server, name)
		if strings.HasSuffix(name, ".bin") {
			out := do(t, "decrypt", data, layout, keys)
			if len(out.Artifacts) != 1 || !out.Artifacts[0].Complete {
				t.Fatalf("%s: %d artifacts; %v", name, len(out.Artifacts), out.Diagnostics)
			}
			data = out.Artifacts[0].Data
		}
		out := do(t, "parse", data, layout, keys)
		if cut {
			if len(out.Records) == 0 || out.Result.Units.Rejected > 1 {
				t.Errorf("%s: %d records, %d rejects of a log cut short", name, len(out.Records), out.Result.Units.Rejected)
			}
			continue
		}
		got := read(t, out)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		compared += len(want)
	}
	if compared < least {
		t.Errorf("only %d compared", compared)
	}
}

// secondKey is where the server left it, as it would be for `key add --at`.
func secondKey(t *testing.T, server string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(server, "conf", "enc.key"))
	if err != nil {
		t.Fatal(err)
	}
	value, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func do(t testing.TB, operation string, data []byte, layout map[string]any, keys []sdk.Key) sdktest.Output {
	t.Helper()
	config := json.RawMessage("{}")
	if layout != nil {
		var err error
		if config, err = json.Marshal(map[string]any{"layout": layout}); err != nil {
			t.Fatal(err)
		}
	}
	return sdktest.Do(t, tomskype.Plugin(), sdktest.Case{Name: operation, Operation: operation, Data: data, Config: config, Keys: keys})
}

// fact is what is compared: the truth's members that the plugin states too.
type fact map[string]any

var compared = []string{
	"kind", "line", "offset", "length", "account", "from", "to", "direction", "ip", "time", "matched_term", "text",
	"display_name", "duration_s", "status", "term",
}

// byFile groups the truth by file, by line within it.
func byFile(t *testing.T, truth string) map[string]map[int]fact {
	t.Helper()
	f, err := os.Open(filepath.Join(truth, "records.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	out := map[string]map[int]fact{}
	for s := bufio.NewScanner(f); s.Scan(); {
		var rec map[string]any
		if err := json.Unmarshal(s.Bytes(), &rec); err != nil {
			t.Fatal(err)
		}
		file := rec["file"].(string)
		if out[file] == nil {
			out[file] = map[int]fact{}
		}
		line, ok := rec["line"].(float64)
		if !ok {
			continue // the truth of a damaged file, of an export by rows
		}
		out[file][int(line)] = pick(rec)
	}
	return out
}

func pick(rec map[string]any) fact {
	out := fact{}
	for _, name := range compared {
		if v, ok := rec[name]; ok {
			out[name] = v
		}
	}
	return out
}

// read makes facts of what the plugin wrote; of the truth's kinds some state
// neither an address nor a span, and then neither is compared.
func read(t *testing.T, out sdktest.Output) map[int]fact {
	t.Helper()
	got := map[int]fact{}
	add := func(line string, kind func(map[string]any) string) {
		var rec map[string]any
		if err := json.Unmarshal([]byte(line), &rec); err != nil {
			t.Fatal(err)
		}
		source := rec["source"].(map[string]any)
		rec["kind"] = kind(rec)
		for _, name := range []string{"line", "offset", "length"} {
			if v, ok := source[name]; ok {
				rec[name] = v
			}
		}
		switch rec["kind"] {
		case "keyword":
			delete(rec, "offset")
			delete(rec, "length")
		case "call":
			delete(rec, "ip")
			delete(rec, "direction")
		case "":
			return
		}
		n := int(rec["line"].(float64))
		if got[n] != nil {
			t.Errorf("line %d has two records", n)
		}
		got[n] = pick(rec)
	}
	for _, line := range out.Records {
		add(line, func(rec map[string]any) string { return rec["kind"].(string) })
	}
	for _, line := range out.Diagnostics {
		add(line, func(rec map[string]any) string {
			if rec["severity"] == "reject" {
				return "reject"
			}
			return ""
		})
	}
	return got
}

// content returns a file's bytes, out of its container; cut: the container ends early.
func content(t *testing.T, server, name string) (data []byte, cut bool) {
	t.Helper()
	outer, inner, contained := strings.Cut(name, "!")
	data, err := os.ReadFile(filepath.Join(server, outer))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(outer, ".gz") {
		return data, false
	}
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	data, err = io.ReadAll(z)
	if cut = errors.Is(err, io.ErrUnexpectedEOF); err != nil && !cut {
		t.Fatal(err)
	}
	if !contained {
		return data, cut
	}
	for r := tar.NewReader(bytes.NewReader(data)); ; {
		h, err := r.Next()
		if err != nil {
			t.Fatal(fmt.Errorf("%s: %w", name, err))
		}
		if h.Name != inner {
			continue
		}
		if data, err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
		return data, false
	}
}
