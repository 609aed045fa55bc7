package sqlitefile_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/internal/sqlitefile"
)

// sqlite runs a script in SQLite's own program and returns what it prints.
func sqlite(t testing.TB, db, script string) string {
	t.Helper()
	program, err := exec.LookPath("sqlite3")
	if err != nil {
		t.Skip("NOT TESTED: sqlite3 (the program) is not installed")
	}
	cmd := exec.Command(program, "-batch", "-bail", db)
	cmd.Stdin = strings.NewReader(script)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("sqlite3: %v\n%s", err, out)
	}
	return string(out)
}

// evidence is a database as it was found: the file, and its log where it has one.
type evidence struct{ db, wal []byte }

func (e evidence) open(t testing.TB) *sqlitefile.File {
	t.Helper()
	f, err := e.tryOpen()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func (e evidence) tryOpen() (*sqlitefile.File, error) {
	if e.wal == nil {
		return sqlitefile.Open(bytes.NewReader(e.db), int64(len(e.db)), nil, 0)
	}
	return sqlitefile.Open(bytes.NewReader(e.db), int64(len(e.db)), bytes.NewReader(e.wal), int64(len(e.wal)))
}

func (e evidence) bytes(places []sqlitefile.Place) []byte {
	var b []byte
	for _, p := range places {
		from := e.db
		if p.WAL {
			from = e.wal
		}
		b = append(b, from[p.Offset:p.Offset+p.Length]...)
	}
	return b
}

// seize runs a script and copies the files while the database is still open, as
// they are found on a machine that was switched off.
func seize(t testing.TB, script string) evidence {
	t.Helper()
	dir := t.TempDir()
	db, copied := filepath.Join(dir, "live.db"), filepath.Join(dir, "seized.db")
	sqlite(t, db, fmt.Sprintf("%s\n.shell cp %s %s; test ! -e %s-wal || cp %s-wal %s-wal\n", script, db, copied, db, db, copied))
	var e evidence
	var err error
	if e.db, err = os.ReadFile(copied); err != nil {
		t.Fatal(err)
	}
	if e.wal, err = os.ReadFile(copied + "-wal"); err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return e
}

const filled = `
CREATE TABLE message(id INTEGER PRIMARY KEY, body TEXT, at INTEGER, score REAL, blob BLOB);
CREATE INDEX by_at ON message(at);
CREATE VIEW recent AS SELECT * FROM message WHERE at > 100;
CREATE TABLE "Ünïcode 表"(x);
CREATE TABLE keyed(k TEXT PRIMARY KEY, v) WITHOUT ROWID;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 3000)
INSERT INTO message SELECT i*7, printf('message %d ', i) || substr(hex(zeroblob(20000)), 1, CASE WHEN i%100=0 THEN i*9 ELSE i%50 END), i, i/3.0, zeroblob(i%3) FROM n;
INSERT INTO message VALUES (-5, 'below zero', NULL, 0, x'00ff'), (9223372036854775807, 'the last', 1, 1, NULL);
INSERT INTO keyed VALUES ('a', 1);
`

// wholeSchema makes sqlite_schema itself overflow and need several pages.
func wholeSchema() string {
	var b strings.Builder
	for i := range 60 {
		fmt.Fprintf(&b, "CREATE TABLE t%02d(%s x);\n", i, strings.Repeat(fmt.Sprintf("column_%d_of_a_long_name TEXT, ", i), 1)+strings.Repeat("/* a remark */ ", 10*i))
	}
	return b.String()
}

var variants = map[string]string{
	"plain":        "PRAGMA page_size=4096;",
	"small pages":  "PRAGMA page_size=512;",
	"large pages":  "PRAGMA page_size=65536;",
	"utf-16le":     "PRAGMA encoding='UTF-16le';",
	"utf-16be":     "PRAGMA encoding='UTF-16be'; PRAGMA page_size=1024;",
	"auto vacuum":  "PRAGMA auto_vacuum=FULL; PRAGMA page_size=1024;",
	"log only":     "PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0;",
	"log, small":   "PRAGMA page_size=512; PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=200;",
	"log, utf-16":  "PRAGMA encoding='UTF-16le'; PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=10;",
	"log, largest": "PRAGMA page_size=65536; PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=2;",
}

// What SQLite says of a database, and what is found here, is the same: objects,
// rows, and the bytes of each row.
func TestAgainstSQLite(t *testing.T) {
	for name, pragmas := range variants {
		t.Run(name, func(t *testing.T) {
			e := seize(t, pragmas+filled+wholeSchema()+"UPDATE message SET body = 'changed' WHERE id % 70 = 7; DELETE FROM message WHERE id BETWEEN 700 AND 1400;")
			f := e.open(t)
			if wal := strings.HasPrefix(name, "log"); wal != f.Header().WALMode || wal != (f.WAL().Frames > 0) {
				t.Errorf("%+v, %+v", f.Header(), f.WAL())
			}
			checkSchema(t, e, f)
			checkRows(t, e, f)
		})
	}
}

// ask runs a query over the files as they are.
func (e evidence) ask(t testing.TB, query string) string {
	t.Helper()
	db := filepath.Join(t.TempDir(), "copy.db")
	if err := os.WriteFile(db, e.db, 0o600); err != nil {
		t.Fatal(err)
	}
	if e.wal != nil {
		if err := os.WriteFile(db+"-wal", e.wal, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return sqlite(t, db, query)
}

func checkSchema(t *testing.T, e evidence, f *sqlitefile.File) {
	t.Helper()
	objects, err := f.Schema(1000)
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, o := range objects {
		fmt.Fprintf(&got, "%s|%s|%s|%d|%s\n", o.Type, o.Name, o.Table, o.Root, o.SQL)
	}
	if want := e.ask(t, "SELECT type, name, tbl_name, rootpage, ifnull(sql, '') FROM sqlite_schema;"); got.String() != want {
		t.Errorf("schema is\n%s\nwant\n%s", got.String(), want)
	}
	if _, err := f.Schema(len(objects) - 1); !errors.Is(err, sqlitefile.ErrLimit) {
		t.Errorf("a limit on objects: %v", err)
	}
}

func rootOf(t testing.TB, f *sqlitefile.File, table string) uint32 {
	t.Helper()
	objects, err := f.Schema(1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range objects {
		if o.Type == "table" && o.Name == table {
			return o.Root
		}
	}
	t.Fatalf("no table %s", table)
	return 0
}

func checkRows(t *testing.T, e evidence, f *sqlitefile.File) {
	t.Helper()
	root := rootOf(t, f, "message")
	var ids []int64
	for id, err := range f.RowIDs(root) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	lines := strings.Split(strings.TrimSuffix(e.ask(t, "SELECT id, hex(CAST(body AS BLOB)), at, printf('%!.17g', score), hex(blob) FROM message ORDER BY id;"), "\n"), "\n")
	if len(ids) != len(lines) {
		t.Fatalf("%d rows, want %d", len(ids), len(lines))
	}
	inLog, inFile, pages := 0, 0, 0
	for i, id := range ids {
		places, err := f.Row(root, id)
		if err != nil {
			t.Fatalf("row %d: %v", id, err)
		}
		for _, p := range places {
			if p.WAL {
				inLog++
			} else {
				inFile++
			}
		}
		pages = max(pages, len(places))
		if got := readRow(t, e.bytes(places), id); got != lines[i] {
			t.Fatalf("row %d is\n%s\nwant\n%s", id, got, lines[i])
		}
	}
	if pages < 2 && f.Header().PageSize < 65536 {
		t.Error("no row overflows: nothing was tested of it")
	}
	if (inLog > 0) != (f.WAL().Frames > 0) || inLog+inFile == 0 {
		t.Errorf("%d places in the log, %d in the file", inLog, inFile)
	}
	for _, id := range []int64{math.MinInt64, 1, 8, math.MaxInt64 - 1} {
		if _, err := f.Row(root, id); !errors.Is(err, sqlitefile.ErrNoRow) {
			t.Errorf("row %d: %v", id, err)
		}
	}
	if _, err := f.Row(rootOf(t, f, "keyed"), 1); !errors.Is(err, sqlitefile.ErrWithoutRowID) {
		t.Errorf("WITHOUT ROWID: %v", err)
	}
}

// readRow reads the bytes of a row by the file format (§2.1), independently of the
// package, and prints it as the query above does.
func readRow(t *testing.T, b []byte, id int64) string {
	t.Helper()
	next := func() uint64 {
		var v uint64
		for i := range 9 {
			c := b[i]
			if i == 8 {
				b = b[9:]
				return v<<8 | uint64(c)
			}
			v = v<<7 | uint64(c&0x7f)
			if c < 0x80 {
				b = b[i+1:]
				return v
			}
		}
		return v
	}
	if size := next(); int64(next()) != id || size != uint64(len(b)) {
		t.Fatalf("row %d: a payload of %d bytes, %d there are", id, size, len(b))
	}
	before := len(b)
	head := int(next())
	var types []uint64
	for before-len(b) < head {
		types = append(types, next())
	}
	var out []string
	for i, s := range types {
		n, text := 0, ""
		switch {
		case s <= 4:
			n = int(s)
		case s == 5:
			n = 6
		case s == 6 || s == 7:
			n = 8
		case s >= 12:
			n = int(s-12) / 2
		}
		v := b[:n]
		b = b[n:]
		var number int64
		if n > 0 && n <= 8 && v[0] >= 0x80 {
			number = -1
		}
		for _, c := range v {
			number = number<<8 | int64(c)
		}
		switch {
		case i == 0: // an INTEGER PRIMARY KEY is stored as null
			text = fmt.Sprint(id)
		case s == 0:
		case s >= 12:
			text = fmt.Sprintf("%X", v)
		case s == 7:
			text = strings.TrimSpace(float(math.Float64frombits(binary.BigEndian.Uint64(v))))
		case s == 8 || s == 9:
			number = int64(s) - 8
			fallthrough
		default:
			if text = fmt.Sprint(number); i == 3 {
				text = float(float64(number))
			}
		}
		out = append(out, text)
	}
	return strings.Join(out, "|")
}

// float prints as SQLite's %!.17g does.
func float(v float64) string {
	s := fmt.Sprintf("%.17g", v)
	if !strings.ContainsAny(s, ".e") {
		s += ".0"
	}
	return s
}

// The overlay is the database as SQLite makes it by a checkpoint.
func TestReaderAt(t *testing.T) {
	for name, pragmas := range variants {
		t.Run(name, func(t *testing.T) {
			e := seize(t, pragmas+filled)
			r, size := e.open(t).ReaderAt()
			got, err := io.ReadAll(io.NewSectionReader(r, 0, size))
			if err != nil {
				t.Fatal(err)
			}
			if got[18] != 1 || got[19] != 1 {
				t.Error("it still says that it has a log")
			}
			if e.wal == nil {
				if !bytes.Equal(got, e.db) {
					t.Error("without a log it is not the file")
				}
				return
			}
			db := filepath.Join(t.TempDir(), "c.db")
			for file, b := range map[string][]byte{db: e.db, db + "-wal": e.wal} {
				if err := os.WriteFile(file, b, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			sqlite(t, db, "PRAGMA wal_checkpoint(TRUNCATE);")
			want, err := os.ReadFile(db)
			if err != nil {
				t.Fatal(err)
			}
			got[18], got[19] = 2, 2
			if !bytes.Equal(got, want) {
				t.Errorf("%d bytes differ from the %d of a checkpoint", len(got), len(want))
			}
			whole := got
			part := make([]byte, 3000)
			for _, at := range []int64{0, 17, 19, 500, size - 100} {
				n, err := r.ReadAt(part, at)
				if at+3000 > size != (err == io.EOF) {
					t.Errorf("at %d: %v", at, err)
				}
				if at <= 18 {
					part[18-at], part[19-at] = 2, 2
				} else if at == 19 {
					part[0] = 2
				}
				if !bytes.Equal(part[:n], whole[at:at+int64(n)]) {
					t.Errorf("a read at %d differs", at)
				}
			}
		})
	}
}

// A log says how it was found.
func TestLog(t *testing.T) {
	const wal = "PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; CREATE TABLE t(x); INSERT INTO t VALUES ('first'); "
	e := seize(t, wal+"INSERT INTO t VALUES ('second');")
	f := e.open(t)
	log := f.WAL()
	if !log.Present || !log.Valid || log.Frames == 0 || log.Uncommitted != 0 || log.Broken != 0 || log.Stale != 0 || log.Reason != "" {
		t.Fatalf("%+v", log)
	}
	frame := 24 + log.PageSize
	count := func(e evidence) int {
		f := e.open(t)
		n := 0
		for _, err := range f.RowIDs(rootOf(t, f, "t")) {
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
		return n
	}
	if count(e) != 2 {
		t.Error("the log's rows are not there")
	}
	t.Run("cut", func(t *testing.T) {
		cut := evidence{e.db, e.wal[:len(e.wal)-100]}
		if log := cut.open(t).WAL(); log.Rest != int64(frame)-100 || log.Frames != f.WAL().Frames-1 || count(cut) != 1 {
			t.Errorf("%+v", log)
		}
	})
	t.Run("broken", func(t *testing.T) {
		b := slices.Clone(e.wal)
		b[32+(int(log.Frames)-1)*frame+24+50] ^= 1
		broken := evidence{e.db, b}
		if log := broken.open(t).WAL(); log.Broken != 1 || log.Frames != f.WAL().Frames-1 || count(broken) != 1 {
			t.Errorf("%+v", log)
		}
	})
	t.Run("no header", func(t *testing.T) {
		for _, b := range [][]byte{{}, e.wal[:31], bytes.Repeat([]byte{0}, 4096), flipped(e.wal, 3), flipped(e.wal, 20), flipped(e.wal, 6)} {
			if log := (evidence{e.db, b}).open(t).WAL(); !log.Present || log.Valid || log.Reason == "" || log.Frames != 0 {
				t.Errorf("%+v", log)
			}
		}
	})
	t.Run("of another database", func(t *testing.T) {
		other := seize(t, "PRAGMA page_size=1024; CREATE TABLE o(x);")
		mixed := evidence{other.db, e.wal}
		// SQLite would read its pages, page 1 included, whatever the database was.
		if log := mixed.open(t).WAL(); log.Frames == 0 {
			t.Errorf("%+v", log)
		}
		onlyData := seize(t, "PRAGMA journal_mode=WAL; CREATE TABLE t(x); PRAGMA wal_checkpoint(TRUNCATE); INSERT INTO t VALUES (1);")
		mixed = evidence{other.db, onlyData.wal}
		if log := mixed.open(t).WAL(); log.Valid || log.Reason == "" || log.Frames != 0 {
			t.Errorf("%+v", log)
		}
		if o, err := mixed.open(t).Schema(10); err != nil || len(o) != 1 || o[0].Name != "o" {
			t.Errorf("%v %v", o, err)
		}
	})
	t.Run("older generation", func(t *testing.T) {
		e := seize(t, wal+"INSERT INTO t SELECT zeroblob(100000); PRAGMA wal_checkpoint(RESTART); INSERT INTO t VALUES ('after');")
		log := e.open(t).WAL()
		if log.Frames == 0 || log.Stale < 20 || log.Broken != 0 || count(e) != 3 {
			t.Errorf("%+v", log)
		}
	})
	t.Run("uncommitted", func(t *testing.T) {
		// A transaction that spilt its pages into the log before it ended.
		e := seize(t, wal+"PRAGMA cache_size=5; PRAGMA cache_spill=5; BEGIN; INSERT INTO t SELECT randomblob(200000);")
		log := e.open(t).WAL()
		if log.Uncommitted == 0 || log.Broken != 0 || count(e) != 1 {
			t.Errorf("%+v", log)
		}
	})
	t.Run("nothing but a log", func(t *testing.T) {
		if o, err := (evidence{nil, e.wal}).open(t).Schema(10); err != nil || len(o) != 1 {
			t.Errorf("%v %v", o, err)
		}
	})
}

func flipped(b []byte, at int) []byte {
	b = slices.Clone(b)
	b[at] ^= 1
	return b
}

func TestNotDatabase(t *testing.T) {
	good := seize(t, filled).db
	for name, b := range map[string][]byte{
		"empty": {}, "short": good[:99], "text": bytes.Repeat([]byte("text"), 100), "encrypted": bytes.Repeat([]byte{0xa5, 0x17}, 2048),
		"page size 0": change(good, 16, 0), "page size 3": change(good, 17, 3), "reserved": change(change(good, 16, 2), 20, 200),
	} {
		if _, err := (evidence{db: b}).tryOpen(); !errors.Is(err, sqlitefile.ErrNotDatabase) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func change(b []byte, at int, to byte) []byte {
	b = slices.Clone(b)
	b[at] = to
	if at == 16 {
		b[17] = 0
	}
	return b
}

// A page that is damaged costs its own rows.
func TestDamage(t *testing.T) {
	e := seize(t, "PRAGMA page_size=1024;"+filled)
	f := e.open(t)
	root := rootOf(t, f, "message")
	all := countRows(f, root)
	places, err := f.Row(root, 7*1500)
	if err != nil {
		t.Fatal(err)
	}
	page := places[0].Offset / 1024
	b := slices.Clone(e.db)
	clear(b[page*1024 : (page+1)*1024])
	f = evidence{db: b}.open(t)
	n, faults := 0, 0
	for _, err := range f.RowIDs(root) {
		var damage *sqlitefile.PageError
		switch {
		case errors.As(err, &damage):
			faults++
			if int64(damage.Page) != page+1 || damage.Place.Offset != page*1024 || damage.Place.Length != 1024 || !errors.Is(err, sqlitefile.ErrCorrupt) {
				t.Errorf("%+v", damage)
			}
		case err != nil:
			t.Fatal(err)
		default:
			n++
		}
	}
	if faults != 1 || n >= all || n < all-40 {
		t.Errorf("%d of %d rows, %d damaged pages", n, all, faults)
	}
	if _, err := f.Row(root, 7*1500); !errors.Is(err, sqlitefile.ErrCorrupt) {
		t.Error(err)
	}
	t.Run("cut short", func(t *testing.T) {
		f := evidence{db: e.db[:len(e.db)/2]}.open(t)
		if h := f.Header(); h.Missing == 0 || h.Pages == 0 {
			t.Errorf("%+v", h)
		}
		if n := countRows(f, root); n == 0 || n >= all {
			t.Errorf("%d of %d rows", n, all)
		}
	})
}

func countRows(f *sqlitefile.File, root uint32) (n int) {
	for _, err := range f.RowIDs(root) {
		if err == nil {
			n++
		}
	}
	return n
}

// Trees that lead back into themselves end.
func TestCycles(t *testing.T) {
	e := seize(t, "PRAGMA page_size=512;"+filled)
	f := e.open(t)
	root := rootOf(t, f, "message")
	at := int(root-1) * 512
	// Every child of the root is the root.
	b := slices.Clone(e.db)
	cells := int(binary.BigEndian.Uint16(b[at+3:]))
	for i := range cells {
		cell := int(binary.BigEndian.Uint16(b[at+12+2*i:]))
		binary.BigEndian.PutUint32(b[at+cell:], root)
	}
	binary.BigEndian.PutUint32(b[at+8:], root)
	f = evidence{db: b}.open(t)
	limited := false
	for _, err := range f.RowIDs(root) {
		limited = limited || errors.Is(err, sqlitefile.ErrLimit)
	}
	if !limited {
		t.Error("it ended, but not by its bound")
	}
	if _, err := f.Row(root, 70); !errors.Is(err, sqlitefile.ErrCorrupt) {
		t.Error(err)
	}
	t.Run("overflow", func(t *testing.T) {
		f := e.open(t)
		places, err := f.Row(root, 7*3000)
		if err != nil || len(places) < 20 {
			t.Fatal(err, len(places))
		}
		b := slices.Clone(e.db)
		for back := 1; back < 10; back++ {
			from, to := places[15].Offset-4, places[15-back].Offset/512+1
			binary.BigEndian.PutUint32(b[from:], uint32(to))
			if _, err := (evidence{db: b}).open(t).Row(root, 7*3000); !errors.Is(err, sqlitefile.ErrCorrupt) {
				t.Errorf("a cycle of %d pages: %v", back+1, err)
			}
		}
	})
}
