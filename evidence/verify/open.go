package verify

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"syscall"

	"github.com/mattn/go-sqlite3"
	"golang.org/x/sys/unix"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// Names in a case directory (docs/formats/case.md).
const (
	dbName         = "case.db"
	lockName       = "lock"
	checkpointsDir = "checkpoints"
	objectsDir     = "objects"
	pluginsLock    = "plugins.lock.json"
)

// walHeader is how long case.db-wal may be without holding anything.
const walHeader = 32

// maxValue bounds a value in case.db, in bytes: a damaged length must not make
// us allocate it.
const maxValue = 64 << 20

// database is one read transaction over case.db: a snapshot, also beside a writer.
type database struct {
	conn *sqlite3.SQLiteConn
	dir  string
	// frozen: read without locks, as nothing but case.db holds anything; then
	// before tells whether a writer came after all.
	frozen bool
	before stamp
}

// openDatabase opens case.db in dir, which is absolute, without changing
// anything in it. Where case.db-wal holds anything, SQLite reads it with
// case.db-shm as it lies there; where it does not, case.db is read as immutable:
// over a log of a header alone, with no writer about to go on, a reader that may
// not write turns in circles.
func openDatabase(ctx context.Context, dir string) (*database, error) {
	d := &database{dir: dir}
	var err error
	if d.before, err = stampOf(dir); err != nil {
		return nil, err
	}
	params := "mode=ro&_query_only=on&_busy_timeout=10000&_stmt_cache_size=16"
	switch {
	case d.before.wal >= 0 && d.before.shm >= 0 && (d.before.wal > walHeader || locked(dir)):
		params += "&readonly_shm=1"
	case d.before.wal > walHeader:
		return nil, fmt.Errorf("%s-wal holds what is not yet in %s, and %s-shm is missing, which reading must not create: copy all files of the case, or open it once with the program that wrote it",
			dbName, dbName, dbName)
	default:
		params += "&immutable=1"
		d.frozen = true
	}
	uri := "file:" + (&url.URL{Path: filepath.Join(dir, dbName)}).EscapedPath() + "?" + params
	if d.conn, err = dial(uri); err != nil {
		return nil, err
	}
	d.conn.SetLimit(sqlite3.SQLITE_LIMIT_LENGTH, maxValue)
	// The transaction begins with its first read.
	if _, err := d.conn.Exec("BEGIN", nil); err != nil {
		return nil, errors.Join(err, d.conn.Close())
	}
	if _, err := d.scalar(ctx, "PRAGMA schema_version"); err != nil {
		return nil, errors.Join(err, d.conn.Close())
	}
	return d, nil
}

// dial opens a connection in which a hostile schema can do little.
func dial(uri string) (*sqlite3.SQLiteConn, error) {
	c, err := (&sqlite3.SQLiteDriver{}).Open(uri)
	if err != nil {
		return nil, err
	}
	conn := c.(*sqlite3.SQLiteConn)
	if _, err := conn.Exec("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY", nil); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

func (d *database) close() error { return d.conn.Close() }

// disturbed reports whether what was read may be a mixture of before and after
// a writer's work.
func (d *database) disturbed() bool {
	now, err := stampOf(d.dir)
	return d.frozen && (err != nil || now != d.before)
}

// busy reports whether a writer is, or was since we began, at work on the case:
// then files beside case.db may be newer than our snapshot.
func (d *database) busy() bool {
	if now, err := stampOf(d.dir); err != nil || now != d.before {
		return true
	}
	return locked(d.dir)
}

// locked reports whether a writer has the case open.
func locked(dir string) bool {
	f, err := os.Open(filepath.Join(dir, lockName))
	if err != nil {
		return false
	}
	defer f.Close() // gives the lock back
	return errors.Is(unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB), unix.EWOULDBLOCK)
}

// stamp is what changes about case.db when somebody writes.
type stamp struct {
	size, mtime, ctime int64
	inode              uint64
	wal, walTime       int64 // size of case.db-wal, -1 where there is none
	shm                int64
}

func stampOf(dir string) (stamp, error) {
	name := filepath.Join(dir, dbName)
	var st syscall.Stat_t
	if err := syscall.Stat(name, &st); err != nil {
		return stamp{}, &fs.PathError{Op: "stat", Path: name, Err: err}
	}
	if st.Mode&syscall.S_IFMT != syscall.S_IFREG {
		return stamp{}, fmt.Errorf("%w: %q is not a regular file", evidence.ErrFormat, name)
	}
	s := stamp{size: st.Size, mtime: st.Mtim.Nano(), ctime: st.Ctim.Nano(), inode: st.Ino, wal: -1, shm: -1}
	if syscall.Stat(name+"-wal", &st) == nil {
		s.wal, s.walTime = st.Size, st.Mtim.Nano()
	}
	if syscall.Stat(name+"-shm", &st) == nil {
		s.shm = st.Size
	}
	return s, nil
}

// scalar returns the first column of the first row, nil where there is no row.
func (d *database) scalar(ctx context.Context, query string, args ...any) (any, error) {
	r, err := d.query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer r.close()
	row, err := r.next()
	if err != nil || row == nil {
		return nil, err
	}
	return row[0], nil
}

// rows reads the result of a query row by row.
type rows struct {
	r    driver.Rows
	dest []driver.Value
}

func (d *database) query(ctx context.Context, query string, args ...any) (*rows, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return queryOn(ctx, d.conn, query, args...)
}

func queryOn(ctx context.Context, conn *sqlite3.SQLiteConn, query string, args ...any) (*rows, error) {
	named := make([]driver.NamedValue, len(args))
	for i, a := range args {
		named[i] = driver.NamedValue{Ordinal: i + 1, Value: a}
	}
	r, err := conn.QueryContext(ctx, query, named)
	if err != nil {
		return nil, err
	}
	return &rows{r: r, dest: make([]driver.Value, len(r.Columns()))}, nil
}

// next returns the next row, nil after the last. Values are int64, float64,
// string, []byte or nil; the slice is reused.
func (r *rows) next() ([]driver.Value, error) {
	err := r.r.Next(r.dest)
	switch {
	case err == nil:
		return r.dest, nil
	case errors.Is(err, io.EOF):
		return nil, nil
	default:
		return nil, err
	}
}

func (r *rows) close() { r.r.Close() }

// damaged reports whether err says that the database itself is wrong, rather
// than that it could not be read.
func damaged(err error) bool {
	var s sqlite3.Error
	if !errors.As(err, &s) {
		return errors.Is(err, evidence.ErrFormat)
	}
	switch s.Code {
	case sqlite3.ErrCorrupt, sqlite3.ErrNotADB, sqlite3.ErrFormat, sqlite3.ErrError, sqlite3.ErrTooBig, sqlite3.ErrMismatch, sqlite3.ErrSchema, sqlite3.ErrRange:
		return true
	case sqlite3.ErrIoErr:
		return s.ExtendedCode == sqlite3.ErrIoErrShortRead
	}
	return false
}
