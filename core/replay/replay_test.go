package replay_test

import (
	"crypto/rand"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/exhibit-forensics/exhibit/internal/buildplugin"

	"github.com/exhibit-forensics/exhibit/core/engine"
	"github.com/exhibit-forensics/exhibit/core/host"
	"github.com/exhibit-forensics/exhibit/core/host/launch"
	"github.com/exhibit-forensics/exhibit/core/intake"
	"github.com/exhibit-forensics/exhibit/core/layouts"
	"github.com/exhibit-forensics/exhibit/core/replay"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"github.com/exhibit-forensics/exhibit/evidence/store"
	"github.com/exhibit-forensics/exhibit/evidence/verify"
	"github.com/exhibit-forensics/exhibit/internal/corpus"
)

// plugins is where TestMain built those that the tests use.
var plugins string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "replay-test")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		plugins = dir
		build("../engine/testdata/plugins/odd", filepath.Join(dir, "odd"))
		for _, name := range []string{"unpack", "tomskype"} {
			build("../../plugins/"+name, filepath.Join(dir, name))
		}
		return m.Run()
	}())
}

func build(from, to string) {
	if err := buildplugin.Build(from, to); err != nil {
		panic(err)
	}
}

func config(t testing.TB) host.Config {
	return host.Config{
		Launcher: launch.Argv(), Dir: t.TempDir(), RequireLevel: "L2", Now: time.Now,
		Log: slog.New(slog.DiscardHandler), HostVersion: "test",
	}
}

// read makes a case, takes dir into it and runs the plugins in dirs.
func read(t testing.TB, dir string, layoutFile []byte, dirs ...string) string {
	t.Helper()
	o := store.Options{
		Now: time.Now, Rand: rand.Reader,
		Clock:       func() custody.Clock { return custody.Clock{Source: "system"} },
		Monotonic:   func() time.Duration { return time.Second },
		LocalOffset: func() string { return "+00:00" },
		Tool:        custody.Tool{Name: "exhibit", Version: "test", SHA256: strings.Repeat("0", 64), Protocol: 1, OS: "linux", Arch: "amd64"},
	}
	c, err := store.Create(t.Context(), filepath.Join(t.TempDir(), "case"), o, store.Init{Lab: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := intake.Add(t.Context(), c, intake.Options{Now: time.Now}, intake.Request{Path: dir, Zone: "+08:00"}); err != nil {
		t.Fatal(err)
	}
	if layoutFile != nil {
		if _, err := layouts.Add(t.Context(), c, layoutFile); err != nil {
			t.Fatal(err)
		}
	}
	e, err := engine.New(c, engine.Options{PluginDirs: dirs, Boot: "test", Now: time.Now, Rand: rand.Reader, Host: config(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if _, err := e.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c.Dir()
}

func again(t testing.TB, dir string, change func(*replay.Options), dirs ...string) *replay.Report {
	t.Helper()
	c, err := store.OpenReader(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	list, err := engine.LoadPlugins(dirs)
	if err != nil {
		t.Fatal(err)
	}
	h, err := host.New(config(t))
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	o := replay.Options{Plugins: list, Host: h, Jobs: 2}
	if change != nil {
		change(&o)
	}
	r, err := replay.Case(t.Context(), c, o)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := r.Text(&b); err != nil {
		t.Fatal(err)
	}
	t.Log(b.String(), r.Sentences(), r.NotChecked())
	return r
}

func files(t testing.TB, content map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range content {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// listing is every file of a case with its size and time of change.
func listing(t testing.TB, dir string) (out []string) {
	t.Helper()
	if err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || strings.HasSuffix(path, "-shm") {
			return err
		}
		info, err := d.Info()
		if err == nil {
			out = append(out, path+" "+info.ModTime().String())
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestReproduced(t *testing.T) {
	dir := t.TempDir()
	if err := corpus.Write(dir, corpus.Options{Seed: 7}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "truth", "layouts.json"))
	if err != nil {
		t.Fatal(err)
	}
	at := read(t, filepath.Join(dir, "server"), text, plugins)
	before := listing(t, at)
	r := again(t, at, nil, plugins)
	if r.Verdict() != verify.Intact || r.Counts[replay.Reproduced] != r.Runs || r.Runs < 10 || len(r.Results) != 0 {
		t.Fatalf("%+v", r)
	}
	if after := listing(t, at); !slices.Equal(before, after) {
		t.Errorf("the case changed:\n%v\n%v", before, after)
	}
	// A sample, of every plugin, chosen by its seed.
	some := again(t, at, func(o *replay.Options) { o.Sample, o.Seed = 4, "seed" }, plugins)
	if some.Chosen != 4 || some.Counts[replay.Reproduced] != 4 || len(some.ByPlugin) != 2 || some.Verdict() != verify.Intact || !strings.Contains(some.NotChecked()[0], "the seed seed") {
		t.Errorf("%+v", some)
	}
	// Without its secrets what used a key is not made again, and said so.
	if err := os.RemoveAll(filepath.Join(at, "secrets")); err != nil {
		t.Fatal(err)
	}
	r = again(t, at, nil, plugins)
	if n := r.Counts[replay.KeyMissing]; n == 0 || n+r.Counts[replay.Reproduced] != r.Runs || r.Verdict() != verify.Intact {
		t.Errorf("%+v", r.Counts)
	}
	// Without any plugin nothing is reproduced, which is no success.
	alone := t.TempDir()
	if err := os.CopyFS(filepath.Join(alone, "odd"), os.DirFS(filepath.Join(plugins, "odd"))); err != nil {
		t.Fatal(err)
	}
	if r = again(t, at, nil, alone); r.Counts[replay.PluginMissing] != r.Runs || r.Verdict() != verify.CannotVerify {
		t.Errorf("%+v", r.Counts)
	}
}

func TestDifferent(t *testing.T) {
	at := read(t, files(t, map[string]string{"a.odd": "one\nRANDOM\nthree\n", "b.odd": "main\n", "b.odd-log": "log\n", "c.odd": "CRASH\n"}), nil, plugins)
	r := again(t, at, nil, plugins)
	if r.Verdict() != verify.Altered || r.Counts[replay.Differs] != 1 || r.Counts[replay.Reproduced] != 1 || r.Counts[replay.NotComparable] != 1 {
		t.Fatalf("%+v", r.Counts)
	}
	d := r.Results[0].Difference
	if d == nil || d.In != "records" || d.Line != 2 || d.Field != "text" || string(d.Bytes) != "RANDOM" || d.Recorded == d.Here || d.Recorded == "" {
		t.Errorf("%+v", d)
	}
	v := &verify.Report{NotChecked: []string{verify.NotReplayed, "x"}}
	r.Join(v)
	if v.Verdict != verify.Altered || v.Exit != 20 || len(v.Findings) != 1 || strings.Contains(v.Findings[0].Detail+v.Findings[0].What, d.Here) || slices.Contains(v.NotChecked, verify.NotReplayed) {
		t.Errorf("%+v", v)
	}
}

// A plugin that says of itself that it is not deterministic is not held to it; one that
// was changed is no fault of the evidence.
func TestOtherPlugins(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "odd")
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(plugins, "odd"))); err != nil {
		t.Fatal(err)
	}
	manifest := filepath.Join(dir, "plugin.json")
	text, err := os.ReadFile(manifest)
	if err == nil {
		err = os.WriteFile(manifest, []byte(strings.Replace(string(text), `"deterministic": true`, `"deterministic": false`, 1)), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	at := read(t, files(t, map[string]string{"a.odd": "RANDOM\n", "b.odd": "main\n"}), nil, filepath.Dir(dir))
	r := again(t, at, nil, filepath.Dir(dir))
	if r.Verdict() != verify.Intact || r.Counts[replay.MayDiffer] != 1 || r.Counts[replay.MaySame] != 1 {
		t.Errorf("%+v", r.Counts)
	}
	r = again(t, at, nil, plugins)
	if r.Verdict() != verify.CannotVerify || r.Counts[replay.PluginDiffers] != 2 {
		t.Fatalf("%+v", r.Counts)
	}
	if why := r.Results[0].Reason; !strings.Contains(why, r.Results[0].Plugin.SHA256.String()) || !strings.Contains(why, r.Results[0].Here.String()) ||
		!strings.Contains(why, "by its files: plugin.json: ") {
		t.Error(why)
	}
}
