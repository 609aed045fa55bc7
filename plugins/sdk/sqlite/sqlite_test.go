package sqlite_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/sqlite"
)

// tableOp writes a row of every row of a table.
func tableOp(name string) sdk.Op {
	return func(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
		db, err := sqlite.Open(c, in)
		if err != nil {
			return err
		}
		defer db.Close()
		for row := range db.Table(name) {
			r := sdk.Row{Table: sdk.Str(name)}
			for _, column := range row.Columns() {
				r.Columns = append(r.Columns, sdk.Column{Name: column, Value: row.Value(column)})
			}
			if err := out.Put(&r, row.Source()); err != nil {
				return err
			}
		}
		return db.Err()
	}
}

// queryOp writes a row of every row of a query.
func queryOp(table, sql string, args ...any) sdk.Op {
	return func(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
		db, err := sqlite.Open(c, in)
		if err != nil {
			return err
		}
		defer db.Close()
		for row := range db.Query(table, sql, args...) {
			if err := out.Put(&sdk.Row{Common: sdk.Common{Extra: row.Extra()}}, row.Source()); err != nil {
				return err
			}
		}
		return db.Err()
	}
}

const messages = `CREATE TABLE message(id INTEGER PRIMARY KEY, body TEXT, at INTEGER);
CREATE TABLE handle(name TEXT, message INTEGER);
INSERT INTO message VALUES (1, 'in the file', 10), (2, 'also', NULL);
INSERT INTO handle VALUES ('anna', 1), ('bo', 2);
`

// span returns the bytes that a record says it comes from.
func span(t testing.TB, f files, o object) string {
	t.Helper()
	s := o["source"].(object)
	role, _ := s["role"].(string)
	if role == "" {
		role = "input"
	}
	offset, _ := s["offset"].(json.Number).Int64()
	length, _ := s["length"].(json.Number).Int64()
	return string(f[role][offset : offset+length])
}

// A row that is only in the log comes out, and its bytes are those of the log.
func TestLogOnly(t *testing.T) {
	f := seize(t, messages+"PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; INSERT INTO message VALUES (3, 'only in the log', 30); UPDATE message SET body = 'changed in the log' WHERE id = 2;")
	if bytes.Contains(f["input"], []byte("only in the log")) || !bytes.Contains(f["wal"], []byte("only in the log")) {
		t.Fatal("the test's own database is not what it should be")
	}
	out := parse(t, f, tableOp("message"))
	if out.Outcome != evidence.OutcomeComplete || len(out.records) != 3 || out.says() != "" {
		t.Fatalf("%s %s: %d records; %s", out.Outcome, out.Reason, len(out.records), out.says())
	}
	for i, want := range []string{"in the file", "changed in the log", "only in the log"} {
		o := out.records[i]
		source, columns := o["source"].(object), o["columns"].(object)
		if columns["body"] != want || source["table"] != "message" || fmt.Sprint(source["rowid"]) != fmt.Sprint(i+1) || source["role"] != "wal" {
			t.Errorf("%v", o)
		}
		if got := span(t, f, o); !strings.Contains(got, want) || len(got) > len(want)+12 {
			t.Errorf("the bytes of row %d are %q", i+1, got)
		}
	}
	t.Run("without it", func(t *testing.T) {
		out := parse(t, files{"input": f["input"]}, tableOp("message"))
		if len(out.records) != 2 || out.says() != "warning sqlite.wal_missing" || out.records[1]["columns"].(object)["body"] != "also" {
			t.Errorf("%v; %s", out.records, out.says())
		}
		if got := span(t, f, out.records[1]); !strings.HasSuffix(got, "also") {
			t.Errorf("%q", got)
		}
	})
	t.Run("no commit", func(t *testing.T) {
		wal := slices.Clone(f["wal"])
		wal[40] ^= 1 // the first frame's salt
		out := parse(t, files{"input": f["input"], "wal": wal}, tableOp("message"))
		if len(out.records) != 2 || !strings.Contains(out.says(), "sqlite.wal_unused wal") || !strings.Contains(out.says(), "sqlite.wal_broken wal") {
			t.Errorf("%d records; %s", len(out.records), out.says())
		}
	})
	t.Run("not a log", func(t *testing.T) {
		out := parse(t, files{"input": f["input"], "wal": []byte("what is this?")}, tableOp("message"))
		if len(out.records) != 2 || out.says() != "warning sqlite.wal_unused wal" {
			t.Errorf("%d records; %s", len(out.records), out.says())
		}
	})
}

func TestJournal(t *testing.T) {
	f := seize(t, messages+"PRAGMA cache_size=2; PRAGMA cache_spill=2; BEGIN; UPDATE message SET body = 'half'; INSERT INTO message SELECT NULL, hex(randomblob(5000)), 1 FROM handle, handle;")
	if f["journal"] == nil {
		t.Fatal("no journal was left")
	}
	if out := parse(t, f, tableOp("handle")); len(out.records) != 2 || out.says() != "warning sqlite.journal journal" {
		t.Errorf("%d records; %s", len(out.records), out.says())
	}
}

// A query's rows have the place of the table's, wherever its rowid is selected.
func TestQuery(t *testing.T) {
	f := seize(t, messages)
	out := parse(t, f, queryOp("message", `SELECT h.name AS who, m.body, m.rowid AS number FROM handle h JOIN message m ON m.id = h.message WHERE m.id >= ? AND h.name <> ? ORDER BY m.id DESC`, 1, "nobody"))
	if len(out.records) != 2 || out.says() != "" || out.Err != nil {
		t.Fatalf("%v %v %s", out.Err, out.records, out.says())
	}
	for i, want := range []object{{"who": "bo", "body": "also"}, {"who": "anna", "body": "in the file"}} {
		extra := out.records[i]["extra"].(object)
		if extra["who"] != want["who"] || extra["body"] != want["body"] || len(extra) != 2 {
			t.Errorf("%v", extra)
		}
		if got := span(t, f, out.records[i]); !strings.Contains(got, want["body"].(string)) {
			t.Errorf("%q", got)
		}
	}
	for sql, want := range map[string]string{
		"SELECT body FROM message":            "rowid",
		"SELECT nowhere FROM message":         "no such column",
		`SELECT id, "body text" FROM message`: "no such column",
		"SELECT id FROM message; SELECT 1":    "not one statement",
		"":                                    "not one statement",
	} {
		if out := parse(t, f, queryOp("message", sql)); out.Outcome != evidence.OutcomeFailed || !strings.Contains(out.Reason, want) {
			t.Errorf("%s: %s %s", sql, out.Outcome, out.Reason)
		}
	}
	if out := parse(t, f, queryOp("absent", "SELECT 1")); !errors.Is(out.Err, sdk.ErrMalformed) {
		t.Errorf("%v", out.Err)
	}
	for _, sql := range []string{"DELETE FROM message", "CREATE TABLE x(y)", "ATTACH '/etc/passwd' AS p", "VACUUM INTO '/tmp/stolen'"} {
		if out := parse(t, f, queryOp("", sql)); out.Outcome != evidence.OutcomeFailed {
			t.Errorf("%s: %s %s", sql, out.Outcome, out.Reason)
		}
	}
}

// Values come as they are stored, whatever the column says.
func TestValues(t *testing.T) {
	for _, encoding := range []string{"UTF-8", "UTF-16le", "UTF-16be"} {
		f := seize(t, "PRAGMA encoding='"+encoding+`'; CREATE TABLE v(a, b INTEGER, c REAL, d TEXT, e BLOB, "rowid" TEXT);
			INSERT INTO v VALUES ('Grüße 你好 😊', 9007199254740993, 1.5, 'x' || char(0) || 'y', x'00ff', 'mine'), (NULL, 'text', 3.0, 42, 'blob', NULL);`)
		out := parse(t, f, tableOp("v"))
		if len(out.records) != 2 || out.says() != "" {
			t.Fatalf("%v %v; %s", out.Err, out.records, out.says())
		}
		first, second := out.records[0]["columns"].(object), out.records[1]["columns"].(object)
		if first["a"] != "Grüße 你好 😊" || first["b"] != "9007199254740993" || first["c"] != "1.5" || first["d"] != "x\x00y" || fmt.Sprint(first["e"]) != "map[raw:AP8=]" || first["rowid"] != "mine" {
			t.Errorf("%s: %v", encoding, first)
		}
		if second["a"] != nil || second["b"] != "text" || second["c"] != "3" || second["d"] != "42" || second["e"] != "blob" {
			t.Errorf("%s: %v", encoding, second)
		}
	}
	// Text that is not UTF-8 keeps its bytes.
	f := seize(t, "CREATE TABLE v(a); INSERT INTO v VALUES (CAST(x'636166e9' AS TEXT));")
	out := parse(t, f, tableOp("v"))
	if got := out.records[0]["columns"].(object)["a"].(object); got["raw"] != base64.StdEncoding.EncodeToString([]byte("caf\xe9")) || got["text"] != "caf\uFFFD" {
		t.Errorf("%v", got)
	}
}

// Rows that overflow, rows without numbers, virtual tables, other people's
// collations and functions.
func TestTables(t *testing.T) {
	f := seize(t, `PRAGMA page_size=512;
		CREATE TABLE long(id INTEGER PRIMARY KEY, t TEXT); INSERT INTO long VALUES (7, hex(zeroblob(2000)));
		CREATE TABLE keyed(k TEXT PRIMARY KEY, v) WITHOUT ROWID; INSERT INTO keyed VALUES ('b', 2), ('a', 1);
		CREATE VIEW seen AS SELECT k FROM keyed;
		CREATE VIRTUAL TABLE words USING fts5(t); INSERT INTO words VALUES ('x');
		CREATE TABLE odd(n TEXT); INSERT INTO odd VALUES ('b'), ('a');
		PRAGMA writable_schema=ON;
		UPDATE sqlite_schema SET sql = 'CREATE TABLE odd(n TEXT COLLATE LOCALIZED DEFAULT "quoted")' WHERE name = 'odd';
		INSERT INTO sqlite_schema VALUES ('index', 'broken', 'odd', 2, 'CREATE INDEX broken ON odd(no_such_column)');`)
	op := func(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
		db, err := sqlite.Open(c, in)
		if err != nil {
			return err
		}
		defer db.Close()
		for row := range db.Table("LONG") {
			var size int64
			for _, s := range row.Places() {
				size += s.Length
			}
			if len(row.Places()) != 8 || size != 2+1+4+4000 {
				t.Errorf("%d places, %d bytes", len(row.Places()), size)
			}
		}
		for name, want := range map[string]string{"keyed": "[/keyed/0 a /keyed/1 b]", "seen": "[/seen/0 a /seen/1 b]", "absent": "[]"} {
			var got []string
			for row := range db.Table(name) {
				got = append(got, row.Source().Pointer, row.Text("k").String())
			}
			if fmt.Sprint(got) != want {
				t.Errorf("%s: %v", name, got)
			}
		}
		var got []string
		for row := range db.Query("odd", "SELECT rowid, n FROM odd ORDER BY n") {
			got = append(got, row.Text("n").String())
		}
		if fmt.Sprint(got, db.Err()) != "[a b] <nil>" {
			t.Error(got, db.Err())
		}
		if !db.HasTable("Keyed") || db.HasTable("none") || !db.HasColumn("keyed", "V") || db.HasColumn("keyed", "w") || db.HasColumn("none", "x") || !db.HasColumn("words_content", "c0") {
			t.Error("HasTable, HasColumn")
		}
		if n, err := db.Count("odd"); n != 2 || err != nil {
			t.Error(n, err)
		}
		return db.Err()
	}
	if out := parse(t, f, op); out.Err != nil || out.says() != "damage sqlite.schema_damaged" {
		t.Errorf("%v; %s", out.Err, out.says())
	}
}

func TestNotDatabase(t *testing.T) {
	for _, b := range [][]byte{nil, []byte("no database"), bytes.Repeat([]byte{0xa5}, 8192)} {
		if out := parse(t, files{"input": b}, tableOp("t")); !errors.Is(out.Err, sdk.ErrMalformed) {
			t.Errorf("%v", out.Err)
		}
	}
}

const many = `PRAGMA page_size=1024; CREATE TABLE message(id INTEGER PRIMARY KEY, body TEXT); CREATE INDEX b ON message(body);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 2000) INSERT INTO message SELECT i, printf('message %05d', i) FROM n;`

// A damaged page costs its rows, whatever the query; the file's end its own.
func TestDamage(t *testing.T) {
	f := seize(t, many)
	whole := parse(t, f, tableOp("message"))
	if len(whole.records) != 2000 {
		t.Fatal(len(whole.records))
	}
	at, _ := whole.records[1000]["source"].(object)["offset"].(json.Number).Int64()
	page := at / 1024
	b := slices.Clone(f["input"])
	clear(b[page*1024 : (page+1)*1024])
	bad := files{"input": b}
	for name, op := range map[string]sdk.Op{
		"table":  tableOp("message"),
		"query":  queryOp("message", "SELECT body, id FROM message WHERE id > ?;", 0),
		"sorted": queryOp("message", "SELECT id, body FROM message ORDER BY id DESC"),
	} {
		out := parse(t, bad, op)
		if n := len(out.records); n < 1900 || n >= 2000 || out.says() != "damage sqlite.page_damaged" || out.Outcome != evidence.OutcomeComplete {
			t.Errorf("%s: %d records, %s %s; %s", name, n, out.Outcome, out.Reason, out.says())
		}
		ids := map[string]bool{}
		for _, o := range out.records {
			ids[fmt.Sprint(o["source"].(object)["rowid"])] = true
		}
		if len(ids) != len(out.records) {
			t.Errorf("%s: %d rows, %d numbers", name, len(out.records), len(ids))
		}
	}
	t.Run("no rowids", func(t *testing.T) {
		out := parse(t, bad, queryOp("", "SELECT body || 'x' FROM message NOT INDEXED"))
		if out.Outcome != evidence.OutcomePartial || out.says() != "damage sqlite.query_stopped" || len(out.records) == 0 {
			t.Errorf("%d records, %s; %s", len(out.records), out.Outcome, out.says())
		}
	})
	t.Run("cut short", func(t *testing.T) {
		out := parse(t, files{"input": f["input"][:len(f["input"])/2]}, tableOp("message"))
		if n := len(out.records); n < 500 || n >= 2000 || !strings.Contains(out.says(), "damage sqlite.truncated") || !strings.Contains(out.says(), "sqlite.page_damaged") {
			t.Errorf("%d records, %s; %s", n, out.Outcome, out.says())
		}
	})
}

// A row that is too large to be read costs that row.
func TestLargeRow(t *testing.T) {
	f := seize(t, "CREATE TABLE t(id INTEGER PRIMARY KEY, b BLOB); INSERT INTO t VALUES (1, 'a'), (2, zeroblob(70000000)), (3, 'c');")
	out := parse(t, f, tableOp("t"))
	if len(out.records) != 2 || out.says() != "reject sqlite.row_unreadable" || out.Units.Rejected != 1 {
		t.Errorf("%d records, %s %s; %s", len(out.records), out.Outcome, out.Reason, out.says())
	}
}

// An input that cannot be read is no damage.
func TestUnreadable(t *testing.T) {
	f := seize(t, many)
	in := sdk.NewInput(cut{f["input"], 20 << 10}, int64(len(f["input"])))
	r, err := sdk.Run(t.Context(), sdk.Plugin{Parse: tableOp("message")}, sdk.Job{
		Operation: evidence.OpParse, Inputs: []*sdk.Input{in}, Records: &bytes.Buffer{}, Diagnostics: &bytes.Buffer{}, Artifacts: &bytes.Buffer{},
	})
	if err != nil || r.Outcome != evidence.OutcomeFailed || !errors.Is(r.Err, errSector) {
		t.Errorf("%v %s %v", err, r.Outcome, r.Err)
	}
}

var errSector = errors.New("bad sector")

// cut is readable up to good.
type cut struct {
	b    []byte
	good int64
}

func (c cut) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > c.good {
		return 0, errSector
	}
	return copy(p, c.b[off:]), nil
}
