package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/mattn/go-sqlite3"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// probe says of what format the case in dir is, or why there is none of this
// program's, without touching anything: another program's database may have the
// same name.
func probe(dir string, latest int) (version int, err error) {
	name := filepath.Join(dir, dbName)
	info, err := os.Stat(name)
	switch {
	case os.IsNotExist(err):
		return 0, fmt.Errorf("%w: looked for %q", evidence.ErrNoCase, name)
	case err != nil:
		return 0, err
	case !info.Mode().IsRegular():
		return 0, fmt.Errorf("%w: %q is not a regular file", evidence.ErrNoCase, name)
	}
	application, version, err := identify(dir)
	var s sqlite3.Error
	switch {
	case errors.As(err, &s) && s.Code == sqlite3.ErrNotADB:
		return 0, fmt.Errorf("%w: %q is not an SQLite database", evidence.ErrNoCase, name)
	case err != nil:
		return 0, err
	case application != applicationID:
		return 0, fmt.Errorf("%w: %q is not a case database: its application_id is %d, not %d", evidence.ErrNoCase, name, application, applicationID)
	case version > latest:
		return 0, newer(version, latest)
	case version < 1:
		return 0, fmt.Errorf("%w: case format %d", evidence.ErrFormat, version)
	}
	return version, nil
}

// identify reads what the header of case.db says.
func identify(dir string) (application, version int, err error) {
	params, _, err := choose(dir)
	if errors.Is(err, errNoIndex) {
		return header(filepath.Join(dir, dbName))
	}
	if err != nil {
		return 0, 0, err
	}
	conn, err := dial(dsn(dir, params))
	if err != nil {
		return 0, 0, err
	}
	defer conn.Close()
	for _, p := range []struct {
		name string
		to   *int
	}{{"application_id", &application}, {"user_version", &version}} {
		v, err := scalar(conn, "PRAGMA "+p.name)
		if err != nil {
			return 0, 0, err
		}
		n, _ := v.(int64)
		*p.to = int(n)
	}
	return application, version, nil
}

// header reads the file itself (sqlite.org/fileformat.html §1.3). To close it
// drops every lock this process has on it (POSIX), so this is only for a case
// that nobody has open: while a case is open it has its index.
func header(name string) (application, version int, err error) {
	f, err := os.Open(name)
	if err != nil {
		return 0, 0, err
	}
	defer f.Close()
	var h [100]byte
	if _, err := io.ReadFull(f, h[:]); err != nil || string(h[:16]) != "SQLite format 3\x00" {
		return 0, 0, sqlite3.Error{Code: sqlite3.ErrNotADB}
	}
	return int(binary.BigEndian.Uint32(h[68:])), int(binary.BigEndian.Uint32(h[60:])), nil
}
