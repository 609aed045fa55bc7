package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path/filepath"

	"github.com/mattn/go-sqlite3"
)

const (
	dbName = "case.db"
	// applicationID is "EXHI" in the database header (PRAGMA application_id).
	applicationID = 0x45584849
)

// connector opens connections for database/sql without a driver registered
// under a global name.
type connector struct{ dsn string }

func (c connector) Connect(context.Context) (driver.Conn, error) { return dial(c.dsn) }

func (c connector) Driver() driver.Driver { return &sqlite3.SQLiteDriver{} }

// SQLiteVersion is that of the library built into this program.
func SQLiteVersion() string {
	version, _, _ := sqlite3.Version()
	return version
}

// dial opens one connection. A case may come from anybody: functions in its
// schema that have side effects stay off, and cells are checked as they are read.
func dial(dsn string) (*sqlite3.SQLiteConn, error) {
	c, err := (&sqlite3.SQLiteDriver{}).Open(dsn)
	if err != nil {
		return nil, err
	}
	conn := c.(*sqlite3.SQLiteConn)
	if _, err := conn.Exec("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON", nil); err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

// dsn names case.db in dir, which is absolute, as a URI: the driver would cut a
// plain path at a question mark.
func dsn(dir, params string) string {
	return "file:" + (&url.URL{Path: filepath.Join(dir, dbName)}).EscapedPath() + "?" + params
}

// The writer's settings, and those of readers beside it in the same process.
const (
	writeParams  = "&_journal_mode=WAL&_synchronous=FULL&_txlock=immediate&_foreign_keys=on&_busy_timeout=10000&_cache_size=-65536&_mutex=no"
	besideParams = "mode=ro&_query_only=on&_busy_timeout=10000&_stmt_cache_size=32&_cache_size=-16384"
	// readonly_shm keeps SQLite from creating case.db-shm, or initialising one
	// that a writer left behind (sqlite.org/walformat.html, read-only WAL).
	readerParams = besideParams + "&readonly_shm=1"
	frozenParams = "mode=ro&_query_only=on&_stmt_cache_size=32&_cache_size=-16384&immutable=1"
)

// dialWriter opens the writer's connection and reads back what it asked for:
// this driver's own default, synchronous=NORMAL, loses acknowledged commits
// when the power goes.
func dialWriter(dir, mode string) (*sqlite3.SQLiteConn, error) {
	conn, err := dial(dsn(dir, "mode="+mode+writeParams))
	if err != nil {
		return nil, err
	}
	if err := checkPragmas(conn); err != nil {
		conn.Close()
		return nil, err
	}
	// Folding the log back costs two more fsyncs: do it every 64 MiB, not every 4.
	if _, err := conn.Exec("PRAGMA wal_autocheckpoint = 16384", nil); err != nil {
		conn.Close()
		return nil, err
	}
	// case.db-wal and case.db-shm stay when the last connection closes, so that
	// a reader never has to create them.
	if err := conn.SetFileControlInt("main", sqlite3.SQLITE_FCNTL_PERSIST_WAL, 1); err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

func checkPragmas(conn *sqlite3.SQLiteConn) error {
	for _, p := range settings() {
		got, err := scalar(conn, "PRAGMA "+p.name)
		if err != nil {
			return err
		}
		if got != p.want {
			return fmt.Errorf("SQLite answers %s = %v where %v was asked for: writing here would not be durable", p.name, got, p.want)
		}
	}
	return nil
}

// each calls f with every row of query. The values are int64, string, []byte or
// nil; f must not keep the slice.
func each(conn *sqlite3.SQLiteConn, query string, f func(row []any) error, args ...driver.Value) error {
	rows, err := conn.Query(query, args)
	if err != nil {
		return err
	}
	defer rows.Close()
	dest := make([]driver.Value, len(rows.Columns()))
	row := make([]any, len(dest))
	for {
		if err := rows.Next(dest); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		for i, v := range dest {
			row[i] = v
		}
		if err := f(row); err != nil {
			return err
		}
	}
}

// scalar returns the first column of the last row, nil where there is no row.
func scalar(conn *sqlite3.SQLiteConn, query string, args ...driver.Value) (v any, err error) {
	err = each(conn, query, func(row []any) error { v = row[0]; return nil }, args...)
	return v, err
}
