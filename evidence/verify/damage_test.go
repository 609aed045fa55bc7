package verify_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence/verify"
)

// TestEveryRowRemoved removes each row; the report names it, or says of which
// entry something is left.
func TestEveryRowRemoved(t *testing.T) {
	t.Parallel()
	f := newFixture(t, t.TempDir(), "a")
	for table, cols := range tables() {
		t.Run(table, func(t *testing.T) {
			t.Parallel()
			x := tamper(t, f.dir)
			all := x.rows(table, cols)
			if len(all) == 0 {
				t.Fatal("no rows")
			}
			for _, r := range all {
				where, key := "true", r.key()
				for _, c := range cols {
					if c.key {
						where += " AND " + c.name + " = ?"
					}
				}
				x.remove(table, where, key...)
				expect(t, check(t, x.dir, verify.Options{}), verify.Incomplete, rowObject(table, key))
				if err := x.put(table, r); err != nil {
					t.Fatal(err)
				}
			}
			expect(t, check(t, x.dir, verify.Options{}), verify.Intact, "")
		})
	}
}

// TestEveryTableEmptied removes all rows of a table at once.
func TestEveryTableEmptied(t *testing.T) {
	t.Parallel()
	f := newFixture(t, t.TempDir(), "a")
	for table := range tables() {
		x := tamper(t, f.dir)
		x.remove(table, "true")
		if r := check(t, x.dir, verify.Options{}); r.Verdict < verify.Incomplete {
			t.Errorf("%s: %s\n%s", table, r.Verdict, findings(r))
		}
	}
}

func TestRowsAdded(t *testing.T) {
	t.Parallel()
	f := newFixture(t, t.TempDir(), "a")
	leaf, body := make([]byte, 32), []byte(`{"artifact":""}`)
	for object, insert := range map[string]string{
		"meta colour":             "INSERT INTO meta VALUES ('colour', 'red')",
		"entry 13":                "INSERT INTO entries VALUES (13, x'7b7d')",
		"entry 1000000000000":     "INSERT INTO entries VALUES (1000000000000, x'7b7d')",
		"node 1000":               "INSERT INTO nodes VALUES (1000, zeroblob(32))",
		"opening 3/asserted.note": "INSERT INTO openings VALUES (3, 'asserted.note', '00', x'22')",
		"opening 99/a":            "INSERT INTO openings VALUES (99, 'a', '00', x'22')",
		"opening -1/a":            "INSERT INTO openings VALUES (-1, 'a', '00', x'22')",
		"seed 3/runs":             "INSERT INTO sets VALUES (3, 'runs', zeroblob(32))",
		"occurrences row 2/5":     "INSERT INTO occurrences (seq, n, body, leaf) VALUES (2, 5, ?2, ?1)",
		"artifacts row 3/0":       "INSERT INTO artifacts (seq, n, body, leaf) VALUES (3, 0, ?2, ?1)",
		"derivations row 99/0":    "INSERT INTO derivations (seq, n, body, leaf) VALUES (99, 0, ?2, ?1)",
		"runs row 8/1":            "INSERT INTO runs (seq, n, body, leaf, seed) VALUES (8, 1, ?2, ?1, ?1)",
		"subjects row 3/0":        "INSERT INTO subjects (seq, n, body, leaf) VALUES (3, 0, ?2, ?1)",
		"checkpoint 13":           "INSERT INTO checkpoints VALUES (13, x'00')",
	} {
		t.Run(object, func(t *testing.T) {
			t.Parallel()
			x := tamper(t, f.dir)
			var args []any
			if strings.Contains(insert, "?") {
				args = []any{leaf, body}
			}
			x.exec(insert, args...)
			expect(t, check(t, x.dir, verify.Options{}), verify.Altered, object)
		})
	}
}

func TestSchemaChanged(t *testing.T) {
	t.Parallel()
	f := newFixture(t, t.TempDir(), "a")
	x := tamper(t, f.dir)
	type thing struct{ kind, name, sql string }
	var all []thing
	rows, err := x.db.Query("SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND type <> 'table'")
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		var s thing
		if err := rows.Scan(&s.kind, &s.name, &s.sql); err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	if err := rows.Err(); err != nil || len(all) < 20 {
		t.Fatal(len(all), err)
	}
	for _, s := range all {
		object := "schema " + s.kind + " " + s.name
		x.exec("DROP " + s.kind + " " + s.name)
		expect(t, check(t, x.dir, verify.Options{}), verify.Incomplete, object)
		other := strings.NewReplacer("ABORT", "FAIL", " (digest)", " (seq)", " (item)", " (seq)", " (child)", " (n)", " (parent)", " (n)", " (input)", " (n)", " (run)", " (n)", " (records)", " (n)").Replace(s.sql)
		x.exec(other)
		expect(t, check(t, x.dir, verify.Options{}), verify.Altered, object)
		x.exec("DROP " + s.kind + " " + s.name)
		x.exec(s.sql)
	}
	expect(t, check(t, x.dir, verify.Options{}), verify.Intact, "")

	for query, object := range map[string]string{
		"CREATE TABLE extra (x)":                                        "schema table extra",
		"CREATE VIEW extra AS SELECT 1":                                 "schema view extra",
		"CREATE INDEX extra ON entries (body)":                          "schema index extra",
		"CREATE TRIGGER extra AFTER INSERT ON meta BEGIN SELECT 1; END": "schema trigger extra",
		"ALTER TABLE checkpoints ADD COLUMN extra TEXT":                 "schema table checkpoints",
		"DROP TABLE runs":                                               "schema table runs",
		"PRAGMA application_id = 1":                                     "case.db",
		"PRAGMA user_version = 0":                                       "case.db",
	} {
		y := tamper(t, f.dir)
		y.exec(query)
		r := check(t, y.dir, verify.Options{})
		if r.Verdict != verify.Altered && r.Verdict != verify.Incomplete || !names(r, object) {
			t.Errorf("%s: %s\n%s", query, r.Verdict, findings(r))
		}
	}
	y := tamper(t, f.dir)
	y.exec("PRAGMA user_version = 2")
	expect(t, check(t, y.dir, verify.Options{}), verify.CannotVerify, "case.db")
}

func TestFiles(t *testing.T) {
	t.Parallel()
	f := newFixture(t, t.TempDir(), "a")
	raw, text := "object "+f.objects["raw"], "object "+f.objects["text"]
	at := func(digest string) string { return "objects/sha256/" + digest[7:9] + "/" + digest[7:] }
	appendTo := func(x *tampered, name string) {
		file, err := os.OpenFile(x.file(name), os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		if _, err := file.WriteString("x"); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name   string
		change func(x *tampered) error
		want   verify.Verdict
		object string
	}{
		{"raw object removed", func(x *tampered) error { return os.Remove(x.file(at(f.objects["raw"]))) }, verify.Incomplete, raw},
		{"zstd object removed", func(x *tampered) error { return os.Remove(x.file(at(f.objects["text"]))) }, verify.Incomplete, text},
		{"all objects removed", func(x *tampered) error { return os.RemoveAll(x.file("objects")) }, verify.Incomplete, raw},
		{"raw object shortened", func(x *tampered) error { return os.Truncate(x.file(at(f.objects["raw"])), 5) }, verify.Altered, raw},
		{"raw object emptied", func(x *tampered) error { return os.Truncate(x.file(at(f.objects["raw"])), 0) }, verify.Altered, raw},
		{"raw object lengthened", func(x *tampered) error { appendTo(x, at(f.objects["raw"])); return nil }, verify.Altered, raw},
		{"zstd object shortened", func(x *tampered) error { return os.Truncate(x.file(at(f.objects["text"])), 5) }, verify.Altered, text},
		{"zstd object lengthened", func(x *tampered) error { appendTo(x, at(f.objects["text"])); return nil }, verify.Altered, text},
		{"objects swapped", func(x *tampered) error {
			return os.Rename(x.file(at(f.objects["child"])), x.file(at(f.objects["raw"])))
		}, verify.Altered, raw},
		{"link for object", func(x *tampered) error {
			name := x.file(at(f.objects["raw"]))
			if err := os.Rename(name, name+"x"); err != nil {
				return err
			}
			return os.Symlink(name+"x", name)
		}, verify.Altered, raw},
		{"pipe for object", func(x *tampered) error {
			name := x.file(at(f.objects["raw"]))
			if err := os.Remove(name); err != nil {
				return err
			}
			return syscall.Mkfifo(name, 0o600)
		}, verify.Altered, raw},
		{"directory for object", func(x *tampered) error {
			name := x.file(at(f.objects["raw"]))
			if err := os.Remove(name); err != nil {
				return err
			}
			return os.Mkdir(name, 0o700)
		}, verify.Altered, raw},
		{"lock removed", func(x *tampered) error { return os.Remove(x.file("plugins.lock.json")) }, verify.Incomplete, "plugins.lock.json"},
		{"directory for lock", func(x *tampered) error {
			if err := os.Remove(x.file("plugins.lock.json")); err != nil {
				return err
			}
			return os.Mkdir(x.file("plugins.lock.json"), 0o700)
		}, verify.Altered, "plugins.lock.json"},
		{"another plugin pinned", func(x *tampered) error {
			files := object{"plugin": strings.Repeat("ef", 32)}
			write(t, x.file("plugins.lock.json"), canon(t, object{"v": 1, "plugins": object{"tomskype": object{"files": files, "sha256": sum(canon(t, files)), "version": "1.2.0"}}}))
			return nil
		}, verify.Altered, "plugin tomskype"},
		{"a further plugin pinned", func(x *tampered) error {
			b, err := os.ReadFile(x.file("plugins.lock.json"))
			write(t, x.file("plugins.lock.json"), []byte(strings.Replace(string(b), `"plugins":{`, `"plugins":{"evil":{"files":{},"sha256":"`+sum([]byte("{}"))+`","version":"1"},`, 1)))
			return err
		}, verify.Altered, "plugin evil"},
		{"no plugin pinned", func(x *tampered) error {
			write(t, x.file("plugins.lock.json"), canon(t, object{"v": 1, "plugins": object{}}))
			return nil
		}, verify.Incomplete, "plugin tomskype"},
		{"hot journal", func(x *tampered) error { write(t, x.file("case.db-journal"), []byte("x")); return nil }, verify.Altered, "file case.db-journal"},
		{"database emptied", func(x *tampered) error { return os.Truncate(x.file("case.db"), 0) }, verify.Altered, "case.db"},
		{"database cut", func(x *tampered) error { return os.Truncate(x.file("case.db"), 3*16384) }, verify.Altered, "case.db"},
		{"not a database", func(x *tampered) error { write(t, x.file("case.db"), make([]byte, 9999)); return nil }, verify.Altered, "case.db"},
		{"directory for database", func(x *tampered) error {
			if err := os.Remove(x.file("case.db")); err != nil {
				return err
			}
			return os.Mkdir(x.file("case.db"), 0o700)
		}, verify.Altered, "case.db"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			x := tamper(t, f.dir)
			if err := c.change(x); err != nil {
				t.Fatal(err)
			}
			expect(t, check(t, x.dir, verify.Options{}), c.want, c.object)
		})
	}
}

// Files that nothing names are remarked on: an interrupted intake leaves such
// objects, and what nobody looks at alters nothing.
func TestStrayFiles(t *testing.T) {
	t.Parallel()
	f := newFixture(t, t.TempDir(), "a")
	x := tamper(t, f.dir)
	stray := "objects/sha256/ab/ab" + strings.Repeat("0", 62)
	if err := os.MkdirAll(filepath.Dir(x.file(stray)), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{stray, "objects/sha256/readme", "objects/tmp/1", "checkpoints/readme", "checkpoints/05.note"} {
		write(t, x.file(name), []byte("x"))
	}
	r := check(t, x.dir, verify.Options{})
	expect(t, r, verify.Intact, "")
	for _, name := range []string{`file "` + stray + `"`, `file "objects/sha256/readme"`, "directory objects/tmp", `file "checkpoints/readme"`, `file "checkpoints/05.note"`} {
		if !strings.Contains(findings(r), "INTACT: "+name) {
			t.Errorf("%s is not remarked on\n%s", name, findings(r))
		}
	}
	if !strings.Contains(strings.Join(r.NotChecked, "\n"), "The bytes of 2 files") {
		t.Error(r.NotChecked)
	}
}

func TestSourceLeftInPlace(t *testing.T) {
	t.Parallel()
	f := newFixture(t, t.TempDir(), "a")
	b, err := os.ReadFile(f.source)
	if err != nil {
		t.Fatal(err)
	}
	object := "object " + sum(b)
	write(t, f.source, append(b, 'x'))
	expect(t, check(t, f.dir, verify.Options{}), verify.Altered, object)
	remove(t, f.source)
	r := check(t, f.dir, verify.Options{})
	expect(t, r, verify.Incomplete, object)
	if !strings.Contains(findings(r), f.source) {
		t.Error("the source is not named", findings(r))
	}
	write(t, f.source, b)
	expect(t, check(t, f.dir, verify.Options{}), verify.Intact, "")
}

// What cannot be read is neither intact nor altered.
func TestUnreadable(t *testing.T) {
	if os.Geteuid() == 0 {
		asNobody(t)
		return
	}
	t.Parallel()
	f := newFixture(t, t.TempDir(), "a")
	for _, c := range []struct{ name, object string }{
		{f.object(f.objects["raw"]), "object " + f.objects["raw"]},
		{f.source, "object " + sum([]byte("read where it lies"))},
		{f.path(notePath(lastSeal)), fmt.Sprintf("checkpoint %d", lastSeal)},
		{f.path("checkpoints"), "directory checkpoints"},
		{f.path("plugins.lock.json"), "plugins.lock.json"},
		{f.path("objects"), `directory "objects"`},
		{f.path("case.db"), "case.db"},
	} {
		info, err := os.Stat(c.name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(c.name, 0); err != nil {
			t.Fatal(err)
		}
		r := check(t, f.dir, verify.Options{})
		if err := os.Chmod(c.name, info.Mode().Perm()); err != nil {
			t.Fatal(err)
		}
		if r.Verdict == verify.Intact || r.Verdict == verify.Altered || !names(r, c.object) {
			t.Errorf("%s: %s\n%s", c.name, r.Verdict, findings(r))
		}
	}
	expect(t, check(t, f.dir, verify.Options{}), verify.Intact, "")
}

// asNobody runs the test that calls it again without root's right to read everything.
func asNobody(t *testing.T) {
	t.Helper()
	dir, err := os.MkdirTemp("", "verify-test-") // t.TempDir is closed to others
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	program, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	exe := filepath.Join(dir, "test")
	const nobody = 65534
	if err := errors.Join(os.WriteFile(exe, program, 0o755), os.Chmod(dir, 0o755), os.Chmod(exe, 0o755), os.Mkdir(filepath.Join(dir, "tmp"), 0o700), os.Chown(filepath.Join(dir, "tmp"), nobody, nobody)); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "TMPDIR="+filepath.Join(dir, "tmp"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Fatalf("%v\n%s", err, out)
	}
}

// Many missing things in a row are named as a range, and cost no more than one.
func TestRanges(t *testing.T) {
	t.Parallel()
	f := newFixture(t, t.TempDir(), "a")
	x := tamper(t, f.dir)
	x.exec("INSERT INTO entries VALUES (1000000000000, x'7b7d')")
	r := check(t, x.dir, verify.Options{})
	expect(t, r, verify.Altered, "entry 1000000000000")
	if !names(r, "entries 13 to 999999999999") {
		t.Error(findings(r))
	}

	b := newBuilder(t, filepath.Join(t.TempDir(), "case"), "range")
	b.entry(draft{kind: "create"})
	var places []object
	for n := range 200 {
		places = append(places, object{"item": "EX-1", "path": object{"text": fmt.Sprint(n)}, "type": "directory", "artifact": ""})
	}
	b.entry(draft{kind: "note", sets: map[string][]object{"occurrences": places}})
	b.close()
	y := tamper(t, b.dir)
	y.remove("occurrences", "n BETWEEN 10 AND 99 OR n = 150")
	r = check(t, y.dir, verify.Options{})
	expect(t, r, verify.Incomplete, "occurrences rows 1/10 to 1/99")
	if !names(r, "occurrences row 1/150") {
		t.Error(findings(r))
	}

	// All rows changed: the first are named, the others counted.
	z := tamper(t, b.dir)
	for _, row := range z.rows("occurrences", tables()["occurrences"]) {
		if row.values[1].(int64) > 0 {
			row.values[3] = make([]byte, 32)
			if err := z.put("occurrences", row); err != nil {
				t.Fatal(err)
			}
		}
	}
	r = check(t, z.dir, verify.Options{})
	expect(t, r, verify.Altered, "occurrences row 1/1")
	if names(r, "occurrences row 1/0") || !names(r, "set 1/occurrences") || len(r.Findings) > 60 {
		t.Error(findings(r))
	}
}

// TestShortHashes writes what SQLite would refuse, were it asked.
func TestShortHashes(t *testing.T) {
	t.Parallel()
	f := newFixture(t, t.TempDir(), "a")
	for object, query := range map[string]string{
		"node 5":                  "UPDATE nodes SET hash = x'00' WHERE idx = 5",
		"seed 2/artifacts":        "UPDATE sets SET seed = x'00' WHERE seq = 2 AND name = 'artifacts'",
		"artifacts row 2/0":       "UPDATE artifacts SET leaf = x'' WHERE seq = 2 AND n = 0",
		"runs row 8/0":            "UPDATE runs SET seed = x'00' WHERE seq = 8",
		"opening 6/asserted.name": "UPDATE openings SET salt = '' WHERE seq = 6",
	} {
		x := tamper(t, f.dir)
		x.exec("PRAGMA ignore_check_constraints = ON")
		if err := x.unguarded(strings.Fields(query)[1], query); err != nil {
			t.Fatal(err)
		}
		expect(t, check(t, x.dir, verify.Options{}), verify.Altered, object)
	}
}

// A report keeps a thousand findings of a sort and counts the others.
func TestManyFindings(t *testing.T) {
	t.Parallel()
	f := newFixture(t, t.TempDir(), "a")
	x := tamper(t, f.dir)
	x.exec("BEGIN")
	for n := range 1500 {
		x.exec("INSERT INTO nodes VALUES (?, zeroblob(32))", 1000+n)
	}
	x.exec("COMMIT")
	r := check(t, x.dir, verify.Options{})
	expect(t, r, verify.Altered, "node 1000")
	if len(r.Findings) > 1010 || r.More != 500 {
		t.Errorf("%d findings, %d more", len(r.Findings), r.More)
	}
}

// Without its seed a set's leaves are still held against the entry.
func TestSeedAndLeafGone(t *testing.T) {
	t.Parallel()
	f := newFixture(t, t.TempDir(), "a")
	x := tamper(t, f.dir)
	x.remove("sets", "seq = 2 AND name = 'occurrences'")
	r := check(t, x.dir, verify.Options{})
	expect(t, r, verify.Incomplete, "seed 2/occurrences")
	if !strings.Contains(strings.Join(r.NotChecked, "\n"), "set 2/occurrences") {
		t.Error(r.NotChecked)
	}
	if err := x.unguarded("occurrences", "UPDATE occurrences SET leaf = zeroblob(32) WHERE seq = 2 AND n = 3"); err != nil {
		t.Fatal(err)
	}
	expect(t, check(t, x.dir, verify.Options{}), verify.Altered, "set 2/occurrences")
}
