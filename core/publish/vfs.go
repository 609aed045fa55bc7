package publish

import (
	"errors"
	"io"
	"os"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs"
)

// dbName is what the database is called in its file system.
const dbName = "records"

// disk is a file system for one database: what SQLite writes goes to files that have no
// name anywhere, so that nothing is left behind and nobody else reads it.
type disk struct {
	main    *os.File
	scratch func() (*os.File, error)
}

// Open opens the database, or a temporary file of a query; nothing else is to exist, no
// journal in particular.
func (d disk) Open(name string, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	switch {
	case flags&vfs.OPEN_MAIN_DB != 0 && name == dbName:
		return diskFile{f: d.main}, flags, nil
	case flags&(vfs.OPEN_TEMP_DB|vfs.OPEN_TRANSIENT_DB|vfs.OPEN_TEMP_JOURNAL|vfs.OPEN_SUBJOURNAL) != 0:
		f, err := d.scratch()
		if err != nil {
			return nil, flags, err
		}
		return diskFile{f: f, close: true}, flags, nil
	}
	return nil, flags, sqlite3.CANTOPEN
}

func (disk) Delete(string, bool) error                   { return sqlite3.IOERR_DELETE }
func (disk) Access(string, vfs.AccessFlag) (bool, error) { return false, nil }
func (disk) FullPathname(name string) (string, error)    { return name, nil }

// diskFile is one of its files; the database is closed by whoever made it.
type diskFile struct {
	f     *os.File
	close bool
}

func (d diskFile) Close() error {
	if d.close {
		return d.f.Close()
	}
	return nil
}

func (d diskFile) ReadAt(p []byte, off int64) (int, error)  { return d.f.ReadAt(p, off) }
func (d diskFile) WriteAt(p []byte, off int64) (int, error) { return d.f.WriteAt(p, off) }
func (d diskFile) Truncate(size int64) error                { return d.f.Truncate(size) }
func (d diskFile) Sync(vfs.SyncFlag) error                  { return nil } // it lives no longer than the process
func (d diskFile) Size() (int64, error) {
	n, err := d.f.Seek(0, io.SeekEnd)
	if errors.Is(err, os.ErrClosed) {
		return 0, sqlite3.IOERR_FSTAT
	}
	return n, err
}
func (diskFile) Lock(vfs.LockLevel) error                        { return nil }
func (diskFile) Unlock(vfs.LockLevel) error                      { return nil }
func (diskFile) CheckReservedLock() (bool, error)                { return false, nil }
func (diskFile) SectorSize() int                                 { return 0 }
func (diskFile) DeviceCharacteristics() vfs.DeviceCharacteristic { return 0 }
