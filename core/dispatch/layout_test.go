package dispatch_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/core/dispatch"
	"github.com/exhibit-forensics/exhibit/core/identify"
	"github.com/exhibit-forensics/exhibit/evidence"
)

// named is a layout for **/a.csv that names a plugin, "" for none.
func named(t *testing.T, plugin string) dispatch.Layout {
	t.Helper()
	fields := map[string]any{"name": "mine", "for": []string{"**/a.csv"}, "kind": "sms"}
	if plugin != "" {
		fields["plugin"] = plugin
	}
	body, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	l, err := dispatch.ParseLayout("mine", body)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func parser(name string, accepts ...evidence.Accept) dispatch.Plugin {
	return dispatch.Plugin{Manifest: evidence.PluginManifest{Name: name, Operations: []evidence.PluginOperation{{Operation: "parse", Accepts: accepts}}}}
}

// What the examiner's layout claims is read as the layout says and in no other
// way; by the plugin that it names, else by the one that reads any layout.
func TestLayoutDecides(t *testing.T) {
	csv := evidence.Accept{Paths: []string{"**/*.csv"}}
	plugins := []dispatch.Plugin{
		parser("general", evidence.Accept{Layout: true}),
		parser("sms", evidence.Accept{LayoutNamed: true}, csv),
		parser("tables", csv),
		{Manifest: evidence.PluginManifest{Name: "open", Operations: []evidence.PluginOperation{
			{Operation: "decrypt", Accepts: []evidence.Accept{{Layout: true}}}, {Operation: "unpack", Accepts: []evidence.Accept{csv}},
		}}},
	}
	two := append(slices.Clone(plugins), parser("another", evidence.Accept{Layout: true}))
	for name, c := range map[string]struct {
		plugins []dispatch.Plugin
		layouts []dispatch.Layout
		path    string
		takes   string
		of      string // whose reason it is
		why     string
		unclear bool
	}{
		"no layout":            {plugins, nil, "x/a.csv", "sms/parse tables/parse open/unpack", "general", "no layout is for its path", false},
		"a layout":             {plugins, []dispatch.Layout{named(t, "")}, "x/a.csv", "general/parse open/decrypt open/unpack", "sms", `layout "mine" does not name it; layout "mine" says how it is read`, false},
		"names one":            {plugins, []dispatch.Layout{named(t, "sms")}, "x/a.csv", "sms/parse open/decrypt open/unpack", "general", `layout "mine" names plugin "sms"`, false},
		"is for another path":  {plugins, []dispatch.Layout{named(t, "sms")}, "x/b.csv", "sms/parse tables/parse open/unpack", "general", "no layout is for its path", false},
		"names the general":    {plugins, []dispatch.Layout{named(t, "general")}, "x/a.csv", "general/parse open/decrypt open/unpack", "sms", `layout "mine" names plugin "general"; layout "mine" says how it is read`, false},
		"names none that is":   {plugins, []dispatch.Layout{named(t, "acme/sms")}, "x/a.csv", "open/decrypt open/unpack", "general", `layout "mine" names plugin "acme/sms", which is not here`, true},
		"names one of no help": {plugins, []dispatch.Layout{named(t, "tables")}, "x/a.csv", "open/decrypt open/unpack", "general", `layout "mine" names plugin "tables"`, false},
		"two general readers":  {two, []dispatch.Layout{named(t, "")}, "x/a.csv", "open/decrypt open/unpack", "general", `layout "mine" names no plugin, and general, another each read any; name one in its member plugin`, true},
		"two, and one named":   {two, []dispatch.Layout{named(t, "another")}, "x/a.csv", "open/decrypt open/unpack another/parse", "general", `layout "mine" names plugin "another"`, false},
	} {
		tb := &dispatch.Table{Plugins: c.plugins, Layouts: c.layouts}
		ds := tb.Decide(dispatch.Input{Identity: identify.Identity{Content: identify.Text}, Places: []dispatch.Place{{Path: c.path}}})
		if got := strings.Join(takes(ds), " "); got != c.takes {
			t.Errorf("%s: %q, want %q", name, got, c.takes)
		}
		i := slices.IndexFunc(ds, func(d dispatch.Decision) bool { return d.Plugin == c.of })
		if ds[i].Takes || ds[i].Why != c.why || ds[i].Ambiguous != c.unclear {
			t.Errorf("%s: %+v", name, ds[i])
		}
		for _, d := range ds {
			if strings.Contains(string(d.Config), "plugin") || strings.Contains(string(d.Config), "mine") {
				t.Errorf("%s: the config of %s says %s", name, d.Plugin, d.Config)
			}
			if byLayout := strings.Contains(string(d.Config), "layout"); byLayout != (d.Layout == "mine") {
				t.Errorf("%s: %+v", name, d)
			}
		}
	}
}

// A layout of tables is of no use to what decrypts.
func TestTablesProveNoDecryption(t *testing.T) {
	l, err := dispatch.ParseLayout("mine", []byte(`{"name":"mine","for":["**/a.csv"],"plugin":"dumps","tables":{"t":{"kind":"row"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	open := dispatch.Plugin{Manifest: evidence.PluginManifest{Name: "open", Operations: []evidence.PluginOperation{{Operation: "decrypt", Accepts: []evidence.Accept{{Layout: true}}}}}}
	tb := &dispatch.Table{Plugins: []dispatch.Plugin{open, parser("dumps", evidence.Accept{LayoutNamed: true})}, Layouts: []dispatch.Layout{l}}
	ds := tb.Decide(dispatch.Input{Identity: identify.Identity{Content: identify.Binary}, Places: []dispatch.Place{{Path: "x/a.csv"}}})
	if got := strings.Join(takes(ds), " "); got != "dumps/parse" || string(ds[1].Config) != `{"layout":{"tables":{"t":{"kind":"row"}}}}` {
		t.Fatal(got, string(ds[1].Config))
	}
}

// Of two places of one artifact, one with a layout, each is read in its own way.
func TestLayoutClaimsItsPlaceOnly(t *testing.T) {
	tb := &dispatch.Table{
		Plugins: []dispatch.Plugin{parser("general", evidence.Accept{Layout: true}), parser("sms", evidence.Accept{LayoutNamed: true}, evidence.Accept{Paths: []string{"**/*.csv"}})},
		Layouts: []dispatch.Layout{named(t, "")},
	}
	ds := tb.Decide(dispatch.Input{Identity: identify.Identity{Content: identify.Text}, Places: []dispatch.Place{{Path: "x/a.csv"}, {Path: "x/b.csv"}}})
	if got := strings.Join(takes(ds), " "); got != "general/parse sms/parse" {
		t.Fatal(got)
	}
}

func TestManifestOfLayouts(t *testing.T) {
	const text = `{"v":1,"name":"x","version":"1","title":"","description":"","licence":"","protocol":1,"runtime":"exec","program":"plugin","deterministic":true,
		"operations":[{"operation":"parse","accepts":[{"layout_named":true}]}]}`
	m, err := evidence.ParsePluginManifest([]byte(text))
	if err != nil || !m.Operations[0].Accepts[0].LayoutNamed {
		t.Fatal(m, err)
	}
	if _, err := evidence.ParsePluginManifest([]byte(strings.Replace(text, `"layout_named":true`, `"layout_named":true,"layout":true`, 1))); err == nil {
		t.Error("layout and layout_named together are accepted")
	}
}

// What a person stated goes before what the program guessed, and two of either are as
// ambiguous as ever.
func TestGuessedLayouts(t *testing.T) {
	parse := func(name, rest string) dispatch.Layout {
		l, err := dispatch.ParseLayout(name, []byte(`{"for":["**/log/*"],"name":"`+name+`"`+rest+`}`))
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	guess, other, stated := parse("guess", `,"unconfirmed":true`), parse("other", `,"unconfirmed":true`), parse("stated", "")
	tb := &dispatch.Table{Layouts: []dispatch.Layout{guess, stated, other}}
	if found := tb.Claiming("a/log/x"); len(found) != 1 || found[0].Name != "stated" {
		t.Errorf("%v", found)
	}
	tb.Layouts = []dispatch.Layout{guess, other}
	if found := tb.Claiming("a/log/x"); len(found) != 2 {
		t.Errorf("%v", found)
	}
	if tb.Guessed("stated") || !tb.Guessed("guess") || tb.Guessed("") {
		t.Error("which are guesses")
	}
	if !strings.Contains(string(guess.Body), "unconfirmed") {
		t.Error("a run does not see that it is a guess")
	}
	if _, err := dispatch.ParseLayout("x", []byte(`{"for":["*"],"unconfirmed":"yes"}`)); !errors.Is(err, evidence.ErrFormat) {
		t.Errorf("%v", err)
	}
}
