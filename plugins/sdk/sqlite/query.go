package sqlite

import (
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"

	"github.com/ncruces/go-sqlite3"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// query is a statement that is being run.
type query struct {
	db      *DB
	stmt    *sqlite3.Stmt
	table   *table
	label   string // the table's name for pointers
	columns []string
	index   map[string]int
	rowid   int // the column that is the table's rowid, -1 for none
	row     Row
	err     error
}

// prepare compiles a query. t is the table that its rows stand for, nil for none.
func (db *DB) prepare(t *table, sql string, args []any) (*query, error) {
	stmt, tail, err := db.conn.Prepare(sql)
	if err != nil {
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	if stmt == nil || strings.TrimSpace(tail) != "" {
		stmt.Close()
		return nil, errors.New("sqlite: not one statement")
	}
	q := &query{db: db, stmt: stmt, table: t, rowid: -1, index: map[string]int{}}
	q.row.q, q.row.number = q, -1
	if t != nil {
		q.label = t.name
	}
	for i := range stmt.ColumnCount() {
		name := stmt.ColumnName(i)
		one := name
		for n := 2; ; n++ {
			if _, taken := q.index[one]; !taken {
				break
			}
			one = name + "#" + strconv.Itoa(n)
		}
		q.columns = append(q.columns, one)
		q.index[one] = i
	}
	for i, name := range q.columns {
		if _, taken := q.index[lower(name)]; !taken {
			q.index[lower(name)] = i
		}
	}
	for i, a := range args {
		if err := bind(stmt, i+1, a); err != nil {
			stmt.Close()
			return nil, fmt.Errorf("sqlite: argument %d: %w", i+1, err)
		}
	}
	return q, nil
}

func bind(s *sqlite3.Stmt, i int, v any) error {
	switch v := v.(type) {
	case nil:
		return s.BindNull(i)
	case int:
		return s.BindInt64(i, int64(v))
	case int64:
		return s.BindInt64(i, v)
	case float64:
		return s.BindFloat(i, v)
	case bool:
		return s.BindBool(i, v)
	case string:
		return s.BindText(i, v)
	case []byte:
		return s.BindBlob(i, v)
	}
	return fmt.Errorf("a value of type %T", v)
}

// findRowID looks for the column that SQLite says is the rowid of the table.
func (q *query) findRowID() int {
	for i := range q.columns {
		if lower(q.stmt.ColumnTableName(i)) != lower(q.table.name) {
			continue
		}
		if origin := lower(q.stmt.ColumnOriginName(i)); origin == "rowid" && !q.db.HasColumn(q.table.name, "rowid") || q.table.alias != "" && origin == lower(q.table.alias) {
			return i
		}
	}
	return -1
}

func (q *query) step() bool {
	if !q.stmt.Step() {
		q.err = q.stmt.Err()
		return false
	}
	r := &q.row
	r.number++
	r.placed, r.places = false, nil
	if q.rowid >= 0 {
		r.id = q.stmt.ColumnInt64(q.rowid)
	}
	return true
}

func (q *query) close() { _ = q.stmt.Close() } // its error is that of the last step

// Table reads all columns of a table in the order of its rowid; of a view, or a
// table WITHOUT ROWID, in the order that SQLite has. There are no rows, and no error,
// where there is no such table. A row that cannot be read is rejected; a damaged page
// costs the rows on it.
func (db *DB) Table(name string) iter.Seq[*Row] {
	return func(yield func(*Row) bool) {
		t := db.tables[lower(name)]
		if t == nil {
			return
		}
		db.learn(t)
		sql, rowid := "SELECT * FROM "+quote(t.name), -1
		switch {
		case t.alias != "":
			sql, rowid = sql+" ORDER BY "+quote(t.alias), unknown
		case t.rowid != "":
			sql, rowid = fmt.Sprintf("SELECT %s AS %s, * FROM %s ORDER BY 1", t.rowid, hidden, quote(t.name)), 0
		}
		db.run(t, rowid, sql, nil, yield)
	}
}

// Query runs one SELECT and yields its rows. table is the one whose rows the result
// stands for, which decides where they are: the query selects the table's rowid, under
// any name and at any position (`SELECT m.ROWID, m.text, h.id FROM message m JOIN …`).
// Where table is WITHOUT ROWID, a view, or "", the rows are numbered instead. args are
// nil, int, int64, float64, bool, string or []byte.
//
// Where the database is damaged, the rows that SQLite did not come to are asked for
// one by one; those that cannot be read are rejected. That needs a table with rowids.
// Check Err after the loop.
func (db *DB) Query(table, sql string, args ...any) iter.Seq[*Row] {
	return func(yield func(*Row) bool) {
		t := db.tables[lower(table)]
		if t == nil && table != "" {
			db.fail(fmt.Errorf("%w: the database has no table %q (see HasTable)", sdk.ErrMalformed, table))
			return
		}
		rowid := -1
		if t != nil {
			if db.learn(t); t.rowid != "" {
				rowid = unknown
			}
		}
		db.run(t, rowid, sql, args, yield)
	}
}

func (db *DB) fail(err error) {
	if db.err == nil {
		db.err = err
	}
}

// hidden is the name of a column that Table adds, and nobody asked for.
const hidden = "exhibit_rowid_"

// unknown: which column is the rowid is to be found.
const unknown = -2

// run reads a result. rowid is the column that is the table's, unknown, or -1 where
// rows have none.
func (db *DB) run(t *table, rowid int, sql string, args []any, yield func(*Row) bool) {
	if db.Err() != nil {
		return
	}
	q, err := db.prepare(t, sql, args)
	if err != nil {
		db.fail(err)
		return
	}
	defer q.close()
	if q.rowid = rowid; rowid == unknown {
		if q.rowid = q.findRowID(); q.rowid < 0 {
			db.fail(fmt.Errorf("sqlite: the query does not select the rowid of table %q, which says where its rows are", t.name))
			return
		}
	}
	var seen ranges
	for q.step() {
		if q.rowid >= 0 {
			seen.add(q.row.id)
		}
		if !yield(&q.row) {
			return
		}
	}
	switch {
	case q.err == nil || db.Err() != nil:
	case !damaged(q.err):
		db.fail(fmt.Errorf("sqlite: %w", q.err))
	case q.rowid < 0:
		db.stopped(q.row.number + 1)
	default:
		db.salvage(q, sql, args, &seen, yield)
	}
}

// damaged reports whether an error is about what the database holds.
func damaged(err error) bool {
	return errors.Is(err, sqlite3.CORRUPT) || errors.Is(err, sqlite3.NOTADB) || errors.Is(err, sqlite3.TOOBIG) || errors.Is(err, sqlite3.NOMEM)
}

// quote writes a name as SQL does.
func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
