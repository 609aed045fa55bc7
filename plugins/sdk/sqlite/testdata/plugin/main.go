// Command plugin reads every table of a database, row by row. It is what the
// package's test runs in the sandbox.
package main

import (
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/sqlite"
)

func main() {
	sdk.Main(sdk.Plugin{Name: "test-sqlite", Version: "1.0.0", Parse: parse})
}

func parse(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
	db, err := sqlite.Open(c, in)
	if err != nil {
		return err
	}
	defer db.Close()
	for _, name := range db.Tables() {
		for row := range db.Table(name) {
			r := sdk.Row{Table: sdk.Str(name)}
			for _, column := range row.Columns() {
				r.Columns = append(r.Columns, sdk.Column{Name: column, Value: row.Value(column)})
			}
			if err := out.Put(&r, row.Source()); err != nil {
				return err
			}
		}
	}
	// A sort that no page cache holds must not look for a disk.
	if db.HasTable("message") {
		n := 0
		for range db.Query("", "SELECT body FROM message ORDER BY body || 'x' DESC") {
			n++
		}
		out.Declare(int64(n))
	}
	return db.Err()
}
