// Package index keeps index.db: a projection of record sets that can be deleted
// and built again from them at any time. It says where each record lies in its
// set, when it is, of what kind it is, and in which records two letters stand side
// by side, so that any text is found without reading what does not hold it
// (docs/search.md).
//
// Records are gathered in chunks. A large set has chunks of its own, small ones
// share one. A set counts once its segment names it, and a segment is named in
// the transaction that brings its last chunk.
//
// Nothing in it is evidence and nothing rests on it: case.db and the objects are
// the record. It is therefore written without fsync until it is closed; after a
// power cut before that it is thrown away and built anew.
package index

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"

	_ "github.com/mattn/go-sqlite3" // the driver "sqlite3"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// version of index.db's own form; another version is thrown away.
const version = 2

const schema = `
CREATE TABLE segments (
  id      INTEGER PRIMARY KEY,
  set_sha TEXT UNIQUE,                -- the record set; NULL while it is being written
  records INTEGER NOT NULL
) STRICT;
CREATE TABLE parts (                  -- runs of a segment's records, by number from 0
  segment INTEGER NOT NULL,
  first   INTEGER NOT NULL,
  chunk   INTEGER NOT NULL,
  base    INTEGER NOT NULL,           -- number of the first one in the chunk
  count   INTEGER NOT NULL,
  PRIMARY KEY (segment, first)
) STRICT, WITHOUT ROWID;
CREATE TABLE blocks (                 -- lengths of lines with newline, as uvarints
  segment INTEGER NOT NULL,
  first   INTEGER NOT NULL,
  start   INTEGER NOT NULL,           -- offset of the first in the record set
  body    BLOB NOT NULL,
  PRIMARY KEY (segment, first)
) STRICT, WITHOUT ROWID;
CREATE TABLE chunks (
  id      INTEGER PRIMARY KEY,
  records INTEGER NOT NULL,
  times   BLOB NOT NULL
) STRICT;
CREATE TABLE grams (
  id      INTEGER PRIMARY KEY,        -- chunk << 42 | first gram
  body    BLOB NOT NULL
) STRICT;
CREATE TABLE kinds (
  chunk   INTEGER NOT NULL,
  name    TEXT NOT NULL,
  body    BLOB NOT NULL,
  PRIMARY KEY (chunk, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE state (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
`

// Index is an open index.db. It may be used by several goroutines.
type Index struct {
	db   *sql.DB
	path string
	boot string

	mu sync.Mutex // guards what follows and orders writes
	// pack is the chunk that small sets are gathered in, packed those in it.
	pack   *builder
	packed []packed
	spare  []*builder
}

// Open opens the index at path for writing, making it where it is absent. An
// index of another version, or one that a machine's crash may have torn, is
// replaced by an empty one: boot names this boot of the machine, and an index
// that was open for writing during another boot is not trusted.
func Open(ctx context.Context, path, boot string) (*Index, error) {
	x, err := open(ctx, path, boot)
	if err == nil {
		return x, nil
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("index: replace: %w", err)
		}
	}
	x, err = open(ctx, path, boot)
	if err != nil {
		return nil, fmt.Errorf("index: open: %w", err)
	}
	return x, nil
}

var errStale = errors.New("index to be built anew")

func open(ctx context.Context, path, boot string) (*Index, error) {
	_, statErr := os.Stat(path)
	db, err := sql.Open("sqlite3", dsn(path)+"&_journal_mode=WAL&_synchronous=OFF&_txlock=immediate")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	x := &Index{db: db, path: path, boot: boot}
	if errors.Is(statErr, fs.ErrNotExist) {
		err = x.create(ctx)
	} else {
		err = x.adopt(ctx)
	}
	if err != nil {
		_ = db.Close()
		return nil, err
	}
	return x, nil
}

// OpenReader opens an existing index for reading only; evidence.ErrNotFound
// where there is none that can be used.
func OpenReader(ctx context.Context, path string) (*Index, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("index: %w", evidence.ErrNotFound)
	}
	db, err := sql.Open("sqlite3", dsn(path)+"&mode=ro")
	if err != nil {
		return nil, fmt.Errorf("index: %w", err)
	}
	x := &Index{db: db}
	if err := x.load(ctx); err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("index: %w: %w", evidence.ErrNotFound, err)
	}
	return x, nil
}

func dsn(path string) string {
	return "file:" + strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path) + "?_busy_timeout=5000"
}

func (x *Index) create(ctx context.Context) error {
	if _, err := x.db.ExecContext(ctx, schema); err != nil {
		return err
	}
	if _, err := x.db.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", version)); err != nil {
		return err
	}
	return x.mark(ctx)
}

// mark says that this boot is writing; Close takes it back.
func (x *Index) mark(ctx context.Context) error {
	_, err := x.db.ExecContext(ctx, "INSERT OR REPLACE INTO state VALUES ('writing', ?)", x.boot)
	return err
}

func (x *Index) load(ctx context.Context) error {
	var v int
	if err := x.db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&v); err != nil {
		return err
	}
	if v != version {
		return errStale
	}
	return nil
}

func (x *Index) adopt(ctx context.Context) error {
	if err := x.load(ctx); err != nil {
		return err
	}
	var boot string
	err := x.db.QueryRowContext(ctx, "SELECT value FROM state WHERE name = 'writing'").Scan(&boot)
	if err == nil && boot != x.boot || err != nil && !errors.Is(err, sql.ErrNoRows) {
		return errStale
	}
	if err := x.sweep(ctx); err != nil {
		return err
	}
	return x.mark(ctx)
}

// sweep removes what an interrupted run left unfinished.
func (x *Index) sweep(ctx context.Context) error {
	rows, err := x.db.QueryContext(ctx, "SELECT id FROM segments WHERE set_sha IS NULL")
	if err != nil {
		return err
	}
	defer rows.Close()
	var left []int64
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return err
		}
		left = append(left, id)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	for _, id := range left {
		if err := x.remove(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// remove deletes an unnamed segment; its chunks are its own.
func (x *Index) remove(ctx context.Context, segment int64) error {
	for _, statement := range []string{
		"DELETE FROM grams WHERE id IN (SELECT g.id FROM parts AS p CROSS JOIN grams AS g ON g.id >= p.chunk << 42 AND g.id < (p.chunk + 1) << 42 WHERE p.segment = ?1)",
		"DELETE FROM kinds WHERE chunk IN (SELECT chunk FROM parts WHERE segment = ?1)",
		"DELETE FROM chunks WHERE id IN (SELECT chunk FROM parts WHERE segment = ?1)",
		"DELETE FROM parts WHERE segment = ?1",
		"DELETE FROM blocks WHERE segment = ?1",
		"DELETE FROM segments WHERE id = ?1",
	} {
		if _, err := x.db.ExecContext(ctx, statement, segment); err != nil {
			return err
		}
	}
	return nil
}

// Close ends the use of the index. What was committed is durable when it returns.
func (x *Index) Close() error {
	var err error
	if x.boot != "" {
		err = x.settle()
	}
	if err = errors.Join(err, x.db.Close()); err != nil {
		return fmt.Errorf("index: close: %w", err)
	}
	return nil
}

// settle writes out what is pending and makes all durable, so that no boot need
// distrust it. It cannot be cancelled: it is the end.
func (x *Index) settle() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if err := x.flush(func(f func(*sql.Tx) error) error {
		tx, err := x.db.Begin()
		if err != nil {
			return err
		}
		defer tx.Rollback()
		if err := f(tx); err != nil {
			return err
		}
		return tx.Commit()
	}); err != nil {
		return err
	}
	if _, err := x.db.Exec("PRAGMA wal_checkpoint(PASSIVE)"); err != nil {
		return err
	}
	for _, name := range []string{x.path, x.path + "-wal"} {
		if err := syncFile(name); err != nil {
			return err
		}
	}
	_, err := x.db.Exec("DELETE FROM state WHERE name = 'writing'")
	return err
}

func syncFile(name string) error {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
