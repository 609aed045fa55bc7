package verify

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/mattn/go-sqlite3"

	"github.com/exhibit-forensics/exhibit/schemas"
)

// structure is what a database is, its rows aside.
type structure struct {
	application, version int64
	encoding             string
	// objects holds the SQL of tables, indexes and triggers by "<type> <name>";
	// that of indexes which SQLite makes itself is "".
	objects map[string]string
}

// checkStructure compares case.db with what the migrations make of an empty
// file. It reports whether the tables can be read as ours.
func (v *verifier) checkStructure(ctx context.Context) (ok bool, err error) {
	p := v.c.place()
	want := v.o.model
	if want == nil {
		if want, err = modelStructure(ctx); err != nil {
			return false, err
		}
	}
	got, err := structureOf(ctx, v.db.conn)
	if err != nil {
		return false, v.unreadable(p, "its structure", err)
	}
	switch {
	case got.application != want.application:
		p.find(Altered, dbName, "is not marked as a case database", fmt.Sprintf("application_id is %#x, not %#x", got.application, want.application))
	case got.version > want.version:
		p.find(CannotVerify, dbName, "was written by a newer program", fmt.Sprintf("format %d; this program reads up to %d", got.version, want.version))
		return false, nil
	case got.version != want.version:
		p.find(Altered, dbName, "does not say which format it has", fmt.Sprintf("user_version is %d, not %d", got.version, want.version))
	case got.encoding != want.encoding:
		p.find(Altered, dbName, "does not keep text as the format has it", "not "+want.encoding)
	}
	ok = true
	for _, name := range slices.Sorted(maps.Keys(want.objects)) {
		sql, there := got.objects[name]
		switch {
		case !there:
			p.find(Incomplete, "schema "+name, "is missing from case.db", "")
		case sql != want.objects[name]:
			p.find(Altered, "schema "+name, "is not as the format has it", "")
		default:
			continue
		}
		ok = ok && !strings.HasPrefix(name, "table ")
	}
	for _, name := range slices.Sorted(maps.Keys(got.objects)) {
		if _, ours := want.objects[name]; !ours {
			p.find(Altered, "schema "+shown(name), "does not belong to the format", "")
		}
	}
	v.c.count("tables, indexes and triggers of case.db", int64(len(got.objects)), 0)
	return ok, v.checkSQLite(ctx, p)
}

// checkSQLite runs SQLite's own check of pages, indexes and constraints.
func (v *verifier) checkSQLite(ctx context.Context, p place) error {
	r, err := v.db.query(ctx, "PRAGMA integrity_check(20)")
	if err != nil {
		return v.unreadable(p, "SQLite's own check", err)
	}
	defer r.close()
	for {
		row, err := r.next()
		if err != nil {
			return v.unreadable(p, "SQLite's own check", err)
		}
		if row == nil {
			return nil
		}
		if s, _ := row[0].(string); s != "ok" {
			p.find(Altered, dbName, "SQLite finds it damaged", s)
		}
	}
}

// unreadable turns a failure to read case.db into a finding. Only a cancelled
// context is returned as an error.
func (v *verifier) unreadable(p place, what string, err error) error {
	if v.ctx.Err() != nil {
		return v.ctx.Err()
	}
	if damaged(err) {
		p.find(Altered, dbName, what+" cannot be read", err.Error())
	} else {
		p.find(CannotVerify, dbName, what+" cannot be read", err.Error())
	}
	v.c.skip(fmt.Sprintf("What stands in case.db behind the place where reading failed (%s).", what))
	return nil
}

func modelStructure(ctx context.Context) (*structure, error) {
	conn, err := dial("file::memory:")
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	names, err := fs.Glob(schemas.SQL, "sql/*.sql")
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	for _, name := range names {
		text, err := schemas.SQL.ReadFile(name)
		if err != nil {
			return nil, err
		}
		if _, err := conn.Exec("BEGIN;\n"+string(text)+"\nCOMMIT", nil); err != nil {
			return nil, err
		}
	}
	return structureOf(ctx, conn)
}

func structureOf(ctx context.Context, conn *sqlite3.SQLiteConn) (*structure, error) {
	s := &structure{objects: map[string]string{}}
	r, err := queryOn(ctx, conn, `SELECT application_id, user_version, encoding FROM pragma_application_id, pragma_user_version, pragma_encoding`)
	if err != nil {
		return s, err
	}
	row, err := r.next()
	if row != nil {
		s.application, _ = row[0].(int64)
		s.version, _ = row[1].(int64)
		s.encoding, _ = row[2].(string)
	}
	r.close()
	if err != nil {
		return s, err
	}
	r, err = queryOn(ctx, conn, "SELECT type, name, tbl_name, sql FROM sqlite_schema")
	if err != nil {
		return s, err
	}
	defer r.close()
	for {
		row, err := r.next()
		if row == nil || err != nil {
			return s, err
		}
		kind, _ := row[0].(string)
		name, _ := row[1].(string)
		table, _ := row[2].(string)
		sql, _ := row[3].(string)
		if kind == "index" || kind == "trigger" {
			sql = table + ": " + sql
		}
		s.objects[kind+" "+name] = sql
	}
}
