package main_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	tomskype "github.com/exhibit-forensics/exhibit/plugins/tomskype"
	"github.com/exhibit-forensics/exhibit/schemas"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

func profileSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(schemas.Profile)))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("profile-1.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("profile-1.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The bundled profiles hold to the schema; each states its source and how sure it is.
func TestBundledProfiles(t *testing.T) {
	text, err := os.ReadFile("profiles.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := tomskype.ParseProfiles(text); err != nil {
		t.Fatal(err)
	}
	list, err := jsonschema.UnmarshalJSON(strings.NewReader(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range list.([]any) {
		if err := profileSchema(t).Validate(p); err != nil {
			t.Error(err)
		}
		name, certainty := p.(map[string]any)["name"].(string), p.(map[string]any)["certainty"].(string)
		if !strings.Contains(string(readme), "| `"+name+"` |") || !strings.Contains(string(readme), certainty) {
			t.Errorf("README.md does not list %s as %s", name, certainty)
		}
	}
}

// What the plugin refuses, the schema refuses where it can, so that an examiner
// learns of it when adding the profile.
func TestProfilesRefused(t *testing.T) {
	const rest = `,"source":"s","certainty":"assumed"`
	for why, p := range map[string]string{
		"no name":           `{"units":["line"],"encodings":["hex"],"cipher":"none"` + rest + `}`,
		"unknown member":    `{"name":"x","units":["line"],"encodings":["hex"],"cipher":"none","keys":[]` + rest + `}`,
		"no units":          `{"name":"x","units":[],"encodings":["hex"],"cipher":"none"` + rest + `}`,
		"unit":              `{"name":"x","units":["page"],"encodings":["hex"],"cipher":"none"` + rest + `}`,
		"encoding":          `{"name":"x","units":["line"],"encodings":["base32"],"cipher":"none"` + rest + `}`,
		"file not raw":      `{"name":"x","units":["file"],"encodings":["hex"],"cipher":"none"` + rest + `}`,
		"cipher":            `{"name":"x","units":["line"],"encodings":["hex"],"cipher":"rot13"` + rest + `}`,
		"no mode":           `{"name":"x","units":["line"],"encodings":["hex"],"cipher":"des"` + rest + `}`,
		"mode without":      `{"name":"x","units":["line"],"encodings":["hex"],"cipher":"rc4","mode":"ecb"` + rest + `}`,
		"cbc without iv":    `{"name":"x","units":["line"],"encodings":["hex"],"cipher":"des","mode":"cbc"` + rest + `}`,
		"iv of odd length":  `{"name":"x","units":["line"],"encodings":["hex"],"cipher":"des","mode":"cbc","iv":"00ff0"` + rest + `}`,
		"iv of another":     `{"name":"x","units":["line"],"encodings":["hex"],"cipher":"aes","mode":"cbc","iv":"0011223344556677"` + rest + `}`,
		"iv without cbc":    `{"name":"x","units":["line"],"encodings":["hex"],"cipher":"des","mode":"ecb","iv":"prefix"` + rest + `}`,
		"padding":           `{"name":"x","units":["line"],"encodings":["hex"],"cipher":"des","mode":"ecb","paddings":["iso"]` + rest + `}`,
		"padding of stream": `{"name":"x","units":["line"],"encodings":["hex"],"cipher":"rc4","paddings":["pkcs7"]` + rest + `}`,
		"charset":           `{"name":"x","units":["line"],"encodings":["hex"],"cipher":"none","charsets":["ebcdic"]` + rest + `}`,
		"kind":              `{"name":"x","kind":"message","units":["line"],"encodings":["hex"],"cipher":"none"` + rest + `}`,
		"effect":            `{"name":"x","kind":"keyword","effect":"ban","units":["line"],"encodings":["hex"],"cipher":"none"` + rest + `}`,
		"certainty":         `{"name":"x","units":["line"],"encodings":["hex"],"cipher":"none","source":"s","certainty":"sure"}`,
		"key of no cipher":  `{"name":"x","units":["line"],"encodings":["hex"],"cipher":"none","key":{"value":"a","encoding":"raw"}` + rest + `}`,
	} {
		if err := tomskype.ParseProfiles([]byte("[" + p + "]")); !errors.Is(err, tomskype.ErrProfile) {
			t.Errorf("%s: the plugin says %v", why, err)
		}
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(p))
		if err != nil {
			t.Fatal(why, err)
		}
		if profileSchema(t).Validate(v) == nil && why != "iv of another" { // lengths by cipher are not in the schema
			t.Errorf("%s: the schema accepts it", why)
		}
	}
	ok := `{"name":"x","units":["line"],"encodings":["hex"],"cipher":"none"` + rest + `}`
	if err := tomskype.ParseProfiles([]byte("[" + ok + "]")); err != nil {
		t.Error(err)
	}
	for _, list := range []string{"[" + ok + "," + ok + "]", "[null]", ok, "[] 1"} {
		if err := tomskype.ParseProfiles([]byte(list)); !errors.Is(err, tomskype.ErrProfile) {
			t.Errorf("%.20s: %v", list, err)
		}
	}
}
