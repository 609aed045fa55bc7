package main_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
	main "github.com/exhibit-forensics/exhibit/plugins/accounts"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/sdktest"
)

// parse runs the plugin over a dump.
func parse(t testing.TB, dump, config string) sdktest.Output {
	t.Helper()
	c := sdktest.Case{Name: t.Name(), Operation: evidence.OpParse, Data: []byte(dump)}
	if config != "" {
		c.Config = json.RawMessage(config)
	}
	return sdktest.Do(t, main.Plugin, c)
}

type object = map[string]any

func decoded(t testing.TB, lines []string) []object {
	t.Helper()
	out := make([]object, len(lines))
	for i, line := range lines {
		dec := json.NewDecoder(bytes.NewReader([]byte(line)))
		dec.UseNumber()
		if err := dec.Decode(&out[i]); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// codes counts diagnostics by code, those about tables and the last word aside.
func codes(t testing.TB, o sdktest.Output) map[string]int {
	t.Helper()
	n := map[string]int{}
	for _, d := range decoded(t, o.Diagnostics) {
		if d["severity"] != evidence.SeverityInfo {
			n[d["code"].(string)]++
		}
	}
	return n
}

func diagnostic(t testing.TB, o sdktest.Output, code string) object {
	t.Helper()
	for _, d := range decoded(t, o.Diagnostics) {
		if d["code"] == code {
			return d
		}
	}
	t.Fatalf("no diagnostic %s among %q", code, o.Diagnostics)
	return nil
}

// bytesOf is the value of a column or extra as bytes; nil is null.
func bytesOf(t testing.TB, o object, name string) []byte {
	t.Helper()
	switch v := o[name].(type) {
	case object:
		b, err := base64.StdEncoding.DecodeString(v["raw"].(string))
		if err != nil {
			t.Fatal(err)
		}
		return b
	case nil:
		return nil
	case string:
		return []byte(v)
	case json.Number:
		return []byte(v.String())
	case bool:
		if v {
			return []byte("true")
		}
		return []byte("false")
	}
	t.Fatalf("%s: %T", name, o[name])
	return nil
}

// span is the text of the input that a record states as its place.
func span(t testing.TB, dump string, rec object) string {
	t.Helper()
	src := rec["source"].(object)
	at, err1 := src["offset"].(json.Number).Int64()
	n, err2 := src["length"].(json.Number).Int64()
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	return dump[at : at+n]
}

func shared(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("../../../shared/data", name))
	if err != nil {
		t.Skipf("NOT TESTED: %v", err)
	}
	return string(b)
}

func js(t testing.TB, v any) string {
	t.Helper()
	b, err := evidence.Canonical(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
