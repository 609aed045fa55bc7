package engine_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/core/engine"
	"github.com/exhibit-forensics/exhibit/core/layouts"
	"github.com/exhibit-forensics/exhibit/core/locate"
	"github.com/exhibit-forensics/exhibit/core/view"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

const callLayout = `{"name":"calls","kind":"call","for":["**/call/*"],"delimiter":"\t","fields":2,"columns":["from","to"]}`

// small makes a directory with two plain logs, one of them twice.
func small(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"call/a.log": "x\ty\nz\tw\n", "copy/call/a.log": "x\ty\nz\tw\n", "other/b.log": "1\t2\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func count(t *testing.T, c *store.Case, f view.Filter) (n int, last string) {
	t.Helper()
	if err := view.Records(t.Context(), c, f, func(line []byte) error {
		n++
		last = string(line)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return n, last
}

func TestOnlyWhatALayoutMatches(t *testing.T) {
	c := newCase(t, small(t), "")
	e := newEngine(t, c)
	if r := run(t, e); r.Executed != 0 || r.Totals.Status[engine.StatusUnread] != 2 || r.Totals.Records != 0 {
		t.Fatalf("%+v", r.Totals)
	}
	if _, err := layouts.Add(t.Context(), c, []byte(callLayout)); err != nil {
		t.Fatal(err)
	}
	plan, err := e.Plan(t.Context())
	if err != nil || len(plan.Runs) != 1 || !strings.Contains(plan.Runs[0].Why, `layout "calls"`) {
		t.Fatal(plan, err)
	}
	if r := run(t, e); r.Executed != 1 {
		t.Fatalf("%d runs", r.Executed)
	}
	// The same bytes at two places are read once and say both.
	n, last := count(t, c, view.Filter{})
	if n != 2 || !strings.Contains(last, `"paths":["EX-001:call/a.log","EX-001:copy/call/a.log"]`) {
		t.Fatal(n, last)
	}
	// A layout for the other log repeats nothing of the first.
	if _, err := layouts.Add(t.Context(), c, []byte(strings.NewReplacer("calls", "others", "**/call/*", "**/other/*").Replace(callLayout))); err != nil {
		t.Fatal(err)
	}
	if r := run(t, e); r.Executed != 1 {
		t.Fatalf("%d runs", r.Executed)
	}
	if n, _ := count(t, c, view.Filter{Kind: "call"}); n != 3 {
		t.Fatalf("%d records", n)
	}
}

func TestTwoLayoutsForOnePath(t *testing.T) {
	c := newCase(t, small(t), "")
	text := "[" + callLayout + "," + strings.Replace(callLayout, "calls", "same", 1) + "]"
	if _, err := layouts.Add(t.Context(), c, []byte(text)); err != nil {
		t.Fatal(err)
	}
	r := run(t, newEngine(t, c))
	if r.Executed != 0 || r.Totals.Status[engine.StatusUnresolved] != 1 {
		t.Fatalf("%+v", r.Totals)
	}
	b := &strings.Builder{}
	if err := r.Text(b); err != nil || !strings.Contains(b.String(), `layouts "calls", "same" all claim`) {
		t.Fatal(b.String(), err)
	}
}

// One artifact in two items whose zones were declared differently is two runs, and
// each record stands under its own item.
func TestZonesAreKeptApart(t *testing.T) {
	dir := small(t)
	c := newCase(t, dir, "+08:00")
	add(t, c, dir, "UTC")
	if _, err := layouts.Add(t.Context(), c, []byte(callLayout)); err != nil {
		t.Fatal(err)
	}
	if r := run(t, newEngine(t, c)); r.Executed != 2 {
		t.Fatalf("%d runs", r.Executed)
	}
	for _, exhibit := range []string{"EX-001", "EX-002"} {
		n, last := count(t, c, view.Filter{Exhibit: exhibit})
		if n != 2 || !strings.Contains(last, `"exhibit":"`+exhibit+`"`) || strings.Contains(last, "UTC") && exhibit == "EX-001" {
			t.Errorf("%s: %d %s", exhibit, n, last)
		}
	}
}

func TestPinnedPlugin(t *testing.T) {
	c := newCase(t, small(t), "")
	if _, err := layouts.Add(t.Context(), c, []byte(callLayout)); err != nil {
		t.Fatal(err)
	}
	run(t, newEngine(t, c))
	// The same program with one more file is another plugin.
	changed := t.TempDir()
	if err := os.CopyFS(filepath.Join(changed, "tomskype"), os.DirFS(filepath.Join(plugins, "tomskype"))); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(changed, "tomskype", "more.txt"), []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	e := newEngine(t, c, func(o *engine.Options) { o.PluginDirs = []string{changed} })
	if _, err := e.Run(t.Context()); !errors.Is(err, evidence.ErrRefused) {
		t.Fatal(err)
	}
	if err := e.Update(t.Context(), "tomskype"); err != nil {
		t.Fatal(err)
	}
	if r := run(t, e); r.Executed != 1 {
		t.Fatalf("%d runs after the update", r.Executed)
	}
	if n, _ := count(t, c, view.Filter{}); n != 2 {
		t.Fatalf("%d current records: the old run is superseded", n)
	}
	if n, _ := count(t, c, view.Filter{Superseded: true}); n != 4 {
		t.Fatalf("%d records in all", n)
	}
}

func TestShowLeadsToTheBytes(t *testing.T) {
	c := newCase(t, small(t), "")
	if _, err := layouts.Add(t.Context(), c, []byte(callLayout)); err != nil {
		t.Fatal(err)
	}
	e := newEngine(t, c)
	run(t, e)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	d, err := locate.Artifact(t.Context(), c, "EX-001:call/a.log")
	if err != nil {
		t.Fatal(err)
	}
	shown, err := view.Artifact(t.Context(), c, d, view.ShowOptions{})
	if err != nil || len(shown.Places) != 2 || len(shown.Runs) != 1 {
		t.Fatal(shown, err)
	}
	id := evidence.RecordID(shown.Runs[0].Records.Artifact, 2)
	for _, how := range []string{"by the index", "without it"} {
		s, err := view.Record(t.Context(), c, id, view.ShowOptions{})
		if err != nil || string(s.Bytes) != "z\tw" || s.Offset != 4 || s.Walk[0].Artifact != d {
			t.Fatalf("%s: %+v %v", how, s, err)
		}
		if err := os.Remove(filepath.Join(c.Dir(), "index.db")); how == "by the index" && err != nil {
			t.Fatal(err)
		}
	}
	for _, bad := range []string{"x", "0123456789abcdef:1", id + "9"} {
		if _, err := view.Record(t.Context(), c, bad, view.ShowOptions{}); err == nil {
			t.Errorf("%q was found", bad)
		}
	}
	for text, want := range map[string]error{"nothing": evidence.ErrNotFound, "EX-009:call/a.log": evidence.ErrNotFound, d.Hex()[:8]: nil, d.String(): nil} {
		if _, err := locate.Artifact(t.Context(), c, text); !errors.Is(err, want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
