package main_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// The schema, by which a layout enters a case, and the plugin agree on layouts.
func TestLayoutSchema(t *testing.T) {
	text, err := os.ReadFile("../../schemas/layout/layout-1.json")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("layout-1.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("layout-1.json")
	if err != nil {
		t.Fatal(err)
	}
	const dump = "INSERT INTO t (a,b,c) VALUES ('x','y','z');\n"
	for layout, good := range map[string]bool{
		`{"tables":{"t":{"kind":"row"}}}`: true,
		`{"tables":{"t":{"kind":"account","columns":{"username":"a","phone":["b","c"]},"service":"s"}},"zone":"+08:00","charset":"gbk"}`:                      true,
		`{"tables":{"t":{"kind":"contact","columns":{"name":["a","b"],"time":"c"},"time":{"kind":"logged","format":"%Y-%m-%d","zone":"UTC"},"names":["a"]}}}`: true,
		`{"tables":{"t":{"kind":"account","columns":{"time":"c"},"time":{"unit":"ms"}}}}`:                                                                     true,
		`{"tables":{"t":{"kind":"account","columns":{"time":"c"},"time":{"unit":"ms","format":"%s"}}}}`:                                                       false,
		`{"tables":{"t":{"kind":"account","columns":{"time":"c"},"time":{"unit":"h"}}}}`:                                                                      false,
		`{"tables":{"t":{"kind":"account","columns":{"owner":"c"}}}}`:                                                                                         false,
		`{"tables":{"t":{"kind":"account"}}}`:                                      false,
		`{"tables":{"t":{"kind":"contact","columns":{"name":"a"},"service":"s"}}}`: false,
		`{"tables":{"t":{"kind":"account","columns":{"username":""}}}}`:            false,
		`{"tables":{"t":{"kind":"row"}},"kind":"row"}`:                             false,
		`{"tables":{"t":{"kind":"row"}},"zone":"Asia/Shanghai"}`:                   false,
	} {
		var whole map[string]any
		if err := json.Unmarshal([]byte(layout), &whole); err != nil {
			t.Fatal(err)
		}
		whole["name"], whole["for"], whole["plugin"] = "x", []any{"**/*.sql"}, "accounts"
		if err := schema.Validate(whole); (err == nil) != good {
			t.Errorf("schema, %s: %v", layout, err)
		}
		if o := parse(t, dump, `{"layout":`+layout+`}`); (o.Result.Outcome == evidence.OutcomeComplete) != good {
			t.Errorf("plugin, %s: %v", layout, o.Result.Err)
		}
		delete(whole, "plugin")
		if schema.Validate(whole) == nil {
			t.Errorf("no plugin named: %s", layout)
		}
	}
}
