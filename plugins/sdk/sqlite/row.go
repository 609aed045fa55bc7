package sqlite

import (
	"math"
	"strconv"

	"github.com/ncruces/go-sqlite3"

	"github.com/exhibit-forensics/exhibit/internal/sqlitefile"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// Row is one row of a result. It changes when the loop goes on, and so does what Bytes
// and the []byte of Value return; an sdk.Text may be kept.
type Row struct {
	q      *query
	number int64 // of the result, from 0
	id     int64
	places []sqlitefile.Place
	placed bool
}

// RowID returns the number of the row of the query's table; 0 where rows have none.
func (r *Row) RowID() int64 { return r.id }

// Source returns the place of the row: its table and number, and the bytes of its
// cell, in the log where its newest version is there. A row of a table WITHOUT ROWID,
// of a view, or of no table is known by its pointer, /TABLE/N, the N-th row of the
// result from 0.
func (r *Row) Source() sdk.Source {
	db, t := r.q.db, r.q.table
	if t == nil || r.q.rowid < 0 {
		s := sdk.PointerTo("/" + r.q.label + "/" + strconv.FormatInt(r.number, 10))
		s.Table = r.q.label
		return s
	}
	if places := r.find(); len(places) > 0 {
		s := db.source(places[0])
		s.Table, s.RowID, s.HasRow = t.name, r.id, true
		return s
	}
	return sdk.RowOf(t.name, r.id)
}

// Places returns all runs of bytes that the row consists of: its cell, then what
// overflows to other pages, in order. Read one after another they are the length of
// the row and its number, each a varint, and its content as SQLite stores it.
func (r *Row) Places() []sdk.Source {
	var list []sdk.Source
	for _, p := range r.find() {
		list = append(list, r.q.db.source(p))
	}
	return list
}

func (db *DB) source(p sqlitefile.Place) sdk.Source {
	if p.WAL {
		return db.wal.Source(p.Offset, p.Length)
	}
	return db.in.Source(p.Offset, p.Length)
}

func (r *Row) find() []sqlitefile.Place {
	if !r.placed && r.q.table != nil && r.q.rowid >= 0 {
		// A row that SQLite finds and the file's format does not (its tree is out of
		// order) has its number, and no bytes.
		r.places, _ = r.q.db.file.Row(r.q.table.root, r.id)
		r.placed = true
	}
	return r.places
}

// column returns the result's column of that name, -1 where it has none.
func (r *Row) column(name string) int {
	if i, ok := r.q.index[name]; ok {
		return i
	}
	i, ok := r.q.index[lower(name)]
	if !ok {
		i = -1
	}
	r.q.index[name] = i // asked of every row
	return i
}

// Text returns a column as text: absent where the result has no such column, null
// where it is NULL. Numbers are written out. Text that is not UTF-8, and bytes that
// are no text, are kept beside what can be read of them.
func (r *Row) Text(name string) sdk.Text {
	i := r.column(name)
	if i < 0 {
		return sdk.Text{}
	}
	s := r.q.stmt
	switch s.ColumnType(i) {
	case sqlite3.INTEGER:
		return sdk.Str(strconv.FormatInt(s.ColumnInt64(i), 10))
	case sqlite3.FLOAT:
		return sdk.Str(strconv.FormatFloat(s.ColumnFloat(i), 'g', -1, 64))
	case sqlite3.TEXT:
		return sdk.Str(s.ColumnText(i))
	case sqlite3.BLOB:
		return sdk.Str(string(s.ColumnRawBlob(i)))
	}
	return sdk.Null()
}

// Int returns a column as a number: absent where the result has no such column, null
// where it is NULL or no whole number. A number that is stored as text counts.
func (r *Row) Int(name string) sdk.Number {
	if r.column(name) < 0 {
		return sdk.Number{}
	}
	if n, ok := r.Int64(name); ok {
		return sdk.Num(n)
	}
	return sdk.NullNum()
}

// Int64 is Int for the plugin's own use: ok is false where there is no number.
func (r *Row) Int64(name string) (n int64, ok bool) {
	i := r.column(name)
	if i < 0 {
		return 0, false
	}
	s := r.q.stmt
	switch s.ColumnType(i) {
	case sqlite3.INTEGER:
		return s.ColumnInt64(i), true
	case sqlite3.FLOAT:
		f := s.ColumnFloat(i)
		if f == math.Trunc(f) && math.Abs(f) < 1<<62 {
			return int64(f), true
		}
	case sqlite3.TEXT:
		n, err := strconv.ParseInt(string(s.ColumnRawText(i)), 10, 64)
		return n, err == nil
	}
	return 0, false
}

// Float64 returns a number of any kind; ok is false where there is none.
func (r *Row) Float64(name string) (f float64, ok bool) {
	i := r.column(name)
	if i < 0 {
		return 0, false
	}
	s := r.q.stmt
	switch s.ColumnType(i) {
	case sqlite3.INTEGER, sqlite3.FLOAT:
		return s.ColumnFloat(i), true
	case sqlite3.TEXT:
		f, err := strconv.ParseFloat(string(s.ColumnRawText(i)), 64)
		return f, err == nil
	}
	return 0, false
}

// Bytes returns a column as it is stored, text in UTF-8; nil where it is NULL, a
// number, or not there.
func (r *Row) Bytes(name string) []byte {
	i := r.column(name)
	if i < 0 {
		return nil
	}
	switch s := r.q.stmt; s.ColumnType(i) {
	case sqlite3.TEXT:
		return s.ColumnRawText(i)
	case sqlite3.BLOB:
		return s.ColumnRawBlob(i)
	}
	return nil
}

// IsNull reports whether a column is NULL or not there.
func (r *Row) IsNull(name string) bool {
	i := r.column(name)
	return i < 0 || r.q.stmt.ColumnType(i) == sqlite3.NULL
}

// Value returns a column as Common.Extra takes it: nil, int64, float64, sdk.Text, or
// []byte for a BLOB.
func (r *Row) Value(name string) any {
	i := r.column(name)
	if i < 0 {
		return nil
	}
	return r.value(i)
}

func (r *Row) value(i int) any {
	s := r.q.stmt
	switch s.ColumnType(i) {
	case sqlite3.INTEGER:
		return s.ColumnInt64(i)
	case sqlite3.FLOAT:
		return s.ColumnFloat(i)
	case sqlite3.TEXT:
		return sdk.Str(s.ColumnText(i))
	case sqlite3.BLOB:
		if b := s.ColumnRawBlob(i); b != nil {
			return b
		}
		return []byte{}
	}
	return nil
}

// Columns returns the names of the result's columns: of one that repeats name#2.
func (r *Row) Columns() []string {
	if names := r.q.columns; len(names) == 0 || names[0] != hidden {
		return names
	}
	return r.q.columns[1:]
}

// Extra returns all columns but those named and the rowid, for Common.Extra.
func (r *Row) Extra(except ...string) map[string]any {
	m := make(map[string]any, len(r.q.columns))
columns:
	for i, name := range r.q.columns {
		if i == r.q.rowid {
			continue
		}
		for _, e := range except {
			if same(e, name) {
				continue columns
			}
		}
		m[name] = r.value(i)
	}
	return m
}
