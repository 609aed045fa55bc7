package store_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	_ "github.com/mattn/go-sqlite3"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// tamper changes case.db as somebody else's program would.
func tamper(t testing.TB, dir string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(dir, "case.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// bothFail opens dir in both ways and returns the two errors' text.
func bothFail(t *testing.T, dir string, want error) string {
	t.Helper()
	ctx := context.Background()
	c, err := store.Open(ctx, dir, options())
	if !errors.Is(err, want) || c != nil {
		t.Errorf("open: %v, %v", c, err)
	}
	c, err2 := store.OpenReader(ctx, dir)
	if !errors.Is(err2, want) || c != nil {
		t.Errorf("open for reading: %v, %v", c, err2)
	}
	return errors.Join(err, err2).Error()
}

func TestOpenWhereThereIsNoCase(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	foreign := t.TempDir()
	tamper(t, foreign, "PRAGMA journal_mode = DELETE", "CREATE TABLE message (body TEXT)", "INSERT INTO message VALUES ('hello')")
	text, empty, folder := t.TempDir(), t.TempDir(), t.TempDir()
	for dir, content := range map[string]string{text: strings.Repeat("This is a letter. ", 100), empty: ""} {
		if err := os.WriteFile(filepath.Join(dir, "case.db"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(folder, "case.db"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ dir, says string }{
		"empty directory":            {t.TempDir(), "looked for"},
		"missing directory":          {filepath.Join(t.TempDir(), "none"), "looked for"},
		"another program's database": {foreign, "application_id is 0"},
		"a text":                     {text, "not an SQLite database"},
		"an empty file":              {empty, "not a case database"},
		"a directory called case.db": {folder, "not a regular file"},
	} {
		t.Run(name, func(t *testing.T) {
			var before map[string]string
			if name != "missing directory" {
				before = listing(t, c.dir)
			}
			if got := bothFail(t, c.dir, evidence.ErrNoCase); strings.Count(got, c.says) != 2 || !strings.Contains(got, "case.db") {
				t.Error(got)
			}
			// Looking must not touch what belongs to somebody else.
			if before != nil {
				if diff := cmp.Diff(before, listing(t, c.dir)); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

func TestOpenNewer(t *testing.T) {
	c := create(t)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	tamper(t, c.Dir(), "PRAGMA user_version = 7")
	if got := bothFail(t, c.Dir(), evidence.ErrNewer); strings.Count(got, "case format 7, this program reads up to 1") != 2 {
		t.Error(got)
	}
	tamper(t, c.Dir(), "PRAGMA user_version = 0")
	bothFail(t, c.Dir(), evidence.ErrFormat)
}

// The settings on which durability rests are read back from the connection that
// writes.
func TestPragmas(t *testing.T) {
	c := create(t)
	for name, want := range map[string]any{
		"journal_mode": "wal", "synchronous": int64(2), "foreign_keys": int64(1), "application_id": int64(0x45584849), "user_version": int64(1), "trusted_schema": int64(0),
	} {
		if got, err := c.Pragma(context.Background(), name); err != nil || got != want {
			t.Errorf("%s is %v, %v", name, got, err)
		}
	}
}

func TestOpenLocked(t *testing.T) {
	c := create(t)
	_, err := store.Open(context.Background(), c.Dir(), options())
	if !errors.Is(err, evidence.ErrLocked) || !strings.Contains(err.Error(), "process "+strconv.Itoa(os.Getpid())+" ") {
		t.Fatalf("from the same process: %v", err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	h := helper(t, "hold", c.Dir())
	if line := h.line(t); line != "open" {
		t.Fatal(line)
	}
	_, err = store.Open(context.Background(), c.Dir(), options())
	if !errors.Is(err, evidence.ErrLocked) || !strings.Contains(err.Error(), "process "+strconv.Itoa(h.cmd.Process.Pid)+" ") {
		t.Fatalf("from another process: %v", err)
	}
	if err := openReader(t, c.Dir()).Close(); err != nil {
		t.Error(err)
	}
	// The lock goes with its process, however that ends.
	h.kill(t)
	open(t, c.Dir())
}

// A lock file that cannot be understood still locks.
func TestOpenLockedByNobodyKnown(t *testing.T) {
	c := create(t)
	if err := os.WriteFile(filepath.Join(c.Dir(), "lock"), []byte("rm -rf\x1b[2J"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(context.Background(), c.Dir(), options()); !errors.Is(err, evidence.ErrLocked) || strings.Contains(err.Error(), "\x1b") {
		t.Fatal(err)
	}
}

// A case whose head does not fit together is read, but not continued.
func TestOpenRefusesWhatDoesNotFit(t *testing.T) {
	for name, statements := range map[string][]string{
		"guard missing":        {"DROP TRIGGER entries_keep_u"},
		"guard replaced":       {"DROP TRIGGER runs_keep_d", "CREATE TRIGGER runs_keep_d BEFORE DELETE ON runs BEGIN SELECT 1; END"},
		"trigger added":        {"CREATE TRIGGER spy AFTER INSERT ON entries BEGIN DELETE FROM openings; END"},
		"table added":          {"CREATE TABLE extra (x)"},
		"last entry altered":   {"DROP TRIGGER entries_keep_u", "UPDATE entries SET body = CAST(replace(CAST(body AS TEXT), 'note', 'seal') AS BLOB) WHERE seq = 3", trigger(t, "entries_keep_u")},
		"last entry missing":   {"PRAGMA foreign_keys = OFF", "DROP TRIGGER entries_keep_d", "DELETE FROM entries WHERE seq = 3", trigger(t, "entries_keep_d")},
		"entry before altered": {"DROP TRIGGER entries_keep_u", "UPDATE entries SET body = CAST(replace(CAST(body AS TEXT), 'note', 'seal') AS BLOB) WHERE seq = 2", trigger(t, "entries_keep_u")},
		"leaf altered":         {"DROP TRIGGER nodes_keep_u", "UPDATE nodes SET hash = zeroblob(32) WHERE idx = 4", trigger(t, "nodes_keep_u")},
		"node added":           {"INSERT INTO nodes VALUES (99, zeroblob(32))"},
		"no entries":           {"PRAGMA foreign_keys = OFF", "DROP TRIGGER entries_keep_d", "DELETE FROM entries", trigger(t, "entries_keep_d")},
		"origin altered":       {"DROP TRIGGER meta_keep_u", "UPDATE meta SET value = 'lab/7e35b7f9-6f52-4b8e-8dd1-111111111111' WHERE name = 'origin'", trigger(t, "meta_keep_u")},
		"created altered":      {"DROP TRIGGER meta_keep_u", "UPDATE meta SET value = '2001-01-01T00:00:00.000000Z' WHERE name = 'created'", trigger(t, "meta_keep_u")},
	} {
		t.Run(name, func(t *testing.T) {
			c := create(t)
			for range 3 {
				appendTo(t, c, note("x"))
			}
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
			tamper(t, c.Dir(), statements...)
			if _, err := store.Open(context.Background(), c.Dir(), options()); !errors.Is(err, evidence.ErrIntegrity) {
				t.Fatal(err)
			}
			openReader(t, c.Dir())
		})
	}
}

// A rollback journal that somebody puts beside case.db would be played into it.
func TestOpenRefusesAJournal(t *testing.T) {
	c := create(t)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(c.Dir(), "case.db-journal"), []byte("\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"), 0o600); err != nil {
		t.Fatal(err)
	}
	before := listing(t, c.Dir())
	if _, err := store.Open(context.Background(), c.Dir(), options()); !errors.Is(err, evidence.ErrIntegrity) || !strings.Contains(err.Error(), "case.db-journal") {
		t.Fatal(err)
	}
	after := listing(t, c.Dir())
	delete(before, filepath.Join(c.Dir(), "lock"))
	delete(after, filepath.Join(c.Dir(), "lock"))
	if diff := cmp.Diff(before, after); diff != "" {
		t.Error(diff)
	}
}

// trigger is the statement that makes a guard, as the schema has it.
func trigger(t testing.TB, name string) string {
	t.Helper()
	c := create(t)
	defer c.Close()
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(c.Dir(), "case.db")+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var text string
	if err := db.QueryRow("SELECT sql FROM sqlite_schema WHERE name = ?", name).Scan(&text); err != nil {
		t.Fatal(err)
	}
	return text
}

func seal(t testing.TB, c *store.Case, key ed25519.PrivateKey) (int64, []byte) {
	t.Helper()
	size, root, err := c.Head(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	signed, err := custody.SignCheckpoint(c.Origin(), size, root, key)
	if err != nil {
		t.Fatal(err)
	}
	return size, signed
}

// An older case.db beside a checkpoint of a longer log: to append would fork the log.
func TestOpenRefusesRolledBack(t *testing.T) {
	ctx := context.Background()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := create(t)
	appendTo(t, c, note("one"))
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	old := read(t, filepath.Join(c.Dir(), "case.db"))
	c = open(t, c.Dir())
	appendTo(t, c, note("two"))
	size, signed := seal(t, c, key)
	if err := c.AddCheckpoint(ctx, size, signed); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	c = open(t, c.Dir()) // as it is, it opens
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(c.Dir(), "case.db"), old, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = store.Open(ctx, c.Dir(), options())
	if !errors.Is(err, evidence.ErrIntegrity) || !strings.Contains(err.Error(), "a checkpoint of 3 entries exists, the log has 2") {
		t.Fatal(err)
	}
	// Continued by a program that does not look, it is another log of the same size.
	note := filepath.Join(c.Dir(), "checkpoints", "3.note")
	aside := note + ".aside"
	if err := os.Rename(note, aside); err != nil {
		t.Fatal(err)
	}
	c = open(t, c.Dir())
	appendTo(t, c, store.Batch{Kind: "note", Secret: map[string]any{"asserted.note": "another two"}})
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(aside, note); err != nil {
		t.Fatal(err)
	}
	if _, err = store.Open(ctx, c.Dir(), options()); !errors.Is(err, evidence.ErrIntegrity) || !strings.Contains(err.Error(), "not the one that the checkpoint of 3 entries") {
		t.Fatal(err)
	}
}

func TestCheckpoints(t *testing.T) {
	ctx := context.Background()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, other, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c, stranger := create(t), create(t)
	size, signed := seal(t, c, key)
	for range 2 { // the same note again is no error
		if err := c.AddCheckpoint(ctx, size, signed); err != nil {
			t.Fatal(err)
		}
	}
	_, again := seal(t, c, other)
	if err := c.AddCheckpoint(ctx, size, again); !errors.Is(err, evidence.ErrExists) {
		t.Errorf("another note of that size: %v", err)
	}
	_, foreign := seal(t, stranger, key)
	if err := c.AddCheckpoint(ctx, size, foreign); !errors.Is(err, evidence.ErrIntegrity) {
		t.Errorf("another log's note: %v", err)
	}
	if err := c.AddCheckpoint(ctx, size+1, signed); !errors.Is(err, evidence.ErrFormat) {
		t.Errorf("another size: %v", err)
	}
	future, err := custody.SignCheckpoint(c.Origin(), 5, [32]byte{1}, key)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.AddCheckpoint(ctx, 5, future); !errors.Is(err, evidence.ErrFormat) {
		t.Errorf("of entries to come: %v", err)
	}
	wrong, err := custody.SignCheckpoint(c.Origin(), 1, [32]byte{1}, key)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.AddCheckpoint(ctx, 1, wrong); !errors.Is(err, evidence.ErrIntegrity) {
		t.Errorf("of another root: %v", err)
	}
	appendTo(t, c, note("x"))
	size2, signed2 := seal(t, c, key)
	if err := c.AddCheckpoint(ctx, size2, signed2); err != nil {
		t.Fatal(err)
	}
	want := []store.Checkpoint{{Size: size, Note: signed}, {Size: size2, Note: signed2}}
	// A program killed between file and row leaves the file alone.
	if err := os.WriteFile(filepath.Join(c.Dir(), "checkpoints", store.Unfinished+"1"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	c = reopen(t, c)
	if diff := cmp.Diff(want, collect(t, c.Checkpoints(ctx))); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"1.note", "2.note"}, entries(t, filepath.Join(c.Dir(), "checkpoints"))); diff != "" {
		t.Error(diff)
	}
	for _, w := range want {
		if got := read(t, filepath.Join(c.Dir(), "checkpoints", itoa(w.Size)+".note")); string(got) != string(w.Note) {
			t.Errorf("note of %d entries: %q", w.Size, got)
		}
	}
	if err := openReader(t, c.Dir()).AddCheckpoint(ctx, size, signed); !errors.Is(err, store.ErrClosed) {
		t.Errorf("through a reader: %v", err)
	}
}
