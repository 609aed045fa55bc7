package engine_test

import (
	"bytes"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/internal/buildplugin"

	"github.com/exhibit-forensics/exhibit/core/engine"
	"github.com/exhibit-forensics/exhibit/core/view"
	"github.com/exhibit-forensics/exhibit/evidence"
)

// sqliteReader is a plugin made of the SDK's reader of SQLite.
func sqliteReader(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	if err := buildplugin.Program("../../plugins/sdk/sqlite/testdata/plugin", filepath.Join(dir, "reader", "plugin")); err != nil {
		t.Fatal(err)
	}
	manifest := `{"v":1,"name":"test-sqlite","version":"1.0.0","title":"t","description":"d","licence":"MIT","protocol":1,"runtime":"exec","program":"plugin","deterministic":true,
		"operations":[{"operation":"parse","accepts":[{"sqlite_tables":["message"]}],"companions":[{"role":"wal","suffix":"-wal"}],"emits":["row"]}]}`
	if err := os.WriteFile(filepath.Join(dir, "reader", "plugin.json"), []byte(manifest), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// A row that exists in the write-ahead log alone is a record that leads to its bytes
// there; what its writer, SQLite itself, left is read the same in a directory and in an
// archive; without the log it is another run, which lacks the row.
func TestDatabaseWithItsLog(t *testing.T) {
	at := filepath.Join(t.TempDir(), "sms.db")
	db, err := sql.Open("sqlite3", "file:"+at+"?_journal_mode=WAL")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	for _, q := range []string{"CREATE TABLE message (body)", "INSERT INTO message VALUES ('in the database')", "PRAGMA wal_checkpoint(TRUNCATE)", "INSERT INTO message VALUES ('in the log alone')"} {
		if _, err := db.Exec(q); err != nil {
			t.Fatal(err)
		}
	}
	main, err := os.ReadFile(at)
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.ReadFile(at + "-wal")
	if err != nil || bytes.Contains(main, []byte("in the log alone")) || !bytes.Contains(log, []byte("in the log alone")) {
		t.Fatal("the log is not what the test needs", err)
	}
	c := newCase(t, files(t, map[string]string{
		"phone/sms.db": string(main), "phone/sms.db-wal": string(log), "alone/sms.db": string(main),
		"backup.tar": tarOf(t, "data/sms.db", string(main), "data/sms.db-wal", string(log)),
	}), "")
	reader := sqliteReader(t)
	e := newEngine(t, c, func(o *engine.Options) { o.PluginDirs = []string{reader, plugins} })
	r := run(t, e)
	if r.Crashed != 0 || r.Totals.Status[engine.StatusUnread] != 0 {
		t.Fatalf("%+v", r)
	}
	var ids []string
	var alone int
	if err := view.Records(t.Context(), c, view.Filter{}, func(line []byte) error {
		text := string(line)
		if strings.Contains(text, `"path":"alone/sms.db"`) {
			alone++
		}
		if !strings.Contains(text, "in the log alone") {
			return nil
		}
		if !strings.Contains(text, `"path":"backup.tar!data/sms.db-wal"`) && !strings.Contains(text, `"path":"phone/sms.db-wal"`) || !strings.Contains(text, `"role":"wal"`) {
			t.Errorf("%s", text)
		}
		_, rest, _ := strings.Cut(text, `"id":"`)
		id, _, _ := strings.Cut(rest, `"`)
		ids = append(ids, id)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if len(ids) != 1 || alone != 1 { // the same database and log at two places are one run
		t.Fatalf("%d records from the log, %d without it", len(ids), alone)
	}
	s, err := view.Record(t.Context(), c, ids[0], view.ShowOptions{})
	if err != nil || !bytes.Contains(s.Bytes, []byte("in the log alone")) || s.Walk[0].Artifact != evidence.Sum(log) {
		t.Fatalf("%+v %v", s, err)
	}
	intact(t, c)
}
