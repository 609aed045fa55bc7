package sqlite

import (
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// Has reports whether there is a table with all of these columns. Of a table that
// lacks one, without which a plugin can make nothing of it, it says so.
func (db *DB) Has(name string, columns ...string) bool {
	if !db.HasTable(name) {
		return false
	}
	for _, c := range columns {
		if !db.HasColumn(name, c) {
			db.c.Diagnose(sdk.Diagnostic{
				Code: codeColumn, Severity: evidence.SeverityUnresolved, Message: "the table " + name + " is not as it is known: it lacks the column " + c + ", and is not read",
				Data: map[string]any{"table": name, "column": c},
			})
			return false
		}
	}
	return true
}

// NotRead names those of the tables that have rows: what may hold evidence that the
// plugin does not read.
func (db *DB) NotRead(names ...string) error {
	for _, name := range names {
		if !db.HasTable(name) {
			continue
		}
		n, err := db.Count(name)
		if cause := db.Err(); cause != nil {
			return cause
		}
		if err != nil || n > 0 {
			db.c.Diagnose(sdk.Diagnostic{
				Code: codeNotRead, Severity: evidence.SeverityInfo, Message: "the table " + name + " has rows, and is not read",
				Data: map[string]any{"table": name, "rows": n},
			})
		}
	}
	return nil
}

// ID returns the number by which other tables name the row: a column's, else that of
// the row.
func (r *Row) ID(column string) int64 {
	if id, ok := r.Int64(column); ok {
		return id
	}
	return r.id
}
