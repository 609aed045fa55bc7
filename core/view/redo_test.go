package view_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/exhibit-forensics/exhibit/internal/buildplugin"

	"github.com/exhibit-forensics/exhibit/core/engine"
	"github.com/exhibit-forensics/exhibit/core/host"
	"github.com/exhibit-forensics/exhibit/core/host/launch"
	"github.com/exhibit-forensics/exhibit/core/intake"
	"github.com/exhibit-forensics/exhibit/core/keyring"
	"github.com/exhibit-forensics/exhibit/core/layouts"
	"github.com/exhibit-forensics/exhibit/core/locate"
	"github.com/exhibit-forensics/exhibit/core/view"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"github.com/exhibit-forensics/exhibit/evidence/store"
	"github.com/exhibit-forensics/exhibit/internal/corpus"
)

// buildPlugins makes the bundled plugins that the corpus needs, as scripts/build.sh does.
func buildPlugins(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"unpack", "tomskype"} {
		must(t, buildplugin.Build("../../plugins/"+name, filepath.Join(dir, name)))
	}
	return dir
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func storeOptions() store.Options {
	return store.Options{
		Now: time.Now, Rand: rand.Reader,
		Clock:       func() custody.Clock { return custody.Clock{Source: "system"} },
		Monotonic:   func() time.Duration { return time.Second },
		LocalOffset: func() string { return "+00:00" },
		Tool:        custody.Tool{Name: "exhibit", Version: "test", SHA256: strings.Repeat("0", 64), Protocol: 1, OS: "linux", Arch: "amd64"},
	}
}

// corpusCase is a case over the synthetic evidence, read with both keys.
func corpusCase(t *testing.T) (c *store.Case, dir string, o view.ShowOptions) {
	t.Helper()
	dir = t.TempDir()
	must(t, corpus.Write(dir, corpus.Options{Seed: 7}))
	c, err := store.Create(t.Context(), filepath.Join(t.TempDir(), "case"), storeOptions(), store.Init{Lab: "test"})
	must(t, err)
	t.Cleanup(func() { _ = c.Close() })
	_, err = intake.Add(t.Context(), c, intake.Options{Now: time.Now}, intake.Request{Path: filepath.Join(dir, "server"), Exhibit: "EX-001", Zone: "+08:00"})
	must(t, err)
	// What is read below a directory whose name no shell likes.
	odd := filepath.Join(t.TempDir(), "odd")
	name := filepath.Join(odd, "contentfilter", "ContentFilter_it's $(odd)\n\xff.log")
	must(t, os.MkdirAll(filepath.Dir(name), 0o755))
	must(t, os.WriteFile(name, []byte("192.0.2.1\ta\tb\t0\t2008-08-01 10:00:00\t\tplain text, \u6d4b\n"), 0o644))
	_, err = intake.Add(t.Context(), c, intake.Options{Now: time.Now}, intake.Request{Path: odd, Exhibit: "EX-002", Zone: "+08:00"})
	must(t, err)
	text, err := os.ReadFile(filepath.Join(dir, "truth", "layouts.json"))
	must(t, err)
	_, err = layouts.Add(t.Context(), c, text)
	must(t, err)
	key, err := locate.Artifact(t.Context(), c, "EX-001:conf/enc.key")
	must(t, err)
	_, err = keyring.AddAt(t.Context(), c, "second", store.Place{Artifact: key, Offset: 0, Length: 16}, keyring.Hex)
	must(t, err)
	plugins := buildPlugins(t)
	e, err := engine.New(c, engine.Options{
		PluginDirs: []string{plugins}, Now: time.Now, Rand: rand.Reader, Boot: "test",
		Host: host.Config{Launcher: launch.Argv(), Dir: filepath.Join(t.TempDir(), "h"), Now: time.Now, HostVersion: "test"},
	})
	must(t, err)
	_, err = e.Run(t.Context())
	must(t, err)
	o.Profiles = func(run evidence.Run) []json.RawMessage {
		for _, p := range e.Plugins() {
			if p.Digest == run.Plugin.SHA256 && p.Manifest.Profiles != "" {
				b, err := p.ReadFile(p.Manifest.Profiles)
				must(t, err)
				var list []json.RawMessage
				must(t, json.Unmarshal(b, &list))
				return list
			}
		}
		return nil
	}
	must(t, e.Close())
	must(t, os.Rename(odd, filepath.Join(dir, "odd")))
	return c, dir, o
}

// row is a line of the chat logs as the corpus wrote it, out of the truth about it.
func row(t *testing.T, truth map[string]any) string {
	t.Helper()
	at, err := time.Parse(time.RFC3339, truth["time"].(string))
	must(t, err)
	when := at.In(time.FixedZone("", 8*3600)).Format("2006-01-02 15:04:05")
	text := func(name string) string { s, _ := truth[name].(string); return s }
	if truth["kind"] == "call" {
		return strings.Join([]string{text("from"), truth["to"].([]any)[0].(string), text("display_name"), when, fmt.Sprint(truth["duration_s"]), text("status")}, "\t")
	}
	peer, direction := text("from"), "1"
	if truth["direction"] == "outgoing" {
		peer, direction = truth["to"].([]any)[0].(string), "0"
	}
	return strings.Join([]string{text("ip"), text("account"), peer, direction, when, text("matched_term"), text("text")}, "\t")
}

// The commands that show prints, carried out by sh on nothing but the original files, give
// the record's text: as show has it, and as the corpus wrote it.
func TestRedoByHand(t *testing.T) {
	for _, tool := range []string{"sh", "openssl", "xxd", "gzip", "python3", "iconv", "sha256sum", "base64"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("NOT TESTED: the commands by hand: no %s here", tool)
		}
	}
	hasDES := exec.Command("openssl", "enc", "-d", "-des-ecb", "-K", "0000000000000000", "-nopad", "-provider", "legacy", "-provider", "default", "-in", os.DevNull).Run() == nil
	c, dir, o := corpusCase(t)
	truth := map[string]map[string]any{}
	b, err := os.ReadFile(filepath.Join(dir, "truth", "records.jsonl"))
	must(t, err)
	for line := range bytes.Lines(b) {
		var m map[string]any
		must(t, json.Unmarshal(line, &m))
		truth[fmt.Sprint(m["file"], " ", m["line"])] = m
	}
	// Of each file and key the first, the last and one between.
	type sample struct {
		chain, id, kind, path string
		line                  int64
	}
	byChain := map[string][]sample{}
	must(t, view.Records(t.Context(), c, view.Filter{}, func(line []byte) error {
		var r struct {
			ID, Kind string
			Source   struct {
				Path, Key, Profile string
				Line               int64
			}
		}
		if err := json.Unmarshal(line, &r); err != nil {
			return err
		}
		s := sample{r.Source.Path + " " + r.Source.Key, r.ID, r.Kind, r.Source.Path, r.Source.Line}
		byChain[s.chain] = append(byChain[s.chain], s)
		return nil
	}))
	chains := map[string]bool{}
	for _, list := range byChain {
		for _, s := range []sample{list[0], list[len(list)/2], list[len(list)-1]} {
			o.ShowKeys = false
			without, err := view.Record(t.Context(), c, s.id, o)
			must(t, err)
			o.ShowKeys = true
			shown, err := view.Record(t.Context(), c, s.id, o)
			must(t, err)
			if shown.Opened != nil && strings.HasPrefix(shown.Opened.Cipher, "des") && !hasDES {
				t.Log("NOT TESTED: DES by hand: this openssl has none")
				continue
			}
			original := filepath.Join(dir, "server")
			if shown.Original.Exhibit == "EX-002" {
				original = filepath.Join(dir, "odd")
			}
			got := redo(t, original, shown.Recipe)
			want := shown.Text
			if shown.Opened != nil {
				want = shown.Opened.Text
				chains[strings.Join([]string{shown.Opened.Encoding, shown.Opened.Cipher, shown.Opened.Padding, shown.Charset, form(shown.Opened.Key)}, " ")] = true
			} else if !bytes.Contains(shown.Walk[0].Steps, []byte("decrypt")) {
				chains["plain "+shown.Charset] = true
			}
			for _, l := range shown.Walk {
				if len(l.Steps) > 0 {
					chains[stepsOf(t, l.Steps)] = true
				}
			}
			if want == "" || got != want {
				t.Errorf("%s: by hand %q, shown %q\n%s", s.chain, got, want, shown.Recipe.Script())
			}
			if m := truth[fmt.Sprint(s.path, " ", s.line)]; m != nil && (s.kind == "message" && row(t, m) != got || s.kind == "call" && !strings.HasSuffix(got, "\t"+row(t, m))) {
				t.Errorf("%s: by hand %q, written was %q", s.chain, got, row(t, m))
			} else if m != nil && s.kind == "keyword" && m["term"] != got {
				t.Errorf("%s: by hand %q, written was %q", s.chain, got, m["term"])
			}
			if k := shown.Opened; k != nil && k.Key != nil && k.Key.Form != "place" && strings.Contains(without.Recipe.Script(), k.Key.Hex) {
				t.Errorf("%s: the key is written although nobody asked", s.chain)
			}
		}
	}
	for _, want := range []string{
		"plain gb18030", "plain utf-8", "base64 des pkcs7 utf-8 published", "hex des zero gb18030 published", "base64 des pkcs7 utf-8 place", "hex des pkcs7 utf-8 published",
		"hex tom-chain none utf-8 ", "base64 aes pkcs7 utf-16le published", "gunzip", "gunzip untar", "decrypt des pkcs7",
	} {
		if !chains[want] {
			t.Errorf("no record with the chain %q among %v", want, chains)
		}
	}
}

func stepsOf(t *testing.T, steps json.RawMessage) string {
	t.Helper()
	var list []struct{ Do, Cipher, Padding string }
	must(t, json.Unmarshal(steps, &list))
	var out []string
	for _, s := range list {
		for _, word := range []string{s.Do, s.Cipher, s.Padding} {
			if word != "" {
				out = append(out, word)
			}
		}
	}
	return strings.Join(out, " ")
}

// redo carries out a recipe in a copy of the original files.
func redo(t *testing.T, original string, r *view.Recipe) string {
	t.Helper()
	if len(r.Unknown) > 0 {
		t.Errorf("not known: %v", r.Unknown)
	}
	dir := t.TempDir()
	if out, err := exec.Command("cp", "-a", original, filepath.Join(dir, "files")).CombinedOutput(); err != nil {
		t.Fatal(string(out))
	}
	cmd := exec.Command("sh", "-s")
	cmd.Dir, cmd.Stdin = filepath.Join(dir, "files"), strings.NewReader(r.Script())
	var out, diag bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &diag
	if err := cmd.Run(); err != nil {
		t.Errorf("%v\n%s\n%s", err, r.Script(), diag.String())
	}
	if strings.Contains(diag.String(), "FAILED") {
		t.Errorf("%s\n%s", r.Script(), diag.String())
	}
	return out.String()
}

func form(k *view.Key) string {
	if k == nil {
		return ""
	}
	return k.Form
}
