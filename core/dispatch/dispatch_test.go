package dispatch_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/core/dispatch"
	"github.com/exhibit-forensics/exhibit/core/identify"
	"github.com/exhibit-forensics/exhibit/evidence"
)

func layout(t *testing.T, name string, globs ...string) dispatch.Layout {
	t.Helper()
	body, err := json.Marshal(map[string]any{"name": name, "for": globs, "kind": "message", "columns": []string{"text"}})
	if err != nil {
		t.Fatal(err)
	}
	l, err := dispatch.ParseLayout(name, body)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func table(t *testing.T) *dispatch.Table {
	return &dispatch.Table{
		Plugins: []dispatch.Plugin{
			{Manifest: evidence.PluginManifest{Name: "logs", Profiles: "p.json", Operations: []evidence.PluginOperation{
				{Operation: "parse", Accepts: []evidence.Accept{{Layout: true, Content: "text"}, {Profile: true, Content: "text"}}},
				{Operation: "decrypt", Accepts: []evidence.Accept{{Layout: true, Content: "binary"}}},
			}}, Profiles: []dispatch.Profile{{Name: "kw", Kind: "keyword", For: []string{"**/keyfile"}}}},
			{Manifest: evidence.PluginManifest{Name: "unpack", Operations: []evidence.PluginOperation{
				{Operation: "unpack", Accepts: []evidence.Accept{{Magic: []evidence.Magic{{Hex: "1f8b"}}}}},
			}}},
		},
		Layouts: []dispatch.Layout{layout(t, "cf", "**/contentfilter/*"), layout(t, "call", "**/call/*")},
	}
}

func takes(ds []dispatch.Decision) (out []string) {
	for _, d := range ds {
		if d.Takes {
			out = append(out, d.Plugin+"/"+d.Operation)
		}
		if d.Why == "" {
			out = append(out, "NO REASON")
		}
	}
	return out
}

func TestDecide(t *testing.T) {
	text := identify.Identity{MediaType: "text/plain", Content: identify.Text}
	binary := identify.Identity{MediaType: "application/octet-stream", Content: identify.Binary}
	gz := identify.Identity{MediaType: "application/gzip", Content: identify.Known}
	for name, c := range map[string]struct {
		in   dispatch.Input
		want string
	}{
		"log at the top":       {dispatch.Input{Identity: text, Places: []dispatch.Place{{Path: "contentfilter/a.log"}}}, "logs/parse"},
		"log in an archive":    {dispatch.Input{Identity: text, Places: []dispatch.Place{{Path: "x/backup.tar.gz!contentfilter/a.log"}}}, "logs/parse"},
		"encrypted whole":      {dispatch.Input{Identity: binary, Places: []dispatch.Place{{Path: "contentfilter/a.bin"}}}, "logs/decrypt"},
		"gzip is no encrypted": {dispatch.Input{Identity: gz, Head: []byte("\x1f\x8b\x08"), Places: []dispatch.Place{{Path: "contentfilter/a.log.gz"}}}, "unpack/unpack"},
		"keyword list":         {dispatch.Input{Identity: text, Places: []dispatch.Place{{Path: "installer/agent/keyfile"}}}, "logs/parse"},
		"nobody's":             {dispatch.Input{Identity: text, Places: []dispatch.Place{{Path: "index.html"}}}, ""},
		"empty":                {dispatch.Input{Identity: identify.Identity{Content: identify.Empty}, Places: []dispatch.Place{{Path: "call/x"}}}, ""},
	} {
		if got := strings.Join(takes(table(t).Decide(c.in)), " "); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestConfigHoldsNoNames(t *testing.T) {
	ds := table(t).Decide(dispatch.Input{
		Identity: identify.Identity{Content: identify.Text},
		Places: []dispatch.Place{
			{Path: "a/call/x", Zone: "+08:00"}, {Path: "b/call/y", Zone: "+08:00"}, {Path: "c/call/z", Charset: "gb18030"},
		},
	})
	var configs []string
	for _, d := range ds {
		if d.Takes {
			configs = append(configs, string(d.Config))
		}
	}
	want := []string{
		`{"layout":{"columns":["text"],"kind":"message"},"zone":"+08:00"}`,
		`{"charset":"gb18030","layout":{"columns":["text"],"kind":"message"}}`,
	}
	if strings.Join(configs, "\n") != strings.Join(want, "\n") {
		t.Fatalf("got %v", configs)
	}
}

func TestTwoLayoutsAreRefused(t *testing.T) {
	tb := table(t)
	tb.Layouts = append(tb.Layouts, layout(t, "other", "**/contentfilter/*.log"))
	ds := tb.Decide(dispatch.Input{Identity: identify.Identity{Content: identify.Text}, Places: []dispatch.Place{{Path: "contentfilter/a.log"}}})
	if !ds[0].Ambiguous || ds[0].Takes || !strings.Contains(ds[0].Why, `"cf", "other"`) {
		t.Fatalf("%+v", ds[0])
	}
}

// A profile without a kind says which files are encrypted as a whole: nothing is parsed
// by it; and the glob of a path fits that path alone.
func TestProfileOfFiles(t *testing.T) {
	const path = "a/b[1]*{x}?.bin"
	tab := table(t)
	tab.Layouts = nil
	tab.Plugins[0].Manifest.Operations[1].Accepts = append(tab.Plugins[0].Manifest.Operations[1].Accepts, evidence.Accept{Profile: true, Content: "binary"})
	tab.Added = []dispatch.Profile{{Name: "found", For: []string{dispatch.EscapeGlob(path)}}}
	in := func(p, content string) dispatch.Input {
		return dispatch.Input{Size: 9, Identity: identify.Identity{Content: content}, Places: []dispatch.Place{{Path: p}}}
	}
	for name, want := range map[string]int{path: 1, "a/b1x.bin": 0, "a/b[1]yy{x}z.bin": 0} {
		if got := takes(tab.Decide(in(name, identify.Binary))); len(got) != want {
			t.Errorf("%s: %v", name, got)
		}
	}
	if got := takes(tab.Decide(in(path, identify.Text))); len(got) != 0 {
		t.Errorf("parsed by a profile of files: %v", got)
	}
}
