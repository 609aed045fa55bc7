package verify_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/exhibit-forensics/exhibit/evidence/verify"
)

// content returns everything that SQL sees in a database, "" where it fails.
func content(t *testing.T, dir string) string {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+(&url.URL{Path: filepath.Join(dir, "case.db")}).EscapedPath()+"?mode=ro&immutable=1")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var out []string
	queries := []string{"SELECT type, name, tbl_name, sql FROM sqlite_schema", "PRAGMA application_id", "PRAGMA user_version"}
	// But for the seeds that nothing depends on: TestSeedOfNothing.
	queries = append(queries, "SELECT seq, n, body, leaf, run, input, records, CASE WHEN records IS NULL THEN NULL ELSE seed END FROM runs")
	for table := range tables() {
		if table != "runs" {
			queries = append(queries, "SELECT * FROM "+table)
		}
	}
	for _, query := range queries {
		rows, err := db.Query(query)
		if err != nil {
			return ""
		}
		cols, err := rows.Columns()
		if err != nil {
			return ""
		}
		values := make([]any, len(cols))
		for i := range values {
			values[i] = new(any)
		}
		for rows.Next() {
			if err := rows.Scan(values...); err != nil {
				return ""
			}
			line := query
			for _, v := range values {
				line += fmt.Sprintf("|%T %q", *v.(*any), fmt.Sprint(*v.(*any)))
			}
			out = append(out, line)
		}
		if rows.Err() != nil {
			return ""
		}
		rows.Close()
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

// corrupted verifies a case whose database was changed anyhow: it must not
// panic, and not say INTACT unless SQL sees the same in it as before.
func corrupted(t *testing.T, dir, want string, db []byte) (changed bool) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "case.db"), db, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	r, err := verify.Case(ctx, dir, verify.Options{Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	got := content(t, dir)
	if r.Verdict == verify.Intact && got != want {
		t.Errorf("INTACT, but its content was changed:\n%s", cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")))
	}
	return r.Verdict != verify.Intact
}

func TestCorruptDatabase(t *testing.T) {
	t.Parallel()
	f := newFixture(t, t.TempDir(), "a")
	good, err := os.ReadFile(f.path("case.db"))
	if err != nil {
		t.Fatal(err)
	}
	want := content(t, f.dir)
	if want == "" {
		t.Fatal("no content")
	}
	random := rand.New(rand.NewPCG(1, 2))
	found := 0
	for range 300 {
		b := bytes.Clone(good)
		// Pages have their structure at their start, and their cells at their end.
		page := random.IntN(len(b)/16384) * 16384
		at := page + random.IntN(120)
		if random.IntN(2) == 0 {
			at = page + 16384 - 1 - random.IntN(600)
		}
		for i := range 1 + random.IntN(8) {
			b[min(at+i, len(b)-1)] ^= byte(1 + random.IntN(255))
		}
		if corrupted(t, f.dir, want, b) {
			found++
		}
		if t.Failed() {
			t.FailNow()
		}
	}
	if found < 100 {
		t.Errorf("only %d of 300 changes were seen to be wrong", found)
	}
	corrupted(t, f.dir, want, good)
	expect(t, check(t, f.dir, verify.Options{}), verify.Intact, "")
}

// An index that leads elsewhere would make the program answer wrongly, though
// every row is as it was.
func TestIndexChanged(t *testing.T) {
	t.Parallel()
	f := newFixture(t, t.TempDir(), "a")
	b, err := os.ReadFile(f.path("case.db"))
	if err != nil {
		t.Fatal(err)
	}
	digest := []byte(f.objects["raw"])
	changed := 0
	for at := 0; ; at++ {
		i := bytes.Index(b[at:], digest)
		if i < 0 {
			break
		}
		if at += i; b[at-1] != '"' { // in an index, not in the JSON of a body
			b[at+len(digest)-1] ^= 1
			changed++
		}
	}
	if changed == 0 {
		t.Fatal("not found in an index")
	}
	if err := os.WriteFile(f.path("case.db"), b, 0o600); err != nil {
		t.Fatal(err)
	}
	expect(t, check(t, f.dir, verify.Options{}), verify.Altered, "case.db")
}

func TestOtherEncoding(t *testing.T) {
	t.Parallel()
	b := newBuilder(t, filepath.Join(t.TempDir(), "case"), "utf-16", "encoding = 'UTF-16le'")
	b.entry(draft{kind: "create"})
	b.close()
	expect(t, check(t, b.dir, verify.Options{}), verify.Altered, "case.db")
}

func FuzzCorruptDatabase(f *testing.F) {
	t := &testing.T{}
	dir := f.TempDir()
	fix := newFixture(t, dir, "a")
	good, err := os.ReadFile(fix.path("case.db"))
	if err != nil {
		f.Fatal(err)
	}
	want := content(t, fix.dir)
	f.Add(uint32(0), []byte("SQLite format 3\x00"))
	f.Add(uint32(18), []byte{2, 2})
	f.Add(uint32(28), []byte{0, 0, 0, 1})
	f.Add(uint32(100), []byte{5, 0, 1})
	f.Add(uint32(16384), []byte{13, 0, 0, 0, 9})
	f.Fuzz(func(t *testing.T, at uint32, patch []byte) {
		b := bytes.Clone(good)
		copy(b[int(at)%len(b):], patch)
		// Workers run at the same time, each in a process and a copy of its own.
		own := filepath.Join(t.TempDir(), "case")
		if err := os.CopyFS(own, os.DirFS(fix.dir)); err != nil {
			t.Fatal(err)
		}
		corrupted(t, own, want, b)
	})
}

// TestLogOfHeaderOnly: a writer that was killed after the transaction log's
// header, and before its first frame, leaves an index that a reader cannot use.
func TestLogOfHeaderOnly(t *testing.T) {
	t.Parallel()
	f := newFixture(t, t.TempDir(), "a")
	uri := "file:" + (&url.URL{Path: f.path("case.db")}).EscapedPath()
	db, err := sql.Open("sqlite3", uri)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	var version int
	for _, err := range []error{
		db.QueryRow("PRAGMA user_version").Scan(&version),
		func() error { _, err := db.Exec("PRAGMA journal_mode = WAL"); return err }(),
		func() error { _, err := db.Exec(fmt.Sprintf("PRAGMA user_version = %d", version)); return err }(),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	killed := map[string][]byte{}
	for _, name := range []string{"case.db", "case.db-wal", "case.db-shm"} {
		if killed[name], err = os.ReadFile(f.path(name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	killed["case.db-wal"] = killed["case.db-wal"][:32]
	for name, b := range killed {
		if err := os.WriteFile(f.path(name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	expect(t, check(t, f.dir, verify.Options{}), verify.Intact, "")
}
