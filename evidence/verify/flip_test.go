package verify_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence/verify"
	"github.com/exhibit-forensics/exhibit/internal/slow"
)

// change is one change to one thing, and what a report must name because of it.
type change struct {
	object string
	// Either a row of a table put in the place of another with the same key …
	table    string
	old, new row
	// … or one byte of a file.
	file    string
	offset  int64
	pattern byte
}

// patterns are the two ways in which byte i is changed.
func patterns(i int) []byte { return []byte{1 << (i % 8), 0xff} }

// rowChanges changes each byte of one column of a row.
func rowChanges(object, table string, r row, col int) (out []change) {
	flip := func(b []byte, as func([]byte) any) {
		for i := range b {
			for _, p := range patterns(i) {
				c := slices.Clone(b)
				c[i] ^= p
				changed := row{r.cols, slices.Clone(r.values)}
				changed.values[col] = as(c)
				out = append(out, change{object: object, table: table, old: r, new: changed})
			}
		}
	}
	switch v := r.values[col].(type) {
	case []byte:
		flip(v, func(b []byte) any { return b })
	case string:
		flip([]byte(v), func(b []byte) any { return string(b) })
	}
	return out
}

func fileChanges(t *testing.T, object, name string) (out []change) {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil || len(b) == 0 {
		t.Fatal(name, err)
	}
	for i := range b {
		for _, p := range patterns(i) {
			out = append(out, change{object: object, file: name, offset: int64(i), pattern: p})
		}
	}
	return out
}

// lanes is a plan of changes: one of each lane is made at the same time, as
// they must not hide each other.
type lanes map[string][]change

// TestEveryByte changes every byte of everything in a case, in two ways each:
// entries, nodes, openings, seeds, rows, checkpoints, objects, files. Rows are
// changed as SQL would, so that SQLite's own check sees nothing: ours must.
//
// The report must name each thing that was changed. What hangs on entries is
// changed while its entry is not.
func TestEveryByte(t *testing.T) {
	t.Parallel()
	f := newFixture(t, t.TempDir(), "a")
	for _, group := range []string{"odd", "even", "rest"} {
		t.Run(group, func(t *testing.T) {
			t.Parallel()
			x := tamper(t, f.dir)
			plan := x.plan(f)[group]
			rounds, changes := 0, 0
			for _, lane := range plan {
				rounds, changes = max(rounds, len(lane)), changes+len(lane)
			}
			step := stride
			if !slow.Asked() {
				step *= 7
			}
			for n := 0; n < rounds; n += step {
				x.round(plan, n)
				if t.Failed() {
					t.FailNow()
				}
			}
			expect(t, check(t, x.dir, verify.Options{}), verify.Intact, "") // all was put back
			if len(plan) == 0 {
				t.Fatal("nothing was changed")
			}
			t.Logf("%d changes in %d rounds", changes, rounds)
		})
	}
}

// plan lists all changes by the group in which they are made.
func (x *tampered) plan(f *fixture) map[string]lanes {
	x.t.Helper()
	groups := map[string]lanes{"odd": {}, "even": {}, "rest": {}}
	for table, cols := range tables() {
		all := x.rows(table, cols)
		for n, r := range all {
			for i, c := range cols {
				if c.key {
					continue
				}
				object, group, lane := rowObject(table, r.key()), "rest", fmt.Sprint(table, n)
				seq, hangs := r.values[0].(int64)
				switch {
				case table == "entries":
					group = []string{"even", "odd"}[seq%2]
				case table == "nodes", table == "checkpoints", table == "sets":
				case table == "meta":
					group = "odd"
				case hangs:
					group = []string{"odd", "even"}[seq%2]
					if len(r.key()) == 2 && table != "openings" {
						// Not all rows of a set at once: that would look like another seed.
						siblings := 0
						for _, s := range all {
							if s.values[0] == r.values[0] {
								siblings++
							}
						}
						lane = fmt.Sprint(table, seq, " ", siblings > 2 && n%2 == 0)
					}
				}
				if table == "runs" && c.name == "seed" {
					if !bytes.Contains(r.values[2].([]byte), []byte(`"records":`)) {
						continue // TestSeedOfNothing
					}
					object = "record set " + f.objects["records"]
				}
				groups[group][lane] = append(groups[group][lane], rowChanges(object, table, r, i)...)
			}
		}
	}
	rest := groups["rest"]
	for what, digest := range f.objects {
		name := filepath.Join(x.dir, "objects", "sha256", digest[7:9], digest[7:])
		rest["object "+what] = fileChanges(x.t, "object "+digest, name)
	}
	rest["lock"] = fileChanges(x.t, "plugin tomskype", filepath.Join(x.dir, "plugins.lock.json"))
	for _, size := range []int64{firstSeal, lastSeal} {
		object := fmt.Sprintf("checkpoint %d", size)
		groups["odd"][object] = fileChanges(x.t, object, filepath.Join(x.dir, "checkpoints", fmt.Sprintf("%d.note", size)))
	}
	return groups
}

// round makes change n of each lane, verifies, and takes them back.
func (x *tampered) round(plan lanes, n int) {
	x.t.Helper()
	var made, files []change
	x.exec("BEGIN")
	for _, lane := range plan {
		if n >= len(lane) {
			continue
		}
		c := lane[n]
		made = append(made, c)
		switch {
		case c.file != "":
			files = append(files, c)
		case x.put(c.table, c.new) != nil:
			// SQLite cannot make the generated columns of a body that is not
			// JSON: its bytes are changed in the file.
			files = append(files, c)
		}
	}
	x.exec("COMMIT")
	var undo []func()
	for _, c := range files {
		if c.file != "" {
			undo = append(undo, x.flip(c))
		} else {
			undo = append(undo, x.patch(c.old.values[2].([]byte), c.new.values[2].([]byte)))
		}
	}
	r := check(x.t, x.dir, verify.Options{})
	expect(x.t, r, verify.Altered, "")
	for _, c := range made {
		named := names(r, c.object)
		if c.file != "" && filepath.Base(c.file) == "plugins.lock.json" {
			named = named || names(r, "plugins.lock.json")
		}
		if !named {
			x.t.Errorf("round %d: a change to %q is not named:\n%q\n%q\n%s", n, c.object, c.old.values, c.new.values, findings(r))
		}
	}
	for _, u := range undo {
		u()
	}
	x.exec("BEGIN")
	for _, c := range made {
		if c.file == "" {
			if err := x.put(c.table, c.old); err != nil {
				x.t.Fatal(err)
			}
		}
	}
	x.exec("COMMIT")
}

// flip changes one byte of a file.
func (x *tampered) flip(c change) (undo func()) {
	x.t.Helper()
	write := func() {
		f, err := os.OpenFile(c.file, os.O_RDWR, 0)
		if err != nil {
			x.t.Fatal(err)
		}
		defer f.Close()
		var b [1]byte
		if _, err := f.ReadAt(b[:], c.offset); err != nil {
			x.t.Fatal(err)
		}
		b[0] ^= c.pattern
		if _, err := f.WriteAt(b[:], c.offset); err != nil {
			x.t.Fatal(err)
		}
	}
	write()
	return write
}

// patch replaces a value's bytes in the file case.db.
func (x *tampered) patch(old, new []byte) (undo func()) {
	x.t.Helper()
	name := filepath.Join(x.dir, "case.db")
	whole, err := os.ReadFile(name)
	if err != nil {
		x.t.Fatal(err)
	}
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		x.t.Fatal(err)
	}
	// Rows that were replaced leave copies in free space: change them all.
	var at []int64
	for from := 0; ; {
		i := bytes.Index(whole[from:], old)
		if i < 0 {
			break
		}
		at = append(at, int64(from+i))
		from += i + len(old)
	}
	if len(at) == 0 {
		x.t.Fatal("bytes not found in case.db")
	}
	write := func(b []byte) {
		for _, off := range at {
			if _, err := f.WriteAt(b, off); err != nil {
				x.t.Fatal(err)
			}
		}
	}
	write(new)
	return func() { write(old); f.Close() }
}

// TestEveryKey gives each row another key.
func TestEveryKey(t *testing.T) {
	t.Parallel()
	f := newFixture(t, t.TempDir(), "a")
	for table, cols := range tables() {
		t.Run(table, func(t *testing.T) {
			t.Parallel()
			x := tamper(t, f.dir)
			n := 0
			for _, r := range x.rows(table, cols) {
				for i, c := range cols {
					for _, v := range otherKeys(r.values[i]) {
						if c.key && x.rekey(table, r, i, v) {
							n++
						}
						if t.Failed() {
							t.Fatalf("row %v, column %s: %q", r.key(), c.name, v)
						}
					}
				}
			}
			expect(t, check(t, x.dir, verify.Options{}), verify.Intact, "")
			if n == 0 {
				t.Fatal("nothing was changed")
			}
		})
	}
}

func otherKeys(v any) (out []any) {
	switch v := v.(type) {
	case int64:
		out = []any{v + 1, v ^ 1<<20}
	case string:
		for i := range v {
			b := []byte(v)
			b[i] ^= patterns(i)[0]
			out = append(out, string(b))
		}
	}
	return out
}

// rekey changes a column of a row's key, verifies, and takes it back; it reports
// whether SQLite allowed the key.
func (x *tampered) rekey(table string, r row, i int, v any) bool {
	x.t.Helper()
	changed := row{r.cols, slices.Clone(r.values)}
	changed.values[i] = v
	move := func(from row, to any) error {
		query, args := "UPDATE "+table+" SET "+r.cols[i].name+" = ? WHERE true", []any{to}
		for j, c := range r.cols {
			if c.key {
				query += " AND " + c.name + " = ?"
				args = append(args, from.values[j])
			}
		}
		return x.unguarded(table, query, args...)
	}
	if err := move(r, v); err != nil {
		return false
	}
	rep := check(x.t, x.dir, verify.Options{})
	want := verify.Altered
	if table == "nodes" && v == r.values[0].(int64)+1 {
		want = verify.Incomplete // the last node: it looks like that of an entry that is gone
	}
	expect(x.t, rep, want, "")
	if before, after := rowObject(table, r.key()), rowObject(table, changed.key()); !names(rep, before) && !names(rep, after) {
		x.t.Errorf("neither %q nor %q is named\n%s", before, after, findings(rep))
	}
	if err := move(changed, r.values[i]); err != nil {
		x.t.Fatal(err)
	}
	return true
}

// TestSeedOfNothing states a limit: nothing depends on the seed of a run that
// has no record set, so that nothing can tell whether it was changed.
func TestSeedOfNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t, t.TempDir(), "a")
	x := tamper(t, f.dir)
	r := x.rows("runs", tables()["runs"])[0]
	if bytes.Contains(r.values[2].([]byte), []byte(`"records":`)) {
		t.Fatal("not the run without records")
	}
	r.values[4] = bytes.Repeat([]byte{1}, 32)
	if err := x.put("runs", r); err != nil {
		t.Fatal(err)
	}
	expect(t, check(t, x.dir, verify.Options{}), verify.Intact, "")
}
