package store

import (
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/mattn/go-sqlite3"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/schemas"
)

// migrations returns the SQL that leads from an empty file to the newest format:
// element i makes version i+1 out of version i. File names count from 0001.
func migrations() ([]string, error) {
	names, err := fs.Glob(schemas.SQL, "sql/*.sql")
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	texts := make([]string, len(names))
	for i, name := range names {
		number, _, _ := strings.Cut(path.Base(name), "_")
		if n, err := strconv.Atoi(number); err != nil || n != i+1 {
			return nil, fmt.Errorf("%w: migration %q stands where number %d should", evidence.ErrFormat, name, i+1)
		}
		text, err := schemas.SQL.ReadFile(name)
		if err != nil {
			return nil, err
		}
		texts[i] = string(text)
	}
	return texts, nil
}

// migrate brings a database of version have to the newest, each step in its own
// transaction, and reads back what the last one set.
func migrate(conn *sqlite3.SQLiteConn, have int, steps []string) error {
	for v := have; v < len(steps); v++ {
		if _, err := conn.Exec("BEGIN IMMEDIATE;\n"+steps[v]+"\nCOMMIT", nil); err != nil {
			return fmt.Errorf("migration %d: %w", v+1, err)
		}
	}
	for _, p := range []struct {
		name string
		want int64
	}{{"application_id", applicationID}, {"user_version", int64(len(steps))}} {
		got, err := scalar(conn, "PRAGMA "+p.name)
		if err != nil {
			return err
		}
		if got != p.want {
			return fmt.Errorf("%w: case.db has %s = %v, not %d", evidence.ErrFormat, p.name, got, p.want)
		}
	}
	return nil
}

// checkSchema compares the tables, indexes and triggers of case.db with those
// the migrations make: a case without its guards is not written to.
func checkSchema(conn *sqlite3.SQLiteConn, steps []string) error {
	model, err := dial("file::memory:")
	if err != nil {
		return err
	}
	defer model.Close()
	if err := migrate(model, 0, steps); err != nil {
		return err
	}
	want, err := schemaOf(model)
	if err != nil {
		return err
	}
	got, err := schemaOf(conn)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if got[name] != want[name] {
			return fmt.Errorf("%w: case.db: %s is missing or not as the format has it", evidence.ErrIntegrity, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if _, known := want[name]; !known {
			return fmt.Errorf("%w: case.db: %q does not belong to the format", evidence.ErrIntegrity, name)
		}
	}
	return nil
}

func schemaOf(conn *sqlite3.SQLiteConn) (map[string]string, error) {
	out := map[string]string{}
	err := each(conn, `SELECT type || ' ' || name, coalesce(sql, '') FROM sqlite_schema WHERE name NOT LIKE 'sqlite\_%' ESCAPE '\'`, func(row []any) error {
		out[row[0].(string)] = row[1].(string)
		return nil
	})
	return out, err
}
