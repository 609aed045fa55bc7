package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// server starts a PostgreSQL of its own in a directory, reached by a socket there,
// and returns how to run its tools. Where there is none, or the test runs as root
// and cannot become nobody, it is skipped.
func server(t *testing.T) (tool func(stdin, name string, args ...string) string) {
	t.Helper()
	for _, name := range []string{"initdb", "pg_ctl", "psql", "pg_dump"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("NOT TESTED: %v", err)
		}
	}
	dir, err := os.MkdirTemp("", "pg") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	as := func(args []string) []string { return args }
	if os.Geteuid() == 0 {
		if _, err := exec.LookPath("setpriv"); err != nil {
			t.Skipf("NOT TESTED: %v", err)
		}
		if err := os.Chown(dir, 65534, 65534); err != nil {
			t.Fatal(err)
		}
		as = func(args []string) []string {
			return append([]string{"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"}, args...)
		}
	}
	tool = func(stdin, name string, args ...string) string {
		t.Helper()
		args = as(append([]string{name}, args...))
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "HOME="+dir, "PGHOST="+dir, "PGUSER=tester", "PGDATABASE=postgres", "LC_ALL=C", "TZ=UTC")
		cmd.Stdin = strings.NewReader(stdin)
		out, err := cmd.Output()
		if err != nil {
			detail := ""
			if e, ok := err.(*exec.ExitError); ok {
				detail = string(e.Stderr)
			}
			t.Fatalf("%s: %v: %.500s", name, err, detail)
		}
		return string(out)
	}
	data := filepath.Join(dir, "data")
	tool("", "initdb", "-D", data, "-U", "tester", "-E", "UTF8", "--no-locale", "-A", "trust", "-N")
	tool("", "pg_ctl", "-D", data, "-w", "-l", filepath.Join(dir, "log"), "-o", fmt.Sprintf("-k %s -c listen_addresses='' -c fsync=off", dir), "start")
	t.Cleanup(func() { tool("", "pg_ctl", "-D", data, "-m", "immediate", "stop") })
	return tool
}

// What pg_dump really writes, of values that are hostile, comes back as the server
// has it: its own md5 over the values is compared.
func TestRealPgDump(t *testing.T) {
	tool := server(t)
	var load strings.Builder
	load.WriteString("CREATE TABLE accounts (id integer PRIMARY KEY, username text, email text, created_at timestamptz, active boolean, photo bytea, \"key\" text, tags text[]);\n" +
		"CREATE TABLE log (what text);\nCREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN INSERT INTO log VALUES ('x'); RETURN NEW; END $f$;\n" +
		"CREATE FUNCTION plain() RETURNS void BEGIN ATOMIC INSERT INTO log VALUES ('never'); END;\n" +
		"CREATE VIEW v AS SELECT 'INSERT INTO log VALUES (1);' AS t;\nCOMMENT ON TABLE log IS E'it''s; \\n\\\\. INSERT INTO log VALUES (2);';\n")
	for i, h := range hostile {
		fmt.Fprintf(&load, "INSERT INTO accounts VALUES (%d, 'u%d', 'u%d@example.org', '2008-08-01 07:10:19.25+08', %v, '\\x%02x5c27', %s, ARRAY[%s, NULL]);\n", i, i, i, i%2 == 0, i, literal(h+"x"+h), literal(h))
	}
	tool(load.String(), "psql", "-q", "-v", "ON_ERROR_STOP=1")
	want := strings.Split(strings.TrimSpace(tool("", "psql", "-At", "-c", `SELECT id || ' ' || encode(convert_to("key", 'UTF8'), 'hex') || ' ' || encode(photo, 'hex') || ' ' || active || ' ' || encode(convert_to(tags::text, 'UTF8'), 'hex') FROM accounts ORDER BY id`)), "\n")
	for _, form := range [][]string{nil, {"--inserts"}, {"--column-inserts", "--quote-all-identifiers"}, {"--inserts", "--rows-per-insert=7"}, {"-E", "GBK"}, {"--create", "--clean"}} {
		t.Run(strings.Join(form, " "), func(t *testing.T) {
			if len(form) > 0 && form[0] == "-E" {
				tool(`DELETE FROM accounts WHERE "key" ~ '[é𝛼]' OR "key" LIKE '%'||chr(8232)||'%'`, "psql", "-q")
				want = strings.Split(strings.TrimSpace(tool("", "psql", "-At", "-c", `SELECT id || ' ' || encode(convert_to("key", 'UTF8'), 'hex') || ' ' || encode(photo, 'hex') || ' ' || active || ' ' || encode(convert_to(tags::text, 'UTF8'), 'hex') FROM accounts ORDER BY id`)), "\n")
			}
			dump := tool("", "pg_dump", form...)
			o := parse(t, dump, "")
			if c := codes(t, o); len(c) > 0 {
				t.Errorf("%v", c)
			}
			var got []string
			for _, rec := range decoded(t, o.Records) {
				if rec["kind"] != "account" || rec["created"] != "2008-07-31T23:10:19.25Z" {
					t.Fatalf("%v", rec)
				}
				extra := rec["extra"].(object)
				got = append(got, fmt.Sprintf("%s %x %x %s %x", bytesOf(t, extra, "id"), bytesOf(t, extra, "key"), bytesOf(t, extra, "photo"), bytesOf(t, extra, "active"), bytesOf(t, extra, "tags")))
			}
			if strings.Join(got, "\n") != strings.Join(want, "\n") {
				t.Errorf("got  %.1500q\nwant %.1500q", got, want)
			}
		})
	}
}

func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
