package engine_test

import (
	"archive/tar"
	"bytes"
	"database/sql"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/exhibit-forensics/exhibit/internal/buildplugin"

	_ "github.com/mattn/go-sqlite3"

	"github.com/exhibit-forensics/exhibit/core/engine"
	"github.com/exhibit-forensics/exhibit/core/locate"
	"github.com/exhibit-forensics/exhibit/core/view"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
	"github.com/exhibit-forensics/exhibit/evidence/verify"
)

// odd is a directory with the plugin of testdata/plugins/odd, built once.
var odd = sync.OnceValues(func() (string, error) {
	to := filepath.Join(plugins, "more") // one directory deeper than plugins are looked for, and removed with it
	return to, buildplugin.Build("testdata/plugins/odd", filepath.Join(to, "odd"))
})

func withOdd(t testing.TB) func(*engine.Options) {
	t.Helper()
	dir, err := odd()
	if err != nil {
		t.Fatal(err)
	}
	return func(o *engine.Options) { o.PluginDirs = []string{dir, plugins} }
}

// files makes a directory of files.
func files(t testing.TB, content map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range content {
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

func intact(t testing.TB, c *store.Case) {
	t.Helper()
	rep, err := verify.Case(t.Context(), c.Dir(), verify.Options{Now: options().Now})
	if err != nil || rep.Verdict != verify.Intact || len(rep.Findings) > 0 {
		t.Fatal(err, rep.Verdict, rep.Findings)
	}
}

// placesOf lists the records as text@path:role, in the order of their paths.
func placesOf(t testing.TB, c *store.Case, f view.Filter) (out []string) {
	t.Helper()
	if err := view.Records(t.Context(), c, f, func(text []byte) error {
		var r struct {
			Text   string
			Source struct{ Path, Role, Artifact string }
		}
		if err := json.Unmarshal(text, &r); err != nil {
			return err
		}
		if a, err := evidence.ParseDigest(r.Source.Artifact); err != nil || a.IsZero() {
			t.Errorf("%s", text)
		}
		out = append(out, r.Text+"@"+r.Source.Path+":"+r.Source.Role)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	slices.Sort(out)
	return out
}

func tarOf(t testing.TB, content ...string) string {
	t.Helper()
	b := &bytes.Buffer{}
	w := tar.NewWriter(b)
	for i := 0; i < len(content); i += 2 {
		if err := w.WriteHeader(&tar.Header{Name: content[i], Mode: 0o644, Size: int64(len(content[i+1]))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(content[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// One input is one run for each set of files that lies beside it; each record says in
// which file it stands, and each stands under its own place.
func TestCompanions(t *testing.T) {
	dir := files(t, map[string]string{
		"one/a.odd": "main\n", "one/a.odd-log": "first\n",
		"two/a.odd": "main\n", "two/a.odd-log": "second\n",
		"alone/a.odd": "main\n", "alone/b.odd-log": "stray\n",
		"box.tar":        tarOf(t, "d/x.odd", "inner\n", "d/x.odd-log", "beside\n", "e/x.odd-log", "elsewhere\n"),
		"empty/c.odd":    "with\n",
		"one/c.odd-log":  "not its\n",
		"deep/x.odd/log": "no companion\n",
	})
	if err := os.WriteFile(filepath.Join(dir, "empty/c.odd-log"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	c := newCase(t, dir, "")
	e := newEngine(t, c, withOdd(t))
	r := run(t, e)
	want := []string{
		"beside@box.tar!d/x.odd-log:log", "first@one/a.odd-log:log", "inner@box.tar!d/x.odd:main", "main@alone/a.odd:", "main@one/a.odd:main", "main@two/a.odd:main",
		"second@two/a.odd-log:log", "with@empty/c.odd:main",
	}
	if got := placesOf(t, c, view.Filter{}); !slices.Equal(got, want) {
		t.Fatalf("%q", got)
	}
	status := map[string]string{}
	for _, a := range r.Artifacts {
		status[a.Path.Text] = a.Status
	}
	for path, want := range map[string]string{
		"one/a.odd-log": engine.StatusRead, "box.tar!d/x.odd-log": engine.StatusRead, "box.tar!e/x.odd-log": engine.StatusUnread,
		"alone/b.odd-log": engine.StatusUnread, "one/c.odd-log": engine.StatusUnread, "empty/c.odd-log": engine.StatusEmpty,
	} {
		if status[path] != want {
			t.Errorf("%s: %q, want %q", path, status[path], want)
		}
	}
	if r.Totals.Records != 8 || r.Totals.Units.Emitted != 11 { // the tar's three members are units too
		t.Errorf("%+v", r.Totals)
	}
	if again := run(t, e); again.Executed != 0 {
		t.Errorf("%d runs although there was nothing to do", again.Executed)
	}
	intact(t, c)

	// A record of the companion leads to the companion's bytes.
	runs, err := c.CurrentRuns(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	shown := 0
	for _, one := range runs {
		if len(one.Inputs) == 0 || one.Records == nil || one.Records.Count < 2 {
			continue
		}
		s, err := view.Record(t.Context(), c, evidence.RecordID(one.Records.Artifact, 2), view.ShowOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if s.Text == "" || s.Walk[0].Artifact != one.InputOf("log") || s.Original == nil || !strings.HasSuffix(s.Walk[0].Places[0], "-log") {
			t.Errorf("%+v", s)
		}
		shown++
	}
	if shown != 3 {
		t.Errorf("%d records of companions shown", shown)
	}
}

// What was read alone and lies beside something now, in another item, is another run.
func TestCompanionComesLater(t *testing.T) {
	c := newCase(t, files(t, map[string]string{"a.odd": "main\n"}), "")
	e := newEngine(t, c, withOdd(t))
	run(t, e)
	add(t, c, files(t, map[string]string{"a.odd": "main\n", "a.odd-log": "late\n"}), "")
	if r := run(t, e); r.Executed != 1 {
		t.Fatalf("%d runs", r.Executed)
	}
	for exhibit, want := range map[string][]string{"EX-001": {"main@a.odd:"}, "EX-002": {"late@a.odd-log:log", "main@a.odd:main"}} {
		if got := placesOf(t, c, view.Filter{Exhibit: exhibit}); !slices.Equal(got, want) {
			t.Errorf("%s: %q", exhibit, got)
		}
	}
	intact(t, c)
}

// database makes a database in WAL mode, one of whose tables exists in the log alone.
func database(t testing.TB, dir string) {
	t.Helper()
	at := filepath.Join(t.TempDir(), "x.db")
	db, err := sql.Open("sqlite3", "file:"+at+"?_journal_mode=WAL&_synchronous=OFF")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	for _, q := range []string{"CREATE TABLE MESSAGE (x)", "PRAGMA wal_checkpoint(TRUNCATE)", "CREATE TABLE Chat (y)"} {
		if _, err := db.Exec(q); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"x.db", "x.db-wal"} {
		b, err := os.ReadFile(filepath.Join(filepath.Dir(at), name))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), b, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// An input is known by its tables or its root element, whatever its name.
func TestRouteByContent(t *testing.T) {
	dir := files(t, map[string]string{
		"no/extension": `<?xml version="1.0"?><!-- a --><odd a="1">` + "\n</odd>", "other.xml": "<smses count='0'/>", "named": `<d:doc xmlns:d="urn:odd"/>`, "wrong": `<d:doc xmlns:d="urn:even"/>`,
		"alone/dummy": "x",
	})
	database(t, dir)
	alone, err := os.ReadFile(filepath.Join(dir, "x.db"))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "alone", "x.db"), alone, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	c := newCase(t, dir, "")
	e := newEngine(t, c, withOdd(t))
	r := run(t, e)
	got := map[string]string{}
	for _, a := range r.Artifacts {
		got[a.Path.Text] = a.Status
	}
	// The same database without its log has not all the tables, and is not taken there.
	for path, want := range map[string]string{"no/extension": "read", "named": "read", "wrong": "unread", "other.xml": "unread", "x.db-wal": "read"} {
		if got[path] != want {
			t.Errorf("%s: %q, want %q", path, got[path], want)
		}
	}
	rows, err := c.CurrentRuns(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	dbs := 0
	for _, one := range rows {
		if len(one.Inputs) == 2 {
			dbs++
			if one.Inputs[0].Role != "main" || one.Inputs[1].Role != "wal" || one.Size != one.Inputs[0].Size+one.Inputs[1].Size {
				t.Errorf("%+v", one.Inputs)
			}
		}
	}
	if dbs != 1 || len(rows) != 3 {
		t.Errorf("%d of %d runs over a database with its log", dbs, len(rows))
	}
	b := &strings.Builder{}
	if err := r.Text(b); err != nil || !strings.Contains(b.String(), `"other.xml"  18 bytes, text/xml, root smses`) {
		t.Error(b.String(), err)
	}
	x, err := e.Why(t.Context(), find(t, c, "EX-001:alone/x.db"))
	if err != nil || len(x.Taken) != 1 || len(x.Places) != 2 {
		t.Fatalf("%+v %v", x, err)
	}
	intact(t, c)
}

// A Probe is asked where all else holds; one that crashes is a refusal on record, and
// is not asked again until somebody says so.
func TestProbe(t *testing.T) {
	c := newCase(t, files(t, map[string]string{"a.ask": "yes\n", "b.ask": "hardly\n", "c.ask": "PROBECRASH\n", "d.txt": "yes, but\n"}), "")
	fresh := func(change ...func(*engine.Options)) *engine.Engine {
		return newEngine(t, c, append(change, withOdd(t))...)
	}
	plan, err := fresh().Plan(t.Context())
	if err != nil || len(plan.Runs) != 3 || !plan.Runs[0].Asks {
		t.Fatal(plan, err)
	}
	r := run(t, fresh())
	if r.Executed != 2 || r.Crashed != 1 {
		t.Fatalf("%d executed, %d crashed", r.Executed, r.Crashed)
	}
	got := map[string]string{}
	for _, a := range r.Artifacts {
		got[a.Path.Text] = a.Status + " " + strings.Join(a.Reasons, "|")
	}
	for path, want := range map[string]string{"a.ask": "read ", "b.ask": "unread ", "c.ask": "failed Probe crashed: ", "d.txt": "unread "} {
		if !strings.HasPrefix(got[path], want) {
			t.Errorf("%s: %q", path, got[path])
		}
	}
	if !strings.Contains(got["b.ask"], "its Probe says no: its first line does not say yes (confidence 10 of 100)") {
		t.Error(got["b.ask"])
	}
	if again := run(t, fresh()); again.Executed != 0 {
		t.Errorf("%d runs again", again.Executed)
	}
	if plan, err := fresh().Plan(t.Context()); err != nil || len(plan.Runs) != 1 || !plan.Runs[0].Asks {
		t.Error(plan, err) // what said no is asked again
	}
	if again := run(t, fresh(func(o *engine.Options) { o.Retry = true })); again.Executed != 1 || again.Crashed != 1 {
		t.Errorf("%d executed, %d crashed by --retry", again.Executed, again.Crashed)
	}
	intact(t, c)
}

// What a plugin fails on is left alone until something changes, and named.
func TestQuarantine(t *testing.T) {
	c := newCase(t, files(t, map[string]string{"a.odd": "CRASH\n", "b.odd": "HANG\n", "c.odd": "MEMORY\n", "d.odd": "fine\n"}), "")
	quick := func(o *engine.Options) {
		o.Host.Limits.Progress, o.Host.Limits.Memory, o.Jobs = time.Second, 128<<20, 2
	}
	e := newEngine(t, c, withOdd(t), quick)
	r := run(t, e)
	if r.Executed != 4 || r.Crashed != 3 || r.Totals.Status[engine.StatusFailed] != 3 || r.Totals.Status[engine.StatusRead] != 1 {
		t.Fatalf("%+v", r)
	}
	var rows []evidence.Run
	for row, err := range c.Runs(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row.Run)
	}
	held := engine.Quarantined(rows)
	if len(held) != 3 {
		t.Fatalf("%+v", held)
	}
	for _, h := range held {
		if h.Reason == "" || h.Attempts != 2 {
			t.Errorf("%+v", h)
		}
	}
	b := &strings.Builder{}
	if err := r.Text(b); err != nil || !strings.Contains(b.String(), "Not tried again until") {
		t.Error(b.String(), err)
	}
	if again := run(t, newEngine(t, c, withOdd(t), quick)); again.Executed != 0 || !again.Failed("partial") {
		t.Errorf("%d runs again", again.Executed)
	}
	x, err := e.Why(t.Context(), find(t, c, "EX-001:a.odd"))
	if err != nil || !strings.Contains(strings.Join(x.Needed, "\n"), "test/odd parse failed on it: crashed: ") {
		t.Errorf("%+v %v", x, err)
	}
	// Other bytes of the plugin are another plugin: it gets its chance.
	dir, _ := odd()
	changed := t.TempDir()
	if err := os.CopyFS(filepath.Join(changed, "odd"), os.DirFS(filepath.Join(dir, "odd"))); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(changed, "odd", "more.txt"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	e = newEngine(t, c, func(o *engine.Options) { o.PluginDirs = []string{changed} }, quick)
	if err := e.Update(t.Context(), "test/odd"); err != nil {
		t.Fatal(err)
	}
	if r := run(t, e); r.Executed != 4 || r.Crashed != 3 {
		t.Errorf("%d executed, %d crashed by the changed plugin", r.Executed, r.Crashed)
	}
	intact(t, c)
}

func find(t testing.TB, c *store.Case, place string) evidence.Digest {
	t.Helper()
	d, err := locate.Artifact(t.Context(), c, place)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
