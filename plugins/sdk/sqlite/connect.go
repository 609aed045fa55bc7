package sqlite

import (
	"errors"
	"fmt"
	"io"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// connect opens the database in SQLite, through a file system that has it only.
func (db *DB) connect() error {
	r, size := db.file.ReaderAt()
	// The registry is the library's, for all of the process: a name of its own.
	db.vfs = fmt.Sprintf("exhibit-%p", db)
	vfs.Register(db.vfs, readOnly{readOnlyFile{r, size}})
	conn, err := sqlite3.OpenContext(sqlite3.WithMaxMemory(db.c, maxMemory), "file:"+fileName+"?mode=ro&vfs="+db.vfs)
	if err != nil {
		return fmt.Errorf("sqlite: open: %w", err)
	}
	db.conn = conn
	conn.SetInterrupt(db.c)
	conn.Limit(sqlite3.LIMIT_LENGTH, maxValue)
	// What an application's own schema may have: text in double quotes, collations.
	if _, err := conn.Config(sqlite3.DBCONFIG_DQS_DDL, true); err != nil {
		return fmt.Errorf("sqlite: %w", err)
	}
	if err := conn.AnyCollationNeeded(); err != nil {
		return fmt.Errorf("sqlite: %w", err)
	}
	if err := db.load(); err != nil {
		return err
	}
	for _, sql := range []string{
		"PRAGMA temp_store=MEMORY", "PRAGMA query_only=ON", "PRAGMA cell_size_check=ON", fmt.Sprintf("PRAGMA cache_size=-%d", cacheKiB),
	} {
		if err := conn.Exec(sql); err != nil {
			return fmt.Errorf("sqlite: %s: %w", sql, err)
		}
	}
	return db.readSchema()
}

// load makes SQLite read the schema. Where that is damaged, or uses what is not
// there, what can be read of it is used.
func (db *DB) load() error {
	err := db.conn.Exec("SELECT 1 FROM sqlite_schema LIMIT 1")
	if err != nil && db.Err() == nil {
		db.c.Damage(sdk.Source{}, codeSchema, "the schema of the database is damaged, or uses what is not known here; tables that cannot be understood are not seen")
		if err = db.conn.Exec("PRAGMA writable_schema=ON"); err == nil {
			err = db.conn.Exec("SELECT 1 FROM sqlite_schema LIMIT 1")
		}
	}
	if err != nil {
		if cause := db.Err(); cause != nil {
			return cause
		}
		return fmt.Errorf("%w: the schema cannot be read: %w", sdk.ErrMalformed, err)
	}
	return nil
}

func (db *DB) disconnect() error {
	vfs.Unregister(db.vfs)
	if db.conn == nil {
		return nil
	}
	conn := db.conn
	db.conn = nil
	if err := conn.Close(); err != nil {
		return fmt.Errorf("sqlite: close: %w", err)
	}
	return nil
}

// readOnly is a file system of one file.
type readOnly struct{ file readOnlyFile }

const fileName = "evidence"

func (v readOnly) Open(name string, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	if flags&vfs.OPEN_MAIN_DB == 0 || name != fileName {
		return nil, flags, sqlite3.CANTOPEN // a journal, a temporary file, ATTACH: there is no disk
	}
	return v.file, flags | vfs.OPEN_READONLY, nil
}

func (readOnly) Delete(string, bool) error                   { return sqlite3.IOERR_DELETE }
func (readOnly) Access(string, vfs.AccessFlag) (bool, error) { return false, nil }
func (readOnly) FullPathname(name string) (string, error)    { return name, nil }

// readOnlyFile never changes.
type readOnlyFile struct {
	r    io.ReaderAt
	size int64
}

var errReadOnly = errors.New("evidence is not written to")

func (f readOnlyFile) ReadAt(p []byte, off int64) (int, error) { return f.r.ReadAt(p, off) }
func (f readOnlyFile) Size() (int64, error)                    { return f.size, nil }
func (readOnlyFile) Close() error                              { return nil }
func (readOnlyFile) WriteAt([]byte, int64) (int, error)        { return 0, errReadOnly }
func (readOnlyFile) Truncate(int64) error                      { return errReadOnly }
func (readOnlyFile) Sync(vfs.SyncFlag) error                   { return nil }
func (readOnlyFile) Lock(vfs.LockLevel) error                  { return nil }
func (readOnlyFile) Unlock(vfs.LockLevel) error                { return nil }
func (readOnlyFile) CheckReservedLock() (bool, error)          { return false, nil }
func (readOnlyFile) SectorSize() int                           { return 0 }
func (readOnlyFile) DeviceCharacteristics() vfs.DeviceCharacteristic {
	return vfs.IOCAP_IMMUTABLE | vfs.IOCAP_SUBPAGE_READ
}
