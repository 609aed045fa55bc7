package kit_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/exhibit-forensics/exhibit/internal/buildplugin"

	"github.com/exhibit-forensics/exhibit/core/host/launch"
	"github.com/exhibit-forensics/exhibit/core/host/sandbox"
	"github.com/exhibit-forensics/exhibit/core/kit"
	"github.com/exhibit-forensics/exhibit/evidence"
)

var buildDir string

func TestMain(m *testing.M) {
	code := m.Run()
	if buildDir != "" {
		_ = os.RemoveAll(buildDir)
	}
	os.Exit(code)
}

// program builds the test plugin, once.
var program = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "exhibit-kit")
	if err != nil {
		return nil, err
	}
	buildDir = dir
	return build(filepath.Join(dir, "plugin"), "./testdata/plugin")
})

func build(to, from string) ([]byte, error) {
	if err := buildplugin.Program(from, to); err != nil {
		return nil, err
	}
	return os.ReadFile(to)
}

const manifest = `{"v":1,"name":"test/kit","version":"1.0.0","title":"t","description":"d","licence":"Apache-2.0","protocol":1,"runtime":"exec","program":%q,"deterministic":true,
	"operations":[{"operation":"parse","accepts":[{"paths":["**/*.lines"]}],"emits":["keyword"]},{"operation":"decrypt","accepts":[{"magic":[{"offset":0,"hex":"4c4f434b4544"}]}]}]}`

// plugin makes a directory with the test plugin under that program name.
func plugin(t testing.TB, name string) string {
	t.Helper()
	b, err := program()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write(t, dir, name, b)
	write(t, dir, "plugin.json", fmt.Appendf(nil, manifest, name))
	write(t, dir, "testdata/a.lines", []byte("LINES\nfirst line\n\nsecond line\n"))
	write(t, dir, "testdata/b.locked", []byte("LOCKED\nyek-a-si-siht, contents and more contents"))
	write(t, dir, "testdata/b.locked.job.json", []byte(`{"operation":"decrypt","keys":[{"name":"k","text":"this-is-a-key"}]}`))
	return dir
}

func write(t testing.TB, dir, name string, b []byte) {
	t.Helper()
	name = filepath.Join(dir, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, b, 0o755)); err != nil {
		t.Fatal(err)
	}
}

func run(t testing.TB, o kit.Options) (*kit.Report, error) {
	t.Helper()
	o.Launcher, o.OtherLauncher = launch.Argv(), launch.ArgvElsewhere()
	o.Work, o.RequireLevel, o.HostVersion, o.Now = filepath.Join(t.TempDir(), "work"), sandbox.L2, "test", time.Now
	return kit.Run(t.Context(), o)
}

func must(t testing.TB, o kit.Options) *kit.Report {
	t.Helper()
	r, err := run(t, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func failed(r *kit.Report) (names []string) {
	for _, c := range r.Checks {
		if c.Result == kit.Fail {
			names = append(names, c.Name)
		}
	}
	return names
}

func TestGood(t *testing.T) {
	dir := plugin(t, "good")
	r := must(t, kit.Options{Dir: dir})
	if got := failed(r); !slices.Equal(got, []string{"golden"}) {
		t.Fatalf("without goldens: %v %+v", got, r.Checks)
	}
	r = must(t, kit.Options{Dir: dir, Accept: true})
	if got := failed(r); len(got) > 0 || len(r.Accepted) != 2 || !r.Accepted[0].New {
		t.Fatalf("%v %+v", got, r.Accepted)
	}
	if detail := fmt.Sprint(r.Accepted[0].Changes); !strings.Contains(detail, `term: "first line"`) || !strings.Contains(detail, "66 69 72 73 74 20 6c 69 6e 65") {
		t.Errorf("fields beside bytes: %s", detail)
	}
	r = must(t, kit.Options{Dir: dir})
	if got := failed(r); len(got) > 0 || r.Crashed || r.Refused {
		t.Fatalf("%v %+v", got, r.Checks)
	}
	for _, c := range r.Checks {
		if c.Result == kit.Skip && c.Name != "imports" {
			t.Errorf("%s is skipped: %s", c.Name, c.Found)
		}
	}
}

// Each of these breaks one promise, and the kit says which. What else fails because
// of it may.
func TestNotices(t *testing.T) {
	good := plugin(t, "good")
	must(t, kit.Options{Dir: good, Accept: true})
	for name, c := range map[string]struct {
		check, what string
		crashed     bool
	}{
		"remembers":      {"repeat", "another output", false},
		"looks":          {"surroundings", "another output", false},
		"drifts":         {"spans", "none of its values", false},
		"other":          {"golden", "does not announce", false},
		"silent":         {"foreign", "nothing is said of them", false},
		"mistaken":       {"foreign", "not the plugin's format", false},
		"panics":         {"foreign", "a defect of its own", false},
		"exits":          {"foreign", "crashed", true},
		"chatter":        {"leftovers", "standard error", false},
		"hoards":         {"growth", "more memory", false},
		"opens":          {"growth", "descriptors more", false},
		"opens-anything": {"keys", "artifacts come out", false},
		"tells":          {"keys", "stands as it is", false},
		"liar":           {"identity", "1.0.1", false},
	} {
		t.Run(name, func(t *testing.T) {
			dir := plugin(t, name)
			r := must(t, kit.Options{Dir: dir, Testdata: filepath.Join(good, "testdata"), Only: c.check})
			i := slices.IndexFunc(r.Checks, func(x kit.Check) bool { return x.Name == c.check })
			if i < 0 || r.Checks[i].Result != kit.Fail || !strings.Contains(fmt.Sprint(r.Checks[i].Faults), c.what) || r.Crashed != c.crashed || r.Refused != (name == "liar") {
				t.Errorf("crashed %v, refused %v: %+v", r.Crashed, r.Refused, r.Checks)
			}
		})
	}
}

func TestNoPlugin(t *testing.T) {
	dir := t.TempDir()
	if _, err := run(t, kit.Options{Dir: dir}); !errors.Is(err, evidence.ErrNotFound) {
		t.Error(err)
	}
	write(t, dir, "plugin/plugin.json", fmt.Appendf(nil, manifest, "missing"))
	if _, err := run(t, kit.Options{Dir: dir}); !errors.Is(err, kit.ErrNotBuilt) {
		t.Error(err)
	}
	write(t, dir, "plugin/plugin.json", []byte(`{"v":1}`))
	if _, err := run(t, kit.Options{Dir: dir}); !errors.Is(err, evidence.ErrNewer) && !errors.Is(err, evidence.ErrFormat) {
		t.Error(err)
	}
	if _, err := run(t, kit.Options{Dir: plugin(t, "good"), Only: "nothing"}); !errors.Is(err, evidence.ErrNotFound) {
		t.Error(err)
	}
}

// A golden that was changed by hand differs where it was changed.
func TestGoldenDiffers(t *testing.T) {
	dir := plugin(t, "good")
	must(t, kit.Options{Dir: dir, Accept: true})
	path := filepath.Join(dir, "testdata/a.lines.golden.jsonl")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(string(b), "second line", "second lime", 1)
	if err := os.WriteFile(path, []byte(changed), 0o644); err != nil {
		t.Fatal(err)
	}
	r := must(t, kit.Options{Dir: dir, Only: "golden"})
	if len(r.Checks) != 1 || len(r.Checks[0].Faults) != 1 {
		t.Fatalf("%+v", r.Checks)
	}
	f := r.Checks[0].Faults[0]
	if f.What != "record 2 differs" || !slices.Contains(f.Detail, `- term: "second lime"`) || !slices.Contains(f.Detail, `+ term: "second line"`) || !strings.Contains(strings.Join(f.Detail, "\n"), "read from bytes 18 to 29") {
		t.Errorf("%+v", f)
	}
	if err := os.WriteFile(path, []byte("{}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if r = must(t, kit.Options{Dir: dir, Only: "golden"}); len(failed(r)) != 1 {
		t.Errorf("%+v", r.Checks)
	}
}
