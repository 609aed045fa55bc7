// Package index keeps index.db: a projection of record sets that can be deleted
// and built again from them at any time. It holds one segment for each record
// set, and in it, in blocks, where each record lies, its kind and its time.
//
// Nothing in it is evidence and nothing rests on it: case.db and the objects are
// the record. It is therefore written without fsync; after a power cut it is
// thrown away and built anew.
package index

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"strings"
	"sync"

	_ "github.com/mattn/go-sqlite3" // the driver "sqlite3"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// version of index.db's own form; another version is thrown away.
const version = 1

const schema = `
CREATE TABLE segments (
  id      INTEGER PRIMARY KEY,
  set_sha TEXT UNIQUE,                -- the record set; NULL while it is being written
  records INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE kinds (
  id   INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE blocks (
  segment INTEGER NOT NULL,
  first   INTEGER NOT NULL,           -- number of the block's first record, from 0
  start   INTEGER NOT NULL,           -- its offset in the record set
  body    BLOB NOT NULL,
  PRIMARY KEY (segment, first)
) STRICT, WITHOUT ROWID;
CREATE TABLE state (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
`

// Index is an open index.db. It may be used by several goroutines.
type Index struct {
	db    *sql.DB
	boot  string
	mu    sync.Mutex // guards kinds and orders writes
	kinds map[string]int64
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
	x := &Index{db: db, boot: boot, kinds: map[string]int64{}}
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
	x := &Index{db: db, kinds: map[string]int64{}}
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
	rows, err := x.db.QueryContext(ctx, "SELECT id, name FROM kinds")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		var name string
		if err := rows.Scan(&id, &name); err != nil {
			return err
		}
		x.kinds[name] = id
	}
	return rows.Err()
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
	// What an interrupted run left unfinished.
	if _, err := x.db.ExecContext(ctx, `
		DELETE FROM blocks WHERE segment IN (SELECT id FROM segments WHERE set_sha IS NULL);
		DELETE FROM segments WHERE set_sha IS NULL`); err != nil {
		return err
	}
	return x.mark(ctx)
}

// Close ends the use of the index.
func (x *Index) Close() error {
	if x.boot != "" {
		if _, err := x.db.Exec("DELETE FROM state WHERE name = 'writing'"); err != nil {
			_ = x.db.Close()
			return fmt.Errorf("index: close: %w", err)
		}
	}
	if err := x.db.Close(); err != nil {
		return fmt.Errorf("index: close: %w", err)
	}
	return nil
}

// Has reports whether a record set is indexed.
func (x *Index) Has(ctx context.Context, set evidence.Digest) (bool, error) {
	var n int
	err := x.db.QueryRowContext(ctx, "SELECT count(*) FROM segments WHERE set_sha = ?", set.Hex()).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("index: %w", err)
	}
	return n > 0, nil
}

// Row is where one record lies in its record set.
type Row struct {
	N      int64
	Offset int64
	Length int64
	Kind   string
	// Time is microseconds since 1970, or NoTime.
	Time int64
}

// NoTime stands for a record without a time.
const NoTime = math.MinInt64

// Locate finds record n (from 0) of a record set; ErrNotFound where the set is
// not indexed or has no such record.
func (x *Index) Locate(ctx context.Context, set evidence.Digest, n int64) (Row, error) {
	var first, start int64
	var body []byte
	err := x.db.QueryRowContext(ctx, `
		SELECT first, start, body FROM blocks
		WHERE segment = (SELECT id FROM segments WHERE set_sha = ?) AND first <= ?
		ORDER BY first DESC LIMIT 1`, set.Hex(), n).Scan(&first, &start, &body)
	if errors.Is(err, sql.ErrNoRows) {
		return Row{}, fmt.Errorf("index: record %d of %s: %w", n, set.Short(), evidence.ErrNotFound)
	}
	if err != nil {
		return Row{}, fmt.Errorf("index: %w", err)
	}
	names := x.kindNames()
	var found *Row
	if err := decodeBlock(body, first, start, names, func(r Row) bool {
		if r.N == n {
			found = &r
		}
		return found == nil
	}); err != nil {
		return Row{}, err
	}
	if found == nil {
		return Row{}, fmt.Errorf("index: record %d of %s: %w", n, set.Short(), evidence.ErrNotFound)
	}
	return *found, nil
}

// Rows calls f with each row of a record set, in order, until f returns false.
func (x *Index) Rows(ctx context.Context, set evidence.Digest, f func(Row) bool) error {
	rows, err := x.db.QueryContext(ctx, `
		SELECT first, start, body FROM blocks
		WHERE segment = (SELECT id FROM segments WHERE set_sha = ?) ORDER BY first`, set.Hex())
	if err != nil {
		return fmt.Errorf("index: %w", err)
	}
	defer rows.Close()
	names := x.kindNames()
	more := true
	for more && rows.Next() {
		var first, start int64
		var body []byte
		if err := rows.Scan(&first, &start, &body); err != nil {
			return fmt.Errorf("index: %w", err)
		}
		if err := decodeBlock(body, first, start, names, func(r Row) bool {
			more = f(r)
			return more
		}); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("index: %w", err)
	}
	return nil
}

func (x *Index) kindNames() map[int64]string {
	x.mu.Lock()
	defer x.mu.Unlock()
	out := make(map[int64]string, len(x.kinds))
	for name, id := range x.kinds {
		out[id] = name
	}
	return out
}
