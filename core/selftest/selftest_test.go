package selftest_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/exhibit-forensics/exhibit/internal/buildplugin"

	"github.com/exhibit-forensics/exhibit/core/host"
	"github.com/exhibit-forensics/exhibit/core/host/launch"
	"github.com/exhibit-forensics/exhibit/core/selftest"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"github.com/exhibit-forensics/exhibit/internal/slow"
)

// installed is where TestMain put the bundled plugins, as they are installed.
var installed string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "selftest")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		installed = dir
		for _, name := range tested() {
			build(name, filepath.Join(dir, name))
		}
		return m.Run()
	}())
}

// tested are the bundled plugins that are tested: all, or where time counts some.
func tested() []string {
	if slow.Asked() {
		return bundled()
	}
	return []string{"accounts", "sms", "tomskype", "unpack"}
}

// samples are those of the plugins that are tested, with one file changed where edit is not nil.
func samples(t *testing.T, name string, edit func([]byte) []byte) fs.FS {
	t.Helper()
	out := fstest.MapFS{}
	for _, plugin := range tested() {
		err := fs.WalkDir(selftest.Samples(), path.Join("plugins", plugin), func(p string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			b, err := fs.ReadFile(selftest.Samples(), p)
			if p == name {
				b = edit(b)
			}
			out[p] = &fstest.MapFile{Data: b, Mode: 0o644}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// bundled are the directories of the bundled plugins.
func bundled() (names []string) {
	manifests, err := filepath.Glob("../../plugins/*/plugin.json")
	if err != nil || len(manifests) < 4 {
		panic(fmt.Sprint(manifests, err))
	}
	for _, m := range manifests {
		names = append(names, filepath.Base(filepath.Dir(m)))
	}
	return names
}

func build(name, to string) {
	if err := buildplugin.Build("../../plugins/"+name, to); err != nil {
		panic(err)
	}
}

// load reads the plugins in a directory.
func load(t *testing.T, dir string) (out []*host.Plugin) {
	t.Helper()
	dirs, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range dirs {
		p, err := host.Load(d)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, p)
	}
	return out
}

func options(t *testing.T, plugins []*host.Plugin) selftest.Options {
	t.Helper()
	sockets, err := os.MkdirTemp("", "st")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(sockets) })
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	return selftest.Options{
		Samples: samples(t, "", nil), Plugins: plugins, Work: t.TempDir(), Rand: rand.Reader, By: "A. Examiner",
		Now:     func() time.Time { now = now.Add(time.Millisecond); return now },
		Host:    host.Config{Launcher: launch.Argv(), Dir: filepath.Join(sockets, "host"), Now: time.Now, HostVersion: "test"},
		Program: selftest.Program{Tool: custody.Tool{Name: "exhibit", Version: "1", Protocol: evidence.PluginProtocol, OS: "linux", Arch: "amd64"}},
		Machine: selftest.Machine{Host: "bench"},
	}
}

func run(t *testing.T, o selftest.Options) *selftest.Outcome {
	t.Helper()
	r, err := selftest.Run(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// failed are the identifiers of the tests that came to result.
func failed(r *selftest.Record, result selftest.Result) (ids []string) {
	for _, x := range r.Tests {
		if x.Result == result {
			ids = append(ids, x.ID)
		}
	}
	return ids
}

func TestAllPass(t *testing.T) {
	out := run(t, options(t, load(t, installed)))
	r := out.Record
	for _, x := range r.Tests {
		if x.Result != selftest.Pass {
			t.Errorf("%s\nexpected %s\nobserved %s\n%s", x.ID, x.Expected, x.Observed, strings.Join(x.Detail, "\n"))
		}
	}
	if r.Result != selftest.Pass || out.Refused || out.Crashed || r.Counts[selftest.Pass] != int64(len(r.Tests)) {
		t.Errorf("%s %v %+v", r.Result, r.Counts, out)
	}
	if r.Sandbox.Level == "" || len(r.Sandbox.Features) == 0 || len(r.Limits) == 0 || len(r.Plugins) != len(tested()) {
		t.Errorf("%+v %+v", r.Sandbox, r.Plugins)
	}
	// Each operation of each bundled plugin has a right answer that makes something, and one that rejects.
	kinds := map[string][2]bool{}
	ids := map[string]bool{}
	for _, x := range r.Tests {
		if ids[x.ID] || x.What == "" || x.Source == "" || x.Expected == "" {
			t.Errorf("%+v", x)
		}
		ids[x.ID] = true
		parts := strings.Split(x.ID, "/")
		if parts[0] == "plugin" {
			k := kinds[parts[1]+" "+parts[2]]
			k[0], k[1] = k[0] || strings.HasPrefix(x.Expected, "complete:"), k[1] || x.Rejects
			kinds[parts[1]+" "+parts[2]] = k
		}
	}
	manifests, err := selftest.Bundled(samples(t, "", nil))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range manifests {
		for _, op := range m.Operations {
			// What reads a format has something to reject; what looks at anything has not.
			reads := slices.Contains([]string{evidence.OpParse, evidence.OpUnpack, evidence.OpDecrypt}, op.Operation)
			if k := kinds[m.Name+" "+op.Operation]; !k[0] || reads && !k[1] {
				t.Errorf("%s %s: complete %v, rejecting %v: add a sample to plugins/%s/testdata", m.Name, op.Operation, k[0], k[1], m.Name)
			}
		}
	}
	b, err := r.Encode()
	if err != nil || evidence.CheckCanonical(b[:len(b)-1]) != nil || b[len(b)-1] != '\n' {
		t.Errorf("%v: %s", err, b)
	}
	var page, text bytes.Buffer
	if err := errors.Join(r.Page(&page, "selftest.json", evidence.Sum(b)), r.Text(&text)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{evidence.Sum(b).Hex(), "PASSED: all", "It is not signed", r.Plugins[0].SHA256, "Known limits", "(to be refused)"} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the page does not have %q", want)
		}
	}
	if strings.Contains(text.String(), "FAIL") || strings.Count(text.String(), "\n") > 10+len(r.Plugins) { // a line for each, and for each format
		t.Error(text.String())
	}
}

// A changed expectation makes its test fail, and no other.
func TestChangedExpectation(t *testing.T) {
	plugins := load(t, installed)
	for _, c := range []struct{ file, from, to, id string }{
		{"plugins/sms/testdata/gb18030.csv.golden.jsonl", `"skipped":1`, `"skipped":2`, "plugin/sms/parse/gb18030.csv"},
		{"plugins/sms/testdata/layout.txt", "\n", "\n\n", "plugin/sms/parse/layout.txt"},
		{"plugins/tomskype/testdata/whole.enc.golden.jsonl", `"complete":true`, `"complete":false`, "plugin/tomskype/decrypt/whole.enc"},
	} {
		if c.file != "plugins/sms/testdata/layout.txt" && !slow.Asked() {
			continue
		}
		o := options(t, plugins)
		o.Samples = samples(t, c.file, func(b []byte) []byte {
			changed := bytes.Replace(b, []byte(c.from), []byte(c.to), 1)
			if bytes.Equal(changed, b) {
				t.Errorf("%s was not changed", c.file)
			}
			return changed
		})
		r := run(t, o).Record
		if got := failed(r, selftest.Fail); r.Result != selftest.Fail || !slices.Equal(got, []string{c.id}) {
			t.Errorf("%s: %s, %v", c.file, r.Result, got)
		}
		for _, x := range r.Tests {
			if x.ID == c.id && (len(x.Detail) == 0 || x.Expected == x.Observed) {
				t.Errorf("%s: nothing says how they differ: %+v", c.file, x)
			}
		}
		if !strings.Contains(r.Sentence(), "FAILED: 1 of ") {
			t.Error(r.Sentence())
		}
	}
}

// A plugin that is another one fails wherever it is asked; one that is not there is not run.
func TestChangedPlugin(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(installed)); err != nil {
		t.Fatal(err)
	}
	swap := func(from, to string) {
		b, err := os.ReadFile(filepath.Join(dir, from))
		if err := errors.Join(err, os.Remove(filepath.Join(dir, to)), os.WriteFile(filepath.Join(dir, to), b, 0o755)); err != nil {
			t.Fatal(err)
		}
	}
	// One that never starts, and one that is gone.
	swap("sms/plugin.json", "accounts/plugin")
	if err := os.RemoveAll(filepath.Join(dir, "tomskype")); err != nil {
		t.Fatal(err)
	}
	out := run(t, options(t, load(t, dir)))
	wrong, missing := failed(out.Record, selftest.Fail), failed(out.Record, selftest.NotRun)
	if len(wrong) == 0 || slices.ContainsFunc(wrong, func(id string) bool { return !strings.HasPrefix(id, "plugin/accounts/") }) {
		t.Errorf("failed: %v", wrong)
	}
	if len(missing) == 0 || slices.ContainsFunc(missing, func(id string) bool { return !strings.HasPrefix(id, "plugin/tomskype/") }) {
		t.Errorf("not run: %v", missing)
	}
	if !out.Refused && !out.Crashed {
		t.Errorf("%+v", out)
	}
	// Only gone: incomplete, and not passed.
	o := options(t, load(t, installed))
	o.Plugins = slices.DeleteFunc(o.Plugins, func(p *host.Plugin) bool { return p.Manifest.Name == "tomskype" })
	if r := run(t, o).Record; r.Result != selftest.Incomplete || !strings.HasPrefix(r.Sentence(), "INCOMPLETE: ") {
		t.Errorf("%s: %s", r.Result, r.Sentence())
	}
}

// Every sample with a golden of every bundled plugin is in the program, as it is in the source.
func TestSamplesAreThere(t *testing.T) {
	for _, name := range tested() {
		dir := filepath.Join("../../plugins", name, "testdata")
		goldens, err := filepath.Glob(dir + "/*.golden.jsonl")
		if err != nil || len(goldens) == 0 {
			t.Errorf("%s: %v %v", name, goldens, err)
		}
		for _, g := range goldens {
			for _, f := range []string{g, strings.TrimSuffix(g, ".golden.jsonl")} {
				want, err := os.ReadFile(f)
				if err != nil {
					t.Fatal(err)
				}
				got, err := fs.ReadFile(selftest.Samples(), path.Join("plugins", name, "testdata", filepath.Base(f)))
				if err != nil || !bytes.Equal(got, want) {
					t.Errorf("%s is not in the program: %v", f, err)
				}
			}
		}
	}
}
