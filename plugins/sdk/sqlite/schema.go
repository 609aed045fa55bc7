package sqlite

import (
	"errors"
	"fmt"
	"strings"

	"github.com/exhibit-forensics/exhibit/internal/sqlitefile"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// table is a table or view as the schema has it.
type table struct {
	name    string
	root    uint32
	known   bool // what follows was asked for
	columns []string
	alias   string // the column that is another name of the rowid, "" for none
	rowid   string // a word by which SQL names the rowid, "" for a view or a table WITHOUT ROWID
}

// readSchema finds the tables by the file's own format: SQLite does not say where
// the b-tree of a table begins that it cannot understand.
func (db *DB) readSchema() error {
	objects, err := db.file.Schema(maxObjects)
	if cause := db.Err(); cause != nil {
		return cause
	}
	if err != nil {
		db.c.Damage(sdk.Source{}, codeSchema, "a part of the schema cannot be read; tables that it states are not seen")
		if !errors.Is(err, sqlitefile.ErrCorrupt) && !errors.Is(err, sqlitefile.ErrLimit) {
			return fmt.Errorf("sqlite: %w", err)
		}
	}
	db.tables = map[string]*table{}
	for _, o := range objects {
		if o.Type == "table" || o.Type == "view" {
			db.names = append(db.names, o.Name)
			db.tables[lower(o.Name)] = &table{name: o.Name, root: o.Root}
		}
	}
	return nil
}

// lower folds as SQLite does: ASCII only.
func lower(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}, s)
}

// same compares names as SQLite does.
func same(a, b string) bool { return a == b || len(a) == len(b) && lower(a) == lower(b) }

// Tables returns the names of all tables and views, in the file's order.
func (db *DB) Tables() []string { return db.names }

// HasTable reports whether there is a table or view of that name, in any case.
func (db *DB) HasTable(name string) bool { return db.tables[lower(name)] != nil }

// HasColumn reports whether there is such a table or view, and it such a column, in
// any case.
func (db *DB) HasColumn(name, column string) bool {
	for _, c := range db.Columns(name) {
		if same(c, column) {
			return true
		}
	}
	return false
}

// Columns returns the columns of a table or view, nil where there is none of that name.
func (db *DB) Columns(name string) []string {
	t := db.tables[lower(name)]
	if t == nil {
		return nil
	}
	db.learn(t)
	return t.columns
}

// Count returns how many rows a table has, by counting them: for sdk.Out.Declare.
func (db *DB) Count(name string) (n int64, err error) {
	for _, err := range db.file.RowIDs(db.rootOf(name)) {
		if err != nil {
			return 0, fmt.Errorf("sqlite: %w", err)
		}
		n++
	}
	return n, nil
}

func (db *DB) rootOf(name string) uint32 {
	if t := db.tables[lower(name)]; t != nil {
		return t.root
	}
	return 0
}

// learn asks SQLite about a table. Where it cannot tell, the table has no columns.
func (db *DB) learn(t *table) {
	if t.known {
		return
	}
	t.known = true
	keys, integer := 0, ""
	err := db.each(`SELECT name, type, pk FROM pragma_table_xinfo(?)`, []any{t.name}, func(r *Row) {
		name := r.Text("name").String()
		t.columns = append(t.columns, name)
		if pk, _ := r.Int64("pk"); pk > 0 {
			if keys++; strings.EqualFold(r.Text("type").String(), "INTEGER") {
				integer = name
			}
		}
	})
	if err != nil || t.root == 0 {
		return
	}
	if err := db.each("SELECT wr FROM pragma_table_list WHERE schema = 'main' AND lower(name) = lower(?)", []any{t.name}, func(r *Row) {
		if wr, ok := r.Int64("wr"); ok && wr == 0 {
			t.rowid = "rowid"
		}
	}); err != nil || t.rowid == "" {
		return
	}
	if keys == 1 {
		t.alias = integer
	}
	t.rowid = ""
	for _, word := range []string{"rowid", "_rowid_", "oid"} {
		if !db.HasColumn(t.name, word) || lower(t.alias) == word {
			t.rowid = word
			return
		}
	}
}

// each runs a query of the package's own.
func (db *DB) each(sql string, args []any, do func(*Row)) error {
	q, err := db.prepare(nil, sql, args)
	if err != nil {
		return err
	}
	defer q.close()
	for q.step() {
		do(&q.row)
	}
	return q.err
}
