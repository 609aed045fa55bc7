package verify_test

import (
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// column is a stored column of a table of case.db.
type column struct {
	name string
	key  bool
}

// tables lists every stored column of the format.
func tables() map[string][]column {
	member := []column{{"seq", true}, {"n", true}, {"body", false}, {"leaf", false}}
	return map[string][]column{
		"meta":        {{"name", true}, {"value", false}},
		"entries":     {{"seq", true}, {"body", false}},
		"nodes":       {{"idx", true}, {"hash", false}},
		"openings":    {{"seq", true}, {"field", true}, {"salt", false}, {"value", false}},
		"sets":        {{"seq", true}, {"name", true}, {"seed", false}},
		"artifacts":   member,
		"occurrences": member,
		"derivations": member,
		"subjects":    member,
		"runs":        append(slices.Clone(member), column{"seed", false}),
		"checkpoints": {{"size", true}, {"note", false}},
	}
}

// rowObject is how a report names a row.
func rowObject(table string, key []any) string {
	switch table {
	case "meta":
		return fmt.Sprintf("meta %s", shown(key[0]))
	case "entries":
		return fmt.Sprintf("entry %d", key[0])
	case "nodes":
		return fmt.Sprintf("node %d", key[0])
	case "openings":
		return fmt.Sprintf("opening %d/%s", key[0], shown(key[1]))
	case "sets":
		return fmt.Sprintf("seed %d/%s", key[0], shown(key[1]))
	case "checkpoints":
		return fmt.Sprintf("checkpoint %d", key[0])
	}
	return fmt.Sprintf("%s row %d/%d", table, key[0], key[1])
}

func shown(v any) string {
	s := fmt.Sprint(v)
	if strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/ ") == "" {
		return s
	}
	return fmt.Sprintf("%q", s)
}

// tampered is a copy of a case with the means to change it behind its back.
type tampered struct {
	t   *testing.T
	dir string
	db  *sql.DB
}

func tamper(t *testing.T, from string) *tampered {
	t.Helper()
	x := &tampered{t: t, dir: filepath.Join(t.TempDir(), "case")}
	if err := os.CopyFS(x.dir, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	var err error
	if x.db, err = sql.Open("sqlite3", "file:"+(&url.URL{Path: filepath.Join(x.dir, "case.db")}).EscapedPath()); err != nil {
		t.Fatal(err)
	}
	x.db.SetMaxOpenConns(1)
	t.Cleanup(func() { x.db.Close() })
	x.exec("PRAGMA journal_mode = MEMORY")
	x.exec("PRAGMA synchronous = OFF")
	return x
}

func (x *tampered) exec(query string, args ...any) {
	x.t.Helper()
	if _, err := x.db.Exec(query, args...); err != nil {
		x.t.Fatalf("%s: %v", query, err)
	}
}

// unguarded runs a statement on a table whose triggers would refuse it, and puts
// the triggers back as they were.
func (x *tampered) unguarded(table, query string, args ...any) error {
	x.t.Helper()
	var names, texts []string
	rows, err := x.db.Query("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = ? ORDER BY rowid", table)
	if err != nil {
		x.t.Fatal(err)
	}
	for rows.Next() {
		var name, text string
		if err := rows.Scan(&name, &text); err != nil {
			x.t.Fatal(err)
		}
		names, texts = append(names, name), append(texts, text)
	}
	if err := rows.Err(); err != nil || len(names) == 0 {
		x.t.Fatal("no triggers", err)
	}
	x.exec("BEGIN")
	for _, name := range names {
		x.exec("DROP TRIGGER " + name)
	}
	_, failed := x.db.Exec(query, args...)
	for _, text := range texts {
		x.exec(text)
	}
	x.exec("COMMIT")
	return failed
}

// row is one row of a table, column by column.
type row struct {
	cols   []column
	values []any
}

func (x *tampered) rows(table string, cols []column) []row {
	x.t.Helper()
	var list []string
	for _, c := range cols {
		list = append(list, c.name)
	}
	res, err := x.db.Query("SELECT " + strings.Join(list, ", ") + " FROM " + table)
	if err != nil {
		x.t.Fatal(err)
	}
	defer res.Close()
	var out []row
	for res.Next() {
		r := row{cols, make([]any, len(cols))}
		ptrs := make([]any, len(cols))
		for i := range ptrs {
			ptrs[i] = &r.values[i]
		}
		if err := res.Scan(ptrs...); err != nil {
			x.t.Fatal(err)
		}
		out = append(out, r)
	}
	if err := res.Err(); err != nil {
		x.t.Fatal(err)
	}
	return out
}

func (r row) key() (key []any) {
	for i, c := range r.cols {
		if c.key {
			key = append(key, r.values[i])
		}
	}
	return key
}

// put replaces the row with the same key. Deleting the old one fires no trigger.
func (x *tampered) put(table string, r row) error {
	var list []string
	for _, c := range r.cols {
		list = append(list, c.name)
	}
	marks := strings.Repeat(", ?", len(list))[2:]
	_, err := x.db.Exec("INSERT OR REPLACE INTO "+table+" ("+strings.Join(list, ", ")+") VALUES ("+marks+")", r.values...)
	return err
}
