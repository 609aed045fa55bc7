package engine_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/core/engine"
	"github.com/exhibit-forensics/exhibit/core/layouts"
	"github.com/exhibit-forensics/exhibit/core/view"
)

const (
	noteTable   = "when,who,note\n2008-08-01,10555,one\n2008-08-02,10556,\"two\nlines\"\n2008-08-03,10557,three\n"
	noteLayout  = `{"name":"notes","for":["**/notes.csv"],"kind":"sms","delimiter":",","fields":3,"columns":["time","from","text"],"header":1,"time":{"kind":"sent","format":"%Y-%m-%d"}}`
	namedLayout = `{"name":"notes","for":["**/notes.csv"],"plugin":"PLUGIN","kind":"sms","delimiter":",","quote":"\"","multiline":true,"fields":3,"columns":["time","from","text"],"header":1,"time":{"kind":"sent","format":"%Y-%m-%d"}}`
)

// What was read by guess makes room for what a layout says: records are never
// there twice. The layout decides which plugin reads it.
func TestLayoutTakesThePlaceOfAGuess(t *testing.T) {
	for name, c := range map[string]struct {
		layout          string
		sms, row        int
		plugin, problem string
	}{
		"by the general reader": {noteLayout, 3, 0, "tomskype", ""},
		"by the one it names":   {strings.Replace(namedLayout, "PLUGIN", "sms", 1), 3, 0, "sms", ""},
		"by none":               {strings.Replace(namedLayout, "PLUGIN", "acme/notes", 1), 0, 3, "", `layout "notes" names plugin "acme/notes", which is not here`},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "notes.csv"), []byte(noteTable), 0o644); err != nil {
				t.Fatal(err)
			}
			cs := newCase(t, dir, "")
			e := newEngine(t, cs, func(o *engine.Options) { o.PluginDirs = append(o.PluginDirs, readers) })
			run(t, e)
			if n, _ := count(t, cs, view.Filter{Kind: "row"}); n != 3 {
				t.Fatalf("%d rows without a layout", n)
			}
			if _, err := layouts.Add(t.Context(), cs, []byte(c.layout)); err != nil {
				t.Fatal(err)
			}
			r := run(t, e)
			sms, _ := count(t, cs, view.Filter{Kind: "sms"})
			row, _ := count(t, cs, view.Filter{Kind: "row"})
			if sms != c.sms || row != c.row {
				t.Errorf("%d sms, %d rows", sms, row)
			}
			if c.plugin != "" && (len(r.Artifacts[0].Runs) != 1 || r.Artifacts[0].Runs[0].Plugin != c.plugin) {
				t.Errorf("%+v", r.Artifacts[0].Runs)
			}
			b := &strings.Builder{}
			if err := r.Text(b); err != nil || !strings.Contains(b.String(), c.problem) {
				t.Error(b.String(), err)
			}
			if again := run(t, e); again.Executed != 0 {
				t.Errorf("%d runs although there was nothing to do", again.Executed)
			}
		})
	}
}
