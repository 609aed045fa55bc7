package manifest_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/exhibit-forensics/exhibit/core/manifest"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/schemas"
)

// node is the part of a JSON Schema that says which members there are.
type node struct {
	Properties map[string]node `json:"properties"`
	Items      *node           `json:"items"`
	Ref        string          `json:"$ref"`
	Defs       map[string]node `json:"$defs"`
}

// The schema has the members that the program reads, no more and no fewer.
func TestSchemaHasTheMembers(t *testing.T) {
	var root node
	if err := json.Unmarshal(schemas.Plugin, &root); err != nil {
		t.Fatal(err)
	}
	var compare func(place string, of reflect.Type, n node)
	compare = func(place string, of reflect.Type, n node) {
		for n.Ref != "" {
			n = root.Defs[strings.TrimPrefix(n.Ref, "#/$defs/")]
		}
		switch of.Kind() {
		case reflect.Slice:
			if n.Items == nil {
				t.Fatalf("%s: no items", place)
			}
			compare(place+"[]", of.Elem(), *n.Items)
		case reflect.Struct:
			var have, want []string
			for name := range n.Properties {
				have = append(have, name)
			}
			for i := range of.NumField() {
				name, _, _ := strings.Cut(of.Field(i).Tag.Get("json"), ",")
				want = append(want, name)
				compare(place+"/"+name, of.Field(i).Type, n.Properties[name])
			}
			slices.Sort(have)
			slices.Sort(want)
			if d := cmp.Diff(want, have); d != "" {
				t.Errorf("%s:\n%s", place, d)
			}
		}
	}
	compare("", reflect.TypeFor[evidence.PluginManifest](), root)
}

func bundled(t *testing.T) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("../../plugins/*/plugin.json")
	if err != nil || len(files) < 4 {
		t.Fatal(files, err)
	}
	out := map[string][]byte{}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		out[f] = b
	}
	return out
}

func TestCheck(t *testing.T) {
	for name, text := range bundled(t) {
		if err := manifest.Check(text); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	const good = `{"v":1,"name":"a/b","version":"1","title":"t","description":"d","licence":"l","protocol":1,"runtime":"ndjson","program":"p.py","interpreter":"python3","deterministic":true,
		"operations":[{"operation":"parse","accepts":[{"sqlite_tables":["t"]}],"companions":[{"role":"wal","suffix":"-wal"}],"emits":["x-a/b","row"]}]}`
	if err := manifest.Check([]byte(good)); err != nil {
		t.Fatal(err)
	}
	for was, is := range map[string]string{
		`"name":"a/b"`: `"name":"A"`, `"v":1`: `"v":2`, `"deterministic":true`: `"deterministic":1`, `["x-a/b","row"]`: `["X"]`, `"sqlite_tables":["t"]`: `"sqlite_tables":[]`,
		`"role":"wal"`: `"role":"main"`, `"-wal"`: `"/wal"`, `"title":"t",`: ``, `"runtime":"ndjson"`: `"runtime":"exec"`, `"interpreter":"python3"`: `"interpreter":"perl"`, `"licence"`: `"license"`,
	} {
		err := manifest.Check([]byte(strings.Replace(good, was, is, 1)))
		if !errors.Is(err, evidence.ErrFormat) {
			t.Errorf("%s: %v", is, err)
		}
	}
	if err := manifest.Check([]byte("{")); !errors.Is(err, evidence.ErrFormat) {
		t.Error(err)
	}
}

// The text of a manifest cannot become anything but text.
func TestMarkdownIsTame(t *testing.T) {
	m := evidence.PluginManifest{
		Name: "a/b", Version: "1|2", Title: "<script>x</script>", Description: "a\n\n# heading\x1b[2J [link](http://x)", Licence: "`",
		Runtime: "exec", Program: "a`|b",
		Operations: []evidence.PluginOperation{{Operation: "parse", Accepts: []evidence.Accept{{Paths: []string{"**/*.`x`"}}, {}}, Emits: []string{"row"}}},
	}
	page := manifest.Markdown(m, evidence.Sum(nil), map[string]evidence.Digest{"f|": {}}, []byte("hello <b>\x1b]0;x\x07\nthere\n"))
	for _, bad := range []string{"<script>", "\x1b", "\x07", "\n# heading", " [link]", "<b>"} {
		if strings.Contains(page, bad) {
			t.Errorf("%q stands in\n%s", bad, page)
		}
	}
	for _, want := range []string{"# a/b 1\\|2\n", "its path is like `**/*.'x'`", "- it is anything", "> there", "| `f\\|` |"} {
		if !strings.Contains(page, want) {
			t.Errorf("%q does not stand in\n%s", want, page)
		}
	}
}
